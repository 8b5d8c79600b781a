//! The calls to AWS, made by the SDK over sockets: to moto where it does as AWS does, to our doubles where it does not.

#![allow(clippy::unwrap_used, reason = "a test may unwrap: the panic is the report")]

mod cloudwatch;
mod discover;
mod enhanced;
mod faults;
mod insights;
mod login;
mod logs;
mod observed;
mod queue;
mod stage;
