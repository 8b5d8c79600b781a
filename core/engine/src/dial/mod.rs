//! Opens a connection: hosts and addresses in order, TLS as the mode says, the login, and what the server says of
//! itself at its end. Retrying and running statements are left to others.

mod advice;
mod cancel;
mod classify;
mod error;
mod login;
mod passwords;
mod socket;
mod traffic;

#[cfg(test)]
mod tests;

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio_postgres::{Client, SimpleQueryMessage};

pub use self::cancel::Canceller;
pub use self::error::{ConnectError, Doubt, Refusal, Unreachable, UntrustedCertificate};
pub use self::passwords::{Asked, NoPassword, Passwords, dial_with};
pub use self::traffic::Traffic;

use self::login::Login;
use crate::conninfo::{Host, SessionAttributes, Target};
use crate::tls::TlsFacts;

/// What we say of ourselves in the startup packet.
#[derive(Clone, Copy, Debug)]
pub struct Startup<'a> {
    /// The session's application_name.
    pub application_name: &'a str,
    /// Our settings as command-line options (`-c name=value …`), put after the user's own so that they win.
    pub options: Option<&'a str>,
}

/// The half of a connection that moves its bytes; nothing happens unless it is polled. It ends with the connection.
pub type Driver = Pin<Box<dyn Future<Output = Result<(), tokio_postgres::Error>> + Send>>;

/// An open connection.
pub struct Dialled {
    /// Sends statements.
    pub client: Client,
    /// Moves the bytes.
    pub driver: Driver,
    /// Counts the bytes.
    pub traffic: Arc<Traffic>,
    /// How it is encrypted; `None` if it is not.
    pub tls: Option<TlsFacts>,
    /// What the server said of itself.
    pub parameters: SessionParameters,
    /// Host, port and database.
    pub address: String,
    /// Stops what the connection is doing, where somebody would hear that.
    pub canceller: Option<Canceller>,
}

/// What the server reports at the end of a login. A pooler may leave some of it out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionParameters {
    /// The version as text, with what a distribution adds to it.
    pub server_version: Option<String>,
    /// The encoding of the database.
    pub server_encoding: Option<String>,
    /// Whether the server is a standby; 14 and later.
    pub in_hot_standby: Option<bool>,
    /// Whether the role is a superuser.
    pub is_superuser: Option<bool>,
    /// Whether transactions start read-only; 14 and later.
    pub default_transaction_read_only: Option<bool>,
    /// The name the session goes by, after the server has cut and cleaned it.
    pub application_name: Option<String>,
}

impl SessionParameters {
    fn read<'a>(parameter: impl Fn(&str) -> Option<&'a str>) -> Self {
        let text = |name| parameter(name).map(str::to_owned);
        let switch = |name| parameter(name).map(|value| value == "on");
        Self {
            server_version: text("server_version"),
            server_encoding: text("server_encoding"),
            in_hot_standby: switch("in_hot_standby"),
            is_superuser: switch("is_superuser"),
            default_transaction_read_only: switch("default_transaction_read_only"),
            application_name: text("application_name"),
        }
    }
}

/// Connects to the first host that takes us. `timeout` covers the whole login at each address; the caller decides
/// between its own and [`Target::connect_timeout`], and bounds the whole by its deadline. Of several failures the one
/// that got farthest is returned.
pub async fn dial(target: &Target, startup: Startup<'_>, timeout: Duration) -> Result<Dialled, ConnectError> {
    let mut farthest: Option<ConnectError> = None;
    for wanted in passes(target.session_attributes) {
        for host in &target.hosts {
            match dial_host(target, host, startup, timeout, *wanted).await {
                Ok(dialled) => return Ok(dialled),
                Err(error) if !error.another_address_may_do() => return Err(error),
                Err(error) => keep_farthest(&mut farthest, error),
            }
        }
    }
    Err(farthest.unwrap_or_else(|| {
        let nowhere = io::Error::new(io::ErrorKind::InvalidInput, "no host is named");
        ConnectError::CannotReach { address: target.address(), why: Unreachable::Other, source: nowhere }
    }))
}

async fn dial_host(
    target: &Target,
    host: &Host,
    startup: Startup<'_>,
    timeout: Duration,
    wanted: SessionAttributes,
) -> Result<Dialled, ConnectError> {
    let login = Login::prepare(target, host, &startup)?;
    let endpoints = socket::endpoints(host, timeout)
        .await
        .map_err(|error| classify::name_error(target.address_of(host), error))?;
    let mut farthest: Option<ConnectError> = None;
    for endpoint in &endpoints {
        let attempt = async { of_kind(login.at(endpoint).await?, wanted).await };
        let error = match tokio::time::timeout(timeout, attempt).await {
            Ok(Ok(dialled)) => return Ok(dialled),
            Ok(Err(error)) => error,
            Err(_) => ConnectError::Timeout { address: login.address_at(endpoint), waited: timeout },
        };
        if !error.another_address_may_do() {
            return Err(error);
        }
        keep_farthest(&mut farthest, error);
    }
    Err(farthest.unwrap_or_else(|| {
        let nothing = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        classify::name_error(target.address_of(host), nothing)
    }))
}

fn keep_farthest(farthest: &mut Option<ConnectError>, error: ConnectError) {
    if farthest.as_ref().is_none_or(|kept| error.progress() > kept.progress()) {
        *farthest = Some(error);
    }
}

/// The kinds of server to look for, one round through the hosts each.
fn passes(wanted: SessionAttributes) -> &'static [SessionAttributes] {
    match wanted {
        SessionAttributes::Any => &[SessionAttributes::Any],
        SessionAttributes::Primary => &[SessionAttributes::Primary],
        SessionAttributes::Standby => &[SessionAttributes::Standby],
        SessionAttributes::PreferStandby => &[SessionAttributes::Standby, SessionAttributes::Any],
    }
}

/// Lets a connection pass if its server is of the kind that is wanted.
async fn of_kind(mut dialled: Dialled, wanted: SessionAttributes) -> Result<Dialled, ConnectError> {
    let (standby_wanted, name) = match wanted {
        SessionAttributes::Any | SessionAttributes::PreferStandby => return Ok(dialled),
        SessionAttributes::Primary => (false, "primary"),
        SessionAttributes::Standby => (true, "standby"),
    };
    let in_recovery = match dialled.parameters.in_hot_standby {
        Some(in_hot_standby) => in_hot_standby,
        None => ask_in_recovery(&mut dialled).await?,
    };
    if in_recovery == standby_wanted {
        return Ok(dialled);
    }
    Err(ConnectError::OtherKindOfServer { address: dialled.address, wanted: name })
}

/// Servers before 14, and poolers, do not say it by themselves.
async fn ask_in_recovery(dialled: &mut Dialled) -> Result<bool, ConnectError> {
    let question = pin!(dialled.client.simple_query("select pg_catalog.pg_is_in_recovery()"));
    let answer = match select(&mut dialled.driver, question).await {
        Either::Right((answer, _)) => answer,
        Either::Left((Err(error), _)) => Err(error),
        Either::Left((Ok(()), _)) => Ok(Vec::new()),
    };
    let broken = |source| ConnectError::Protocol { address: dialled.address.clone(), source };
    let messages = answer.map_err(|error| broken(error.into()))?;
    let value = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    value
        .map(|value| value == "t")
        .ok_or_else(|| broken("the server did not say whether it is in recovery".into()))
}
