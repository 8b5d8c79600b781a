//! What the environment and the command line say, beside a file and without one.

use std::time::Duration;

use pgquerylens_engine::poll::Databases;

use super::super::configuration::{ExporterConfig, OtlpConfig, Protocol};
use super::super::secret_source::SecretSource;
use super::{Around, Configuration, FLEET, load, source, told};

const ENDPOINT: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");

/// Loads what is said without a file.
fn without_file(around: Around<'_>) -> Result<Configuration, String> {
    let folder = tempfile::tempdir().unwrap();
    source(folder.path(), None, around).load().map_err(|mistakes| told(folder.path(), &mistakes))
}

fn with(variables: &[(&str, &str)]) -> Configuration {
    load("x.yaml", FLEET, Around { variables, arguments: &[] }).unwrap()
}

fn otlp(configuration: &Configuration) -> &OtlpConfig {
    match &configuration.exporters[0] {
        ExporterConfig::Otlp(otlp) => otlp,
        _ => unreachable!("the first exporter is otlp"),
    }
}

#[test]
fn two_variables_are_enough_to_start() {
    let variables = &[("DATABASE_URL", "postgresql://monitor:hush@db/shop"), ENDPOINT];
    let configuration = without_file(Around { variables, arguments: &[] }).unwrap();
    assert_eq!(configuration.servers.len(), 1);
    assert_eq!(configuration.servers[0].name, "db:5432/shop");
    assert_eq!(configuration.servers[0].exporters, ["otlp"]);
    assert_eq!(otlp(&configuration).logs.url, "http://collector:4318/v1/logs");
    assert!(!format!("{configuration:?}").contains("hush"));
}

#[test]
fn a_server_is_named_by_ours_before_the_variable_of_others_and_by_libpqs() {
    let named = |variables: &[(&str, &str)], arguments: &[&str]| {
        let variables = [variables, &[ENDPOINT]].concat();
        without_file(Around { variables: &variables, arguments }).unwrap().servers[0].name.clone()
    };
    let (url, own) = (("DATABASE_URL", "postgresql://a/x"), ("PGQUERYLENS_CONNECTION", "postgresql://b/x"));
    assert_eq!(named(&[url], &[]), "a:5432/x");
    assert_eq!(named(&[url, own], &[]), "b:5432/x");
    assert_eq!(named(&[url, own], &["--connection", "postgresql://c/x"]), "c:5432/x");
    assert_eq!(named(&[("PGHOST", "d"), ("PGDATABASE", "x")], &[]), "d:5432/x");
}

