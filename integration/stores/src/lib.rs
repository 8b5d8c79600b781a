//! The contract of the stores of state. Every store runs all of it: whoever writes one begins by calling it.

pub mod contract;
pub mod places;
