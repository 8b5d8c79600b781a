//! What AWS tells of a server while the server itself is read: of its machine, its storage, its load, its log. Sources are asked at
//! the same time, and each fails alone: what went wrong with one stands beside what the others brought.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use futures_util::future::{join, join_all};
use pgquerylens_engine::outside::{Ask, Outside};
use pgquerylens_model::outside::{Findings, SourceReport};
use pgquerylens_model::report::Outcome;
use tokio::time::{Instant, timeout_at};

use crate::error::Told;
use crate::error::unheard::{self, Trouble};
use crate::instance::{self, Facts, Instance};
use crate::logs::Logs;
use crate::metrics::{cloudwatch, enhanced, insights};
use crate::session::Sessions;

/// How long anybody is waited for, however much time a poll has: it would be waited for at every poll.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a call is made before it is given up; what trying again does not mend is not tried again.
const ATTEMPTS: u32 = 3;
const ATTEMPT_LIMIT: Duration = Duration::from_secs(4);

/// The source of the facts about the instance, and by what they are kept.
const INSTANCE: &str = "rds-instance";

/// Who is asked about a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Its metrics in CloudWatch.
    CloudWatch,
    /// What Enhanced Monitoring writes of its machine.
    EnhancedMonitoring,
    /// The load by waits and statements that Performance Insights knows.
    PerformanceInsights,
}

impl Source {
    /// Those that bring metrics.
    pub const METRICS: [Source; 3] =
        [Source::CloudWatch, Source::EnhancedMonitoring, Source::PerformanceInsights];

    /// Returns its name, by which it is chosen, reported and remembered.
    pub const fn name(self) -> &'static str {
        match self {
            Source::CloudWatch => cloudwatch::NAME,
            Source::EnhancedMonitoring => enhanced::NAME,
            Source::PerformanceInsights => insights::NAME,
        }
    }
}

/// A server that is looked at from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// The instance that it is.
    pub instance: Instance,
    /// Who is asked about it, each once.
    pub sources: Vec<Source>,
    /// Whether its log is read.
    pub reads_log: bool,
    /// How long CloudWatch is not asked again, in whole minutes: each time costs.
    pub cloudwatch_pause: Duration,
}

/// Looks at one server.
#[derive(Debug)]
pub struct Observer {
    observed: Observed,
    sessions: Sessions,
}

/// What a source goes by.
#[derive(Clone, Copy)]
pub(crate) struct Look<'l> {
    /// With the instance's region and the credentials of its account.
    pub(crate) session: &'l SdkConfig,
    pub(crate) identifier: &'l str,
    pub(crate) facts: &'l Facts,
    pub(crate) ask: &'l Ask,
}

impl<'l> Look<'l> {
    /// Returns what a source left the last time.
    pub(crate) fn kept(&self, source: &str) -> Option<&'l str> {
        self.ask.memory.of(source)
    }
}

/// What a source found; nothing if it was not due.
pub(crate) type Heard = Result<Option<Findings>, Trouble>;

impl Observer {
    /// Makes one; nothing is asked yet. Whoever hands in the same sessions assumes a role once.
    pub fn new(observed: Observed, sessions: Sessions) -> Observer {
        Observer { observed, sessions }
    }

    /// Asks one source.
    async fn hear(&self, source: Source, look: Look<'_>) -> Heard {
        match source {
            Source::CloudWatch => cloudwatch::look(look, self.observed.cloudwatch_pause).await,
            Source::EnhancedMonitoring => enhanced::look(look).await,
            Source::PerformanceInsights => insights::look(look).await,
        }
    }

    async fn session(&self) -> SdkConfig {
        let Instance { region, account, .. } = &self.observed.instance;
        let session = self.sessions.of(account.as_ref(), region.as_deref()).await;
        let limits = TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_LIMIT).build();
        let retries = RetryConfig::standard().with_max_attempts(ATTEMPTS);
        session.into_builder().retry_config(retries).timeout_config(limits).build()
    }

    /// Returns what is known of the instance. What was known before does until it can be asked again.
    async fn facts(&self, session: &SdkConfig, ask: &Ask, until: Instant) -> (Option<Facts>, Findings) {
        let kept = ask.memory.of(INSTANCE).and_then(Facts::kept);
        if kept.as_ref().is_some_and(|kept| !kept.is_old(ask.now)) {
            return (kept, Findings::default());
        }
        let began = Instant::now();
        let asked = instance::ask(session, &self.observed.instance.identifier, ask.now);
        match in_time(until, asked).await {
            Ok(facts) => {
                let mut findings = Findings::default();
                findings.memory.keep(INSTANCE, facts.keep());
                (Some(facts), findings)
            }
            Err(trouble) => (kept, reported(INSTANCE, Err(trouble), began)),
        }
    }

    /// Asks all sources of metrics; what RDS tells of the instance decides what there is to ask.
    async fn hear_all(&self, session: &SdkConfig, ask: &Ask, until: Instant) -> Findings {
        let (facts, mut findings) = self.facts(session, ask, until).await;
        let Some(facts) = facts else { return findings };
        let identifier = &self.observed.instance.identifier;
        let look = Look { session, identifier, facts: &facts, ask };
        let asked = self.observed.sources.iter().map(|source| async move {
            let began = Instant::now();
            reported(source.name(), in_time(until, self.hear(*source, look)).await, began)
        });
        join_all(asked).await.into_iter().for_each(|found| findings.join(found));
        findings
    }
}

impl Outside for Observer {
    async fn look(&mut self, ask: Ask) -> Findings {
        let until = ask.deadline.min(Instant::now() + PATIENCE);
        let session = self.session().await;
        let Observed { instance, sources, reads_log, .. } = &self.observed;
        let metrics = async {
            if sources.is_empty() { Findings::default() } else { self.hear_all(&session, &ask, until).await }
        };
        let log = async {
            if !reads_log {
                return Findings::default();
            }
            let ask = Ask { deadline: until, ..ask.clone() };
            Logs::new(&session, &instance.identifier).look(&ask).await
        };
        let (mut findings, of_log) = join(metrics, log).await;
        findings.join(of_log);
        findings
    }
}

/// Waits for an answer no longer than until a moment.
async fn in_time<T>(until: Instant, asked: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
    timeout_at(until, asked).await.unwrap_or_else(|_| Err(unheard::no_answer()))
}

/// Says beside what a source found how it went.
fn reported(source: &'static str, heard: Heard, began: Instant) -> Findings {
    let (mut findings, outcome, mend) = match heard {
        Ok(Some(findings)) => {
            let row_count = findings.measures.len();
            (findings, Outcome::Read { row_count }, None)
        }
        Ok(None) => (Findings::default(), Outcome::NotDue, None),
        Err(Trouble { class, told: Told { why, advice } }) => {
            (Findings::default(), Outcome::Failed { error: why, class }, Some(advice))
        }
    };
    let duration_ms = began.elapsed().as_secs_f64() * 1e3;
    findings.sources.push(SourceReport { source, outcome, mend, duration_ms });
    findings
}
