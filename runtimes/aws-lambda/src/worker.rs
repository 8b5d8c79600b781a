//! Polls the servers of one invocation at the same time, each within what is left of the function's time. A warm process
//! keeps what cost something to make (exporters, stores, what a state's objects were) and believes none of it: each poll
//! opens a connection of its own and looks in the store whether others have polled since.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use pgquerylens_delivery::exporter::Exporter;
use pgquerylens_engine::poll::PollFailure;
use pgquerylens_model::delivery::DeliveryReport;
use pgquerylens_model::time::Timestamp;
use pgquerylens_setup::config::configuration::ServerConfig;
use pgquerylens_setup::config::{Configuration, Mistakes, Source};
use pgquerylens_setup::exit::Exit;
use pgquerylens_setup::failure::Failure;
use pgquerylens_setup::means::{Means, are_same};
use pgquerylens_setup::polls::{NotPolled, Polls, Surroundings};
use pgquerylens_setup::whereabouts::{self, Whereabouts};
use pgquerylens_store::store::Store;
use pgquerylens_store::url::StateUrl;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};
use tracing::warn;

use crate::event::Message;
use crate::outcome::{Outcome, Polled};
use crate::time;

/// How many servers a warm process remembers; who comes next is begun anew.
const MAX_WARM: usize = 64;
/// How long exporters get to take the news that a server is down.
const DOWN_NEWS: Duration = Duration::from_secs(2);

/// What a process keeps from one invocation to the next.
pub(crate) struct Worker {
    source: Source,
    surroundings: Surroundings,
    means: Means,
    /// Where we run, as attributes.
    whereabouts: Whereabouts,
    warm: BTreeMap<String, Warm>,
    invocations: u64,
}

/// What is kept of one server.
struct Warm {
    config: ServerConfig,
    exporters: Vec<Arc<Exporter>>,
    polls: Polls,
    last_used: u64,
}

/// A server to poll, and why.
struct Task {
    config: Configuration,
    why: Why,
}

/// Why a server is polled.
#[derive(Clone, Copy, Debug)]
enum Why {
    /// Somebody asked for it.
    Asked,
    /// A schedule's tick came.
    Ticked,
    /// A tick came, and a message went through a queue since then.
    Sent(Timestamp),
}

/// The moments that an invocation goes by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moments {
    /// Now, by our own clock.
    pub(crate) now: Timestamp,
    /// When everything has to be over.
    pub(crate) end: Instant,
}

impl Moments {
    /// Returns how long a poll may take that begins now, if it is worth to begin.
    fn for_polling(&self) -> Option<Duration> {
        time::for_polling(self.end.saturating_duration_since(Instant::now()))
    }
}

/// One server of an invocation, by its name, and how it went.
pub(crate) type Gone = (String, Outcome);

impl Worker {
    /// Makes one that knows nothing yet.
    pub(crate) fn new(source: Source, surroundings: Surroundings) -> Worker {
        let means = Means::none(&surroundings.secrets);
        // A function is known by its variables; of the machine beneath it nobody wants to hear.
        let whereabouts = whereabouts::detected(&surroundings.environment.variables, |_| None);
        Worker { source, surroundings, means, whereabouts, warm: BTreeMap::new(), invocations: 0 }
    }

    /// Polls the servers that the configuration names.
    pub(crate) async fn configured(&mut self, moments: Moments) -> Result<Vec<Gone>, Failure> {
        let configuration = self.source.load()?;
        let servers = configuration.servers.clone();
        let tasks = servers.into_iter().map(|server| {
            let config = Configuration { servers: vec![server], ..configuration.clone() };
            Ok(Task { config, why: Why::Ticked })
        });
        let named = tasks.map(|task: Result<Task, Failure>| (String::new(), task)).collect();
        Ok(self.poll_all(named, moments).await)
    }

    /// Polls the servers that an event names.
    pub(crate) async fn named(&mut self, targets: &[Value], moments: Moments) -> Vec<Gone> {
        let tasks = targets.iter().map(|target| (name_in(target), self.task(target, Why::Asked))).collect();
        self.poll_all(tasks, moments).await
    }

