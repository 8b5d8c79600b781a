//! The prerequisite validator's reading part: connects as a poll would, asks what the model's check
//! judges, and never fails itself, since a server that cannot be reached is an answer too.

use pgquerylens_model::capabilities::Provider;
use pgquerylens_model::check::{
    Aspect, Budget, CHECK, CheckFacts, CheckReport, Connection, Details, ENTRIES, Encryption, Pooling,
    StatementsReading, TEXT_FILE, Verified, aspects, unreached, unsupported,
};
use pgquerylens_model::probe::{PROBE, Probe};
use pgquerylens_model::rows::Rows;
use pgquerylens_model::time::Timestamp;
use pgquerylens_model::version::ServerVersion;
use pgquerylens_model::view::View;
use pgquerylens_model::views::statements::INFO;
use tokio::time::Instant;

use crate::limits::{ASSUMED_TEXT_BYTES, Limits};
use crate::poll::{PollFailure, home};
use crate::source::session::Mode;
use crate::source::{Answer, Opened, ReadError, Request, Source, Unit};
use crate::tls::{SslMode, TlsFacts};

/// "pg_stat_statements must be loaded via shared_preload_libraries".
const NOT_LOADED: &str = "55000";

/// What a check is to look at, and how.
#[derive(Clone, Debug)]
pub struct CheckOptions {
    /// The budget that polls will have.
    pub limits: Limits,
    /// Who runs the server, if the user says so; else its settings tell.
    pub provider: Option<Provider>,
    /// Whether the connection stays on this machine.
    pub is_local: bool,
}

/// What came of a check.
#[derive(Debug)]
pub struct Checked {
    /// The report; of one aspect if the server could not be asked.
    pub report: CheckReport,
    /// Why the server could not be asked.
    pub failure: Option<PollFailure>,
}

/// Checks a server. `target` is its name for the report.
pub async fn run(source: &mut impl Source, target: &str, options: &CheckOptions) -> Checked {
    let deadline = Instant::now() + options.limits.deadline;
    let report =
        |provider, version, aspects| CheckReport { target: target.to_owned(), provider, version, aspects };
    match gather(source, options, deadline).await {
        Ok(facts) => {
            let version = facts.probe.capabilities.version;
            Checked { report: report(Some(facts.provider), Some(version), aspects(&facts)), failure: None }
        }
        Err(failure) => {
            let aspect = aspect_of(&failure);
            Checked { report: report(options.provider, None, vec![aspect]), failure: Some(failure) }
        }
    }
}

fn aspect_of(failure: &PollFailure) -> Aspect {
    match failure {
        PollFailure::Connect(error) => unreached(error.to_string(), error.advice()),
        PollFailure::Unsupported(version) => unsupported(*version),
        other => unreached(other.to_string(), "see the server's log".to_owned()),
    }
}

async fn gather(
    source: &mut impl Source,
    options: &CheckOptions,
    deadline: Instant,
) -> Result<CheckFacts, PollFailure> {
    let opened = source.open(None).await.map_err(PollFailure::Connect)?;
    let (mut probe, pooling) = probe(source, &opened, deadline).await?;
    let details = details(source.read(&[unit(&probe, None, &[&CHECK])], deadline).await.pop());
    let text_file_bytes = match details.may_see_text_file {
        Some(true) => text_file(source, opened.version, deadline).await,
        _ => None,
    };
    let statements_home = match home::may_be_elsewhere(&probe) {
        true => seek(source, &mut probe, deadline).await,
        false => None,
    };
    let statements = statements(source.read(statements_unit(&probe).as_slice(), deadline).await);
    let encryption = opened.tls.as_ref().map(encryption);
    Ok(CheckFacts {
        connection: Connection { encryption, is_local: options.is_local, pooling },
        provider: options.provider.unwrap_or(probe.capabilities.provider),
        probe,
        details,
        statements_home,
        statements,
        text_file_bytes,
        budget: budget(&options.limits),
    })
}

/// Probes; settings that did not arrive over a connection that took them mean a pooler that drops them.
async fn probe(
    source: &mut impl Source,
    opened: &Opened,
    deadline: Instant,
) -> Result<(Probe, Option<Pooling>), PollFailure> {
    let probe = probe_once(source, opened.version, deadline).await?;
    match opened.mode {
        Mode::Pooled if opened.is_rds_proxy => Ok((probe, Some(Pooling::RdsProxy))),
        Mode::Pooled => Ok((probe, Some(Pooling::RefusesOptions))),
        Mode::Direct if probe.session.search_path == "pg_catalog" => Ok((probe, None)),
        Mode::Direct => {
            source.set_pooled();
            let probe = probe_once(source, opened.version, deadline).await?;
            Ok((probe, Some(Pooling::DropsOptions)))
        }
    }
}

async fn probe_once(
    source: &mut impl Source,
    version: ServerVersion,
    deadline: Instant,
) -> Result<Probe, PollFailure> {
    let sql = PROBE.statement_for(version.major()).ok_or(PollFailure::Unsupported(version))?;
    let mut answers = source.read(&[Unit::single(&PROBE, sql)], deadline).await;
    let rows = answers.pop().map_or(Err(ReadError::NotRecorded), |answer| answer.rows);
    Probe::from_rows(&rows.map_err(PollFailure::Probe)?).ok_or(PollFailure::Probe(ReadError::NotRecorded))
}

