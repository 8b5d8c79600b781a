//! The agent as it is run: the built program, real servers, a receiver of OTLP, and what goes wrong at night. Nothing
//! here is timed: what is waited for has a generous limit, and counts and order are what is compared.

#![allow(dead_code, reason = "what the tests share is more than each of them needs")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test may unwrap, as the panic is the report, and has no main that could hand the environment in"
)]

mod clock;
mod control;
mod crash;
mod demo;
mod descriptors;
mod ending;
mod environment;
mod fleet;
mod lines;
mod process;
mod reload;
mod secrets;
mod stage;
mod stores;
mod telemetry;
mod upgrade;
