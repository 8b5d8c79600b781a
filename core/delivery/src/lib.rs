//! Carries what a poll found to those who are to have it, and keeps what they cannot take yet.
//!
//! An [`Exporter`](exporter::Exporter) encodes and sends; a [`Lane`](lane::Lane) is one server's way to one exporter,
//! with the outbox in which batches wait; [`Recipients`](recipients::Recipients) are all lanes of one server, and what
//! a poll hands its report to. No lane waits for another, and a poll waits for none of them longer than
//! [`lane::PATIENCE`].

pub mod exporter;
pub mod lane;
pub mod lines;
pub mod otlp;
mod outbox;
pub mod parcel;
pub mod recipients;
