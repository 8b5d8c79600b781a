//! What is found under a state's URL, for a person: a line per server, and beneath it what is out of the ordinary.

use pgquerylens_engine::state::control::Control;

use super::line::{Line, Span, Tone};
use super::table::{Column, Side, laid_out};
use super::{MAX_WIDTH, MIN_WIDTH, RenderOptions};
use crate::figures::{bytes, grouped};
use crate::looked::{Looked, LookedBaseline, LookedServer, Wished};

const COLUMNS: [Column; 7] = [
    Column { title: "server", width: 0, side: Side::Left, dispensable: 0 },
    Column { title: "polls", width: 0, side: Side::Right, dispensable: 0 },
    Column { title: "last read", width: 0, side: Side::Left, dispensable: 0 },
    Column { title: "baseline", width: 0, side: Side::Right, dispensable: 1 },
    Column { title: "dictionary", width: 0, side: Side::Right, dispensable: 2 },
    Column { title: "plans", width: 0, side: Side::Right, dispensable: 3 },
    Column { title: "waiting", width: 0, side: Side::Right, dispensable: 0 },
];

/// Returns it as text that ends with a line break. Times are the databases' own.
pub(crate) fn render_state(looked: &Looked, options: &RenderOptions) -> String {
    let width = options.width.clamp(MIN_WIDTH, MAX_WIDTH);
    let mut lines = vec![Line::of(Span::new(&looked.url, Tone::Bold))];
    lines.extend(wishes(&looked.control).into_iter().map(|wish| noted(&format!("every server: {wish}"))));
    if looked.servers.is_empty() {
        lines.push(Line::of(Span::new("there is no state of a server", Tone::Dim)));
    } else {
        let (header, rows) = laid_out(&COLUMNS, looked.servers.iter().map(row).collect(), width);
        lines.push(header);
        for (server, row) in looked.servers.iter().zip(rows) {
            lines.push(row);
            lines.extend(notes(server).iter().map(|note| noted(note)));
        }
    }
    lines.into_iter().map(|line| line.cut(width).print(options.colour) + "\n").collect()
}

fn row(server: &LookedServer) -> Vec<Span> {
    let baseline = server.baseline.as_ref().and_then(|read| read.as_ref().ok());
    let plain = |text: String| Span::new(text, Tone::Plain);
    let size = |size: Option<u64>| plain(size.map_or_else(|| "-".to_owned(), |size| bytes(size as f64)));
    let waiting: u64 = server.outboxes.values().map(|outbox| outbox.bytes).sum();
    let last_read = baseline.and_then(|baseline| baseline.last_read);
    vec![
        Span::new(server.name.as_deref().unwrap_or("(a single poll)"), Tone::Bold),
        plain(baseline.map_or_else(|| "-".to_owned(), |baseline| grouped(baseline.polls))),
        plain(last_read.map_or_else(|| "-".to_owned(), |at| to_the_second(&at.to_rfc3339()))),
        size(server.baseline_bytes),
        size(server.dictionary_bytes),
        size(server.plans_bytes),
        plain(if server.outboxes.is_empty() { "-".to_owned() } else { bytes(waiting as f64) }),
    ]
}

/// Drops what is below a second.
fn to_the_second(time: &str) -> String {
    time.split_once('.').map_or_else(|| time.to_owned(), |(seconds, _)| format!("{seconds}Z"))
}

fn notes(server: &LookedServer) -> Vec<String> {
    let mut notes = Vec::new();
    match &server.baseline {
        Some(Err(error)) => notes.push(format!("baseline: {error}")),
        Some(Ok(LookedBaseline { target, failures, rests_until, .. })) => {
            if server.name.as_deref() != Some(target) && !target.is_empty() {
                notes.push(format!("polled as {target}"));
            }
            let until =
                rests_until.map(|until| format!(", rests until {}", to_the_second(&until.to_rfc3339())));
            if *failures > 0 {
                notes.push(format!("failures in a row: {failures}{}", until.unwrap_or_default()));
            }
        }
        None => {}
    }
    notes.extend(server.outboxes.iter().map(|(exporter, outbox)| {
        format!("waiting for {exporter}: {} batches, {}", grouped(outbox.entries), bytes(outbox.bytes as f64))
    }));
    notes.extend(server.lease.iter().map(|lease| {
        format!("used by {} until {}", lease.owner, to_the_second(&lease.expires.to_rfc3339()))
    }));
    notes.extend(wishes(&server.control));
    notes
}

fn wishes(wished: &Wished) -> Vec<String> {
    match wished {
        Ok(control) => words(control),
        Err(error) => vec![format!("what is wished: {error}")],
    }
}

