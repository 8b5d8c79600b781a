//! Work for a throw-away server: a small shop under mixed load for people to look at, statements with known counts
//! for tests, and heaps of distinct statements, tables and databases for the bench.

mod chance;
pub mod heaps;
pub mod known;
pub mod planted;
pub mod shop;
