//! The function as it is deployed: its binary under a strict runtime API, real servers, a receiver that keeps account.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test may unwrap, as the panic is the report, and has no main that could hand the environment in"
)]

mod demo;
mod faults;
mod fleet;
mod invoked;
mod metrics;
mod stage;
