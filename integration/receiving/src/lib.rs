//! What the tests of the delivery share: exporters of every form, a server whose truth is known, and processes that
//! poll it, deliver, and can be killed at every step.

pub mod form;
pub mod mortal;
pub mod process;
pub mod recorded;
pub mod server;
