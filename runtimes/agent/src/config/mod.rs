//! The agent's configuration: from a file, the environment and the command line to plain data without a mistake.

#![allow(dead_code, reason = "read by the agent's loop, which is not there yet")]

mod configuration;
mod secret_source;
