//! PostgreSQL's log, as it is written to files: which lines begin an entry, what of it is counted, and the plans that
//! `auto_explain` writes there. How a log is got hold of is left to its sources. No text of a message leaves: what is
//! counted is told apart by names and codes alone, and a plan's text cannot be printed.

pub mod counts;
mod entry;
mod figures;
mod moment;
pub mod plan;
pub mod prefix;
pub mod reader;
mod severity;
mod sqlstate;

pub use entry::Entry;
pub use figures::{METRICS, measures};
pub use severity::Severity;
pub use sqlstate::Sqlstate;
