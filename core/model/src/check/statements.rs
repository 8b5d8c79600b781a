//! pg_stat_statements: loaded, created, current, tracking, and with room for what the server runs.

use crate::advice::{self, Apply, Mend, Setting};
use crate::capabilities::StatementsExtension;
use crate::time::Timestamp;

use super::{Aspect, CheckFacts, Level, StatementsReading, named};

/// Evictions in a day from which on a higher limit is advised: below, the least used statements come and go.
const EVICTIONS_PER_DAY_MAX: f64 = 1.0;

/// Share of the limit above which a server that counts no evictions must be taken to evict.
const FULL_SHARE: f64 = 0.95;

/// What the limit is raised to at least.
const HIGHER_LIMIT_MIN: i64 = 10_000;

/// The highest value that PostgreSQL takes.
const LIMIT_MAX: i64 = i32::MAX as i64 / 2;

const HOURS_PER_DAY: f64 = 24.0;

pub(super) fn aspects(facts: &CheckFacts) -> Vec<Aspect> {
    let mut aspects = vec![preloaded(facts), created(facts)];
    aspects.extend(facts.probe.capabilities.statements.as_ref().map(|extension| version(facts, extension)));
    aspects.extend(query_ids(facts));
    aspects.extend(tracking(facts));
    aspects.extend(planning(facts));
    aspects.extend(entries(facts));
    aspects.extend(texts(facts));
    aspects
}

fn preloaded(facts: &CheckFacts) -> Aspect {
    let aspect = named("pg_stat_statements.preloaded", "pg_stat_statements preloaded");
    let libraries = facts.details.shared_preload_libraries.as_deref();
    match is_preloaded(facts, libraries) {
        Some(true) => aspect.ok("the server loads it at start"),
        Some(false) => {
            aspect.advised(Level::Error, advice::statements_not_preloaded(facts.provider, libraries))
        }
        None => aspect.ok("probably: its settings are there; only pg_monitor shows shared_preload_libraries"),
    }
}

/// The extension's own answer is certain, so is the list; a setting of its own without its library may be a leftover
/// in a configuration file, but no library comes without its settings.
fn is_preloaded(facts: &CheckFacts, libraries: Option<&str>) -> Option<bool> {
    let listed = || {
        libraries
            .map(|list| list.split(',').any(|name| name.trim().trim_matches('"') == "pg_stat_statements"))
    };
    match facts.statements {
        StatementsReading::Read { .. } => Some(true),
        StatementsReading::NotLoaded => Some(false),
        StatementsReading::NotCreated | StatementsReading::Failed(_) => {
            listed().or_else(|| facts.probe.capabilities.switches.statements_max.is_none().then_some(false))
        }
    }
}

fn created(facts: &CheckFacts) -> Aspect {
    let aspect = named("pg_stat_statements.created", "pg_stat_statements created");
    let database = &facts.probe.database_name;
    if let StatementsReading::Failed(why) = &facts.statements {
        let home = facts.statements_home.as_ref().unwrap_or(database);
        return aspect.error(
            format!("it is there in {home:?} and does not answer: {why}"),
            Mend::of_steps("see the server's log"),
        );
    }
    if let Some(extension) = &facts.probe.capabilities.statements {
        let schema = &extension.schema;
        return aspect.ok(match &facts.statements_home {
            None => format!("in the database {database:?}, schema {schema:?}"),
            Some(home) => {
                format!("not in {database:?}, but in the database {home:?}, schema {schema:?}: polls read it there")
            }
        });
    }
    let mut advice = advice::statements_not_created(facts.place(), database);
    if facts.details.error.is_none() && facts.details.statements_offered.is_none() {
        advice.mend.steps =
            format!("install PostgreSQL's contrib package on the server first; then {}", advice.mend.steps);
    }
    aspect.advised(Level::Error, advice)
}

fn version(facts: &CheckFacts, extension: &StatementsExtension) -> Aspect {
    let aspect = named("pg_stat_statements.version", "pg_stat_statements version");
    let version = facts.probe.capabilities.version;
    match advice::statements_outdated(facts.place(), extension.version, version) {
        Some(advice) => aspect.advised(Level::Warning, advice),
        None => aspect.ok(format!("{}, as the server offers it", extension.version)),
    }
}

/// Before 14 pg_stat_statements computed its own.
fn query_ids(facts: &CheckFacts) -> Option<Aspect> {
    let aspect = named("compute_query_id", "compute_query_id");
    let setting = facts.probe.capabilities.switches.compute_query_id.as_deref()?;
    Some(match setting {
        "off" => aspect.advised(Level::Error, advice::query_ids_off(facts.provider)),
        other => aspect.ok(other),
    })
}