/// Returns what is wished, each wish in words of its own.
pub(crate) fn words(control: &Control) -> Vec<String> {
    let stopped = control.stopped.iter().map(|stopped| match stopped.reason.as_str() {
        "" => "stopped".to_owned(),
        reason => format!("stopped, {reason}"),
    });
    let names = [("views", &control.views_off), ("exporters", &control.exporters_off)];
    let off = names.into_iter().filter(|(_, names)| !names.is_empty());
    stopped.chain(off.map(|(what, names)| format!("{what} off: {}", names.join(", ")))).collect()
}

fn noted(text: &str) -> Line {
    Line::default().spaces(2).with(Span::new(text, Tone::Caution))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use expect_test::{Expect, expect};
    use pgquerylens_engine::state::codec::CodecError;
    use pgquerylens_engine::state::control::Stopped;
    use pgquerylens_engine::state::lease::Lease;
    use pgquerylens_model::time::Timestamp;
    use pgquerylens_store::inventory::Outbox;

    use super::*;

    fn check(servers: Vec<LookedServer>, control: Control, expected: &Expect) {
        let looked = Looked { url: "s3://states/prod".to_owned(), control: Ok(control), servers };
        expected.assert_eq(&render_state(&looked, &RenderOptions::default()));
    }

    fn server(name: Option<&str>, baseline: Option<Result<LookedBaseline, CodecError>>) -> LookedServer {
        LookedServer {
            name: name.map(str::to_owned),
            baseline_bytes: baseline.is_some().then_some(41_000),
            baseline,
            dictionary_bytes: None,
            plans_bytes: None,
            outboxes: BTreeMap::new(),
            control: Ok(Control::default()),
            lease: None,
        }
    }

    fn polled(target: &str) -> LookedBaseline {
        LookedBaseline {
            target: target.to_owned(),
            polls: 4_321,
            last_read: Some(Timestamp(1_764_000_000_250_000)),
            failures: 0,
            rests_until: None,
        }
    }

    #[test]
    fn each_server_has_a_line_and_what_is_out_of_the_ordinary() {
        let stopped = Some(Stopped { reason: "upgrade".to_owned(), since: Timestamp(0) });
        let resting = LookedBaseline {
            failures: 5,
            rests_until: Some(Timestamp(1_764_000_300_000_000)),
            ..polled("db2:5432/shop")
        };
        let waiting = LookedServer {
            outboxes: BTreeMap::from([("collector".to_owned(), Outbox { entries: 3, bytes: 123_456 })]),
            dictionary_bytes: Some(900),
            plans_bytes: Some(2_048),
            lease: Some(Lease {
                owner: "host, process 7".to_owned(),
                expires: Timestamp(1_764_000_000_000_000),
            }),
            control: Ok(Control { stopped, views_off: vec!["pg_locks".to_owned()], ..Control::default() }),
            ..server(Some("shop"), Some(Ok(resting)))
        };
        check(
            vec![
                server(Some("db1:5432/shop"), Some(Ok(polled("db1:5432/shop")))),
                server(Some("older"), Some(Err(CodecError::Damaged))),
                waiting,
                server(Some("stopped only"), None),
            ],
            Control { exporters_off: vec!["otel".to_owned()], ..Control::default() },
            &expect![[r#"
                s3://states/prod
                  every server: exporters off: otel
                server         polls  last read             baseline  dictionary     plans  waiting
                db1:5432/shop  4,321  2025-11-24T16:00:00Z  40.0 KiB           -         -        -
                older              -  -                     40.0 KiB           -         -        -
                  baseline: it is damaged or not ours
                shop           4,321  2025-11-24T16:00:00Z  40.0 KiB       900 B  2.00 KiB  121 KiB
                  polled as db2:5432/shop
                  failures in a row: 5, rests until 2025-11-24T16:05:00Z
                  waiting for collector: 3 batches, 121 KiB
                  used by host, process 7 until 2025-11-24T16:00:00Z
                  stopped, upgrade
                  views off: pg_locks
                stopped only       -  -                            -           -         -        -
            "#]],
        );
    }

    #[test]
    fn a_single_poll_and_nothing_at_all_are_shown_too() {
        check(
            vec![server(None, Some(Ok(polled("db1:5432/shop"))))],
            Control::default(),
            &expect![[r#"
                s3://states/prod
                server           polls  last read             baseline  dictionary  plans  waiting
                (a single poll)  4,321  2025-11-24T16:00:00Z  40.0 KiB           -      -        -
                  polled as db1:5432/shop
            "#]],
        );
        check(
            Vec::new(),
            Control::default(),
            &expect![[r#"
            s3://states/prod
            there is no state of a server
        "#]],
        );
    }
}
