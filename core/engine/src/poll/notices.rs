//! What the reader of a report should know besides the figures, each with what mends it. The sentences that a check
//! says too are the model's.

use pgquerylens_model::advice::{self, Advice, Place};
use pgquerylens_model::report::{CollectorReport, Notice, Outcome, UnifiedMetrics};
use pgquerylens_model::views::statements;

use super::heard::Heard;

/// Returns the notices, those that explain missing figures first.
pub(super) fn of(
    metrics: &UnifiedMetrics,
    collectors: &[CollectorReport],
    heard: &Heard,
    hidden_entries: usize,
) -> Vec<Notice> {
    let mut notices: Vec<Notice> = Vec::new();
    notices.extend(advice::newer_than_known(metrics.identity.version).map(degrading));
    notices.extend(statements_not_preloaded(metrics));
    notices.extend(statements_not_created(metrics));
    notices.extend(rights_missing(metrics, hidden_entries));
    notices.extend(query_ids_off(metrics));
    notices.extend(
        collectors.iter().filter_map(|line| schema_closed(metrics, line).or_else(|| failed(line, heard))),
    );
    notices.extend(extension_old(metrics));
    notices.extend(io_timing_off(metrics));
    notices.extend(plans_without_text(heard));
    notices
}

/// No library comes without its settings.
fn statements_not_preloaded(metrics: &UnifiedMetrics) -> Option<Notice> {
    let settings = metrics.probe.capabilities.switches.statements_max;
    settings.is_none().then(|| degrading(advice::statements_not_preloaded(metrics.provider, None)))
}

fn statements_not_created(metrics: &UnifiedMetrics) -> Option<Notice> {
    let created = metrics.probe.capabilities.statements.is_some();
    (!created)
        .then(|| degrading(advice::statements_not_created(place(metrics), &metrics.probe.database_name)))
}

fn rights_missing(metrics: &UnifiedMetrics, hidden_entries: usize) -> Option<Notice> {
    let rights = &metrics.probe.capabilities.rights;
    if rights.read_all_stats {
        return None;
    }
    let mut notice = degrading(advice::only_own_activity(place(metrics), &rights.role));
    if hidden_entries > 0 {
        notice.message.push_str(&format!(" ({hidden_entries} statements are hidden)"));
    }
    Some(notice)
}

fn query_ids_off(metrics: &UnifiedMetrics) -> Option<Notice> {
    let setting = metrics.probe.capabilities.switches.compute_query_id.as_deref();
    (setting == Some("off")).then(|| degrading(advice::query_ids_off(metrics.provider)))
}

/// To a role without USAGE on its schema the extension's functions do not exist (SQLSTATE 42883).
fn schema_closed(metrics: &UnifiedMetrics, collector: &CollectorReport) -> Option<Notice> {
    let Outcome::Failed { error, .. } = &collector.outcome else { return None };
    let (schema, role) =
        (&metrics.probe.capabilities.statements.as_ref()?.schema, &metrics.probe.capabilities.rights.role);
    let unknown = collector.view == statements::VIEW.name && error.ends_with("(SQLSTATE 42883)");
    unknown.then(|| degrading(advice::statements_schema_closed(place(metrics), schema, role)))
}

fn failed(collector: &CollectorReport, heard: &Heard) -> Option<Notice> {
    let Outcome::Failed { error, .. } = &collector.outcome else { return None };
    let place = collector.database.as_ref().map(|name| format!(" in {name:?}")).unwrap_or_default();
    Some(Notice {
        degrades: true,
        message: format!("{}{place} was not read: {error}", collector.view),
        mend: heard.mend(collector.view),
    })
}

fn plans_without_text(heard: &Heard) -> Option<Notice> {
    let Heard { plan_count, textless_count, .. } = heard;
    (*textless_count > 0).then(|| Notice {
        degrades: false,
        message: format!(
            "{textless_count} of {plan_count} plans in the log are kept without their text: it was too long, or its literals could not be \
             told for certain"
        ),
        mend: Some("write plans as text or JSON: auto_explain.log_format".to_owned()),
    })
}

fn extension_old(metrics: &UnifiedMetrics) -> Option<Notice> {
    let installed = metrics.probe.capabilities.statements.as_ref()?.version;
    let advice = advice::statements_outdated(place(metrics), installed, metrics.identity.version)?;
    let is_read = metrics.probe.capabilities.statement_for(&statements::VIEW).is_ok();
    Some(Notice { degrades: !is_read, ..worth_knowing(advice) })
}

fn io_timing_off(metrics: &UnifiedMetrics) -> Option<Notice> {
    let setting = metrics.probe.capabilities.switches.track_io_timing;
    (setting == Some(false)).then(|| worth_knowing(advice::io_timing_off(metrics.provider)))
}

fn place(metrics: &UnifiedMetrics) -> Place {
    Place { provider: metrics.provider, in_recovery: metrics.identity.in_recovery }
}

fn degrading(advice: Advice) -> Notice {
    Notice { degrades: true, message: advice.found, mend: Some(advice.mend.brief()) }
}

fn worth_knowing(advice: Advice) -> Notice {
    Notice { degrades: false, ..degrading(advice) }
}
