//! Finds out where to connect and as whom: from a URL, a `keyword=value` string, a database name, a service file, libpq's
//! `PG*` variables and its password file, with libpq's meanings, except that TLS is verified by default.
//! The environment is handed in; the files it points to are the only thing read here.

mod files;
mod host;
mod keyvalue;
mod keywords;
mod mistake;
mod passfile;
mod service;
mod settings;
mod tls_settings;
mod url;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use self::host::Host;
pub use self::mistake::{Mistake, Mistakes, Warning};
pub use self::passfile::Passfile;

use self::settings::{Origin, Settings};
use crate::secret::Secret;
use crate::tls::TlsSettings;

/// The longest connection string that is read.
const MAX_CONNINFO_BYTES: usize = 64 << 10;

/// What a runtime's main hands in about the process.
#[derive(Clone, Default)]
pub struct Environment {
    /// The environment variables; those that begin with PG are looked at.
    pub variables: BTreeMap<String, String>,
    /// The home directory.
    pub home: Option<PathBuf>,
    /// The name of the operating system's user.
    pub user: Option<String>,
}

impl Environment {
    /// Returns a variable that is set and not empty.
    fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// Everything needed to connect.
#[derive(Clone, Debug)]
pub struct Target {
    /// The places to try, in order; never empty.
    pub hosts: Vec<Host>,
    /// The role.
    pub user: String,
    /// The database.
    pub database: String,
    /// The password that was said outright; it takes precedence over the password file.
    pub password: Option<Secret>,
    /// The password file, asked for each host and database.
    pub passfile: Passfile,
    /// The user's own `options`.
    pub options: Option<String>,
    /// The user's own `application_name`; whether it is used is up to the caller.
    pub application_name: Option<String>,
    /// How the connection is secured.
    pub tls: TlsSettings,
    /// How long to wait for each address, if the user said so.
    pub connect_timeout: Option<Duration>,
    /// How dead connections are found out.
    pub keepalive: Keepalive,
    /// Which of the hosts are acceptable.
    pub session_attributes: SessionAttributes,
    /// What works but deserves a word.
    pub warnings: Vec<Warning>,
}

/// How dead TCP connections are found out; what is `None` has our default, not the system's two hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keepalive {
    /// Whether probes are sent at all.
    pub on: bool,
    /// The silence before the first probe.
    pub idle: Option<Duration>,
    /// The time between probes.
    pub interval: Option<Duration>,
    /// The probes that may go unanswered.
    pub count: Option<u32>,
    /// How long sent data may stay unacknowledged.
    pub user_timeout: Option<Duration>,
}

/// Which servers are acceptable (`target_session_attrs`). Our sessions are read-only whatever the server allows, so
/// read-write means a primary and read-only a standby.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SessionAttributes {
    /// The first that answers.
    #[default]
    Any,
    /// A server that is not in recovery.
    Primary,
    /// A server in recovery.
    Standby,
    /// A server in recovery, or if there is none any server.
    PreferStandby,
}

impl Target {
    /// Returns the same target with another database.
    pub fn with_database(&self, name: &str) -> Self {
        Self { database: name.to_owned(), ..self.clone() }
    }

    /// Returns `host:port/database`, of all hosts in order; never a secret.
    pub fn address(&self) -> String {
        let hosts: Vec<_> = self.hosts.iter().map(Host::to_string).collect();
        format!("{}/{}", hosts.join(","), self.database)
    }

    /// Returns `host:port/database` of one host.
    pub fn address_of(&self, host: &Host) -> String {
        format!("{host}/{}", self.database)
    }

    /// Returns the password to use at a host, for the database at hand.
    pub fn password_for(&self, host: &Host) -> Option<&Secret> {
        self.password.as_ref().or_else(|| self.passfile.password(host, &self.database, &self.user))
    }
}