    /// Does what messages say; in their order.
    pub(crate) async fn sent(&mut self, messages: &[Message], moments: Moments) -> Vec<Gone> {
        let tasks = messages.iter().map(|message| match &message.target {
            Ok(target) => (name_in(target), self.task(target, message.sent.map_or(Why::Ticked, Why::Sent))),
            Err(why) => {
                let advice = "send what pgquerylens discover --queue-url sends";
                let failure = Failure::new(Exit::Data, why.clone(), advice);
                (format!("message {}", message.id), Err(failure))
            }
        });
        let tasks = tasks.collect();
        self.poll_all(tasks, moments).await
    }

    fn task(&self, target: &Value, why: Why) -> Result<Task, Failure> {
        let config = self
            .source
            .load_server(&target.to_string())
            .map_err(|mistakes: Mistakes| Failure::from(mistakes))?;
        Ok(Task { config, why })
    }

    async fn poll_all(&mut self, tasks: Vec<(String, Result<Task, Failure>)>, moments: Moments) -> Vec<Gone> {
        self.invocations += 1;
        let mut gone: Vec<Option<Gone>> = tasks.iter().map(|_| None).collect();
        let mut begun = Vec::new();
        let mut workers = 1;
        for (place, (name, task)) in tasks.into_iter().enumerate() {
            match task.and_then(|task| self.warmed(task)) {
                Ok((name, warm, why, at_once)) => {
                    workers = at_once;
                    begun.push((place, name, warm, why));
                }
                Err(failure) => {
                    let outcome = Outcome::Wrong(failure);
                    outcome.log(&name);
                    gone[place] = Some((name, outcome));
                }
            }
        }
        let polled = stream::iter(begun.into_iter().map(|(place, name, mut warm, why)| async move {
            let outcome = poll(&mut warm, why, moments).await;
            (place, name, warm, outcome)
        }));
        let mut polled = std::pin::pin!(polled.buffer_unordered(workers));
        while let Some((place, name, warm, outcome)) = polled.next().await {
            outcome.log(&name);
            self.keep(name.clone(), warm);
            gone[place] = Some((name, outcome));
        }
        gone.into_iter().flatten().collect()
    }

    /// Takes out what is kept of a server, or makes it anew if anything about it is another now.
    fn warmed(&mut self, task: Task) -> Result<(String, Warm, Why, usize), Failure> {
        let Configuration { process, mut servers, exporters } = task.config;
        let config = servers.swap_remove(0);
        self.means = self.means.renewed(exporters, Some(&config.state))?;
        // What the user says of us goes before what we find out.
        self.surroundings.resource = self.whereabouts.clone();
        self.surroundings.resource.extend(process.resource_attributes);
        let name = config.name.clone();
        let exporters = self.means.exporters_for(&config);
        let kept = self
            .warm
            .remove(&name)
            .filter(|warm| warm.config == config && are_same(&warm.exporters, &exporters));
        let warm = match kept {
            Some(warm) => warm,
            None => self.begin(config, exporters),
        };
        Ok((name, warm, task.why, process.workers))
    }

    fn begin(&self, config: ServerConfig, exporters: Vec<Arc<Exporter>>) -> Warm {
        let states = self.means.states();
        let store = Arc::new(
            states.map_or_else(|| Store::Memory(Default::default()), |states| states.of(&config.name)),
        );
        let root = states.map(|states| Arc::new(states.whole()));
        // Sums that begin anew with every process would say nothing.
        let series = self.means.series_for(&config).filter(|_| keeps_state(&config));
        let polls = Polls::new(&config, series, &exporters, root.as_ref(), &store, &self.surroundings);
        Warm { config, exporters, polls, last_used: 0 }
    }

    /// Keeps what a server has for the next invocation, in place of who was not here for the longest time.
    fn keep(&mut self, name: String, warm: Warm) {
        if !keeps_state(&warm.config) {
            return;
        }
        if self.warm.len() >= MAX_WARM
            && let Some(oldest) =
                self.warm.iter().min_by_key(|(_, warm)| warm.last_used).map(|(name, _)| name.clone())
        {
            self.warm.remove(&oldest);
        }
        self.warm.insert(name, Warm { last_used: self.invocations, ..warm });
    }
}

