//! What the agent tells of itself by OTLP: spans of its polls and its own figures, at a receiver of their own.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use pgquerylens_sandbox::decoders::{python, script};
use pgquerylens_sandbox::receiver::account::Span;
use pgquerylens_sandbox::receiver::{Account, Behaviour, Receiver, ReceiverTls, Signal};
use pgquerylens_sandbox::tls::{Certificates, ServerCertificate};

use crate::process::{Agent, HEADER};
use crate::stage::{file, is_sound, planted, polls, until};

/// Nobody listens at this port of the system's own range.
const NOWHERE: &str = "postgresql://monitor@127.0.0.1:1/shop";
const NOT_DELIVERED: &str = "WARN telemetry of our own not delivered";
/// How long one request may take, which is far longer than the grace of the test.
const REQUEST_TIME: Duration = Duration::from_secs(10);
/// Moments are told to the microsecond, and durations to the nanosecond.
const ROUNDING_MS: f64 = 0.01;

fn telemetry(own: &Receiver, more: &str) -> String {
    format!("telemetry-endpoint: '{}'\ntelemetry-headers: {{x-key: {HEADER}}}\n{more}", own.url())
}

fn starts(agent: &mut Agent, variables: &[(&str, &str)]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pgquerylens"));
    command.arg("agent").arg("--config").arg(agent.file()).env_clear().envs(variables.iter().copied());
    agent.start_as(command);
}

/// Returns the span of the first poll and the spans below it.
fn first_poll(account: &Account) -> (Span, Vec<Span>) {
    let root = account.spans.iter().find(|span| span.name == "poll").unwrap();
    assert!(root.parent_span_id.is_empty());
    let below = account.spans.iter().filter(|span| span.parent_span_id == root.span_id);
    (root.clone(), below.cloned().collect())
}

/// Returns a field of a log line.
fn field<'l>(line: &'l str, name: &str) -> Option<&'l str> {
    let (_, value) = line.rsplit_once(&format!(" {name}="))?;
    Some(value.split(' ').next()?.trim_matches('"'))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poll_is_a_span_and_so_is_each_view_with_the_times_of_the_report() {
    let (planted, receiver, own) =
        (planted().await, Receiver::start().await.unwrap(), Receiver::start().await.unwrap());
    let process = telemetry(&own, "telemetry-interval: 1s\nlog-level: info,pgquerylens=debug");
    let mut agent = Agent::new(&file(&process, "every: 1h", &[("a", &planted.url())], &receiver));
    agent.start();
    until(&mut agent, "spans arrived", |_| !own.account().spans.is_empty()).await;
    let account = own.account();
    let (root, below) = first_poll(&account);
    assert_eq!(account.spans.len(), below.len() + 1);
    assert_eq!((root.attributes["pgquerylens.server"].as_str(), root.error), ("a", None));
    assert_eq!(root.attributes["pgquerylens.status"], "ok");
    assert!(root.resource.contains("service.name=pgquerylens, service.version="), "{}", root.resource);
    for span in &below {
        assert_eq!(span.trace_id, root.trace_id);
        let within = span.start >= root.start && span.end <= root.end + 10_000;
        assert!(within, "{} is not within its poll: {span:?} {}..{}", span.name, root.start, root.end);
    }
    let log = agent.log();
    let told: Vec<&str> = log.lines().filter(|line| line.contains(": view read ")).collect();
    let views: Vec<&Span> = below.iter().filter(|span| span.name.starts_with("read ")).collect();
    assert_eq!((views.len(), views.len() > 10), (told.len(), true));
    for line in told {
        let view = field(line, "view").unwrap();
        let of_view = |span: &&&Span| span.attributes["pgquerylens.view"] == view;
        let span = views.iter().find(of_view).unwrap();
        let duration: f64 = field(line, "duration_ms").unwrap().parse().unwrap();
        assert!((span.duration_ms() - duration).abs() < ROUNDING_MS, "{line}: {span:?}");
        assert_eq!(Some(span.attributes["db.response.returned_rows"].as_str()), field(line, "rows"));
        assert_eq!(span.attributes.get("db.namespace").map(String::as_str), field(line, "database"));
    }
    for step in ["probe", "deliver", "commit"] {
        assert_eq!(below.iter().filter(|span| span.name == step).count(), 1, "{step}");
    }
    assert_eq!(agent.end(), Some(0), "{}", agent.log());
    is_sound(&own);
    python_reads(&own);
}

/// OpenTelemetry's own package reads what came.
fn python_reads(own: &Receiver) {
    let folder = tempfile::tempdir().unwrap();
    for (index, request) in own.requests().iter().enumerate() {
        let kind = if request.signal == Signal::Traces { "traces" } else { "metrics" };
        fs::write(folder.path().join(format!("{index:03}.{kind}.pb")), &request.body).unwrap();
    }
    let mut command = Command::new(python().unwrap());
    command.arg("-B").arg(script("decode.py")).arg("--without-json").arg(folder.path());
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said} {}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("\"violations\": []") && !said.contains("\"spans\": 0"), "{said}");
}

