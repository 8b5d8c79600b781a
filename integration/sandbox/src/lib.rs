//! Throw-away PostgreSQL servers and what surrounds them: roles, workloads, a proxy with faults, a managed service's
//! front, a clock to step, a pooler, certificates, a receiver of telemetry, doubles and emulators of the clouds' services.
//! The demo, the live tests and the bench stand on it; it knows nothing of views, deltas or reports.
//!
//! A sandbox is a directory with a lock file held by this process. Dropping it stops its processes and removes it.
//! A process that is killed outright leaves both behind; the next sandbox that starts finds the lock free and sweeps them.

mod account;
pub mod aurora;
pub mod backend;
mod clock;
pub mod cloudwatch_double;
pub mod credentials_double;
mod daemon;
pub mod decoders;
pub mod emulators;
mod environment;
mod error;
pub mod front;
pub mod gcs_double;
pub mod insights_double;
mod installation;
pub mod lambda;
pub mod pooler;
pub mod proxy;
pub mod rds_double;
pub mod receiver;
pub mod roles;
mod rpc_v2;
mod scratch;
mod server;
mod serving;
pub mod sqs_double;
pub mod tls;
pub mod workload;

pub use clock::Clock;
pub use environment::scale;
pub use error::Error;
pub use installation::{Installation, majors, newest};
pub use server::{PASSWORD, SUPERUSER, Server, ServerBuilder, Shutdown, backend_pid, connect};

/// What every fallible function of this crate returns.
pub type Result<T> = std::result::Result<T, Error>;
