//! Reads PostgreSQL, keeps what one poll leaves for the next, and runs one poll.
//!
//! Every runtime calls [`poll::Poller`] and nothing else. This crate links no cloud SDK and reads neither the
//! environment nor the wall clock: both are handed in.

pub mod check;
pub mod conninfo;
pub mod deliver;
pub mod dial;
pub mod limits;
pub mod outside;
pub mod poll;
pub mod secret;
pub mod source;
pub mod state;
pub mod tls;
