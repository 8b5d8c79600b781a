//! The collector in a process of its own, so that its memory and CPU time are its own: what it is told, what it
//! answers, and how the bench holds it.

pub(crate) mod child;
pub(crate) mod handle;
pub(crate) mod metered;
pub(crate) mod orders;
mod weighed;
