//! `demo`: a real server with a busy shop in it, polled through the same code as any other. It ends by itself or on a
//! signal and leaves nothing behind.

use std::os::unix::process::CommandExt;
use std::process::Command;

use pgquerylens_engine::conninfo::{self, Environment};
use pgquerylens_engine::limits::Limits;
use pgquerylens_engine::poll::{Databases, PollOptions, Poller};
use pgquerylens_engine::source::live::Live;
use pgquerylens_engine::state::memory::MemoryStore;
use pgquerylens_model::cadence::Pauses;
use pgquerylens_model::selection::Order;
use pgquerylens_sandbox::workload::shop::{self, Pace, Workload};
use pgquerylens_sandbox::{Error, Installation, Server, ServerBuilder, newest, roles};

use super::repeat::{Last, repeat};
use super::settings;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::options::{Given, Said};
use crate::output::{self, Form, Presenter};
use crate::process::Process;
use crate::schedule::Schedule;
use crate::stop::Stop;

/// The shop's database.
const DATABASE: &str = "shop";
/// By which every demo does the same in the same order.
const SEED: u64 = 1;
/// Views of the slow classes are read now and then in a demo too, or nobody would see them change.
const PAUSES: Pauses = Pauses { minutes_seconds: 15.0, hours_seconds: 3_600.0 };

const CLOSING: &str = "\
That was a shop with four mistakes planted, which the reports show:
  an index is missing    select … from shop.orders where customer_email = $1: most of the time, every row read
  a row is held open     shop-stock changes a product and thinks for 2.5 s; shop-prices waits for it: blocked sessions
  sorts do not fit       shop-report ranks all order items with work_mem 256kB: temporary blocks
  bulk loads             shop-import writes 2,000 rows at a time: most of the WAL

The server is stopped and its files are gone. Your own database needs a role with pg_monitor, and:
  pgquerylens poll postgresql://user@host/db
";

/// Runs the subcommand.
pub(super) async fn run(mut given: Given<'_>, process: &Process) -> Result<Exit, Failure> {
    let schedule = Schedule { every: given.duration("every"), lasting: given.duration("for"), polls: None };
    let form = settings::table(&mut given, process, true);
    let order = settings::order(&mut given);
    let top = given.count("top").unwrap_or_default();
    let (postgres, said) = (given.text("postgres"), given.said("postgres"));
    given.finish()?;
    if let Some(folder) = postgres.filter(|_| said == Said::CommandLine) {
        return Err(begin_again_with(&folder, process));
    }
    let mut stop = Stop::listen().map_err(|error| Failure::of(Exit::Internal, &error, ""))?;
    let opened = tokio::select! {
        opened = Theatre::open() => opened?,
        () = stop.requested() => return Ok(Exit::Done),
    };
    let watched = watch(&opened, &schedule, form, order, top, &mut stop).await;
    opened.close().await?;
    watched?;
    output::write(&format!("\n{CLOSING}"))?;
    Ok(Exit::Done)
}

/// The sandbox finds PostgreSQL by the environment, which a process cannot change for itself: it becomes another one.
fn begin_again_with(folder: &str, process: &Process) -> Failure {
    let mut arguments = process.arguments.iter().skip(1).peekable();
    let mut kept = Vec::new();
    while let Some(argument) = arguments.next() {
        let text = argument.to_string_lossy();
        if text == "--postgres" {
            arguments.next();
        } else if !text.starts_with("--postgres=") {
            kept.push(argument);
        }
    }
    let program = std::env::current_exe().unwrap_or_else(|_| "pgquerylens".into());
    let error = Command::new(program).args(kept).env("PGQUERYLENS_POSTGRES", folder).exec();
    Failure::of(
        Exit::Internal,
        &error,
        format!("set the environment variable: PGQUERYLENS_POSTGRES={folder}"),
    )
}

/// The server and the shop that works in it.
struct Theatre {
    workload: Workload,
    server: Server,
}

impl Theatre {
    async fn open() -> Result<Theatre, Failure> {
        let installation = Installation::find()?;
        let major = installation.newest().unwrap_or_else(newest);
        output::say(&format!("starting a throw-away PostgreSQL {major} with a small shop in it …"));
        let server = configured(Server::new(major), &installation).start().await?;
        let superuser = server.superuser().await?;
        roles::create_monitor_role(&superuser).await?;
        server.execute(&format!("create database {DATABASE}")).await?;
        server.execute_in(DATABASE, "create extension pg_stat_statements").await?;
        let client = server.client(pgquerylens_sandbox::SUPERUSER, DATABASE).await?;
        shop::create(&client, shop::ORDERS).await?;
        let workload = Workload::start(&server.url(shop::ROLE, DATABASE), Pace::Lively, SEED).await?;
        Ok(Theatre { workload, server })
    }

    /// Sends the shop home and removes the server.
    async fn close(self) -> Result<(), Error> {
        let stopped = self.workload.stop().await;
        drop(self.server);
        stopped.map(|_done| ())
    }
}

fn configured(server: ServerBuilder, installation: &Installation) -> ServerBuilder {
    server.installation(installation).setting("track_io_timing", "on").setting("track_functions", "all")
}

async fn watch(
    theatre: &Theatre,
    schedule: &Schedule,
    form: Form,
    order: Order,
    top: usize,
    stop: &mut Stop,
) -> Result<(), Failure> {
    let url = theatre.server.url(roles::MONITOR, DATABASE);
    let target = conninfo::resolve(Some(&url), &Environment::default())?;
    let address = target.address();
    let limits = Limits { pauses: PAUSES, ..Limits::default() };
    let options = PollOptions {
        limits: limits.clone(),
        top,
        orders: vec![order],
        databases: Databases::Connected,
        all_due: false,
    };
    let mut poller = Poller::new(Live::new(target, limits), MemoryStore::default(), address, options);
    let mut presenter = Presenter::new(form);
    let last = repeat(&mut poller, schedule, stop, |report| presenter.show(report)).await?;
    presenter.finish()?;
    match last {
        Last::Reported => Ok(()),
        Last::Failed(failure) => Err(failure),
    }
}
