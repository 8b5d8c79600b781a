//! What every runtime does alike: from what is said (in a file, the environment, on a command line, in an event) to servers
//! that are polled and exporters that get what is found. A runtime adds when that happens, and who is told.

pub mod access;
pub mod clock;
pub mod config;
pub mod discovery;
pub mod exit;
pub mod exporters;
pub mod failure;
pub mod log;
pub mod login;
pub mod means;
pub mod one_server;
pub mod options;
pub mod polls;
pub mod whereabouts;
