//! The calls to AWS, made by the SDK over sockets: to moto where it does as AWS does, to our doubles where it does not.

mod discover;
mod faults;
mod login;
mod queue;
mod stage;
