//! `demo`: a real server with a busy shop in it, polled through the same code as any other. It ends by itself or on a
//! signal and leaves nothing behind.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use pgquerylens_engine::conninfo::{self, Environment};
use pgquerylens_engine::limits::Limits;
use pgquerylens_engine::poll::{PollOptions, Poller};
use pgquerylens_engine::source::live::Live;
use pgquerylens_engine::state::memory::MemoryStore;
use pgquerylens_model::cadence::Pauses;
use pgquerylens_model::selection::Order;
use pgquerylens_sandbox::workload::shop::{self, Pace, Workload};
use pgquerylens_sandbox::{Error, Installation, Server, ServerBuilder, majors, newest, roles};
use pgquerylens_setup::exit::Exit;
use pgquerylens_setup::failure::Failure;
use pgquerylens_setup::options::{Given, Said};

use super::repeat::{Last, repeat};
use super::stage::Trouble;
use super::{demo_agent, demo_aws, settings};
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
/// New statements get their text soon; the shop has few.
const TEXT_PAUSE_SECONDS: f64 = 5.0;
/// How long the shop works before the first poll. Its stock-taker holds a row for 2.5 s out of every 3, the usual
/// interval of polls: two seconds into that the wait for it is worth seeing.
const WARM_UP: Duration = Duration::from_secs(2);

const CLOSING: &str = "\
That was a small shop with four mistakes planted, and this is where they showed:
  a row is held open   shop-stock changes a product and commits 2.5 s later: WHO BLOCKS WHOM, and the
                       update of shop.products that waits for it has most of the time
  an index is missing  select … from shop.orders where customer_email = …: next by time, a few rows
                       for many milliseconds; rows read/s of the database
  a sort does not fit  select product_id, count(*) …: the temp column
  bulk loads           insert into shop.page_views …: the WAL column

The server is stopped and its files are gone. To look at a database of yours, with pg_monitor:
  pgquerylens poll postgresql://user@host/db
";

/// Runs the subcommand.
pub(super) async fn run(mut given: Given<'_>, process: &Process) -> Result<Exit, Failure> {
    let schedule = Schedule { every: given.duration("every"), lasting: given.duration("for"), polls: None };
    let form = settings::table(&mut given, process, true);
    let order = settings::order(&mut given);
    let top = given.count("top").unwrap_or_default();
    let (shows_agent, shows_aws) = (given.flag("agent"), given.flag("aws"));
    let play = if shows_aws { "aws" } else { "agent" };
    for name in ["every", "for", "order", "top"] {
        if (shows_agent || shows_aws) && given.said(name) == Said::CommandLine {
            let instead = format!("give one of them: what --{play} shows is always the same");
            given.mistake(format!("--{play} and --{name}"), instead);
        }
    }
    if shows_agent && shows_aws {
        given.mistake("--agent and --aws", "give one of them: each is a play of its own");
    }
    let function = given.text("function").map_or_else(beside_us, PathBuf::from);
    let (postgres, said) = (given.text("postgres"), given.said("postgres"));
    given.finish()?;
    if let Some(folder) = postgres {
        look_into(&folder)?;
        if said == Said::CommandLine {
            return Err(begin_again_with(&folder, process));
        }
    }
    let mut stop = Stop::listen().map_err(|error| Failure::of(Exit::Internal, &error, ""))?;
    if shows_agent {
        return demo_agent::run(&mut stop).await;
    }
    if shows_aws {
        return demo_aws::run(function, &mut stop).await;
    }
    let opened = tokio::select! {
        opened = Theatre::open() => opened?,
        () = stop.requested() => return Ok(Exit::Done),
    };
    let watched = watch(&opened, &schedule, form, order, top, &mut stop).await;
    opened.close().await.map_err(Trouble::from)?;
    watched?;
    output::write(&format!("\n{CLOSING}"))?;
    Ok(Exit::Done)
}

/// Where a build puts the function: beside this program.
fn beside_us() -> PathBuf {
    let own = std::env::current_exe().unwrap_or_default();
    own.with_file_name("bootstrap")
}

/// The sandbox looks elsewhere if a folder has no PostgreSQL; whoever named the folder wants to hear of that.
fn look_into(folder: &str) -> Result<(), Failure> {
    let has = |major: u32| Path::new(folder).join(major.to_string()).join("bin/postgres").exists();
    if majors().into_iter().any(has) {
        return Ok(());
    }
    let newest = newest();
    Err(Failure::new(
        Exit::NoInput,
        format!("find PostgreSQL in {folder}: there is no {newest}/bin/postgres, nor one of an older major"),
        format!("name the folder that has {newest}/bin below it, or leave --postgres out"),
    ))
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
    async fn open() -> Result<Theatre, Trouble> {
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
        // What it took to build the shop is not what it does.
        server.execute_in(DATABASE, "select pg_stat_statements_reset()").await?;
        let workload = Workload::start(&server.url(shop::ROLE, DATABASE), Pace::Lively, SEED).await?;
        tokio::time::sleep(WARM_UP).await;
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
    let limits = Limits { pauses: PAUSES, text_pause_seconds: TEXT_PAUSE_SECONDS, ..Limits::default() };
    let options = PollOptions { orders: vec![order], ..PollOptions::within(limits.clone(), top) };
    let mut poller = Poller::new(Live::new(target, limits), MemoryStore::default(), address, options);
    let mut presenter = Presenter::new(form);
    let last = repeat(&mut poller, schedule, stop, |_, report| presenter.show(report)).await?;
    presenter.finish()?;
    match last {
        Last::Reported => Ok(()),
        Last::Failed(failure) => Err(failure),
    }
}

#[cfg(test)]
mod tests {
    use super::look_into;

    #[test]
    fn a_folder_without_postgresql_is_not_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().to_str().unwrap();
        assert_eq!(look_into(name).unwrap_err().exit.code(), 66);
        std::fs::create_dir_all(folder.path().join("16/bin")).unwrap();
        std::fs::write(folder.path().join("16/bin/postgres"), "").unwrap();
        assert_eq!(look_into(name), Ok(()));
    }
}