fn tracking(facts: &CheckFacts) -> Option<Aspect> {
    let aspect = named("pg_stat_statements.track", "pg_stat_statements.track");
    Some(match facts.probe.statements_track.as_deref()? {
        "none" => aspect.error(
            "none: no statement is recorded",
            Setting { name: "pg_stat_statements.track", value: "top", apply: Apply::Reload }
                .mend(facts.provider),
        ),
        "top" => aspect.ok("top: statements inside functions count to the statement that called them"),
        other => aspect.ok(other),
    })
}

fn planning(facts: &CheckFacts) -> Option<Aspect> {
    let aspect = named("pg_stat_statements.track_planning", "track_planning");
    Some(match facts.probe.capabilities.switches.track_planning? {
        true => aspect.ok("on"),
        false => aspect
            .ok("off, as by default: planning times are not shown; measuring them costs on busy servers"),
    })
}

fn entries(facts: &CheckFacts) -> Option<Aspect> {
    let aspect = named("pg_stat_statements.max", "pg_stat_statements.max");
    let StatementsReading::Read { entries, dealloc, stats_reset } = facts.statements else { return None };
    let limit = facts.probe.capabilities.switches.statements_max?;
    let taken = format!("{entries} of {limit} entries are taken");
    let Some(dealloc) = dealloc else {
        let full = entries as f64 >= limit as f64 * FULL_SHARE;
        return Some(match full {
            true => aspect.warning(
                format!("{taken}: statements are thrown out, and this version does not count how many"),
                higher_limit(facts, limit),
            ),
            false => aspect.ok(taken),
        });
    };
    let per_day = stats_reset.and_then(|reset| per_day(dealloc, reset, facts.probe.read_at));
    let found = match (dealloc, per_day, stats_reset) {
        (0, _, _) => return Some(aspect.ok(format!("{taken}, none was thrown out"))),
        (_, Some(rate), Some(reset)) => format!(
            "{taken}; since {} the least used were thrown out {} ({}), and their work is not seen",
            day(reset),
            times(dealloc),
            frequency(rate)
        ),
        _ => {
            format!("{taken}; the least used were thrown out {}, and their work is not seen", times(dealloc))
        }
    };
    Some(match per_day {
        Some(rate) if rate < EVICTIONS_PER_DAY_MAX => aspect.ok(found),
        _ => aspect.warning(found, higher_limit(facts, limit)),
    })
}

fn per_day(count: i64, since: Timestamp, now: Timestamp) -> Option<f64> {
    const SECONDS_PER_DAY: f64 = 86_400.0;
    let days = now.seconds_since(since) / SECONDS_PER_DAY;
    (days > 0.0).then(|| count as f64 / days)
}

fn times(count: i64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

fn frequency(per_day: f64) -> String {
    match per_day {
        rate if rate < 1.0 => "less than once a day".to_owned(),
        rate if rate < 2.0 * HOURS_PER_DAY => format!("{rate:.0} a day"),
        rate => format!("{:.0} an hour", rate / HOURS_PER_DAY),
    }
}

fn day(moment: Timestamp) -> String {
    moment.to_rfc3339().chars().take("2000-01-01".len()).collect()
}

fn higher_limit(facts: &CheckFacts, limit: i64) -> Mend {
    let value = limit.saturating_mul(2).clamp(HIGHER_LIMIT_MIN, LIMIT_MAX).to_string();
    Setting { name: "pg_stat_statements.max", value: &value, apply: Apply::Restart }.mend(facts.provider)
}

/// The server loads and copies all texts for any reading of one.
fn texts(facts: &CheckFacts) -> Option<Aspect> {
    let aspect = named("statement_texts", "statement texts");
    let StatementsReading::Read { entries, .. } = facts.statements else { return None };
    let budget = facts.budget;
    let estimated = u64::try_from(entries).unwrap_or(0).saturating_mul(budget.assumed_text_bytes);
    let (size, how) = match facts.text_file_bytes {
        Some(exact) => (exact, "the server keeps"),
        None => (estimated, "at most about"),
    };
    let found = format!(
        "{how} {} of text; readings of up to {} are allowed",
        mebibytes(size),
        mebibytes(budget.text_budget_bytes)
    );
    if size <= budget.text_budget_bytes {
        return Some(aspect.ok(found));
    }
    let mend = Mend::of_sql(facts.place(), "select pg_stat_statements_reset();");
    Some(aspect.warning(
        format!("{found}: statements will be shown by their query id"),
        Mend {
            steps: format!(
                "allow more with --text-budget {}, or to empty the file and all counters, {}",
                mebibytes_up(size),
                mend.steps
            ),
            ..mend
        },
    ))
}

const MEBIBYTE: u64 = 1 << 20;

fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / MEBIBYTE as f64)
}

/// Half as much again, in the form in which the option takes it.
fn mebibytes_up(bytes: u64) -> String {
    format!("{}MiB", (bytes + bytes / 2).div_ceil(MEBIBYTE))
}
