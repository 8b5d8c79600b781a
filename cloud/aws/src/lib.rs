//! pgquerylens on AWS: servers that are found, logins without a password, a queue of what is to be polled, and who we are
//! at the bucket of the states. The SDK's own chain finds credentials, from a function's role to a profile; nothing else
//! here looks at the environment.

pub mod auth;
pub mod discover;
mod endpoint;
pub mod error;
pub mod instance;
pub mod logs;
pub mod metrics;
pub mod outside;
pub mod queue;
pub mod secrets;
pub mod session;
pub mod state;
pub mod trust;
