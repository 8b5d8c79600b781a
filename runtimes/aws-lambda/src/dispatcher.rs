//! Looks for servers and sends a message for each to a queue, from which workers poll. It polls nothing itself.

use pgquerylens_aws::discover::{self, Found, discover};
use pgquerylens_aws::queue;
use pgquerylens_aws::session::Sessions;
use pgquerylens_engine::conninfo::Environment;
use pgquerylens_setup::discovery;
use pgquerylens_setup::exit::Exit;
use pgquerylens_setup::failure::Failure;
use pgquerylens_setup::options::{CommandLine, Given};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};
use tracing::{info, warn};

use crate::time;

/// What is looked for, and where messages go.
pub(crate) struct Dispatcher {
    search: discover::Search,
    sessions: Sessions,
    queue_url: String,
}

impl Dispatcher {
    /// Returns a dispatcher if the environment names a queue.
    pub(crate) fn of(environment: &Environment) -> Result<Option<Dispatcher>, Failure> {
        let mut given = Given::new("discover", CommandLine::default(), &environment.variables);
        let Some(queue_url) = given.text("queue-url") else { return Ok(None) };
        let search = discovery::search(&mut given);
        given.finish()?;
        Ok(Some(Dispatcher { search, sessions: Sessions::new(None), queue_url }))
    }

    /// Looks and sends while there is time. What was sent by then is in the queue, and the next tick sends all of it again.
    pub(crate) async fn dispatch_by(&self, end: Instant) -> Result<Value, Failure> {
        let left = end.saturating_duration_since(Instant::now());
        let time = time::for_polling(left).unwrap_or_default();
        let out_of_time = |_| {
            let problem =
                format!("find servers and send them to the queue: not done in {} s", time.as_secs());
            Failure::new(
                Exit::TryAgain,
                problem,
                "give the function more time, or each account a dispatcher of its own",
            )
        };
        timeout(time, self.dispatch()).await.map_err(out_of_time)?
    }

    /// Looks, and sends. It fails if nothing was found because nobody let us look, or if nothing could be sent.
    async fn dispatch(&self) -> Result<Value, Failure> {
        let found = discover(&self.search, &self.sessions).await;
        log(&found);
        if let (true, Some(trouble)) = (found.servers.is_empty(), found.troubles.first()) {
            let problem = format!("find servers: {}", trouble.why);
            return Err(Failure::new(Exit::Denied, problem, trouble.advice.clone()));
        }
        let targets: Vec<_> = found.servers.iter().map(discover::target).collect();
        let queued = queue::send(&targets, &self.queue_url, &self.sessions).await;
        for unsent in &queued.unsent {
            warn!(server = unsent.name, error = unsent.why, advice = unsent.advice, "not sent");
        }
        if let (0, Some(unsent)) = (queued.sent, queued.unsent.first()) {
            let problem = format!("send to the queue: {}", unsent.why);
            return Err(Failure::new(Exit::Unavailable, problem, unsent.advice.clone()));
        }
        info!(servers = queued.sent, left_out = found.left_out.len(), "dispatched");
        Ok(json!({
            "sent": queued.sent,
            "unsent": queued.unsent.len(),
            "left_out": found.left_out.len(),
            "troubles": found.troubles.len(),
        }))
    }
}

fn log(found: &Found) {
    for trouble in &found.troubles {
        warn!(error = trouble.why, advice = trouble.advice, "not looked");
    }
    for remark in &found.remarks {
        warn!(server = remark.identifier, about = remark.about, advice = remark.advice, "found, but");
    }
    for omitted in &found.left_out {
        info!(server = omitted.identifier, why = %omitted.why, "left out");
    }
}
