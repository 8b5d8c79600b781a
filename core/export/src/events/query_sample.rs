//! `db.server.query_sample`: one event per client session that was not idle when the poll looked, with what it waits
//! for and who blocks it.

use std::collections::HashMap;

use pgquerylens_model::capabilities::{PROVIDER_DATABASES, PROVIDER_ROLES};
use pgquerylens_model::report::{UnifiedMetrics, ViewMetrics};
use pgquerylens_model::time::Timestamp;
use pgquerylens_model::views::{activity, blocking};

use super::{Compat, Event, Field, TraceContext, present};
use crate::MILLISECONDS_PER_SECOND;

/// The name of the event.
const NAME: &str = "db.server.query_sample";

/// The most sessions of one poll that are sent: the receiver's `max_rows_per_query`.
const MAX_SAMPLES: usize = 1_000;

pub(super) fn events(metrics: &UnifiedMetrics, compat: Compat) -> Vec<Event> {
    let Some(sessions) = metrics.view(&activity::VIEW).map(Read) else { return Vec::new() };
    let blocked = metrics.view(&blocking::VIEW).map(Read);
    let waiting: HashMap<i64, usize> = blocked
        .iter()
        .flat_map(|read| read.rows().filter_map(|row| Some((read.int("pid", row)?, row))))
        .collect();
    let of_row = |row: usize| {
        let wait = sessions.int("pid", row).and_then(|pid| waiting.get(&pid)).copied().zip(blocked);
        event(sessions, row, wait, compat)
    };
    sessions.rows().filter(|row| is_sampled(sessions, *row)).take(MAX_SAMPLES).map(of_row).collect()
}

/// A view's rows, read by column names.
#[derive(Clone, Copy)]
struct Read<'r>(&'r ViewMetrics);

impl<'r> Read<'r> {
    fn rows(self) -> std::ops::Range<usize> {
        0..self.0.snapshot.rows.len()
    }

    fn text(self, column: &str, row: usize) -> Option<&'r str> {
        self.0.snapshot.rows.label(self.0.view.column_index(column)?, row)
    }

    fn int(self, column: &str, row: usize) -> Option<i64> {
        self.0.snapshot.rows.int(self.0.view.column_index(column)?, row)
    }

    fn flag(self, column: &str, row: usize) -> bool {
        let column = self.0.view.column_index(column);
        column.and_then(|column| self.0.snapshot.rows.flag(column, row)) == Some(true)
    }

    fn time(self, column: &str, row: usize) -> Option<Timestamp> {
        self.0.snapshot.rows.time(self.0.view.column_index(column)?, row)
    }

    fn seconds_since(self, moment: Timestamp) -> f64 {
        self.0.snapshot.taken_at.seconds_since(moment).max(0.0)
    }
}

/// Sessions of clients that are in a statement or a transaction, neither ours nor the provider's, whose text we see.
fn is_sampled(sessions: Read<'_>, row: usize) -> bool {
    let of_provider = sessions.text("datname", row).is_some_and(|name| PROVIDER_DATABASES.contains(&name))
        || sessions.text("usename", row).is_some_and(|name| PROVIDER_ROLES.contains(&name));
    let is_busy = sessions.text("state", row).is_some_and(|state| state != "idle");
    let is_hidden = sessions.flag("own_session", row) || sessions.flag("insufficient_privilege", row);
    is_busy && !is_hidden && !of_provider
}

