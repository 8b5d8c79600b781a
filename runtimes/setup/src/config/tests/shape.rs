//! What a sound file becomes.

use std::time::Duration;

use pgquerylens_aws::session::Account;
use pgquerylens_engine::limits::Limits;
use pgquerylens_engine::poll::Databases;
use pgquerylens_store::url::StateUrl;

use super::super::configuration::{
    Compression, ExporterConfig, JsonlPath, LogFormat, OtlpConfig, Protocol, ServerConfig,
};
use super::super::secret_source::SecretSource;
use super::{Around, FLEET, load, loaded};
use crate::login::Login;

fn server(keys: &str) -> ServerConfig {
    let text = format!("servers:\n- connection: host=db user=u\n{keys}\nexporters:\n- kind: jsonl\n");
    loaded(&text).servers.remove(0)
}

fn otlp(keys: &str) -> OtlpConfig {
    let text = format!("servers:\n- connection: host=db user=u\nexporters:\n- kind: otlp\n{keys}\n");
    match loaded(&text).exporters.remove(0) {
        ExporterConfig::Otlp(otlp) => *otlp,
        _ => unreachable!("the kind is otlp"),
    }
}

#[test]
fn a_server_has_its_own_values_before_the_defaults() {
    let fleet = loaded(FLEET);
    let [one, two] = fleet.servers.as_slice() else { unreachable!("the file names two") };
    assert_eq!((one.name.as_str(), two.name.as_str()), ("db1", "db2:5432/shop"));
    assert_eq!((one.every, two.every), (Duration::from_secs(30), Duration::from_secs(5)));
    assert_eq!(
        one.labels,
        [("env", "prod"), ("team", "shop")].map(|(a, b)| (a.to_owned(), b.to_owned())).into()
    );
    assert_eq!(one.password, Some(SecretSource::File("/run/secrets/db1".into())));
    assert_eq!((one.exporters.as_slice(), two.exporters.len()), (&["collector".to_owned()][..], 2));
    let folder = |server: &ServerConfig| server.state.folder_of(&server.name);
    assert_eq!(folder(one), Some("/var/lib/pgquerylens/db1".into()));
    assert_eq!(folder(two), Some("/var/lib/pgquerylens/db2%3A5432%2Fshop".into()));
}

#[test]
fn what_is_not_said_is_the_default_of_the_table() {
    let server = server("");
    assert_eq!(server.poll.limits, Limits::default());
    assert_eq!((server.every, server.poll.top), (Duration::from_secs(60), 50));
    assert_eq!((server.state, server.poll.databases), (StateUrl::Memory, Databases::Connected));
    let process = loaded(FLEET).process;
    assert_eq!(process.listen, Some(([127, 0, 0, 1], 9188).into()));
    assert_eq!((process.log_format, process.workers), (LogFormat::Text, 8));
    let otlp = otlp("");
    assert_eq!(otlp.metrics.url, "http://localhost:4318/v1/metrics");
    assert_eq!((otlp.logs.protocol, otlp.logs.compression), (Protocol::HttpProtobuf, Compression::Gzip));
    assert!(otlp.events);
}

#[test]
fn limits_of_a_server_can_be_said() {
    let limits = server("  statement-timeout: 2s\n  work-mem: 8MiB\n  hours-pause: 2h").poll.limits;
    assert_eq!((limits.statement_timeout, limits.work_mem_kib), (Duration::from_secs(2), 8 * 1024));
    assert_eq!(limits.pauses.hours_seconds, 7_200.0);
}

#[test]
fn the_timeout_of_the_connection_string_holds_unless_the_option_is_said() {
    let fleet = loaded(FLEET);
    assert_eq!(fleet.servers[1].poll.limits.connect_timeout, Duration::from_secs(3));
    let said = loaded(&FLEET.replace("every: 5s", "connect-timeout: 7s"));
    assert_eq!(said.servers[1].poll.limits.connect_timeout, Duration::from_secs(7));
}

#[test]
fn databases_are_a_list_or_all_and_the_nearer_word_holds() {
    let named = Databases::Named(vec!["a".to_owned(), "b".to_owned()]);
    assert_eq!(server("  databases: [a, b]").poll.databases, named);
    assert_eq!(server("  all-databases: true").poll.databases, Databases::All);
    let text = FLEET.replace("every: 5s", "databases: [a, b]").replace("every: 30s", "all-databases: true");
    let servers = loaded(&text).servers;
    assert_eq!((&servers[0].poll.databases, &servers[1].poll.databases), (&Databases::All, &named));
}

