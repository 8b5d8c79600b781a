//! One server, from values to types: where it is, what it is called, what a poll of it reads and may cost.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use pgquerylens_aws::session::Account;
use pgquerylens_engine::conninfo::{self, Environment, Target};
use pgquerylens_engine::limits::Limits;
use pgquerylens_engine::poll::{Databases, LockKey, PollOptions};
use pgquerylens_engine::secret::Secret;
use pgquerylens_model::cadence::Pauses;
use pgquerylens_store::url::StateUrl;

use super::configuration::ServerConfig;
use super::document::shown;
use super::draft::ServerDraft;
use super::layer::{Layer, Origin};
use super::mistake::Mistake;
use super::observed::observed;
use super::secret_source::SecretSource;
use crate::login::Login;
use crate::one_server;
use crate::options::value::{nearest, work_mem_kib};

/// The most bytes of a server's name: written as a folder it may have three times as many, which file systems take.
const MAX_NAME_BYTES: usize = 80;
/// The shortest interval between polls.
const MIN_EVERY: Duration = Duration::from_secs(1);

/// What servers have in common when they are read.
pub(super) struct Surroundings<'s> {
    /// Variables, home and user.
    pub(super) environment: &'s Environment,
    /// Where all states are.
    pub(super) state: StateUrl,
    /// For how long a process keeps others off them.
    pub(super) lease: Option<Duration>,
    /// Whether one poll at a time is to use a state.
    pub(super) single_flight: bool,
    /// The names of all exporters, those of exporters with mistakes among them.
    pub(super) exporter_names: &'s [String],
}

impl Surroundings<'_> {
    /// A state in memory is of this process alone.
    fn lock_of(&self, server: &str) -> Option<LockKey> {
        let is_shared = self.single_flight && self.state != StateUrl::Memory;
        is_shared.then(|| LockKey::of(&format!("{}/{server}", self.state)))
    }
}

/// Reads servers; those with mistakes are left out.
pub(super) fn servers(
    drafts: &[ServerDraft],
    surroundings: &Surroundings<'_>,
    mistakes: &mut Vec<Mistake>,
) -> Vec<ServerConfig> {
    let mut names = BTreeMap::new();
    let mut servers = Vec::new();
    for draft in drafts {
        let Some(server) = server(draft, surroundings, mistakes) else { continue };
        match names.insert(server.name.clone(), draft.at) {
            None => servers.push(server),
            Some(first) => mistakes.push(same_name(draft, &server.name, first.map_or(0, |at| at.line))),
        }
    }
    servers
}

fn same_name(draft: &ServerDraft, name: &str, line: usize) -> Mistake {
    let what = format!("name {name}");
    let instead = format!("the server in line {line} has it: write another name");
    match (draft.layer.get("name"), draft.at) {
        (Some(setting), _) => setting.mistake(instead),
        (None, Some(at)) => Mistake::at(at, what, instead),
        (None, None) => Mistake::outside(what, instead),
    }
}

fn server(
    draft: &ServerDraft,
    surroundings: &Surroundings<'_>,
    mistakes: &mut Vec<Mistake>,
) -> Option<ServerConfig> {
    let layer = &draft.layer;
    // A server of the file always says where it is; where that could not be read, it is told already.
    let says_where = draft.at.is_none() || layer.get("connection").is_some();
    let target = says_where.then(|| target(layer, surroundings.environment, mistakes)).flatten();
    let limits = limits(layer, target.as_ref(), mistakes);
    let exporters = exporters(layer, surroundings.exporter_names, mistakes);
    let every = layer.duration("every");
    if let Some(setting) = layer.get("every").filter(|_| every < MIN_EVERY) {
        mistakes.push(setting.mistake("it is too short: write 1s or more"));
    }
    if surroundings.lease.is_some_and(|lease| lease < every * 3) {
        let least = every.as_secs() * 3;
        let instead = format!("polls renew it: write {least}s or more, three times the longest interval");
        mistakes.push(Mistake::outside("state-lease", instead));
    }
    let target = target?;
    let name = name(draft, &target, mistakes)?;
    let external_id = layer.text("aws-external-id").map(str::to_owned);
    let account = layer.text("aws-role").and_then(|roles| Account::by(roles, external_id));
    Some(ServerConfig {
        address: target.address(),
        connection: layer.text("connection").map(Secret::from),
        login: login(layer, account.clone(), mistakes),
        password: password(layer, account.clone()),
        observed: observed(layer, &target, account, mistakes),
        labels: layer.labels("labels"),
        cluster: layer.text("cluster").map(str::to_owned),
        every,
        // Whoever knows the exporters of the server fills in which statements get running sums.
        poll: PollOptions {
            databases: databases(layer),
            single_flight: surroundings.lock_of(&name),
            ..PollOptions::within(limits, layer.count("top"))
        },
        state: surroundings.state.clone(),
        lease: surroundings.lease,
        exporters,
        name,
    })
}

/// What lies at AWS is read by the role of the server's account.
fn password(layer: &Layer, account: Option<Account>) -> Option<SecretSource> {
    layer.secret("password").map(|source| match source {
        SecretSource::Aws(secrets) => SecretSource::Aws(secrets.read_by(account)),
        source => source,
    })
}

