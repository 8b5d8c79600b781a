//! Which server, in what role, and what the figures cover.

use pgquerylens_model::capabilities::Provider;
use pgquerylens_model::report::{PollReport, Status, UnifiedMetrics};
use pgquerylens_model::time::Timestamp;
use pgquerylens_model::views::{database, statements};
use pgquerylens_model::window::{Gap, Quality};

use super::fact;
use super::line::{Line, Span, Tone, flowed, wrapped};
use crate::figures;
use crate::figures::span;

/// Returns the headline, and the window in words.
pub(super) fn lines(report: &PollReport, width: usize) -> Vec<Line> {
    let mut facts = Vec::new();
    if let Some(metrics) = &report.metrics {
        facts.extend(server(metrics));
    }
    facts.extend(match report.status {
        Status::Ok => None,
        Status::Degraded => Some(Span::new("degraded", Tone::Caution)),
        Status::Failed => Some(Span::new("nothing was read", Tone::Trouble)),
    });
    let target = Span::new(format!("{}  ", report.target), Tone::Bold);
    let mut lines = match target.width() < width / 2 {
        true => flowed(target, facts, width),
        false => {
            let mut lines = vec![Line::of(target)];
            lines.extend(flowed(fact("  "), facts, width));
            lines
        }
    };
    if let Some(metrics) = &report.metrics {
        lines.extend(window(metrics, width));
    }
    lines
}

fn server(metrics: &UnifiedMetrics) -> Vec<Span> {
    let identity = &metrics.identity;
    let up = metrics.read_at.seconds_since(identity.postmaster_start);
    let mut facts = vec![fact(format!("PostgreSQL {}", identity.version))];
    facts.extend(provider(metrics.provider).map(fact));
    facts.push(fact(if identity.in_recovery { "standby" } else { "primary" }));
    facts.push(fact(format!("up {}", span(up))));
    facts
}

pub(super) fn provider(provider: Provider) -> Option<&'static str> {
    match provider {
        Provider::SelfManaged => None,
        Provider::Rds => Some("Amazon RDS"),
        Provider::Aurora => Some("Amazon Aurora"),
        Provider::CloudSql => Some("Google Cloud SQL"),
        Provider::AlloyDb => Some("Google AlloyDB"),
        Provider::Azure => Some("Azure Database for PostgreSQL"),
    }
}

/// The statements' window is what the report is about; without them the databases'.
fn window(metrics: &UnifiedMetrics, width: usize) -> Vec<Line> {
    let of = |view| metrics.view(view).and_then(|found| found.window.as_ref());
    let Some(window) = of(&statements::VIEW).or_else(|| of(&database::VIEW)) else {
        return wrapped(fact(""), &format!("read at {}", clock(metrics.read_at)), Tone::Plain, width);
    };
    let length =
        window.seconds().map(|seconds| format!("{} to {}", seconds_exactly(seconds), clock(window.to)));
    let length = length.unwrap_or_else(|| format!("one reading at {}", clock(window.to)));
    let (sentence, tone) = match &window.quality {
        Quality::Exact => (format!("{length} · exact"), Tone::Plain),
        Quality::LowerBound(_) => {
            (format!("{length} · lower bound: {}", window.quality.reasons().join("; ")), Tone::Caution)
        }
        Quality::Gap(Gap::FirstReading) => {
            (format!("first reading at {} · {}", clock(window.to), totals(metrics)), Tone::Plain)
        }
        Quality::Gap(gap) => (format!("{gap}, at {} · {}", clock(window.to), totals(metrics)), Tone::Caution),
    };
    wrapped(fact(""), &sentence, tone, width)
}

fn totals(metrics: &UnifiedMetrics) -> String {
    let since = metrics.statements.as_ref().and_then(|statements| statements.window.from);
    let since = since.map(|since| format!(", {}", date(since))).unwrap_or_default();
    format!("totals since the last reset{since}; no interval yet")
}

/// Returns the length of a window, which is often an odd number of seconds and is divided by.
fn seconds_exactly(seconds: f64) -> String {
    if seconds < 600.0 { format!("{seconds:.1} s") } else { figures::span(seconds) }
}

/// Returns the time of day.
fn clock(moment: Timestamp) -> String {
    let text = moment.to_rfc3339();
    format!("{} UTC", text.get(11..19).unwrap_or_default())
}

/// Returns day and minute.
fn date(moment: Timestamp) -> String {
    let text = moment.to_rfc3339();
    format!("{} {} UTC", text.get(..10).unwrap_or_default(), text.get(11..16).unwrap_or_default())
}
