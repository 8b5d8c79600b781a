//! An instance that is looked at from outside, with who is asked about it: doubles, and moto for the log of Enhanced
//! Monitoring. What one look leaves the next one finds, as in a server's state.

use std::time::Duration;

use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use pgquerylens_aws::instance::Instance;
use pgquerylens_aws::outside::{Observed, Observer, Source};
use pgquerylens_aws::session::Sessions;
use pgquerylens_engine::outside::{Ask, Outside};
use pgquerylens_model::identity::Identity;
use pgquerylens_model::metric::Value;
use pgquerylens_model::outside::{Findings, Measure, Memory, SourceReport};
use pgquerylens_model::report::Outcome;
use pgquerylens_model::time::Timestamp;
use pgquerylens_model::version::ServerVersion;
use pgquerylens_sandbox::cloudwatch_double::CloudWatchDouble;
use pgquerylens_sandbox::insights_double::InsightsDouble;
use pgquerylens_sandbox::rds_double::{Fleet, RdsDouble};
use tokio::time::Instant;

use crate::stage::{REGION, session_with};

/// A minute since 1970, from which tests count.
pub(crate) const NOW: i64 = 29_900_000;
pub(crate) const INSTANCE: &str = "shop-1";
/// What the double of RDS calls it for others.
pub(crate) const RESOURCE_ID: &str = "db-0";

/// Which service is where.
#[derive(Debug)]
struct Addresses(Vec<(&'static str, String)>);

impl LoadServiceConfig for Addresses {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let found = self.0.iter().find(|(service, _)| *service == key.service_id());
        found.map(|(_, address)| address.clone())
    }
}

/// The instance, and who is asked.
pub(crate) struct Scene {
    pub(crate) rds: RdsDouble,
    pub(crate) cloudwatch: CloudWatchDouble,
    pub(crate) insights: InsightsDouble,
    observer: Observer,
    memory: Memory,
    pub(crate) in_recovery: bool,
    pub(crate) deadline: Duration,
}

impl Scene {
    /// An instance of RDS about which these are asked.
    pub(crate) async fn of(sources: &[Source]) -> Scene {
        Scene::with(
            sources,
            None,
            Fleet { instances: vec![(INSTANCE.to_owned(), None)], clusters: Vec::new() },
        )
        .await
    }

    /// The first of these servers, with the log that it writes at this address.
    pub(crate) async fn with(sources: &[Source], logs: Option<String>, fleet: Fleet) -> Scene {
        let rds = RdsDouble::start(fleet).await.unwrap();
        let cloudwatch = CloudWatchDouble::start().await.unwrap();
        let insights = InsightsDouble::start(RESOURCE_ID).await.unwrap();
        let mut addresses =
            vec![("RDS", rds.url()), ("CloudWatch", cloudwatch.url()), ("PI", insights.url())];
        addresses.extend(logs.map(|address| ("CloudWatch Logs", address)));
        let observer = observer(sources, sessions(addresses, "AKIDEXAMPLE", "a-key-that-nobody-sees").await);
        let (memory, deadline) = (Memory::default(), Duration::from_secs(30));
        Scene { rds, cloudwatch, insights, observer, memory, in_recovery: false, deadline }
    }

    /// Looks so many seconds after that minute, and keeps what is left for the next time.
    pub(crate) async fn look(&mut self, seconds: i64) -> Findings {
        self.look_at(Timestamp((NOW * 60 + seconds) * 1_000_000)).await
    }

    pub(crate) async fn look_at(&mut self, now: Timestamp) -> Findings {
        let ask = Ask {
            memory: self.memory.clone(),
            identity: identity(self.in_recovery),
            now,
            deadline: Instant::now() + self.deadline,
        };
        let found = self.observer.look(ask).await;
        assert_eq!(self.memory.renew(found.memory.clone()), Vec::<String>::new());
        found
    }

    /// Nothing that was asked was refused as wrong.
    pub(crate) fn is_sound(&self) {
        let wrong = |code: &String| {
            code.starts_with("Validation") || code.starts_with("Invalid") || code.starts_with("Un")
        };
        let refused: Vec<String> = [self.cloudwatch.refused(), self.insights.refused()].concat();
        assert_eq!(refused.iter().filter(|code| wrong(code)).collect::<Vec<_>>(), Vec::<&String>::new());
    }
}

/// Asks about the instance, CloudWatch every minute.
pub(crate) fn observer(sources: &[Source], sessions: Sessions) -> Observer {
    observer_with(sources, sessions, Duration::from_secs(60))
}

pub(crate) fn observer_with(sources: &[Source], sessions: Sessions, cloudwatch_pause: Duration) -> Observer {
    let instance =
        Instance { identifier: INSTANCE.to_owned(), region: Some(REGION.to_owned()), account: None };
    Observer::new(
        Observed { instance, sources: sources.to_vec(), reads_log: false, cloudwatch_pause },
        sessions,
    )
}

/// Sessions by which each service is at an address of its own.
pub(crate) async fn sessions(addresses: Vec<(&'static str, String)>, id: &str, secret: &str) -> Sessions {
    let session = session_with(id, secret).await.into_builder();
    Sessions::over(session.service_config(Addresses(addresses)).build())
}

impl Scene {
    /// Lets another ask from now on.
    pub(crate) fn set_observer(&mut self, observer: Observer) {
        self.observer = observer;
    }
}

fn identity(in_recovery: bool) -> Identity {
    Identity {
        system_identifier: None,
        timeline: None,
        version: ServerVersion(160_004),
        postmaster_start: Timestamp(0),
        statistics_since: None,
        in_recovery,
    }
}

/// Returns the values of a metric, each with the second that it is of, counted from that minute.
pub(crate) fn values(found: &Findings, metric: &str) -> Vec<(i64, f64)> {
    let of_metric = found.measures.iter().filter(|measure| measure.metric.name == metric);
    of_metric.map(|measure| (measure.time.0 / 1_000_000 - NOW * 60, measure.value.as_f64())).collect()
}

/// Returns values with what tells them apart, as `KEY=VALUE,… VALUE`.
pub(crate) fn apart(found: &Findings, metric: &str) -> Vec<String> {
    let of_metric = found.measures.iter().filter(|measure| measure.metric.name == metric);
    let shown = |measure: &Measure| {
        let pairs = measure.attributes.iter().map(|(key, value)| match value {
            Value::Text(text) => format!("{key}={text}"),
            other => format!("{key}={other:?}"),
        });
        format!("{} {}", pairs.collect::<Vec<_>>().join(","), measure.value.as_f64())
    };
    of_metric.map(shown).collect()
}

/// Returns how a source went: `read 3`, `not due`, or class, error and what mends it.
pub(crate) fn outcome(found: &Findings, source: &str) -> String {
    let reports: Vec<&SourceReport> = found.sources.iter().filter(|report| report.source == source).collect();
    let [report] = reports.as_slice() else { return format!("{} reports", reports.len()) };
    let mend = report.mend.as_deref().unwrap_or_default();
    match &report.outcome {
        Outcome::Read { row_count } => format!("read {row_count}"),
        Outcome::NotDue => "not due".to_owned(),
        Outcome::Failed { error, class } => format!("{class}: {error}: {mend}"),
        other => format!("{other:?}"),
    }
}
