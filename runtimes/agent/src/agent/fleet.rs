//! Which servers are polled: one task each, started and stopped by what the configuration says now. A server that did
//! not change is not disturbed by a reload.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::rc::Rc;
use std::sync::Arc;

use pgquerylens_delivery::exporter::Exporter;
use pgquerylens_engine::conninfo::Environment;
use pgquerylens_engine::state::memory::MemoryStore;
use pgquerylens_setup::config::Configuration;
use pgquerylens_setup::config::configuration::ServerConfig;
use pgquerylens_setup::config::secret_source::SecretAccess;
use pgquerylens_setup::failure::Failure;
use pgquerylens_setup::means::{Means, are_same};
use pgquerylens_setup::polls::Surroundings;
use pgquerylens_setup::whereabouts::Whereabouts;
use pgquerylens_store::store::Store;
use pgquerylens_store::url::StateUrl;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use tracing::info;

use crate::process::Process;

use super::board::Board;
use super::seats::Seats;
use super::server::{Server, Shared, Workers};
use super::telemetry::Telemetry;

/// All servers that are polled.
pub(super) struct Fleet {
    environment: Environment,
    secrets: SecretAccess,
    hostname: Option<String>,
    board: Rc<Board>,
    running: BTreeMap<String, Running>,
    /// Servers that are no longer polled, and not yet done: who comes back waits for them.
    leaving: BTreeMap<String, JoinHandle<()>>,
    means: Means,
    worker_count: usize,
    workers: Workers,
    seats: Seats,
    telemetry: Rc<Telemetry>,
    /// What this process is called where several could use one state.
    name: String,
}

/// One server that is polled.
struct Running {
    config: ServerConfig,
    resource: Whereabouts,
    exporters: Vec<Arc<Exporter>>,
    store: Arc<Store>,
    stop: watch::Sender<Option<Instant>>,
    task: JoinHandle<()>,
}

impl Fleet {
    /// Makes a fleet of no servers.
    pub(super) fn new(
        process: &Process,
        secrets: SecretAccess,
        board: Rc<Board>,
        telemetry: Rc<Telemetry>,
    ) -> Fleet {
        Fleet {
            means: Means::none(&secrets),
            environment: process.environment.clone(),
            secrets,
            hostname: process.hostname.clone(),
            board,
            running: BTreeMap::new(),
            leaving: BTreeMap::new(),
            worker_count: 0,
            workers: Rc::new(RefCell::new(Arc::new(Semaphore::new(0)))),
            seats: Seats::by_the_system(),
            telemetry,
            name: name_of(process),
        }
    }

    /// Polls the servers of a configuration from now on, and no others. Fails before anything changed.
    pub(super) async fn run_by(&mut self, configuration: Configuration) -> Result<(), Failure> {
        let Configuration { process, servers, exporters } = configuration;
        let state = servers.first().map(|server| &server.state);
        if let Some(state) = state {
            self.means.locate(state).await;
        }
        self.means = self.means.renewed(exporters, state)?;
        if self.worker_count != process.workers {
            self.worker_count = process.workers;
            self.workers.replace(Arc::new(Semaphore::new(process.workers)));
        }
        let mut before = std::mem::take(&mut self.running);
        let count = servers.len();
        let end = Instant::now() + process.shutdown_grace;
        for (place, config) in servers.into_iter().enumerate() {
            let old = before.remove(&config.name);
            let running = match old {
                Some(old) if self.is_same(&old, &config, &process.resource_attributes) => old,
                old => {
                    if let Some(old) = &old {
                        let _ended = old.stop.send(Some(end));
                    }
                    let resource = process.resource_attributes.clone();
                    let share = f64::from(u32::try_from(place).unwrap_or(u32::MAX)) / count as f64;
                    self.start(config, resource, share, old)
                }
            };
            self.running.insert(running.config.name.clone(), running);
        }
        for (name, gone) in before {
            info!(server = name, "server is no longer polled");
            let _ended = gone.stop.send(Some(end));
            self.board.forget(&name);
            self.leaving.insert(name, gone.task);
        }
        self.leaving.retain(|_, task| !task.is_finished());
        Ok(())
    }

    fn is_same(&self, old: &Running, config: &ServerConfig, resource: &Whereabouts) -> bool {
        let same_exporters = are_same(&old.exporters, &self.means.exporters_for(config));
        old.config == *config && old.resource == *resource && same_exporters && !old.task.is_finished()
    }

    /// Starts a server's task. One that it replaces was told to end, and is waited for: two must not use one state. `share` says where in
    /// its interval the server polls, so that not all poll at once.
    fn start(
        &mut self,
        config: ServerConfig,
        resource: Whereabouts,
        share: f64,
        old: Option<Running>,
    ) -> Running {
        let (stop, stopped) = watch::channel(None);
        let exporters = self.means.exporters_for(&config);
        let kept = old.as_ref().filter(|old| old.config.state == config.state);
        let store = match (kept, self.means.states()) {
            (Some(old), _) => Arc::clone(&old.store),
            (None, Some(states)) => Arc::new(states.of(&config.name)),
            (None, None) => Arc::new(Store::Memory(MemoryStore::default())),
        };
        let outliving = self.means.states().filter(|_| config.state != StateUrl::Memory);
        let shared = Shared {
            surroundings: Surroundings {
                environment: self.environment.clone(),
                secrets: self.secrets.clone(),
                hostname: self.hostname.clone(),
                resource: resource.clone(),
            },
            board: Rc::clone(&self.board),
            workers: Rc::clone(&self.workers),
            seats: self.seats.clone(),
            telemetry: Rc::clone(&self.telemetry),
            process: self.name.clone(),
            root: outliving.map(|states| Arc::new(states.whole())),
        };
        let series = self.means.series_for(&config);
        let server = Server::new(&config, series, &exporters, &store, shared);
        let offset = config.every.mul_f64(share);
        let replaced = match old {
            Some(old) => Some(old.task),
            None => self.leaving.remove(&config.name),
        };
        let task = tokio::task::spawn_local(async move {
            if let Some(replaced) = replaced {
                let _ended = replaced.await;
            }
            server.run(offset, stopped).await;
        });
        Running { config, resource, exporters, store, stop, task }
    }

    /// Ends everything until a moment; returns the servers that were not done by then.
    pub(super) async fn stop(self, end: Instant) -> Vec<String> {
        for running in self.running.values() {
            let _ended = running.stop.send(Some(end));
        }
        let mut unfinished = Vec::new();
        let running = self.running.into_iter().map(|(name, running)| (name, running.task));
        for (name, task) in running.chain(self.leaving) {
            if timeout_at(end, task).await.is_err() {
                unfinished.push(name);
            }
        }
        unfinished
    }
}

/// Two processes have different names, also where both are the first one of a container of the same name.
fn name_of(process: &Process) -> String {
    let host = process.hostname.as_deref().unwrap_or("a machine without a name");
    let id = std::process::id();
    format!("{host}, process {id}-{:08x}", RandomState::new().hash_one(id) as u32)
}