#[test]
fn nothing_is_read_or_sent_twice() {
    let server = server("  databases: [a, b, a]\n  exporters: [jsonl, jsonl]");
    assert_eq!(server.poll.databases, Databases::Named(vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(server.exporters, ["jsonl"]);
}

#[test]
fn names_may_hold_variables() {
    let text =
        FLEET.replace("name: lines", "name: ${LINES}").replace("collector, lines", "collector, '${LINES}'");
    let fleet = load("x.yaml", &text, Around { variables: &[("LINES", "out")], arguments: &[] }).unwrap();
    assert_eq!((fleet.exporters[1].name(), fleet.servers[1].exporters[1].as_str()), ("out", "out"));
}

#[test]
fn an_exporter_has_one_transport_for_each_signal() {
    let otlp = otlp(
        "  endpoint: https://a/b\n  logs-endpoint: http://c/in\n  headers: {API-Key: x}\n  compression: zstd",
    );
    assert_eq!(
        (otlp.metrics.url.as_str(), otlp.logs.url.as_str()),
        ("https://a/b/v1/metrics", "http://c/in")
    );
    assert_eq!(otlp.metrics.headers["api-key"], SecretSource::Text("x".into()));
    assert_eq!(otlp.logs.compression, Compression::Zstd);
}

#[test]
fn lines_go_to_the_standard_output_or_to_a_file() {
    let path = |path: &str| {
        let text = format!("servers: [{{connection: host=db user=u}}]\nexporters: [{{kind: jsonl{path}}}]");
        match loaded(&text).exporters.remove(0) {
            ExporterConfig::Jsonl(jsonl) => jsonl.path,
            _ => unreachable!("the kind is jsonl"),
        }
    };
    assert_eq!(path(""), JsonlPath::Stdout);
    assert_eq!(path(", path: /var/log/x.jsonl"), JsonlPath::File("/var/log/x.jsonl".into()));
}

#[test]
fn toml_and_json_become_the_same_as_yaml() {
    let toml = "\
state = 'file:/var/lib/pgquerylens'
[defaults]
every = '30s'
labels = {env = 'prod'}
exporters = ['collector']
[[servers]]
connection = 'postgresql://monitor@db1/shop'
name = 'db1'
labels = {team = 'shop'}
password = {file = '/run/secrets/db1'}
[[servers]]
connection = 'host=db2 dbname=shop user=monitor connect_timeout=3'
every = '5s'
exporters = ['collector', 'lines']
[[exporters]]
name = 'collector'
kind = 'otlp'
endpoint = 'https://otel.example.com:4318'
headers = {API-Key = {env = 'LICENSE_KEY'}}
[[exporters]]
name = 'lines'
kind = 'jsonl'
";
    let json = r#"{
        "$schema": "configuration.schema.json",
        "state": "file:/var/lib/pgquerylens",
        "defaults": {"every": "30s", "labels": {"env": "prod"}, "exporters": ["collector"]},
        "servers": [
            {
                "connection": "postgresql://monitor@db1/shop", "name": "db1", "labels": {"team": "shop"},
                "password": {"file": "/run/secrets/db1"}
            },
            {
                "connection": "host=db2 dbname=shop user=monitor connect_timeout=3", "every": "5s",
                "exporters": ["collector", "lines"]
            }
        ],
        "exporters": [
            {
                "name": "collector", "kind": "otlp", "endpoint": "https://otel.example.com:4318",
                "headers": {"API-Key": {"env": "LICENSE_KEY"}}
            },
            {"name": "lines", "kind": "jsonl"}
        ]
    }"#;
    let yaml = loaded(FLEET);
    assert_eq!(load("x.toml", toml, Around::default()).as_ref(), Ok(&yaml));
    assert_eq!(load("x.json", json, Around::default()).as_ref(), Ok(&yaml));
}

#[test]
fn a_reload_can_tell_which_servers_changed() {
    let (before, after) = (loaded(FLEET), loaded(&FLEET.replace("every: 5s", "every: 6s")));
    assert_eq!(before.servers[0], after.servers[0]);
    assert_ne!(before.servers[1], after.servers[1]);
    assert_eq!((before.process, before.exporters), (after.process, after.exporters));
}

#[test]
fn a_server_of_a_file_logs_in_as_the_file_says() {
    let login = |own: &str| {
        let text = FLEET.replace("    password: {file: /run/secrets/db1}\n", &format!("    {own}\n"));
        loaded(&text).servers.swap_remove(0).login
    };
    assert_eq!(login("auth: password"), Login::Password);
    let region = Some("eu-west-1".to_owned());
    let own = Login::RdsIam { region: region.clone(), account: None };
    assert_eq!(login("auth: rds-iam\n    aws-region: eu-west-1"), own);
    let role_arn = "arn:aws:iam::123456789012:role/pgquerylens".to_owned();
    let account = Account::by(&role_arn, Some("x".to_owned()));
    let written =
        format!("auth: rds-iam\n    aws-region: eu-west-1\n    aws-role: {role_arn}\n    aws-external-id: x");
    assert_eq!(login(&written), Login::RdsIam { region, account });
}

#[test]
fn what_cloudwatch_would_refuse_is_a_mistake() {
    let told = |keys: &str| {
        let text = format!("servers: [{{connection: host=db user=u}}]\nexporters: [{{kind: emf{keys}}}]");
        load("x.yaml", &text, Around::default()).err().unwrap_or_default()
    };
    assert_eq!(told(""), "");
    assert_eq!(told(", namespace: shop/databases, metrics: ['postgresql.*']"), "");
    for (keys, expected) in [
        (", namespace: AWS/RDS", "neither : nor AWS/ first"),
        (", namespace: ':x'", "neither : nor AWS/ first"),
        (", namespace: 'a b'", "letters, digits and any of .-_/#:"),
        (", metrics: ['[a']", "metrics: [a: "),
        (
            ", metrics: [postgresql.comits]",
            "x.yaml:2:34: metrics: no metric is called postgresql.comits: did you mean",
        ),
        (", namespace: ':x', metrics: [nothing]", "no metric is called nothing"),
        (", metrics: [postgresql.commits, nothing, neither]", "no metric is called neither"),
    ] {
        assert!(told(keys).contains(expected), "{keys}: {}", told(keys));
    }
}
