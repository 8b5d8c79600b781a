//! What the function takes: its package, a cold start, and warm polls of a server with 5,000 statements, with its state in an
//! object store that notes every request. The binary is the one that is deployed, behind a double of Lambda.

mod month;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use pgquerylens_sandbox::backend;
use pgquerylens_sandbox::gcs_double::GcsDouble;
use pgquerylens_sandbox::lambda::{Ended, Environment, Function};
use pgquerylens_sandbox::receiver::{Behaviour, Receiver};
use serde_json::json;

use crate::Result;
use crate::agent::usage;
use crate::arguments::Arguments;
use crate::lines::{self, Line, mib};
use crate::samples::Samples;
use crate::stage::{self, Load, Stage};

use month::Poll;

const ZIP_MB_MAX: f64 = 6.0;
const START_MS_MAX: f64 = 25.0;
const PEAK_MIB_MAX: f64 = 48.0;
const BASELINE_KB_MAX: f64 = 600.0;
/// Gets and puts of a warm poll: the wishes for all and for this server, the baseline, and the new one.
const REQUESTS_MAX: usize = 4;
/// Cold starts that are looked at.
const STARTS: usize = 20;
/// Warm polls that are looked at.
const POLLS: usize = 20;
const TIMEOUT: Duration = Duration::from_secs(60);

/// Measures, shows the table, and tells whether everything was reached.
pub(crate) async fn run(arguments: &Arguments) -> Result<bool> {
    let binary = arguments.function.as_deref().ok_or("name the function's binary: --function FILE")?;
    let mut lines = Vec::new();
    if let Some(package) = &arguments.package {
        let bytes = fs::metadata(package)?.len() as f64;
        let zip = Line::new("the zip", format!("{:.2} MB", bytes / 1e6));
        lines.push(zip.at_most(bytes / 1e6, ZIP_MB_MAX, " MB"));
    }
    lines.push(cold(binary).await?);
    lines.extend(warm(binary).await?);
    lines::tell(arguments, "function", "What the function takes", &lines)
}

/// From a process's start to its first request for an event.
async fn cold(binary: &Path) -> Result<Line> {
    let folder = tempfile::tempdir()?;
    let mut environment = Environment::new(function(binary, &[]), &folder.path().join("log")).await?;
    for _ in 0..STARTS {
        // What it answers does not matter: no server is named.
        environment.invoke(&json!({})).await?;
        environment.kill().await?;
    }
    let mut starts = Samples::default();
    for start in environment.starts() {
        starts.push(start.as_secs_f64() * 1e3);
    }
    let median = starts.median();
    Ok(Line::new("start to first request, median", format!("{median:.1} ms")).at_most(
        median,
        START_MS_MAX,
        " ms",
    ))
}

async fn warm(binary: &Path) -> Result<Vec<Line>> {
    let stage = Stage::set(stage::ORDINARY).await?;
    let mut load = Load::new(&stage).await?;
    let (receiver, store, folder) =
        (Receiver::start().await?, GcsDouble::start("states").await?, tempfile::tempdir()?);
    receiver.behave(Behaviour::Discard);
    let credentials = folder.path().join("credentials.json");
    fs::write(&credentials, store.credentials())?;
    let (credentials, endpoint) = (credentials.display().to_string(), receiver.url());
    let variables = [
        ("PGQUERYLENS_AUTH", "password"),
        ("PGQUERYLENS_STATE", "gs://states/prod"),
        ("GOOGLE_APPLICATION_CREDENTIALS", credentials.as_str()),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
    ];
    let log = folder.path().join("log");
    let mut environment = Environment::new(function(binary, &variables), &log).await?;
    let event = json!({"targets": [{"name": "bench", "connection": stage.url()}]});
    let (mut times, mut polled) = (Samples::default(), 0);
    let mut before = None;
    let (mut requests, mut log_bytes) = (Vec::new(), 0);
    while polled <= POLLS {
        load.step().await?;
        let (began, known, written) = (Instant::now(), store.requests().len(), size(&log));
        let ended = environment.invoke(&event).await?;
        let Ended::Answered(_) = ended else {
            return Err(format!("the function ended otherwise: {ended:?}").into());
        };
        requests = store.requests().split_off(known);
        log_bytes = size(&log) - written;
        let process = environment.process_id().ok_or("the function is gone")?;
        match before {
            // The first poll reads the texts, and makes what the others find.
            None => before = Some(usage::look(process)?),
            Some(_) => times.push(began.elapsed().as_secs_f64() * 1e3),
        }
        polled += 1;
    }
    let process = environment.process_id().ok_or("the function is gone")?;
    let cpu = usage::look(process)?.cpu.saturating_sub(before.map(|usage| usage.cpu).unwrap_or_default());
    let peak = backend::peak_memory_bytes(process)? as f64;
    let baseline = store.size_of("prod/bench/baseline").unwrap_or_default() as f64;
    let is_put = |request: &&String| request.starts_with("PUT");
    let puts = requests.iter().filter(is_put).count();
    let what = format!("{} of which {puts} writes", requests.len());
    let poll = Poll {
        wall_ms: times.median(),
        cpu_ms: cpu.as_secs_f64() * 1e3 / POLLS as f64,
        writes: puts as f64,
        reads: (requests.len() - puts) as f64,
        log_bytes: log_bytes as f64,
    };
    let mut lines = vec![
        Line::new("a warm poll of 5,000 statements of 7 kB, median", format!("{:.0} ms", poll.wall_ms)),
        Line::new("  its CPU, mean", format!("{:.1} ms", poll.cpu_ms)),
        Line::new("  peak memory, the first poll with it", format!("{:.1} MiB", mib(peak))).at_most(
            mib(peak),
            PEAK_MIB_MAX,
            " MiB",
        ),
        Line::new("  baseline in the store", format!("{:.0} kB", baseline / 1e3)).at_most(
            baseline / 1e3,
            BASELINE_KB_MAX,
            " kB",
        ),
        Line::new("  requests to the store", what).at_most(requests.len() as f64, REQUESTS_MAX as f64, ""),
    ];
    lines.extend(month::lines(&poll));
    Ok(lines)
}

/// The bytes of a file, if it is there yet.
fn size(file: &Path) -> u64 {
    fs::metadata(file).map_or(0, |found| found.len())
}

fn function(binary: &Path, variables: &[(&str, &str)]) -> Function {
    let environment = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Function {
        binary: binary.to_owned(),
        environment: environment.collect(),
        memory_mib: 128,
        timeout: TIMEOUT,
    }
}