/// A token takes the place of a password.
fn login(layer: &Layer, account: Option<Account>, mistakes: &mut Vec<Mistake>) -> Login {
    let login = Login::of(Some(layer.word("auth")), layer.text("aws-region"), account);
    if let (true, Some(password)) = (login != Login::Password, layer.get("password")) {
        mistakes.push(password.mistake("a token is the password: leave it out, or write auth: password"));
    }
    login
}

/// Finds out where the server is, to tell mistakes now and not at the first poll.
fn target(layer: &Layer, environment: &Environment, mistakes: &mut Vec<Mistake>) -> Option<Target> {
    let setting = layer.get("connection");
    let found = conninfo::resolve(layer.text("connection"), environment);
    let told = |mistake: conninfo::Mistake| match setting {
        Some(setting) => setting.mistake(format!("{}: {}", mistake.what, mistake.instead)),
        None => Mistake::outside(mistake.what, mistake.instead),
    };
    let target =
        found.map_err(|conninfo::Mistakes(found)| mistakes.extend(found.into_iter().map(told))).ok()?;
    if let Some(host) = one_server::reader_endpoint(&target) {
        let (what, instead) = (one_server::problem(host), one_server::INSTEAD);
        mistakes.push(match setting {
            Some(setting) => setting.mistake(format!("{what}: {instead}")),
            None => Mistake::outside(what, instead),
        });
    }
    // Said alone, without what the environment adds, the connection string shows whether it has a password itself.
    let alone = Environment { user: Some("nobody".to_owned()), ..Environment::default() };
    let has_password =
        conninfo::resolve(layer.text("connection"), &alone).is_ok_and(|alone| alone.password.is_some());
    match (layer.get("password"), setting) {
        (Some(password), Some(_)) if has_password => {
            mistakes.push(password.mistake("the connection has a password too: leave it out there"));
            None
        }
        _ => Some(target),
    }
}

/// Returns the name: the user's own, or host:port/database.
fn name(draft: &ServerDraft, target: &Target, mistakes: &mut Vec<Mistake>) -> Option<String> {
    let name = draft.layer.text("name").map_or_else(|| target.address(), str::to_owned);
    if (1..=MAX_NAME_BYTES).contains(&name.len()) && !name.contains(char::is_control) {
        return Some(name);
    }
    let instead = format!("write a name of 1 to {MAX_NAME_BYTES} bytes on one line");
    mistakes.push(match (draft.layer.get("name"), draft.at) {
        (Some(setting), _) => setting.mistake(instead),
        (None, Some(at)) => Mistake::at(at, format!("the server has no name but {}", shown(&name)), instead),
        (None, None) => Mistake::outside(format!("the server has no name but {}", shown(&name)), instead),
    });
    None
}

/// A connect_timeout of the connection string holds where the option is said nowhere.
fn limits(layer: &Layer, target: Option<&Target>, mistakes: &mut Vec<Mistake>) -> Limits {
    let usual = Limits::default();
    let seconds = |key: &str| layer.duration(key).as_secs_f64();
    let work_mem = work_mem_kib(layer.bytes("work-mem"));
    if let (Err(instead), Some(setting)) = (&work_mem, layer.get("work-mem")) {
        mistakes.push(setting.mistake(instead.clone()));
    }
    let is_said = layer.get("connect-timeout").is_some_and(|setting| setting.origin != Origin::Default);
    let in_connection = target.and_then(|target| target.connect_timeout).filter(|_| !is_said);
    Limits {
        connect_timeout: in_connection.unwrap_or_else(|| layer.duration("connect-timeout")),
        statement_timeout: layer.duration("statement-timeout"),
        lock_timeout: layer.duration("lock-timeout"),
        idle_in_transaction_timeout: layer.duration("idle-in-transaction-timeout"),
        work_mem_kib: work_mem.unwrap_or(usual.work_mem_kib),
        deadline: layer.duration("deadline"),
        pauses: Pauses { minutes_seconds: seconds("minutes-pause"), hours_seconds: seconds("hours-pause") },
        text_budget_bytes: layer.bytes("text-budget"),
        text_pause_seconds: seconds("text-pause"),
        ..usual
    }
}

fn databases(layer: &Layer) -> Databases {
    match layer.texts("databases") {
        Some(names) => Databases::Named(unique(names)),
        None if layer.flag("all-databases") => Databases::All,
        None => Databases::Connected,
    }
}

/// Returns the exporters that get what is read: those that are named, else all.
fn exporters(layer: &Layer, known: &[String], mistakes: &mut Vec<Mistake>) -> Vec<String> {
    let (Some(setting), Some(names)) = (layer.get("exporters"), layer.texts("exporters")) else {
        return known.to_vec();
    };
    let mut words: Vec<&str> = known.iter().map(String::as_str).collect();
    words.dedup();
    for name in names.iter().filter(|name| !known.contains(name)) {
        let meant = nearest(name, &words).map_or_else(String::new, |meant| format!("did you mean {meant}? "));
        mistakes.push(setting.mistake(format!(
            "no exporter is called {}: {meant}There is {}",
            shown(name),
            words.join(", ")
        )));
    }
    unique(names)
}

/// Returns names in their order, each once: nothing is read or sent twice.
fn unique(names: &[String]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    names.iter().filter(|name| seen.insert(*name)).cloned().collect()
}
