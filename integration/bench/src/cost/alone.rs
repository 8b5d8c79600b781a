//! A session of the engine that runs one unit at a time, so that each view's own cost can be seen.

use std::time::Duration;

use pgquerylens_engine::conninfo::{Environment, resolve};
use pgquerylens_engine::limits::Limits;
use pgquerylens_engine::source::live::Live;
use pgquerylens_engine::source::{Request, Source, Unit};
use pgquerylens_model::probe::{CONTROL, PROBE, Probe};
use pgquerylens_model::view::{Reading, View};
use pgquerylens_model::views::{self, statements};
use tokio::time::Instant;

use crate::Result;

const NOT_THERE: &str = "pg_stat_statements is not there";
const DEADLINE: Duration = Duration::from_secs(30);

/// A connection, and what the probe says of it.
pub(crate) struct Alone {
    source: Live,
    probe: Probe,
    statements: Unit,
    floor: Unit,
}

impl Alone {
    /// Connects and probes.
    pub(crate) async fn open(url: &str) -> Result<Alone> {
        let target = resolve(Some(url), &Environment::default()).map_err(|error| error.to_string())?;
        let mut source = Live::new(target, Limits::default());
        let opened = source.open(None).await?;
        let probe_unit = probe_unit(opened.version.major())?;
        let answers = source.read(&[probe_unit], Instant::now() + DEADLINE).await;
        let rows = answers.into_iter().next().ok_or("the probe was not answered")?.rows?;
        let probe = Probe::from_rows(&rows).ok_or("the probe cannot be read")?;
        let (statements, floor) = (statements_unit(&probe)?, floor_unit(&probe)?);
        Ok(Alone { source, probe, statements, floor })
    }

    /// Returns the backend's process id.
    pub(crate) fn backend(&self) -> u32 {
        u32::try_from(self.probe.pid).unwrap_or(0)
    }

    /// Reads the statements as a poll does, and returns the bytes that came.
    pub(crate) async fn statements(&mut self) -> Result<u64> {
        let unit = self.statements.clone();
        self.read(&unit).await
    }

    /// Reads the same counters by one statement without anything around it, and returns the bytes that came.
    pub(crate) async fn floor(&mut self) -> Result<u64> {
        let unit = self.floor.clone();
        self.read(&unit).await
    }

    /// Reads a unit, and returns the bytes that came.
    pub(crate) async fn read(&mut self, unit: &Unit) -> Result<u64> {
        let before = self.source.cost().received_bytes;
        let answers = self.source.read(std::slice::from_ref(unit), Instant::now() + DEADLINE).await;
        for answer in answers {
            answer.rows.map_err(|error| format!("read {}: {error}", answer.view.name))?;
        }
        Ok(self.source.cost().received_bytes - before)
    }

    /// Returns what one statement reads, unit by unit: the probe, the statements, and every view that this server
    /// offers and that needs no other's rows.
    pub(crate) fn units(&self) -> Result<Vec<(&'static View, Unit)>> {
        let version = self.probe.capabilities.version.major();
        let mut units = vec![(&PROBE, probe_unit(version)?), (&statements::VIEW, self.statements.clone())];
        units.extend(CONTROL.statement_for(version).map(|sql| (&CONTROL, Unit::single(&CONTROL, sql))));
        for view in views::ALL.iter().filter(|view| view.reading == Reading::Whole) {
            if let Ok(sql) = self.probe.capabilities.statement_for(view) {
                units.push((view, Unit::single(view, sql)));
            }
        }
        Ok(units)
    }
}

fn probe_unit(major: u16) -> Result<Unit> {
    Ok(Unit::single(&PROBE, PROBE.statement_for(major).ok_or("no probe for this version")?))
}

/// Nothing but the counters; the function is named with its schema, so that no search_path is needed.
fn floor_unit(probe: &Probe) -> Result<Unit> {
    let counters = probe.capabilities.statement_for(&statements::VIEW).map_err(|_| NOT_THERE)?;
    let extension = probe.capabilities.statements.as_ref().ok_or(NOT_THERE)?;
    let qualified = format!("from {}.pg_stat_statements(", extension.schema);
    // A few hundred bytes, once per session of a process that soon ends.
    let sql: &'static str = counters.replace("from pg_stat_statements(", &qualified).leak();
    Ok(Unit::single(&statements::VIEW, sql))
}

/// The same unit that a poll sends.
fn statements_unit(probe: &Probe) -> Result<Unit> {
    let capabilities = &probe.capabilities;
    let sql = |view| capabilities.statement_for(view).map_err(|_| NOT_THERE);
    let (info, counters) = (sql(&statements::INFO)?, sql(&statements::VIEW)?);
    let request = |view, sql| Request { view, sql, relations: None };
    let schema = capabilities.statements.as_ref().map(|extension| extension.schema.clone());
    let requests = vec![
        request(&statements::INFO, info),
        request(&statements::VIEW, counters),
        request(&statements::INFO, info),
    ];
    Ok(Unit { schema, statement_timeout: None, requests })
}
