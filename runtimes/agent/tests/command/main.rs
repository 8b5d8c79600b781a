//! The command as people run it: the built program, real servers, signals, pipes and exit codes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may unwrap: the panic is the report")]

mod control;
mod credentials;
mod demo;
mod exit_codes;
mod health;
mod majors;
mod packaging;
mod pipes;
mod program;
mod rds;
mod rds_proxy;
mod recordings;
mod schemas;
mod signals;
mod stage;
mod stores;
