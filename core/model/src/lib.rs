//! The vocabulary of pgquerylens, and everything that is decided without looking at the world.
//!
//! A [`View`](view::View) describes what PostgreSQL shows; [`Rows`](rows::Rows) hold what it showed;
//! the delta engine turns a [`Baseline`](baseline::Baseline) and fresh rows into a
//! [`Window`](window::Window). This crate does no I/O and reads neither clock nor environment:
//! time, settings and rows are handed in.

pub mod advice;
pub mod baseline;
pub mod breaker;
pub mod cadence;
pub mod capabilities;
pub mod check;
pub mod coverage;
pub mod decode;
pub mod delivery;
pub mod delta;
pub mod identity;
pub mod interval;
pub mod log;
pub mod metric;
pub mod outside;
pub mod probe;
pub mod report;
pub mod rows;
pub mod running;
mod runs;
pub mod selection;
pub mod since;
pub mod statements;
pub mod time;
pub mod unit;
pub mod vectors;
pub mod version;
pub mod view;
pub mod views;
pub mod window;