/// Tells whether a server has a state that outlives the process. What has none is read as if for the first time, whatever the
/// process knows: server counters are sums since their own reset, and need no state.
fn keeps_state(config: &ServerConfig) -> bool {
    config.state != StateUrl::Memory
}

async fn poll(warm: &mut Warm, why: Why, moments: Moments) -> Outcome {
    let every = warm.config.every;
    if let Why::Sent(sent) = why
        && moments.now.seconds_since(sent) > time::until_late(every).as_secs_f64()
    {
        return Outcome::Late;
    }
    if moments.for_polling().is_none() {
        return Outcome::OutOfTime;
    }
    let pause = if matches!(why, Why::Asked) { Duration::ZERO } else { time::least_pause(every) };
    warm.polls.set_least_pause(pause);
    let end = time::to_break_off(moments.end);
    let Warm { config, polls, .. } = warm;
    let whole = async {
        match prepare(&config.name, polls).await {
            Ok(()) => poll_and_deliver(config, polls, moments).await,
            Err(outcome) => outcome,
        }
    };
    let outcome = timeout_at(end, whole).await;
    polls.part();
    // Lambda freezes the process with its answer: whoever drives the connection closes it before that.
    tokio::task::yield_now().await;
    outcome.unwrap_or_else(|_| Outcome::Failed(hung()))
}

/// What was asked of a store or a receiver is bounded by patience of its own, which may be more than we have.
fn hung() -> Failure {
    Failure::new(
        Exit::Unavailable,
        "poll: not done in the function's time; nothing is lost, the next poll has the interval",
        "see whether the function's network has a way to the store of its state (in a VPC an endpoint of S3) and to the \
         receivers, or give it more time",
    )
}

/// Asks what an operator wants, and gets the password.
async fn prepare(server: &str, polls: &mut Polls) -> Result<(), Outcome> {
    let wanted = polls.wanted().await;
    for error in &wanted.unread {
        warn!(server, %error, "control not read, what was wanted before holds");
    }
    if let Some(stopped) = wanted.control.stopped {
        return Err(Outcome::Stopped(stopped.reason));
    }
    polls.prepare().await.map_err(Outcome::Failed)
}

async fn poll_and_deliver(config: &ServerConfig, polls: &mut Polls, moments: Moments) -> Outcome {
    let server = &config.name;
    let Some(time) = moments.for_polling() else { return Outcome::OutOfTime };
    polls.set_deadline(time.min(config.poll.limits.deadline));
    let failure = match polls.poll(moments.now).await {
        Ok(report) => {
            complain(server, &polls.recipients().drain(moments.end).await);
            return Outcome::Polled(Polled::of(&report));
        }
        Err(NotPolled::Unset(failure)) => return Outcome::Wrong(failure),
        Err(NotPolled::Failed(PollFailure::Overlapped)) => return Outcome::Overlapped,
        Err(NotPolled::Failed(PollFailure::Early { last })) => return Outcome::Early(last),
        Err(NotPolled::Failed(PollFailure::Resting { until, .. })) => return Outcome::Resting(until),
        Err(NotPolled::Failed(failure)) => Failure::from(failure),
    };
    let until = moments.end.min(Instant::now() + DOWN_NEWS);
    complain(server, &polls.recipients().say_down(moments.now, None, until).await);
    Outcome::Failed(failure)
}

/// Says who does not take what is sent after a poll, or in place of one.
fn complain(server: &str, deliveries: &[DeliveryReport]) {
    for delivery in deliveries {
        if let Some(error) = &delivery.trouble {
            warn!(
                server,
                exporter = delivery.exporter,
                waiting = delivery.outbox_entries,
                error,
                "delivery in trouble"
            );
        }
    }
}

/// Returns what an entry calls its server, for what is said before it is understood.
fn name_in(target: &Value) -> String {
    target.get("name").and_then(Value::as_str).unwrap_or("a target without a name").to_owned()
}