#[test]
fn nothing_said_is_told_with_what_to_say() {
    expect_test::expect![[r#"
        no exporter is named: write exporters: into a file for --config, or set OTEL_EXPORTER_OTLP_ENDPOINT or PGQUERYLENS_EMF_NAMESPACE
        no server is named: write servers: into a file for --config, or set DATABASE_URL"#]]
    .assert_eq(&without_file(Around::default()).unwrap_err());
}

#[test]
fn the_command_line_wins_over_variables_and_those_over_the_files_defaults() {
    let every = |variables: &[(&str, &str)], arguments: &[&str]| {
        let configuration = load("x.yaml", FLEET, Around { variables, arguments }).unwrap();
        [configuration.servers[0].every.as_secs(), configuration.servers[1].every.as_secs()]
    };
    let variables = &[("PGQUERYLENS_EVERY", "20s")];
    // The second server says its own.
    assert_eq!(every(&[], &[]), [30, 5]);
    assert_eq!(every(variables, &[]), [20, 5]);
    assert_eq!(every(variables, &["--every", "10s"]), [10, 5]);
}

#[test]
fn the_command_line_silences_the_opposite_of_a_variable() {
    let variables = &[("PGQUERYLENS_DATABASE", "a, b"), ("PGQUERYLENS_CLUSTER", "shop")];
    let databases = |arguments: &[&str]| {
        let configuration = load("x.yaml", FLEET, Around { variables, arguments });
        configuration.map(|configuration| configuration.servers[0].poll.databases.clone())
    };
    assert_eq!(databases(&[]), Ok(Databases::Named(vec!["a".to_owned(), "b".to_owned()])));
    assert_eq!(databases(&["--all-databases"]), Ok(Databases::All));
    let both = databases(&["--all-databases", "--database", "c"]).unwrap_err();
    assert_eq!(both, "--database c and --all-databases true: give one of them");
}

#[test]
fn a_process_option_outside_of_the_file_wins_over_it() {
    let text = format!("workers: 3\n{FLEET}");
    let workers = |variables: &[(&str, &str)], arguments: &[&str]| {
        load("x.yaml", &text, Around { variables, arguments }).unwrap().process.workers
    };
    assert_eq!(workers(&[], &[]), 3);
    assert_eq!(workers(&[("PGQUERYLENS_WORKERS", "4")], &["--workers", "5"]), 5);
    assert_eq!(workers(&[("PGQUERYLENS_WORKERS", "4")], &[]), 4);
}

#[test]
fn standard_variables_fill_what_an_exporter_of_the_file_leaves_open() {
    let variables = [
        ENDPOINT,
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "3000"),
        ("OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "500"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
    ];
    let configuration = with(&variables);
    let otlp = otlp(&configuration);
    assert_eq!(otlp.metrics.url, "https://otel.example.com:4318/v1/metrics");
    assert_eq!(
        (otlp.metrics.timeout, otlp.logs.timeout),
        (Duration::from_secs(3), Duration::from_millis(500))
    );
    assert_eq!(otlp.metrics.protocol, Protocol::HttpJson);
}

#[test]
fn headers_of_the_environment_never_go_to_an_endpoint_of_the_file() {
    let headers = ("OTEL_EXPORTER_OTLP_HEADERS", "other=hush");
    let signal = ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "more=hush");
    let configuration = load(
        "x.yaml",
        &FLEET.replace("headers:", "#headers:"),
        Around { variables: &[headers, signal], arguments: &[] },
    );
    assert!(otlp(&configuration.unwrap()).metrics.headers.is_empty());
    let variables = &[("DATABASE_URL", "postgresql://u@db/x"), ENDPOINT, headers, signal];
    let configuration = without_file(Around { variables, arguments: &[] }).unwrap();
    assert_eq!(otlp(&configuration).logs.headers["other"], SecretSource::Text("hush".into()));
    assert_eq!(otlp(&configuration).metrics.headers.keys().collect::<Vec<_>>(), ["more"]);
}

#[test]
fn options_of_exporters_can_be_said_without_a_file() {
    let variables = &[
        ("PGHOST", "db"),
        ENDPOINT,
        ("PGQUERYLENS_EVENTS", "false"),
        ("PGQUERYLENS_STATEMENT_SERIES", "7"),
        ("OTEL_SERVICE_NAME", "lens"),
        ("OTEL_RESOURCE_ATTRIBUTES", "env=prod,service.name=other"),
    ];
    let configuration = without_file(Around { variables, arguments: &[] }).unwrap();
    assert!(!otlp(&configuration).events);
    assert_eq!(otlp(&configuration).statement_series, 7);
    let attributes: Vec<_> = configuration.process.resource_attributes.into_iter().collect();
    let expected = [("env", "prod"), ("service.name", "lens")];
    assert_eq!(attributes, expected.map(|(name, text)| (name.to_owned(), text.to_owned().into())));
}

#[test]
fn a_connection_beside_a_file_with_servers_is_a_contradiction() {
    let around = Around { variables: &[], arguments: &["--connection", "postgresql://me:hush@db/x"] };
    expect_test::expect!["--connection …: the file names the servers: leave one of both out"]
        .assert_eq(&load("x.yaml", FLEET, around).unwrap_err());
}