/// Looks for the extension in other databases, as a poll would. The session stays in the one that has it, whose name
/// is returned, and what it offers becomes part of the probe.
async fn seek(source: &mut impl Source, probe: &mut Probe, deadline: Instant) -> Option<String> {
    for name in home::others(source, probe, deadline).await {
        let Ok(opened) = source.open(Some(&name)).await else { continue };
        if let Ok((found, _)) = self::probe(source, &opened, deadline).await
            && found.capabilities.statements.is_some()
        {
            probe.capabilities.statements = found.capabilities.statements;
            return Some(name);
        }
    }
    None
}

fn unit(probe: &Probe, schema: Option<String>, views: &[&'static View]) -> Unit {
    let request = |view: &&'static View| {
        let sql = probe.capabilities.statement_for(view).ok()?;
        Some(Request { view, sql, relations: None })
    };
    Unit { schema, statement_timeout: None, requests: views.iter().filter_map(request).collect() }
}

/// What pg_stat_statements is asked of itself, under its schema; nothing where it is not created.
fn statements_unit(probe: &Probe) -> Option<Unit> {
    let schema = probe.capabilities.statements.as_ref()?.schema.clone();
    Some(unit(probe, Some(schema), &[&INFO, &ENTRIES]))
}

fn details(answer: Option<Answer>) -> Details {
    match answer.map_or(Err(ReadError::NotRecorded), |answer| answer.rows) {
        Ok(rows) => Details::from_rows(&rows),
        Err(error) => Details { error: Some(error.to_string()), ..Details::default() },
    }
}

fn statements(answers: Vec<Answer>) -> StatementsReading {
    let mut info = Rows::default();
    for Answer { view, rows, .. } in answers {
        match rows {
            Err(ReadError::Server { sqlstate, .. }) if sqlstate == NOT_LOADED => {
                return StatementsReading::NotLoaded;
            }
            Err(error) => return StatementsReading::Failed(error.to_string()),
            Ok(rows) if view.name == INFO.name => info = rows,
            Ok(rows) => return read_of(&info, &rows),
        }
    }
    StatementsReading::NotCreated
}

fn read_of(info: &Rows, entries: &Rows) -> StatementsReading {
    let index = |view: &View, name| view.column_index(name).unwrap_or(usize::MAX);
    StatementsReading::Read {
        entries: entries.int(index(&ENTRIES, "entries"), 0).unwrap_or(0),
        dealloc: info.int(index(&INFO, "dealloc"), 0),
        stats_reset: info.time(index(&INFO, "stats_reset"), 0),
    }
}

async fn text_file(source: &mut impl Source, version: ServerVersion, deadline: Instant) -> Option<u64> {
    let sql = TEXT_FILE.statement_for(version.major())?;
    let answer = source.read(&[Unit::single(&TEXT_FILE, sql)], deadline).await.pop()?;
    let bytes = answer.rows.ok()?.int(TEXT_FILE.column_index("size")?, 0)?;
    u64::try_from(bytes).ok()
}

fn encryption(tls: &TlsFacts) -> Encryption {
    let ends = tls.certificate.as_ref().map(|certificate| certificate.not_after_unix_seconds);
    Encryption {
        protocol: tls.version.map(|version| version.as_str()),
        verified: match tls.verified {
            SslMode::VerifyFull => Verified::AuthorityAndName,
            SslMode::VerifyCa => Verified::Authority,
            _ => Verified::Nothing,
        },
        checked_against: tls.checked_against.clone(),
        certificate_ends: ends
            .map(|seconds| Timestamp(i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000_000))),
    }
}

fn budget(limits: &Limits) -> Budget {
    let milliseconds =
        |duration: std::time::Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    Budget {
        statement_timeout_ms: milliseconds(limits.statement_timeout),
        lock_timeout_ms: milliseconds(limits.lock_timeout),
        text_budget_bytes: limits.text_budget_bytes,
        assumed_text_bytes: ASSUMED_TEXT_BYTES,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(view: &'static View, rows: Result<Rows, ReadError>) -> Answer {
        Answer { view, rows, began: Instant::now(), duration: std::time::Duration::ZERO }
    }

    fn not_loaded() -> ReadError {
        ReadError::Server { sqlstate: NOT_LOADED.to_owned(), message: "must be loaded".to_owned() }
    }

    #[test]
    fn a_library_that_is_not_loaded_is_told_from_other_errors() {
        assert_eq!(statements(Vec::new()), StatementsReading::NotCreated);
        assert_eq!(
            statements(vec![answer(&INFO, Err(not_loaded())), answer(&ENTRIES, Err(not_loaded()))]),
            StatementsReading::NotLoaded
        );
        assert_eq!(
            statements(vec![answer(&INFO, Ok(Rows::empty(&INFO))), answer(&ENTRIES, Err(ReadError::Denied))]),
            StatementsReading::Failed("permission denied".to_owned())
        );
    }

    #[test]
    fn a_statement_that_is_not_answered_is_part_of_the_details() {
        let denied = details(Some(answer(&CHECK, Err(ReadError::Denied))));
        assert_eq!(denied.error.as_deref(), Some("permission denied"));
        assert!(details(None).error.is_some());
    }
}
