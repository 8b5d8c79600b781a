//! Keeps state where a URL says: in memory, in a folder, in the object stores of the clouds, in Redis.
//!
//! A [`StateUrl`](url::StateUrl) says where, [`Access`](access::Access) what opens it, and [`States`](states::States)
//! are the states of all servers there. No SDK of a cloud is linked and no environment read: a runtime hands both in.

pub mod access;
mod folder;
pub mod inventory;
pub mod names;
pub mod objects;
pub mod redis;
pub mod states;
pub mod store;
mod transport;
pub mod url;