/// Returns what the page of Prometheus says: values by name and labels, both as OTLP has them.
fn metrics(agent: &Agent) -> BTreeMap<(String, String), f64> {
    let log = agent.log();
    let line = log.lines().find(|line| line.contains("health is shown")).unwrap();
    let mut stream = TcpStream::connect(field(line, "listen").unwrap()).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let body = text.split_once("\r\n\r\n").unwrap().1.lines().filter(|line| !line.starts_with('#'));
    body.map(|line| {
        let (series, value) = line.rsplit_once(' ').unwrap();
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let name = ["_total", "_seconds", "_bytes"]
            .iter()
            .fold(name, |name, ending| name.strip_suffix(ending).unwrap_or(name))
            .replacen("pgquerylens_", "pgquerylens.agent.", 1);
        let labels = labels.trim_end_matches('}').replace('"', "");
        let mut labels: Vec<String> = labels
            .split(',')
            .filter(|label| !label.is_empty())
            .map(|label| format!("pgquerylens.{label}"))
            .collect();
        labels.sort();
        ((name, labels.join(", ")), value.parse().unwrap())
    })
    .collect()
}

/// Returns what arrived last of each figure.
fn arrived(account: &Account) -> BTreeMap<(String, String), f64> {
    let levels = account.levels.iter().map(|(key, (_, value))| (key, *value));
    let sums = account.series.iter().map(|(key, series)| (key, series.sum()));
    levels.chain(sums).map(|(key, value)| ((key.metric.clone(), key.attributes.clone()), value)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_are_those_of_the_page() {
    let (planted, receiver, own) =
        (planted().await, Receiver::start().await.unwrap(), Receiver::start().await.unwrap());
    let process = telemetry(&own, "telemetry-interval: 1s");
    let text = file(&process, "every: 1h", &[("a", &planted.url())], &receiver);
    let mut agent = Agent::new(&text.replace("listen: off", "listen: 127.0.0.1:0"));
    agent.start();
    let polls = |own: &Receiver| own.account().sum("pgquerylens.agent.polls");
    until(&mut agent, "the poll is counted", |_| polls(&own) == 1.0).await;
    let (page, sent) = (metrics(&agent), arrived(&own.account()));
    assert_eq!(page.keys().collect::<Vec<_>>(), sent.keys().collect::<Vec<_>>());
    assert!(page.len() > 30, "{page:?}");
    // The process itself goes on working meanwhile.
    let of_process = |name: &str| name.starts_with("pgquerylens.agent.process_");
    for (series, value) in page.iter().filter(|((name, _), _)| !of_process(name)) {
        assert_eq!(sent[series], *value, "{series:?}");
    }
    let known = |name: &str, labels: &str| sent[&(name.to_owned(), labels.to_owned())];
    assert_eq!(known("pgquerylens.agent.poll_interval", "pgquerylens.server=a"), 3_600.0);
    let of_exporter = "pgquerylens.exporter=receiver, pgquerylens.server=a";
    assert!(known("pgquerylens.agent.exporter_accepted", of_exporter) > 0.0);
    assert_eq!(agent.end(), Some(0), "{}", agent.log());
    is_sound(&own);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poll_that_fails_says_so_in_every_protocol() {
    for protocol in ["http/protobuf", "http/json", "grpc"] {
        let (receiver, own) = (Receiver::start().await.unwrap(), Receiver::start().await.unwrap());
        let process = telemetry(&own, &format!("telemetry-interval: 1s\ntelemetry-protocol: {protocol}"));
        let mut agent = Agent::new(&file(&process, "every: 1s", &[("a", NOWHERE)], &receiver));
        agent.start();
        let arrived = |own: &Receiver| {
            let account = own.account();
            !account.spans.is_empty() && account.sum("pgquerylens.agent.poll_failures") > 0.0
        };
        until(&mut agent, "spans and figures arrived", |_| arrived(&own)).await;
        let (root, below) = first_poll(&own.account());
        assert_eq!((below.as_slice(), root.attributes["error.type"].as_str()), ([].as_slice(), "connect"));
        let error = root.error.unwrap();
        assert!(error.contains("127.0.0.1:1/shop") && agent.log().contains(&error), "{error}");
        assert_eq!(agent.end(), Some(0), "{}", agent.log());
        is_sound(&own);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_is_believed_by_its_certificate_alone() {
    let certificates = Certificates::new().unwrap();
    let files = certificates.server(ServerCertificate::Good).unwrap();
    let own = Receiver::start_with_tls(ReceiverTls { files, clients: None }).await.unwrap();
    let receiver = Receiver::start().await.unwrap();
    let text = |authority: &Path| {
        let trusted = format!("telemetry-certificate: {}", authority.display());
        let process = telemetry(&own, &format!("telemetry-interval: 1s\n{trusted}"));
        file(&process, "every: 1s", &[("a", NOWHERE)], &receiver)
    };
    let mut agent = Agent::new(&text(certificates.other_authority()));
    agent.start();
    until(&mut agent, "it is told", |agent| agent.said(&[NOT_DELIVERED, "certificate"]) > 0).await;
    assert_eq!(own.requests().len(), 0);
    agent.write(&text(certificates.authority()));
    agent.signal(rustix::process::Signal::HUP);
    until(&mut agent, "spans arrived", |_| !own.account().spans.is_empty()).await;
    assert_eq!(agent.end(), Some(0), "{}", agent.log());
    is_sound(&own);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_is_away_costs_one_line_and_no_poll() {
    let (planted, receiver) = (planted().await, Receiver::start().await.unwrap());
    let mut own = Receiver::start().await.unwrap();
    own.down().await;
    let process = telemetry(&own, "telemetry-interval: 1s\nshutdown-grace: 1s");
    let mut agent = Agent::new(&file(&process, "every: 1s", &[("a", &planted.url())], &receiver));
    agent.start();
    until(&mut agent, "it is told", |agent| agent.said(&[NOT_DELIVERED]) > 0).await;
    let before = polls(&receiver, "a");
    until(&mut agent, "it is polled on", |_| polls(&receiver, "a") > before + 3).await;
    assert_eq!(agent.said(&[NOT_DELIVERED]), 1, "{}", agent.log());
    assert_eq!(agent.said(&[" WARN "]), 1, "{}", agent.log());
    own.up().await.unwrap();
    until(&mut agent, "it is over", |agent| agent.said(&["telemetry of our own is accepted again"]) > 0)
        .await;
    // One that hangs holds up neither polls nor the end.
    own.behave(Behaviour::Hang);
    let (before, asked) = (polls(&receiver, "a"), own.requests().len());
    until(&mut agent, "it hangs", |_| own.requests().len() > asked).await;
    until(&mut agent, "it is polled on", |_| polls(&receiver, "a") > before + 3).await;
    let since = Instant::now();
    assert_eq!(agent.end(), Some(0), "{}", agent.log());
    assert!(since.elapsed() < REQUEST_TIME, "{:?}", since.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_is_sent_at_the_end() {
    let (planted, receiver, own) =
        (planted().await, Receiver::start().await.unwrap(), Receiver::start().await.unwrap());
    let process = telemetry(&own, "telemetry-interval: 1h");
    let mut agent = Agent::new(&file(&process, "every: 1h", &[("a", &planted.url())], &receiver));
    // Variables that the library would read by itself are for what is read of servers.
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=another,x-secret=hush"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
    ];
    starts(&mut agent, &variables);
    until(&mut agent, "it was polled", |_| polls(&receiver, "a") > 0).await;
    assert_eq!(own.requests().len(), 0);
    assert_eq!(agent.end(), Some(0), "{}", agent.log());
    let account = own.account();
    assert_eq!(account.spans.iter().filter(|span| span.name == "poll").count(), 1);
    assert_eq!(account.sum("pgquerylens.agent.polls"), 1.0);
    for request in own.requests() {
        assert_eq!((request.header("x-secret"), request.encoding.as_deref()), (None, Some("gzip")));
    }
    is_sound(&own);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_sent_until_it_is_asked_for() {
    let (planted, receiver, own) =
        (planted().await, Receiver::start().await.unwrap(), Receiver::start().await.unwrap());
    let text = |process: &str| file(process, "every: 1s", &[("a", &planted.url())], &receiver);
    let mut agent = Agent::new(&text(""));
    let url = own.url();
    let names = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];
    let variables = names.map(|name| (name, url.as_str()));
    starts(&mut agent, &[&variables[..], &[("OTEL_METRIC_EXPORT_INTERVAL", "1000")]].concat());
    until(&mut agent, "it is polled", |_| polls(&receiver, "a") > 3).await;
    assert_eq!(own.requests().len(), 0);
    let reloaded = |agent: &Agent| agent.said(&["configuration reloaded"]);
    agent.write(&text(&telemetry(&own, "")));
    agent.signal(rustix::process::Signal::HUP);
    until(&mut agent, "spans arrived", |_| !own.account().spans.is_empty()).await;
    agent.write(&text(""));
    agent.signal(rustix::process::Signal::HUP);
    until(&mut agent, "it is reloaded", |agent| reloaded(agent) == 2).await;
    let polls_before = polls(&receiver, "a");
    until(&mut agent, "it is polled", |_| polls(&receiver, "a") > polls_before + 1).await;
    let sent = own.requests().len();
    until(&mut agent, "it is polled", |_| polls(&receiver, "a") > polls_before + 4).await;
    assert_eq!(own.requests().len(), sent);
    assert_eq!(agent.end(), Some(0), "{}", agent.log());
    is_sound(&own);
}
