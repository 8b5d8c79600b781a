//! The states of all servers under one URL: each has a place of its own below it, and the URL itself has what is wished
//! for all. A single poll keeps its state at the URL itself.

use std::path::PathBuf;
use std::sync::Arc;

use pgquerylens_engine::state::StoreError;
use pgquerylens_engine::state::file::FileStore;
use pgquerylens_engine::state::memory::MemoryStore;
use pgquerylens_engine::tls::client_config;

use crate::access::{Access, OpenError};
use crate::folder;
use crate::inventory::{Inventory, Listed, inventories};
use crate::names::segment_of;
use crate::objects::{self, ObjectsStore};
use crate::redis::{Link, RedisStore};
use crate::store::Store;
use crate::transport::Transport;
use crate::url::StateUrl;

/// The states under one URL. They share one client.
#[derive(Clone, Debug)]
pub struct States {
    url: StateUrl,
    root: Root,
}

#[derive(Clone, Debug)]
enum Root {
    Memory,
    Folder(PathBuf),
    Objects(ObjectsStore),
    Redis(RedisStore),
}

impl States {
    /// Makes what is needed to get there; nothing is asked yet.
    pub fn open(url: &StateUrl, access: &Access) -> Result<States, OpenError> {
        let tls = || {
            let instead = "name a file of certificates in PEM";
            client_config(access.certificate.as_deref(), None).map_err(|why| OpenError::new(why, instead))
        };
        let root = match url {
            StateUrl::Memory => Root::Memory,
            StateUrl::Folder(folder) => Root::Folder(folder.clone()),
            StateUrl::Bucket(bucket) => {
                let store = objects::open(bucket, access, Transport::new(tls()?))?;
                Root::Objects(ObjectsStore::new(store, &bucket.prefix, url.to_string()))
            }
            StateUrl::Redis(redis) => {
                let tls = redis.tls.then(tls).transpose()?;
                let link = Arc::new(Link::new(redis.clone(), tls));
                Root::Redis(RedisStore::new(link, &redis.prefix, url.to_string()))
            }
        };
        Ok(States { url: url.clone(), root })
    }

    /// Returns where they are.
    pub fn url(&self) -> &StateUrl {
        &self.url
    }

    /// Returns the place at the URL itself.
    pub fn whole(&self) -> Store {
        match &self.root {
            Root::Memory => Store::Memory(MemoryStore::default()),
            Root::Folder(folder) => Store::File(FileStore::new(folder)),
            Root::Objects(store) => Store::Objects(store.clone()),
            Root::Redis(store) => Store::Redis(store.clone()),
        }
    }

    /// Returns the place of a server.
    pub fn of(&self, server: &str) -> Store {
        let segment = segment_of(server);
        match &self.root {
            Root::Memory => Store::Memory(MemoryStore::default()),
            Root::Folder(folder) => Store::File(FileStore::new(folder.join(segment))),
            Root::Objects(store) => Store::Objects(store.below(&segment)),
            Root::Redis(store) => Store::Redis(store.below(&segment)),
        }
    }

    /// Returns what each server has, by name; nobody is the URL itself. Servers of whom nothing is there are not named.
    pub async fn inventories(&self) -> Result<Vec<(Option<String>, Inventory)>, StoreError> {
        Ok(inventories(&self.list().await?).into_iter().collect())
    }

    /// Removes what an inventory names.
    pub async fn forget(&self, inventory: &Inventory) -> Result<(), StoreError> {
        match &self.root {
            Root::Memory => Ok(()),
            Root::Folder(folder) => folder::remove_all(folder, &inventory.names).await,
            Root::Objects(store) => store.remove_all(&inventory.names).await,
            Root::Redis(store) => store.remove_all(&inventory.names).await,
        }
    }

    async fn list(&self) -> Result<Vec<Listed>, StoreError> {
        match &self.root {
            Root::Memory => Ok(Vec::new()),
            Root::Folder(folder) => folder::list(folder).await,
            Root::Objects(store) => store.list().await,
            Root::Redis(store) => store.list().await,
        }
    }
}
