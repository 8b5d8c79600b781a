//! What is compared: the floor, the usual way, our statements unit alone, and whole polls of a collector.

use std::sync::Arc;

use pgquerylens_engine::conninfo::{Environment, resolve};
use pgquerylens_engine::dial::{Startup, Traffic, dial};
use pgquerylens_engine::limits::Limits;
use pgquerylens_sandbox::{backend, backend_pid};
use tokio::task::JoinHandle;
use tokio_postgres::Client;

use super::alone::Alone;
use crate::Result;
use crate::collector::handle::Collector;
use crate::collector::metered::settled_cpu;
use crate::collector::orders::{Orders, Turn};

/// What an exporter with query texts asks for.
const USUAL: &str = "
select
    pg_get_userbyid(s.userid) as rolname, d.datname, s.queryid, left(s.query, 1000) as query, s.calls,
    s.total_exec_time / 1000 as seconds, s.rows, s.shared_blks_hit, s.shared_blks_read, s.shared_blks_dirtied,
    s.shared_blks_written, s.temp_blks_read, s.temp_blks_written, s.shared_blk_read_time, s.shared_blk_write_time
from public.pg_stat_statements as s
inner join pg_database as d on d.oid = s.dbid
order by s.total_exec_time desc
limit 100";

/// What one reading cost.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample {
    /// CPU time of the backend, in nanoseconds.
    pub(crate) server_cpu: u64,
    /// The most memory the backend had resident, in bytes.
    pub(crate) peak: u64,
    /// Bytes that the server sent.
    pub(crate) received: u64,
    /// What the collector says, where one was at work.
    pub(crate) turn: Option<Turn>,
}

/// One way to read statements.
pub(crate) enum Rival {
    /// All counters without texts by one statement, in binary, over a held connection, and decoded as we do.
    Floor(Box<Alone>),
    /// The view with its texts, ordered and cut to 100, in text.
    Usual(Session),
    /// Our statements unit and nothing else.
    Statements(Box<Alone>),
    /// Whole polls.
    Poll(Collector, Box<Turn>),
}

impl Rival {
    pub(crate) async fn floor(url: &str) -> Result<Rival> {
        Ok(Rival::Floor(Box::new(Alone::open(url).await?)))
    }

    pub(crate) async fn usual(url: &str) -> Result<Rival> {
        Ok(Rival::Usual(Session::open(url).await?))
    }

    pub(crate) async fn statements(url: &str) -> Result<Rival> {
        Ok(Rival::Statements(Box::new(Alone::open(url).await?)))
    }

    /// Starts a collector and lets it poll until it is steady: the first poll reads the texts, and where they are
    /// longer than the budget it ends its connection for that; the second holds the one that stays.
    pub(crate) fn poll(orders: &Orders) -> Result<Rival> {
        let mut collector = Collector::start(orders)?;
        collector.poll()?;
        let turn = collector.poll()?;
        Ok(Rival::Poll(collector, Box::new(turn)))
    }

    /// Returns the process id of its backend.
    pub(crate) fn backend(&self) -> u32 {
        match self {
            Rival::Usual(session) => session.backend,
            Rival::Floor(alone) | Rival::Statements(alone) => alone.backend(),
            Rival::Poll(_, turn) => turn.backend,
        }
    }

    /// Reads once.
    pub(crate) async fn take(&mut self) -> Result<Sample> {
        let backend = self.backend();
        backend::reset_peak_memory(backend)?;
        let before = settled_cpu(backend)?;
        let (received, turn) = self.read().await?;
        let server_cpu = settled_cpu(backend)?.saturating_sub(before);
        Ok(Sample { server_cpu, peak: backend::peak_memory_bytes(backend)?, received, turn })
    }

    async fn read(&mut self) -> Result<(u64, Option<Turn>)> {
        match self {
            Rival::Floor(alone) => Ok((alone.floor().await?, None)),
            Rival::Usual(session) => Ok((session.usual().await?, None)),
            Rival::Statements(alone) => Ok((alone.statements().await?, None)),
            Rival::Poll(collector, last) => {
                let turn = collector.poll()?;
                **last = turn.clone();
                Ok((turn.received, Some(turn)))
            }
        }
    }
}

/// A held connection of an exporter.
pub(crate) struct Session {
    client: Client,
    traffic: Arc<Traffic>,
    backend: u32,
    driver: JoinHandle<()>,
}

impl Session {
    async fn open(url: &str) -> Result<Session> {
        let target = resolve(Some(url), &Environment::default()).map_err(|error| error.to_string())?;
        let startup = Startup { application_name: "reference", options: None };
        let dialled = dial(&target, startup, Limits::default().connect_timeout).await?;
        let driver = dialled.driver;
        let driver = tokio::spawn(async move {
            let _ended = driver.await;
        });
        let backend = backend_pid(&dialled.client).await?;
        Ok(Session { client: dialled.client, traffic: dialled.traffic, backend, driver })
    }

    async fn usual(&self) -> Result<u64> {
        let before = self.traffic.received_bytes();
        self.client.simple_query(USUAL).await?;
        Ok(self.traffic.received_bytes() - before)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.driver.abort();
    }
}
