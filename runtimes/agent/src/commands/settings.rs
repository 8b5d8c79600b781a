//! What several subcommands read from the options alike: the target, the limits, what is read and how it is shown.

use pgquerylens_aws::session::Account;
use pgquerylens_engine::conninfo::{self, Target};
use pgquerylens_engine::limits::Limits;
use pgquerylens_engine::poll::Databases;
use pgquerylens_model::cadence::Pauses;
use pgquerylens_model::selection::Order;
use pgquerylens_setup::access;
use pgquerylens_setup::exit::Exit;
use pgquerylens_setup::failure::Failure;
use pgquerylens_setup::login::Login;
use pgquerylens_setup::one_server;
use pgquerylens_setup::options::{Given, Said, value};
use pgquerylens_store::states::States;
use pgquerylens_store::url::StateUrl;

use crate::output::{self, Form};
use crate::process::Process;
use crate::report::{MAX_WIDTH, RenderOptions};

/// Returns the server that is meant, after a word on what deserves one.
pub(super) fn target(connection: Option<&str>, process: &Process) -> Result<Target, Failure> {
    let target = conninfo::resolve(connection, &process.environment)?;
    for warning in &target.warnings {
        output::say_warning(warning);
    }
    match one_server::reader_endpoint(&target) {
        Some(host) => Err(Failure::new(Exit::Configuration, one_server::problem(host), one_server::INSTEAD)),
        None => Ok(target),
    }
}

/// Returns how we log in.
pub(super) fn login(given: &mut Given<'_>) -> Login {
    let external_id = given.text("aws-external-id");
    let account = given.text("aws-role").and_then(|roles| Account::by(&roles, external_id));
    Login::of(given.choice("auth"), given.text("aws-region").as_deref(), account)
}

/// Returns the budget of a poll.
pub(super) fn limits(given: &mut Given<'_>) -> Limits {
    let usual = session_limits(given);
    let seconds = |time: std::time::Duration| time.as_secs_f64();
    Limits {
        pauses: Pauses {
            minutes_seconds: given.duration("minutes-pause").map_or(usual.pauses.minutes_seconds, seconds),
            hours_seconds: given.duration("hours-pause").map_or(usual.pauses.hours_seconds, seconds),
        },
        text_pause_seconds: given.duration("text-pause").map_or(usual.text_pause_seconds, seconds),
        ..usual
    }
}

/// Returns the part of the budget that a single session has; the pauses between readings are the usual ones.
pub(super) fn session_limits(given: &mut Given<'_>) -> Limits {
    let usual = Limits::default();
    Limits {
        connect_timeout: given.duration("connect-timeout").unwrap_or(usual.connect_timeout),
        statement_timeout: given.duration("statement-timeout").unwrap_or(usual.statement_timeout),
        lock_timeout: given.duration("lock-timeout").unwrap_or(usual.lock_timeout),
        idle_in_transaction_timeout: given
            .duration("idle-in-transaction-timeout")
            .unwrap_or(usual.idle_in_transaction_timeout),
        work_mem_kib: work_mem_kib(given, usual.work_mem_kib),
        deadline: given.duration("deadline").unwrap_or(usual.deadline),
        text_budget_bytes: given.bytes("text-budget").unwrap_or(usual.text_budget_bytes),
        ..usual
    }
}

fn work_mem_kib(given: &mut Given<'_>, usual: u32) -> u32 {
    let Some(bytes) = given.bytes("work-mem") else { return usual };
    value::work_mem_kib(bytes).unwrap_or_else(|instead| {
        given.mistake(format!("--work-mem {}kB", bytes / 1024), instead);
        usual
    })
}

/// A connect_timeout of the connection string holds unless the option is said.
pub(super) fn with_timeout_of(target: &Target, limits: Limits, said: Said) -> Limits {
    match target.connect_timeout {
        Some(connect_timeout) if said == Said::Nowhere => Limits { connect_timeout, ..limits },
        _ => limits,
    }
}

/// Returns whose tables and indexes are read.
pub(super) fn databases(given: &mut Given<'_>) -> Databases {
    match given.either("database", "all-databases") {
        Some("database") => Databases::Named(given.texts("database")),
        Some(_) if given.flag("all-databases") => Databases::All,
        _ => Databases::Connected,
    }
}

/// Returns the order in which statements are ranked.
pub(super) fn order(given: &mut Given<'_>) -> Order {
    let name = given.choice("order").unwrap_or_default();
    Order::ALL.into_iter().find(|order| order.name() == name).unwrap_or(Order::Time)
}

/// Returns how what is shown looks: its width and whether it has colour.
pub(super) fn look(given: &mut Given<'_>, process: &Process) -> RenderOptions {
    let colour = match given.choice("colour") {
        Some("always") => true,
        Some("never") => false,
        _ => process.colour,
    };
    let width = process.terminal.map_or(MAX_WIDTH, |terminal| terminal.width);
    RenderOptions { width, colour, ..RenderOptions::default() }
}

/// Returns how reports look; those of a repeated poll replace each other in a terminal.
pub(super) fn table(given: &mut Given<'_>, process: &Process, repeated: bool) -> Form {
    let options = look(given, process);
    let options =
        RenderOptions { top: given.count("top").unwrap_or(options.top), order: order(given), ..options };
    match process.terminal {
        Some(terminal) if repeated => Form::Screen(RenderOptions { live: true, ..options }, terminal),
        _ => Form::Table(options),
    }
}

/// Returns where states are, if that is said by `--state`.
pub(super) fn state(given: &mut Given<'_>) -> Option<StateUrl> {
    let text = given.text("state")?;
    read_state(given, "--state ", &text)
}

/// Returns where states are, by a place on the command line or else as [`state`] does.
pub(super) fn state_at(given: &mut Given<'_>, place: &'static str) -> Option<StateUrl> {
    match given.either(place, "state") {
        Some("state") => state(given),
        _ => {
            let text = given.text(place)?;
            read_state(given, "", &text)
        }
    }
}

fn read_state(given: &mut Given<'_>, option: &str, text: &str) -> Option<StateUrl> {
    let read = StateUrl::parse(text);
    let written = || format!("{option}{}", StateUrl::without_login(text));
    read.map_err(|instead| given.mistake(written(), instead)).ok()
}

/// Opens states by what the environment says.
pub(super) async fn states(url: &StateUrl, process: &Process) -> Result<States, Failure> {
    let secrets = &process.secrets;
    let access = access::located(access::of(secrets), url, &secrets.sessions).await;
    Ok(States::open(url, &access)?)
}