fn event(sessions: Read<'_>, row: usize, wait: Option<(usize, Read<'_>)>, compat: Compat) -> Event {
    let text = |column: &str| Field::text(sessions.text(column, row));
    let elapsed = sessions.time("query_start", row).map(|start| sessions.seconds_since(start));
    let queryid = sessions.int("query_id", row).map(|id| Field::Text(id.to_string()));
    let (compatible, native) = match compat {
        Compat::Receiver => (queryid, None),
        Compat::Native => (None, queryid),
    };
    let application = sessions.text("application_name", row);
    let mut fields = present([
        ("db.system.name", Field::text(Some("postgresql"))),
        ("db.namespace", text("datname")),
        ("db.query.text", text("query")),
        ("user.name", text("usename")),
        ("postgresql.state", text("state")),
        ("postgresql.pid", sessions.int("pid", row).map(Field::Int)),
        ("postgresql.application_name", text("application_name")),
        ("network.peer.address", text("client_addr")),
        ("network.peer.port", sessions.int("client_port", row).filter(|port| *port >= 0).map(Field::Int)),
        ("postgresql.client_hostname", text("client_hostname")),
        ("postgresql.query_start", Field::text(sessions.time("query_start", row).map(Timestamp::to_rfc3339))),
        ("postgresql.wait_event", text("wait_event")),
        ("postgresql.wait_event_type", text("wait_event_type")),
        ("postgresql.query_id", compatible),
        ("postgresql.queryid", native),
        (
            "postgresql.total_exec_time",
            elapsed.map(|seconds| Field::Float(seconds * MILLISECONDS_PER_SECOND)),
        ),
        (
            "postgresql.blocking.transaction.start_time",
            Field::text(sessions.time("xact_start", row).map(Timestamp::to_rfc3339)),
        ),
        (
            "pgquerylens.query_duration_ms",
            elapsed.map(|seconds| Field::Float(seconds * MILLISECONDS_PER_SECOND)),
        ),
    ]);
    fields.extend(wait.map(|(row, waits)| blocking_fields(waits, row)).unwrap_or_default());
    let trace = application.and_then(TraceContext::find);
    Event { name: NAME, time: sessions.0.snapshot.taken_at, fields, trace }
}

fn blocking_fields(waits: Read<'_>, row: usize) -> Vec<(&'static str, Field)> {
    let pids = waits.0.view.column_index("blocked_by");
    let pids = pids.and_then(|column| waits.0.snapshot.rows.int_list(column, row));
    let listed = |pids: &[i64]| {
        let texts: Vec<String> = pids.iter().map(i64::to_string).collect();
        Field::Text(format!("{{{}}}", texts.join(",")))
    };
    let began = waits.time("waitstart", row);
    present([
        ("postgresql.blocking.pids", pids.map(listed)),
        ("postgresql.blocking.start_time", Field::text(began.map(Timestamp::to_rfc3339))),
        (
            "postgresql.blocking.wait_duration",
            began.map(|began| Field::Int(waits.seconds_since(began) as i64)),
        ),
        ("postgresql.blocking.lock.mode", Field::text(waits.text("mode", row))),
        ("postgresql.blocking.lock.type", Field::text(waits.text("locktype", row))),
        ("postgresql.blocking.lock.relation", Field::text(waits.text("relname", row))),
    ])
}

impl TraceContext {
    /// Finds a W3C traceparent in a text, such as an application name: `00-<trace>-<span>-<flags>`.
    pub fn find(text: &str) -> Option<TraceContext> {
        const LENGTH: usize = 55;
        let starts = text.match_indices("00-").map(|(start, _)| start);
        starts.filter_map(|start| text.get(start..start + LENGTH)).find_map(TraceContext::parse)
    }

    fn parse(text: &str) -> Option<TraceContext> {
        let mut parts = text.split('-').skip(1);
        let trace_id = hex(parts.next()?)?;
        let span_id = hex(parts.next()?)?;
        let flags: [u8; 1] = hex(parts.next()?)?;
        let is_valid = parts.next().is_none() && trace_id != [0; 16] && span_id != [0; 8];
        (is_valid && flags[0] <= 3).then_some(TraceContext { trace_id, span_id })
    }
}

/// Reads exactly as many bytes of lowercase hexadecimal digits.
fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let is_hex = |letter: u8| letter.is_ascii_digit() || (b'a'..=b'f').contains(&letter);
    if text.len() != 2 * N || !text.bytes().all(is_hex) {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_is_found_inside_a_name_and_nothing_else_is() {
        let found =
            TraceContext::find("shop 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 x").unwrap();
        assert_eq!(found.span_id, [0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31]);
        for none in [
            "shop",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333-001",
            "ä00-0af7651916cd43dd8448eb211c80319cäb7ad6b7169203331-01",
        ] {
            assert_eq!(TraceContext::find(none), None, "{none}");
        }
    }
}
