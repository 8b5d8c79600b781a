//! What the lines say, read again by the rules of the specification.

use expect_test::expect;
use serde_json::Value;

use super::*;
use crate::example;

fn origin() -> Origin {
    Origin {
        name: "shop-primary".to_owned(),
        cluster: Some("shop".to_owned()),
        labels: vec![("env".to_owned(), "prod".to_owned()), ("_aws".to_owned(), "no".to_owned())],
        ..Origin::default()
    }
}

fn encoding(metrics: &[&str]) -> Encoding {
    let metrics: Vec<String> = metrics.iter().map(|name| (*name).to_owned()).collect();
    Encoding { namespace: "pgquerylens".to_owned(), selection: Selection::of(&metrics).unwrap() }
}

/// What CloudWatch would make of lines, one text per value; every rule of the specification that a line could break is
/// looked at.
fn made(lines: &Lines) -> Vec<String> {
    let text = std::str::from_utf8(&lines.bytes).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines().flat_map(made_of_line).collect()
}

fn made_of_line(line: &str) -> Vec<String> {
    assert!(line.len() <= 256 * 1024);
    let root: Value = serde_json::from_str(line).unwrap();
    let about = &root["_aws"];
    assert!(about["Timestamp"].is_i64());
    let [directive] = about["CloudWatchMetrics"].as_array().unwrap().as_slice() else { unreachable!() };
    let namespace = directive["Namespace"].as_str().unwrap();
    let [names] = directive["Dimensions"].as_array().unwrap().as_slice() else { unreachable!() };
    let names = names.as_array().unwrap();
    assert!(names.len() <= 30);
    let dimension = |name: &Value| {
        let name = name.as_str().unwrap();
        let value = root[name].as_str().unwrap();
        assert!((1..=1_024).contains(&value.len()) && value.is_ascii(), "{value}");
        format!("{name}={value}")
    };
    let dimensions: Vec<String> = names.iter().map(dimension).collect();
    let metrics = directive["Metrics"].as_array().unwrap();
    assert!((1..=100).contains(&metrics.len()));
    let metric = |metric: &Value| {
        let (name, unit) = (metric["Name"].as_str().unwrap(), metric["Unit"].as_str().unwrap());
        assert!((1..=255).contains(&name.len()) && root[name].is_number(), "{name}");
        format!("{namespace} {} {name} {} {unit}", dimensions.join(" "), root[name])
    };
    metrics.iter().map(metric).collect()
}

#[test]
fn a_poll_becomes_metrics_of_the_server_and_its_databases() {
    let lines = encode(
        &example::report(),
        &origin(),
        &encoding(&["pgquerylens.up", "postgresql.commits", "postgresql.db_size", "postgresql.query.*"]),
    );
    expect![[r#"
        pgquerylens db.namespace=shop pgquerylens.cluster=shop pgquerylens.server=shop-primary postgresql.commits 901 None
        pgquerylens db.namespace=shop pgquerylens.cluster=shop pgquerylens.server=shop-primary postgresql.query.execution.time 2.4045 Seconds
        pgquerylens pgquerylens.cluster=shop pgquerylens.server=shop-primary pgquerylens.up 1 None"#]].assert_eq(&made(&lines).join("\n"));
    expect![[r#"{"pg_stat_database": 1, "pg_stat_statements": 1, "pgquerylens": 1}"#]]
        .assert_eq(&format!("{:?}", lines.counts));
    let first = std::str::from_utf8(&lines.bytes).unwrap().lines().next().unwrap().to_owned();
    expect![[r#"{"env":"prod","_aws":{"Timestamp":1767258060000,"CloudWatchMetrics":[{"Namespace":"pgquerylens","Dimensions":[["db.namespace","pgquerylens.cluster","pgquerylens.server"]],"Metrics":[{"Name":"postgresql.commits","Unit":"None"},{"Name":"postgresql.query.execution.time","Unit":"Seconds"}]}]},"db.namespace":"shop","pgquerylens.cluster":"shop","pgquerylens.server":"shop-primary","postgresql.commits":901,"postgresql.query.execution.time":2.4045}"#]].assert_eq(&first);
}

#[test]
fn series_of_statements_are_never_sent() {
    let lines = encode(&example::report(), &origin(), &encoding(&["*"]));
    let made = made(&lines);
    assert!(made.iter().any(|line| line.contains("postgresql.query.execution.time")));
    let of_statements =
        |line: &&String| line.contains("postgresql.queryid") || line.contains("pgquerylens.part");
    assert_eq!(made.iter().find(of_statements), None);
}

#[test]
fn a_server_that_was_not_read_is_down() {
    let (now, last_good) = (Timestamp(1_800_000_060_000_000), Some(Timestamp(1_800_000_000_000_000)));
    let lines = encode_down(now, last_good, &origin(), &encoding(&["pgquerylens.*"]));
    expect![[r#"
        pgquerylens pgquerylens.cluster=shop pgquerylens.server=shop-primary pgquerylens.up 0 None
        pgquerylens pgquerylens.cluster=shop pgquerylens.server=shop-primary pgquerylens.last_poll.age 60.0 Seconds"#]].assert_eq(&made(&lines).join("\n"));
}

#[test]
fn what_is_sent_where_nobody_says_exists() {
    let known: Vec<String> = crate::metrics::catalogue::feeds()
        .iter()
        .map(|feed| feed.metric.name.to_string())
        .chain(crate::metrics::catalogue::made().iter().map(|(metric, _)| metric.name.to_string()))
        .collect();
    for name in DEFAULT {
        assert!(known.iter().any(|metric| metric == name), "{name}");
    }
    let sent = made(&encode(&example::report(), &origin(), &encoding(DEFAULT)));
    for point in points(&example::report()).iter().filter(|point| value(point).is_some()) {
        let name = &*point.metric.name;
        let is_sent = sent.iter().any(|line| line.contains(&format!(" {name} ")));
        assert_eq!(is_sent, DEFAULT.contains(&name), "{name}");
    }
    assert!(sent.iter().any(|line| line.contains(" pgquerylens.coverage ")));
    assert_eq!(Selection::default(), encoding(DEFAULT).selection);
}

#[test]
fn more_metrics_than_a_line_takes_are_in_several() {
    let dimensions = Dimensions(BTreeMap::from([("pgquerylens.server", "db".to_owned())]));
    let names: Vec<String> = (0..=MAX_METRICS).map(|index| format!("m{index}")).collect();
    let figures: Vec<Figure<'_>> =
        names.iter().map(|name| Figure { name, unit: "None", value: Sum::Int(1) }).collect();
    let count =
        |figures: &[Figure<'_>]| made_of_line(&line::line("pgquerylens", &dimensions, 1, figures, &[])).len();
    assert_eq!(figures.chunks(MAX_METRICS).map(count).collect::<Vec<_>>(), [MAX_METRICS, 1]);
}
