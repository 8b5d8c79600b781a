//! Wire formats, one per file. Each walks the views' column tables, so that a new view or column needs no code here.
//!
//! This crate turns a report into bytes and reads nothing: no file, no clock, no environment.

pub mod document;
pub mod emf;
pub mod events;
pub mod example;
mod json;
pub mod metrics;
pub mod origin;
pub mod otlp;
pub mod reference;
mod statements;

const MILLISECONDS_PER_SECOND: f64 = 1_000.0;
