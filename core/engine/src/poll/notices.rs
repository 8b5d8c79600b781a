//! What the reader of a report should know besides the figures, each with what mends it.

use pgquerylens_model::report::{CollectorReport, Notice, Outcome, UnifiedMetrics};
use pgquerylens_model::version::statements_version_of;

/// Returns the notices, those that explain missing figures first.
pub(super) fn of(metrics: &UnifiedMetrics, collectors: &[CollectorReport], hidden_entries: usize) -> Vec<Notice> {
    let mut notices: Vec<Notice> = Vec::new();
    notices.extend(statements_missing(metrics));
    notices.extend(rights_missing(metrics, hidden_entries));
    notices.extend(query_ids_off(metrics));
    notices.extend(collectors.iter().filter_map(failed));
    notices.extend(extension_old(metrics));
    notices.extend(io_timing_off(metrics));
    notices
}

fn statements_missing(metrics: &UnifiedMetrics) -> Option<Notice> {
    if metrics.probe.capabilities.statements.is_some() {
        return None;
    }
    Some(Notice {
        degrades: true,
        message: format!(
            "the database {:?} does not have pg_stat_statements: no statements are shown",
            metrics.probe.database_name
        ),
        mend: Some(
            "add pg_stat_statements to shared_preload_libraries, restart, then: create extension pg_stat_statements"
                .to_owned(),
        ),
    })
}

fn rights_missing(metrics: &UnifiedMetrics, hidden_entries: usize) -> Option<Notice> {
    let rights = &metrics.probe.capabilities.rights;
    if rights.read_all_stats {
        return None;
    }
    let hidden = if hidden_entries > 0 { format!(" ({hidden_entries} statements are hidden)") } else { String::new() };
    Some(Notice {
        degrades: true,
        message: format!("the role {:?} sees only its own statements and sessions{hidden}", rights.role),
        mend: Some(format!("grant pg_monitor to {}", quoted(&rights.role))),
    })
}

fn query_ids_off(metrics: &UnifiedMetrics) -> Option<Notice> {
    let setting = metrics.probe.capabilities.switches.compute_query_id.as_deref();
    (setting == Some("off")).then(|| Notice {
        degrades: true,
        message: "compute_query_id is off: pg_stat_statements records nothing".to_owned(),
        mend: Some("alter system set compute_query_id = auto; select pg_reload_conf()".to_owned()),
    })
}

fn failed(collector: &CollectorReport) -> Option<Notice> {
    let Outcome::Failed { error } = &collector.outcome else { return None };
    let place = collector.database.as_ref().map(|name| format!(" in {name:?}")).unwrap_or_default();
    Some(Notice { degrades: true, message: format!("{}{place} was not read: {error}", collector.view), mend: None })
}

fn extension_old(metrics: &UnifiedMetrics) -> Option<Notice> {
    let installed = metrics.probe.capabilities.statements.as_ref()?.version;
    let offered = statements_version_of(metrics.identity.version.major())?;
    (installed < offered).then(|| Notice {
        degrades: false,
        message: format!("pg_stat_statements is {installed}, the server offers {offered}: newer columns are missing"),
        mend: Some("alter extension pg_stat_statements update".to_owned()),
    })
}

fn io_timing_off(metrics: &UnifiedMetrics) -> Option<Notice> {
    (metrics.probe.capabilities.switches.track_io_timing == Some(false)).then(|| Notice {
        degrades: false,
        message: "track_io_timing is off: I/O times are not measured".to_owned(),
        mend: Some("alter system set track_io_timing = on; select pg_reload_conf()".to_owned()),
    })
}

/// An identifier as SQL wants it.
fn quoted(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}
