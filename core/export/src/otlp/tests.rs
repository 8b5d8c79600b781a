//! What the messages say, decoded again.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value as Any};
use opentelemetry_proto::tonic::metrics::v1::{metric::Data, number_data_point::Value as Number};

use super::*;
use crate::example;
use crate::metrics::Owner;
use crate::origin::ResourceValue;

fn origin() -> Origin {
    Origin {
        name: "shop-primary".to_owned(),
        address: "db.example.com".to_owned(),
        port: 5432,
        cluster: Some("shop".to_owned()),
        labels: vec![("env".to_owned(), "prod".to_owned())],
        ..Origin::default()
    }
}

fn shown(attributes: &[KeyValue]) -> String {
    let value = |pair: &KeyValue| match pair.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(Any::StringValue(text)) => text.clone(),
        Some(Any::IntValue(number)) => number.to_string(),
        Some(Any::BoolValue(flag)) => flag.to_string(),
        Some(Any::DoubleValue(number)) => number.to_string(),
        Some(Any::ArrayValue(array)) => format!("{} texts", array.values.len()),
        _ => "?".to_owned(),
    };
    attributes.iter().map(|pair| format!("{}={}", pair.key, value(pair))).collect::<Vec<_>>().join(" ")
}

/// One line per point of the metrics whose name begins so.
fn metric_lines(encoding: &Encoding, prefix: &str) -> String {
    let mut lines = Vec::new();
    for message in encode(&example::report(), &origin(), encoding) {
        let Ok(request) = ExportMetricsServiceRequest::decode(message.bytes.as_slice()) else { continue };
        if message.signal != Signal::Metrics {
            continue;
        }
        for resource in request.resource_metrics {
            let own = resource.resource.map(|resource| resource.attributes).unwrap_or_default();
            let own: Vec<KeyValue> =
                own.into_iter().filter(|pair| pair.key.starts_with("postgresql.")).collect();
            for metric in resource.scope_metrics.into_iter().flat_map(|scope| scope.metrics) {
                let points = match &metric.data {
                    Some(Data::Gauge(gauge)) => &gauge.data_points,
                    Some(Data::Sum(sum)) => &sum.data_points,
                    _ => continue,
                };
                for point in points.iter().filter(|_| metric.name.starts_with(prefix)) {
                    let value = match point.value {
                        Some(Number::AsInt(value)) => value.to_string(),
                        Some(Number::AsDouble(value)) => format!("{value:?}"),
                        None => "?".to_owned(),
                    };
                    let span = (point.time_unix_nano - point.start_time_unix_nano) / 1_000_000_000;
                    let since =
                        if point.start_time_unix_nano == 0 { String::new() } else { format!(" in {span} s") };
                    lines.push(format!(
                        "{} {value}{since} [{}] {}",
                        metric.name,
                        shown(&own),
                        shown(&point.attributes)
                    ));
                }
            }
        }
    }
    lines.join("\n")
}

#[test]
fn a_database_is_a_resource_in_the_legacy_layout() {
    expect_test::expect![
        "postgresql.commits 1901 in 3660 s [postgresql.version=18.4 postgresql.database.name=shop] "
    ]
    .assert_eq(&metric_lines(&Encoding::default(), "postgresql.commits"));
}

#[test]
fn a_database_is_an_attribute_in_the_semconv_layout() {
    let encoding = Encoding { layout: Layout::Semconv, ..Encoding::default() };
    expect_test::expect!["postgresql.commits 1901 in 3660 s [postgresql.version=18.4] db.namespace=shop"]
        .assert_eq(&metric_lines(&encoding, "postgresql.commits"));
}

