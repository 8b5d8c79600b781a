//! Whole documents of polls made by hand, and what must hold in every one.

use super::*;
use expect_test::expect;

use crate::example;

fn shown(report: &PollReport) -> String {
    let version = concat!('"', env!("CARGO_PKG_VERSION"), '"');
    format!("{:#}", document(report)).replace(version, "\"VERSION\"")
}

#[test]
fn a_small_poll() {
    expect![[r#"
        {
          "schema": "pgquerylens.poll/1",
          "pgquerylens_version": "VERSION",
          "target": "db.example.com:5432/shop",
          "status": "ok",
          "read_at": "2026-01-01T09:01:00.000000Z",
          "server": {
            "version": "18.4",
            "version_num": 180004,
            "provider": "self-managed",
            "system_identifier": "7590123456789012345",
            "timeline": 1,
            "in_recovery": false,
            "postmaster_start": "2026-01-01T08:00:00.000000Z",
            "database": "shop",
            "role": "monitor",
            "block_size_bytes": 8192,
            "pg_stat_statements_version": "1.12"
          },
          "window": {
            "from": "2026-01-01T09:00:00.000000Z",
            "to": "2026-01-01T09:01:00.000000Z",
            "interval_seconds": 60.0,
            "quality": "exact",
            "reasons": []
          },
          "window_id": "5a3b6cf1e20d4c78-1",
          "coverage": {
            "statements_ms_per_second": 40.075,
            "active_ms_per_second": 41.666666666666664,
            "share": 0.9618000000000001
          },
          "statements": {
            "basis": "interval",
            "from": "2026-01-01T09:00:00.000000Z",
            "to": "2026-01-01T09:01:00.000000Z",
            "entries": 3,
            "max_entries": 5000,
            "hidden_entries": 0,
            "stats_reset": "2026-01-01T08:00:00.000000Z",
            "dealloc": 0,
            "top": [
              {
                "datname": "shop",
                "rolname": "app",
                "dbid": 16384,
                "userid": 16385,
                "queryid": "-8123456789012345678",
                "toplevel": true,
                "fingerprint": "a0dc27c2d8d4f4f2",
                "statement_type": "SELECT",
                "tables": [
                  "orders"
                ],
                "query": "select * from orders where customer_id = $1",
                "ranked_by": [
                  "time"
                ],
                "mean_exec_time_ms": 20.0,
                "stddev_exec_time_ms": 1.5,
                "calls": 100,
                "total_exec_time_ms": 2000.0,
                "rows": 100,
                "entry": {
                  "max_exec_time_ms": 412.5,
                  "stddev_exec_time_ms": 1.5,
                  "stats_since": "2026-01-01T08:00:00.000000Z"
                }
              }
            ],
            "other": {
              "statement_count": 1,
              "calls": 800,
              "total_exec_time_ms": 400.0,
              "rows": 800
            },
            "own": {
              "calls": 1,
              "total_exec_time_ms": 4.5,
              "rows": 1
            },
            "total": {
              "calls": 901,
              "total_exec_time_ms": 2404.5,
              "rows": 901
            }
          },
          "views": [
            {
              "view": "pg_stat_activity",
              "database": null,
              "read_at": "2026-01-01T09:01:00.000000Z",
              "rows": [
                {
                  "datname": "shop",
                  "pid": 4177,
                  "usename": "app",
                  "backend_start": "2026-01-01T08:00:00.000000Z",
                  "xact_start": "2026-01-01T09:00:59.750000Z",
                  "wait_event_type": null,
                  "state": "active",
                  "query_id": "-8123456789012345678",
                  "query": "select * from orders where customer_id = $1",
                  "own_session": false
                }
              ]
            },
            {
              "view": "pg_stat_database",
              "database": null,
              "read_at": "2026-01-01T09:01:00.000000Z",
              "window": {
                "from": "2026-01-01T09:00:00.000000Z",
                "to": "2026-01-01T09:01:00.000000Z",
                "interval_seconds": 60.0,
                "quality": "exact",
                "reasons": []
              },
              "rows": [
                {
                  "datid": 16384,
                  "datname": "shop",
                  "numbackends": 3,
                  "xact_commit": 1901,
                  "active_time_ms": 5100.0,
                  "stats_reset": null,
                  "delta": {
                    "xact_commit": 901,
                    "active_time_ms": 2500.0
                  }
                }
              ]
            }
          ],
          "collectors": [
            {
              "view": "pg_stat_statements",
              "database": null,
              "outcome": "read",
              "row_count": 3,
              "reason": null,
              "duration_ms": 1.5
            },
            {
              "view": "pg_stat_activity",
              "database": null,
              "outcome": "read",
              "row_count": 1,
              "reason": null,
              "duration_ms": 1.5
            },
            {
              "view": "pg_settings",
              "database": null,
              "outcome": "not_due",
              "row_count": null,
              "reason": null,
              "duration_ms": 1.5
            }
          ],
          "notices": [
            {
              "degrades": false,
              "message": "track_io_timing is off: I/O times are not measured",
              "mend": "alter system set track_io_timing = on; select pg_reload_conf()"
            }
          ],
          "cost": {
            "connections": 0,
            "statements": 14,
            "round_trips": 2,
            "received_bytes": 48213,
            "sent_bytes": 9120,
            "duration_ms": 11.5,
            "own_exec_time_ms": 4.5,
            "own_temp_blks_written": 0
          },
          "walk": null
        }"#]]
    .assert_eq(&shown(&example::report()));
}

#[test]
fn a_poll_that_read_nothing_is_a_document_too() {
    expect![[r#"
        {
          "schema": "pgquerylens.poll/1",
          "pgquerylens_version": "VERSION",
          "target": "db.example.com:5432/shop",
          "status": "failed",
          "read_at": null,
          "server": null,
          "window": null,
          "window_id": "",
          "coverage": null,
          "statements": null,
          "views": [],
          "collectors": [],
          "notices": [],
          "cost": {
            "connections": 0,
            "statements": 0,
            "round_trips": 0,
            "received_bytes": 0,
            "sent_bytes": 0,
            "duration_ms": 0.0,
            "own_exec_time_ms": null,
            "own_temp_blks_written": null
          },
          "walk": null
        }"#]]
    .assert_eq(&shown(&example::failed_report()));
}

#[test]
fn named_other_and_own_add_up_to_the_total() {
    let document = document(&example::report());
    let statements = &document["statements"];
    for column in ["calls", "total_exec_time_ms", "rows"] {
        let figure = |part: &Value| part[column].as_f64().unwrap();
        let named: f64 = statements["top"].as_array().unwrap().iter().map(figure).sum();
        let parts = named + figure(&statements["other"]) + figure(&statements["own"]);
        assert_eq!(parts, figure(&statements["total"]), "{column}");
    }
}

#[test]
fn a_query_id_is_a_string() {
    let document = document(&example::report());
    assert_eq!(document["statements"]["top"][0]["queryid"], "-8123456789012345678");
    assert_eq!(document["views"][0]["rows"][0]["query_id"], "-8123456789012345678");
    assert_eq!(document["server"]["system_identifier"], "7590123456789012345");
}

#[test]
fn our_own_statements_are_null_until_they_are_known() {
    let mut report = example::report();
    report.cost.own_exec_time_ms = None;
    assert!(document(&report)["statements"]["own"].is_object(), "they were seen");
    if let Some(statements) = report.metrics.as_mut().and_then(|metrics| metrics.statements.as_mut()) {
        statements.selection.own = Vec::new();
    }
    assert!(document(&report)["statements"]["own"].is_null());
}
