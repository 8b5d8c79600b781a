//! Emulators of others that speak as the clouds' object stores do, and Redis itself, each on a real socket. Dropping one
//! ends it and removes its files.

mod azurite;
mod emulator;
mod moto;
mod redis;

pub use azurite::Azurite;
pub use moto::Moto;
pub use redis::Redis;