#[test]
fn statements_are_sent_as_running_sums_or_as_what_the_window_added() {
    expect_test::expect![[r#"
        postgresql.statements.calls 130 in 120 s [postgresql.version=18.4] db.namespace=shop postgresql.rolname=app postgresql.queryid=-8123456789012345678 postgresql.toplevel=true
        postgresql.statements.calls 1200 in 120 s [postgresql.version=18.4] pgquerylens.part=other
        postgresql.statements.calls 3 in 120 s [postgresql.version=18.4] pgquerylens.part=own
        postgresql.statements.entries 3 [postgresql.version=18.4] 
        postgresql.statements.info 1 [postgresql.version=18.4] db.namespace=shop postgresql.rolname=app postgresql.queryid=-8123456789012345678 postgresql.toplevel=true db.query.text=select * from orders where customer_id = $1 pgquerylens.query.fingerprint=a0dc27c2d8d4f4f2 db.operation.name=SELECT
        postgresql.statements.rows 130 in 120 s [postgresql.version=18.4] db.namespace=shop postgresql.rolname=app postgresql.queryid=-8123456789012345678 postgresql.toplevel=true
        postgresql.statements.rows 1200 in 120 s [postgresql.version=18.4] pgquerylens.part=other
        postgresql.statements.rows 3 in 120 s [postgresql.version=18.4] pgquerylens.part=own
        postgresql.statements.total_exec_time 2600.0 in 120 s [postgresql.version=18.4] db.namespace=shop postgresql.rolname=app postgresql.queryid=-8123456789012345678 postgresql.toplevel=true
        postgresql.statements.total_exec_time 600.0 in 120 s [postgresql.version=18.4] pgquerylens.part=other
        postgresql.statements.total_exec_time 12.5 in 120 s [postgresql.version=18.4] pgquerylens.part=own"#]].assert_eq(&metric_lines(&Encoding::default(), "postgresql.statements."));
    let delta = Encoding { temporality: Temporality::Delta, ..Encoding::default() };
    expect_test::expect![[r#"
        postgresql.statements.calls 100 in 60 s [postgresql.version=18.4] db.namespace=shop postgresql.rolname=app postgresql.queryid=-8123456789012345678 postgresql.toplevel=true
        postgresql.statements.calls 800 in 60 s [postgresql.version=18.4] pgquerylens.part=other
        postgresql.statements.calls 1 in 60 s [postgresql.version=18.4] pgquerylens.part=own
        postgresql.statements.entries 3 [postgresql.version=18.4] 
        postgresql.statements.info 1 [postgresql.version=18.4] db.namespace=shop postgresql.rolname=app postgresql.queryid=-8123456789012345678 postgresql.toplevel=true db.query.text=select * from orders where customer_id = $1 pgquerylens.query.fingerprint=a0dc27c2d8d4f4f2 db.operation.name=SELECT
        postgresql.statements.rows 100 in 60 s [postgresql.version=18.4] db.namespace=shop postgresql.rolname=app postgresql.queryid=-8123456789012345678 postgresql.toplevel=true
        postgresql.statements.rows 800 in 60 s [postgresql.version=18.4] pgquerylens.part=other
        postgresql.statements.rows 1 in 60 s [postgresql.version=18.4] pgquerylens.part=own
        postgresql.statements.total_exec_time 2000.0 in 60 s [postgresql.version=18.4] db.namespace=shop postgresql.rolname=app postgresql.queryid=-8123456789012345678 postgresql.toplevel=true
        postgresql.statements.total_exec_time 400.0 in 60 s [postgresql.version=18.4] pgquerylens.part=other
        postgresql.statements.total_exec_time 4.5 in 60 s [postgresql.version=18.4] pgquerylens.part=own"#]].assert_eq(&metric_lines(&delta, "postgresql.statements."));
}

#[test]
fn events_have_the_receivers_attributes_and_ours() {
    let messages = encode(&example::report(), &origin(), &Encoding::default());
    let logs = messages.iter().find(|message| message.signal == Signal::Logs).unwrap();
    let request = ExportLogsServiceRequest::decode(logs.bytes.as_slice()).unwrap();
    let records = &request.resource_logs[0].scope_logs[0].log_records;
    let lines: Vec<String> = records
        .iter()
        .map(|record| {
            let fields =
                record.attributes.iter().map(|field| format!("\n  {}", shown(std::slice::from_ref(field))));
            format!("{}{}", record.event_name, fields.collect::<String>())
        })
        .collect();
    expect_test::expect![[r#"
        pgquerylens.statements_window
          pgquerylens.window.id=5a3b6cf1e20d4c78-1
          pgquerylens.window.start=2026-01-01T09:00:00.000000Z
          pgquerylens.window.end=2026-01-01T09:01:00.000000Z
          pgquerylens.window.quality=exact
          pgquerylens.coverage=0.9618000000000001
          pgquerylens.total.calls=901
          pgquerylens.total.exec_time_ms=2404.5
          pgquerylens.other.calls=800
          pgquerylens.other.exec_time_ms=400
          pgquerylens.own.calls=1
          pgquerylens.own.exec_time_ms=4.5
        db.server.top_query
          db.system.name=postgresql
          db.namespace=shop
          db.query.text=select * from orders where customer_id = $1
          postgresql.queryid=-8123456789012345678
          postgresql.rolname=app
          postgresql.total_exec_time=2
          postgresql.calls=100
          postgresql.rows=100
          pgquerylens.total_exec_time_ms=2000
          postgresql.toplevel=true
          db.operation.name=SELECT
          db.collection.name=orders
          pgquerylens.query.tables=1 texts
          pgquerylens.query.fingerprint=a0dc27c2d8d4f4f2
          pgquerylens.mean_exec_time_ms=20
          pgquerylens.stddev_exec_time_ms=1.5
          pgquerylens.ranked_by=1 texts
          pgquerylens.window.id=5a3b6cf1e20d4c78-1
          pgquerylens.window.start=2026-01-01T09:00:00.000000Z
          pgquerylens.window.end=2026-01-01T09:01:00.000000Z
          pgquerylens.window.quality=exact
        db.server.query_sample
          db.system.name=postgresql
          db.namespace=shop
          db.query.text=select * from orders where customer_id = $1
          user.name=app
          postgresql.state=active
          postgresql.pid=4177
          postgresql.query_id=-8123456789012345678
          postgresql.blocking.transaction.start_time=2026-01-01T09:00:59.750000Z"#]]
    .assert_eq(&lines.join("\n"));
    assert_eq!(logs.counts, BTreeMap::from([("events".to_owned(), records.len() as u64)]));
}

#[test]
fn a_small_limit_splits_messages_and_loses_nothing() {
    let whole = encode(&example::report(), &origin(), &Encoding::default());
    for batch_bytes in [1, 700, 2_000, 10_000] {
        let encoding = Encoding { batch_bytes, ..Encoding::default() };
        let parts = encode(&example::report(), &origin(), &encoding);
        assert!(parts.len() > whole.len() || batch_bytes > 5_000, "{batch_bytes}: {} parts", parts.len());
        for part in parts.iter().filter(|_| batch_bytes > 700) {
            assert!(part.bytes.len() <= batch_bytes, "{} bytes of {batch_bytes}", part.bytes.len());
        }
        let total = |messages: &[Encoded]| {
            let mut total = Counts::new();
            for (family, count) in messages.iter().flat_map(|message| &message.counts) {
                *total.entry(family.clone()).or_default() += count;
            }
            total
        };
        assert_eq!(total(&parts), total(&whole));
    }
}

#[test]
fn json_says_what_protobuf_says() {
    for message in encode(&example::report(), &origin(), &Encoding::default()) {
        let json = json(message.signal, &message.bytes).unwrap();
        let again = match message.signal {
            Signal::Metrics => {
                serde_json::from_slice::<ExportMetricsServiceRequest>(&json).unwrap().encode_to_vec()
            }
            Signal::Logs => {
                serde_json::from_slice::<ExportLogsServiceRequest>(&json).unwrap().encode_to_vec()
            }
            Signal::Traces => panic!("a poll is no trace"),
        };
        // serde_json reads floats to the last bit but one: the bytes may differ there, never in number.
        assert_eq!(again.len(), message.bytes.len(), "{}", String::from_utf8_lossy(&json));
    }
    assert_eq!(json(Signal::Logs, b"\xff\xff"), None);
}

#[test]
fn a_server_that_is_down_says_so_and_since_when() {
    let now = Timestamp(1_767_258_060_000_000);
    let last = Some(Timestamp(1_767_258_000_000_000));
    let messages = encode_down(now, last, &origin(), None, &Encoding::default());
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].counts, BTreeMap::from([("pgquerylens".to_owned(), 2)]));
}

/// What its user says of a server wins, and what is told besides keeps its type.
#[test]
fn a_resource_says_what_was_said_of_it() {
    let said = |key: &str, value: ResourceValue| (key.to_owned(), value);
    let origin = Origin {
        resource: vec![
            said("env", ResourceValue::Text("test".to_owned())),
            said("faas.max_memory", ResourceValue::Int(134_217_728)),
            said("aws.log.group.names", ResourceValue::Texts(vec!["/poll".to_owned()])),
        ],
        ..origin()
    };
    let resource = attributes::resource(&Owner::Server, &origin, None, Layout::Semconv).attributes;
    let of = |key: &str| resource.iter().filter(|pair| pair.key == key).cloned().collect::<Vec<_>>();
    assert_eq!(shown(&of("env")), "env=prod");
    assert_eq!(shown(&of("faas.max_memory")), "faas.max_memory=134217728");
    assert!(matches!(
        of("faas.max_memory")[0].value.as_ref().and_then(|value| value.value.as_ref()),
        Some(Any::IntValue(_))
    ));
    assert_eq!(shown(&of("aws.log.group.names")), "aws.log.group.names=1 texts");
    assert_eq!(shown(&of("pgquerylens.server")), "pgquerylens.server=shop-primary");
}