/// Finds out where to connect. `text` is a URL, a `keyword=value` string or a database name; what it leaves open comes
/// from the service, then from the environment, then from libpq's defaults. Returns all mistakes at once.
pub fn resolve(text: Option<&str>, environment: &Environment) -> Result<Target, Mistakes> {
    let mut mistakes = Vec::new();
    let mut warnings = Vec::new();
    let settings = gather(text, environment, &mut mistakes);
    settings.refuse_unsupported(&mut mistakes);
    let hosts = host::read(&settings, &mut mistakes);
    let tls = tls_settings::read(&settings, environment, &mut mistakes);
    let session_attributes = session_attributes(&settings, &mut mistakes);
    let keepalive = keepalive(&settings, &mut mistakes);
    let connect_timeout = settings.seconds("connect_timeout", &mut mistakes);
    let user =
        settings.text("user").map(str::to_owned).or_else(|| environment.user.clone()).unwrap_or_default();
    if user.is_empty() {
        mistakes.push(Mistake::new(
            "no user is named",
            "write user=… or postgresql://user@host/database, or set PGUSER",
        ));
    }
    if settings.text("load_balance_hosts").is_some_and(|value| value != "disable") {
        warnings.push(Warning::Ignored {
            keyword: "load_balance_hosts",
            why: "counters of different servers cannot be compared, so hosts are tried in the order given",
        });
    }
    let password = settings.text("password").map(Secret::from);
    if password.is_some() && settings.origin("password") == Some(Origin::Argument) {
        warnings.push(Warning::PasswordInArguments);
    }
    let passfile = match password {
        Some(_) => Passfile::default(),
        None => read_passfile(&settings, environment, &mut warnings),
    };
    if !mistakes.is_empty() {
        return Err(Mistakes(mistakes));
    }
    let owned = |keyword: &str| settings.text(keyword).map(str::to_owned);
    Ok(Target {
        hosts,
        database: owned("dbname").unwrap_or_else(|| user.clone()),
        user,
        password,
        passfile,
        options: owned("options"),
        application_name: owned("application_name"),
        tls,
        connect_timeout,
        keepalive,
        session_attributes,
        warnings,
    })
}

/// Merges the three places where settings are said.
fn gather(text: Option<&str>, environment: &Environment, mistakes: &mut Vec<Mistake>) -> Settings {
    let mut settings = Settings::default();
    let pairs = text.map_or_else(Vec::new, |text| read_text(text, mistakes));
    settings.add(pairs, Origin::Argument, mistakes);
    let service = settings.text("service").or_else(|| environment.variable("PGSERVICE")).map(str::to_owned);
    if let Some(service) = service {
        let file = settings.text("servicefile").or_else(|| environment.variable("PGSERVICEFILE"));
        let pairs = service::read(&service, file, environment, mistakes);
        settings.add(pairs, Origin::Service, mistakes);
    }
    settings.add_variables(environment);
    settings
}

/// Tells the three forms of a connection string apart.
fn read_text(text: &str, mistakes: &mut Vec<Mistake>) -> Vec<(String, String)> {
    if text.len() > MAX_CONNINFO_BYTES {
        mistakes.push(Mistake::new(
            format!("the connection string has {} bytes", text.len()),
            format!("write at most {MAX_CONNINFO_BYTES}"),
        ));
        return Vec::new();
    }
    let trimmed = text.trim();
    if url::recognises(trimmed) {
        return url::parse(trimmed, mistakes);
    }
    if let Some(scheme) = url::foreign_scheme(trimmed) {
        mistakes.push(Mistake::new(
            format!("the URL begins with {scheme}://"),
            "write postgresql://user@host:port/database",
        ));
        return Vec::new();
    }
    if text.contains('=') {
        return keyvalue::parse(text).unwrap_or_else(|mistake| {
            mistakes.push(mistake);
            Vec::new()
        });
    }
    if trimmed.contains([':', '@', '/']) || trimmed.contains(char::is_whitespace) {
        mistakes.push(Mistake::new(
            "the connection string is neither a URL nor keyword=value",
            "write postgresql://user@host:port/database, or dbname='…' for a database of such a name",
        ));
        return Vec::new();
    }
    let named = (!trimmed.is_empty()).then(|| ("dbname".to_owned(), trimmed.to_owned()));
    named.into_iter().collect()
}

fn read_passfile(settings: &Settings, environment: &Environment, warnings: &mut Vec<Warning>) -> Passfile {
    match (settings.text("passfile"), &environment.home) {
        (Some(path), _) => passfile::read(Path::new(path), true, warnings),
        (None, Some(home)) => passfile::read(&home.join(".pgpass"), false, warnings),
        (None, None) => Passfile::default(),
    }
}

fn session_attributes(settings: &Settings, mistakes: &mut Vec<Mistake>) -> SessionAttributes {
    let choices = [
        ("any", SessionAttributes::Any),
        ("read-write", SessionAttributes::Primary),
        ("read-only", SessionAttributes::Standby),
        ("primary", SessionAttributes::Primary),
        ("standby", SessionAttributes::Standby),
        ("prefer-standby", SessionAttributes::PreferStandby),
    ];
    settings.choice("target_session_attrs", &choices, mistakes).unwrap_or_default()
}

fn keepalive(settings: &Settings, mistakes: &mut Vec<Mistake>) -> Keepalive {
    Keepalive {
        on: settings.choice("keepalives", &[("1", true), ("0", false)], mistakes).unwrap_or(true),
        idle: settings.seconds("keepalives_idle", mistakes),
        interval: settings.seconds("keepalives_interval", mistakes),
        count: settings.number("keepalives_count", mistakes),
        user_timeout: settings
            .number("tcp_user_timeout", mistakes)
            .map(|milliseconds| Duration::from_millis(milliseconds.into())),
    }
}
