//! What demos share that hold what was executed against what was received: servers with a statement of which every call
//! is known, the table at the end, and what goes wrong on the way.

use std::fmt::Write as _;

use pgquerylens_sandbox::receiver::{Account, Receiver};
use pgquerylens_sandbox::{SUPERUSER, Server, ServerBuilder};
use pgquerylens_setup::exit::Exit;
use pgquerylens_setup::failure::{DISK, Failure, REPORT_IT};

use crate::output;

/// What each server executes, and what PostgreSQL makes of it: one statement of its own, so that its calls are known.
pub(super) const CAST: [(&str, [&str; 2]); 2] =
    [("shop", ["select 1 + 1", "select $1 + $2"]), ("billing", ["select 2 * 2", "select $1 * $2"])];

/// A server, and what it has executed of its statement.
pub(super) struct Actor {
    pub(super) name: &'static str,
    statement: &'static str,
    pub(super) server: Server,
    queryid: i64,
    pub(super) executed: u64,
}

/// Why a demo ended early.
pub(super) struct Trouble(Failure);

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Trouble {
        Trouble(failure)
    }
}

impl From<Trouble> for Failure {
    fn from(Trouble(failure): Trouble) -> Failure {
        failure
    }
}

impl From<pgquerylens_sandbox::Error> for Trouble {
    fn from(error: pgquerylens_sandbox::Error) -> Trouble {
        use pgquerylens_sandbox::Error as Sandbox;
        let (exit, advice) = match &error {
            Sandbox::NotInstalled { .. } => (
                Exit::NoInput,
                "in a clone of the repository `make demo` installs it; or name a folder with 18/bin below it: \
                 pgquerylens demo --postgres DIR",
            ),
            Sandbox::Exited { .. } => (Exit::Unavailable, "mend what the log names and start the demo again"),
            Sandbox::TimedOut { .. } => {
                (Exit::TryAgain, "start the demo again when the machine is less busy")
            }
            Sandbox::Io { .. } => (Exit::Io, DISK),
            Sandbox::Unsupported { .. } | Sandbox::Sql { .. } | Sandbox::Certificate(_) => {
                (Exit::Internal, REPORT_IT)
            }
        };
        Trouble(Failure::of(exit, &error, advice))
    }
}

impl Actor {
    pub(super) async fn enter(
        name: &'static str,
        [statement, normalised]: [&'static str; 2],
        builder: ServerBuilder,
    ) -> Result<Actor, Trouble> {
        let server = builder.start_monitored().await?;
        server.execute(statement).await?;
        let queryid = server.queryid_of(normalised).await?;
        Ok(Actor { name, statement, server, queryid, executed: 0 })
    }

    pub(super) async fn execute(&mut self, times: u64) -> Result<(), Trouble> {
        let client = self.server.client(SUPERUSER, "postgres").await?;
        for _ in 0..times {
            let done = client.batch_execute(self.statement).await;
            done.map_err(|error| Failure::of(Exit::Unavailable, &error, "start the demo again"))?;
            self.executed += 1;
        }
        Ok(())
    }

    pub(super) fn received(&self, account: &Account) -> u64 {
        account.calls(self.name, self.queryid)
    }

    pub(super) fn received_as_events(&self, account: &Account) -> u64 {
        account.calls_of_events(self.queryid)
    }
}

/// Says how far it has come.
pub(super) fn progress(actors: &[Actor], account: &Account) -> String {
    let parts = actors.iter().map(|actor| {
        format!("{} executed {}, received {}", actor.name, actor.executed, actor.received(account))
    });
    format!("  {}", parts.collect::<Vec<_>>().join(" · "))
}

/// Shows the table; fails if not everything arrived once.
pub(super) fn settled(actors: &[Actor], receiver: &Receiver) -> Result<(), Trouble> {
    let (table, is_whole) = table(actors, receiver);
    output::write(&table)?;
    if is_whole {
        return Ok(());
    }
    let (problem, advice) = ("what was received is not what was executed", "please report the table above");
    Err(Failure::new(Exit::Internal, problem, advice).into())
}

/// Returns the table, and whether everything arrived once.
fn table(actors: &[Actor], receiver: &Receiver) -> (String, bool) {
    let account = receiver.account();
    let mut table = format!(
        "\n{:<10} {:>10} {:>12} {:>12} {:>8} {:>8}\n",
        "server", "executed", "as metrics", "as events", "lost", "twice"
    );
    let mut is_whole = account.violations.is_empty();
    for actor in actors {
        let (metrics, events) = (actor.received(&account), actor.received_as_events(&account));
        let lost = actor.executed.saturating_sub(metrics.min(events));
        let twice = metrics.max(events).saturating_sub(actor.executed);
        is_whole &= lost == 0 && twice == 0;
        // Writing to a string cannot fail.
        let _ = writeln!(
            table,
            "{:<10} {:>10} {metrics:>12} {events:>12} {lost:>8} {twice:>8}",
            actor.name, actor.executed
        );
    }
    let requests = receiver.requests().len();
    let _ = writeln!(
        table,
        "{requests} requests; {} points said again what was known; {} rules of OTLP broken",
        account.repeats,
        account.violations.len()
    );
    (table, is_whole)
}
