//! One attempt to log in at one address, with the second try that the modes allow and prefer call for.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_postgres::config::{ChannelBinding, SslMode as DriverMode, SslNegotiation};
use tokio_postgres::tls::{MakeTlsConnect, TlsStream};
use tokio_postgres::{Client, Config, Connection, NoTls};

use super::cancel::Canceller;
use super::classify::{Attempt, socket_error};
use super::error::ConnectError;
use super::socket::{Endpoint, Socket};
use super::traffic::{Counted, Traffic};
use super::{Dialled, SessionParameters, Startup};
use crate::conninfo::{Host, Target};
use crate::secret::Secret;
use crate::tls::{self, Connector, Material, Negotiation, SslMode};

/// What all addresses of a host have in common.
pub(super) struct Login<'a> {
    target: &'a Target,
    host: &'a Host,
    address: String,
    mode: SslMode,
    material: Option<Material<'a>>,
    config: Config,
}

impl<'a> Login<'a> {
    /// Prepares logging in at a host, reading the certificates that its mode needs.
    pub(super) fn prepare(
        target: &'a Target,
        host: &'a Host,
        startup: &Startup<'_>,
    ) -> Result<Self, ConnectError> {
        let mode = target.tls.mode_for(host);
        let material = match mode {
            SslMode::Disable => None,
            _ => Some(
                Material::load(&target.tls, mode).map_err(|source| ConnectError::TlsSettings { source })?,
            ),
        };
        let config = config(target, startup, target.password_for(host));
        Ok(Self { target, host, address: target.address_of(host), mode, material, config })
    }

    /// Logs in at one address, trying again with or without TLS where the mode leaves that open. Unlike libpq, prefer
    /// does not repeat a password without TLS that was found wrong with it.
    pub(super) async fn at(&self, endpoint: &Endpoint) -> Result<Dialled, ConnectError> {
        let first = match self.mode {
            SslMode::Disable | SslMode::Allow => self.once(endpoint, DriverMode::Disable).await,
            SslMode::Prefer => self.once(endpoint, DriverMode::Prefer).await,
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => {
                self.once(endpoint, DriverMode::Require).await
            }
        };
        let second = match (&first, self.mode) {
            (Err(ConnectError::LoginRefused(_)), SslMode::Allow) => {
                self.once(endpoint, DriverMode::Require).await
            }
            (Err(error), SslMode::Prefer)
                if error.is_about_tls() || matches!(error, ConnectError::LoginRefused(_)) =>
            {
                self.once(endpoint, DriverMode::Disable).await
            }
            _ => return first,
        };
        match second {
            Err(ConnectError::LoginRefused(_) | ConnectError::TlsRefusedByServer { .. }) => first,
            second => second,
        }
    }

    async fn once(&self, endpoint: &Endpoint, mode: DriverMode) -> Result<Dialled, ConnectError> {
        let connector = match &self.material {
            Some(material) if mode != DriverMode::Disable => {
                let name = host_name(self.host);
                Some(material.connector(name).map_err(|source| ConnectError::TlsSettings { source })?)
            }
            _ => None,
        };
        let socket = endpoint
            .open(&self.target.keepalive)
            .await
            .map_err(|error| socket_error(self.address_at(endpoint), error))?;
        let traffic = Arc::new(Traffic::default());
        let socket = Counted::new(socket, traffic.clone());
        let mut config = self.config.clone();
        config.ssl_mode(mode);
        let attempt = Attempt {
            address: &self.address,
            host: host_name(self.host),
            database: &self.target.database,
            user: &self.target.user,
            connector: connector.as_ref(),
        };
        let refused = |error| attempt.login_error(error);
        match &connector {
            None => {
                let (client, connection) = config.connect_raw(socket, NoTls).await.map_err(refused)?;
                Ok(self.dialled(client, connection, endpoint, None, traffic.clone()))
            }
            Some(connector) => {
                let mut make = connector.make.clone();
                let Ok(tls) =
                    MakeTlsConnect::<Counted<Socket>>::make_tls_connect(&mut make, &connector.server_name);
                let (client, connection) = config.connect_raw(socket, tls).await.map_err(refused)?;
                Ok(self.dialled(client, connection, endpoint, Some(connector), traffic.clone()))
            }
        }
    }

    fn dialled<S, T>(
        &self,
        client: Client,
        connection: Connection<S, T>,
        endpoint: &Endpoint,
        connector: Option<&Connector>,
        traffic: Arc<Traffic>,
    ) -> Dialled
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        T: TlsStream + Unpin + Send + 'static,
    {
        let tls = connector.and_then(Connector::facts);
        let canceller = Canceller {
            token: client.cancel_token(),
            endpoint: endpoint.clone(),
            keepalive: self.target.keepalive,
            connector: connector.filter(|_| tls.is_some()).cloned(),
            address: self.address.clone(),
            user: self.target.user.clone(),
        };
        let parameters = SessionParameters::read(|name| connection.parameter(name));
        Dialled {
            client,
            driver: Box::pin(connection),
            traffic,
            tls,
            parameters,
            address: self.address.clone(),
            canceller: Some(canceller),
        }
    }

    /// Returns the address with the IP address behind a name, which is what a firewall sees.
    pub(super) fn address_at(&self, endpoint: &Endpoint) -> String {
        match endpoint {
            Endpoint::Tcp(SocketAddr::V4(address)) if host_name(self.host) != address.ip().to_string() => {
                format!("{} ({})", self.address, address.ip())
            }
            Endpoint::Tcp(SocketAddr::V6(address)) if host_name(self.host) != address.ip().to_string() => {
                format!("{} ({})", self.address, address.ip())
            }
            Endpoint::Tcp(_) | Endpoint::Unix(_) => self.address.clone(),
        }
    }
}

fn host_name(host: &Host) -> &str {
    match host {
        Host::Tcp { host, .. } => host,
        Host::Unix { .. } => "",
    }
}

fn config(target: &Target, startup: &Startup<'_>, password: Option<&Secret>) -> Config {
    let mut config = Config::new();
    config.user(&target.user).dbname(&target.database).application_name(startup.application_name);
    if let Some(password) = password {
        config.password(password.expose());
    }
    // Ours come last: of two values for a setting the server takes the later.
    let options: Vec<&str> = target.options.as_deref().into_iter().chain(startup.options).collect();
    if !options.is_empty() {
        config.options(options.join(" "));
    }
    config.ssl_negotiation(match target.tls.negotiation {
        Negotiation::Postgres => SslNegotiation::Postgres,
        Negotiation::Direct => SslNegotiation::Direct,
    });
    config.channel_binding(match target.tls.channel_binding {
        tls::ChannelBinding::Disable => ChannelBinding::Disable,
        tls::ChannelBinding::Prefer => ChannelBinding::Prefer,
        tls::ChannelBinding::Require => ChannelBinding::Require,
    });
    config
}
