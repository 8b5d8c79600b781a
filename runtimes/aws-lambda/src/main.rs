//! The function `bootstrap`: looks at the process, waits for events, and answers. What is done by an event is `worker`'s.

mod dispatcher;
mod event;
mod outcome;
mod time;
mod worker;

use std::collections::BTreeMap;
use std::env;
use std::path::PathBuf;
use std::rc::Rc;

use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use pgquerylens_engine::conninfo::Environment;
use pgquerylens_setup::clock;
use pgquerylens_setup::config::Source;
use pgquerylens_setup::config::secret_source::SecretAccess;
use pgquerylens_setup::exit::Exit;
use pgquerylens_setup::failure::Failure;
use pgquerylens_setup::log;
use pgquerylens_setup::options::{CommandLine, Given, unknown_variables};
use pgquerylens_setup::polls::Surroundings;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::time::Instant;
use tracing::warn;

use dispatcher::Dispatcher;
use event::Event;
use worker::{Gone, Moments, Worker};

/// What a function has otherwise than a process that never ends; the environment can say it anew.
const USUAL: [(&str, &str); 3] = [
    ("PGQUERYLENS_AUTH", "rds-iam"),
    ("PGQUERYLENS_LOG_FORMAT", "json"),
    ("PGQUERYLENS_SINGLE_FLIGHT", "true"),
];

fn main() -> Result<(), lambda_runtime::Error> {
    let environment = environment();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve(environment))
}

/// A configuration with a mistake is told to whoever invokes us, each time: nobody looks at a process that ended.
async fn serve(environment: Environment) -> Result<(), lambda_runtime::Error> {
    let function = Rc::new(Mutex::new(Function::of(environment)));
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| {
        let function = Rc::clone(&function);
        async move {
            // One invocation at a time: the runtime asks for the next when this one is answered.
            let answered = match &mut *function.lock().await {
                Ok(function) => function.answer(event).await,
                Err(failure) => Err(failure.clone()),
            };
            // The runtime's library writes the line of the log.
            answered.map_err(|failure| told(&failure))
        }
    }))
    .await
}

/// What the configuration makes of this function: a worker, and a dispatcher too where there is a queue.
struct Function {
    worker: Worker,
    dispatcher: Option<Dispatcher>,
}

impl Function {
    fn of(environment: Environment) -> Result<Function, Failure> {
        let given = Given::new("agent", CommandLine::default(), &environment.variables);
        let source = source(&given, &environment);
        log::start(&source.process()?, log::Repeats::Written)?;
        for mistake in unknown_variables(&environment.variables) {
            warn!(variable = mistake.written, "{}", mistake.instead);
        }
        let dispatcher = Dispatcher::of(&environment)?;
        let surroundings = Surroundings {
            secrets: SecretAccess::of(&environment),
            environment,
            hostname: None,
            resource: BTreeMap::new(),
        };
        Ok(Function { worker: Worker::new(source, surroundings), dispatcher })
    }

    async fn answer(&mut self, event: LambdaEvent<Value>) -> Result<Value, Failure> {
        let now = clock::now();
        let moments =
            Moments { now, end: Instant::now() + time::for_invocation(event.context.deadline, now) };
        let what = Event::read(&event.payload);
        let gone = match what.map_err(|why| Failure::new(Exit::Data, why, ""))? {
            Event::Tick => match &self.dispatcher {
                Some(dispatcher) => return dispatcher.dispatch_by(moments.end).await,
                None => self.worker.configured(moments).await?,
            },
            Event::Targets(targets) => self.worker.named(&targets, moments).await,
            Event::Messages(messages) => {
                let gone = self.worker.sent(&messages, moments).await;
                let again = messages.iter().zip(&gone).filter(|(_, (_, outcome))| outcome.comes_again());
                let again: Vec<Value> =
                    again.map(|(message, _)| json!({"itemIdentifier": message.id})).collect();
                return Ok(json!({"batchItemFailures": again}));
            }
        };
        judged(&gone)
    }
}

/// A configuration is a file of the package, or stands in the variable itself.
fn source(given: &Given<'_>, environment: &Environment) -> Source {
    let said = environment.variables.get("PGQUERYLENS_CONFIG").filter(|said| !said.is_empty());
    match said.filter(|said| said.trim_start().starts_with('{')) {
        Some(text) => Source::new(None, given, environment).with_text(text.clone()),
        None => Source::new(said.map(PathBuf::from), given, environment),
    }
}

/// An invocation fails if none of its servers was read that should have been: then somebody is told.
fn judged(gone: &[Gone]) -> Result<Value, Failure> {
    if !gone.is_empty() && gone.iter().all(|(_, outcome)| outcome.is_failure()) {
        let count = gone.len();
        let first =
            gone.first().map_or_else(String::new, |(server, outcome)| format!("{server}: {}", outcome.why()));
        let problem = format!("none of {count} servers was read; {first}");
        return Err(Failure::new(Exit::Unavailable, problem, "the log has a line for each"));
    }
    let servers: Vec<Value> = gone.iter().map(|(server, outcome)| outcome.told(server)).collect();
    Ok(json!({ "servers": servers }))
}

fn told(failure: &Failure) -> Diagnostic {
    Diagnostic { error_type: format!("Pgquerylens.{:?}", failure.exit), error_message: failure.in_one_line() }
}

fn environment() -> Environment {
    let said = env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let usual = USUAL.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Environment { variables: usual.chain(said).collect(), home: None, user: None }
}
