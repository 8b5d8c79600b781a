//! pgquerylens on AWS: logins without a password. The SDK's own chain finds credentials, from a function's role to a
//! profile; nothing else here looks at the environment.

pub mod auth;
mod endpoint;
pub mod error;
pub mod secrets;
pub mod session;
pub mod trust;
