//! The function as it is deployed: its binary under a strict runtime API, real servers, a receiver that keeps account.

mod faults;
mod invoked;
mod stage;
