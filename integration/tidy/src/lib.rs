//! The project's rules that a machine can check. Each rule is a function over text, with a bad example in its tests;
//! `tests/tidy.rs` holds the checkout against all of them. It needs no server and no network.
//!
//! What the compiler and clippy can check is a lint in the workspace's `Cargo.toml` instead.

pub mod alarms;
pub mod boundaries;
pub mod checkout;
pub mod documents;
pub mod licences;
pub mod manifests;
pub mod packages;
pub mod packaging;
pub mod portable;
pub mod rust_text;
pub mod shape;
pub mod sources;
pub mod sql_files;
