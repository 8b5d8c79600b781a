//! What to do about a connection that did not come about, in one or two sentences for whoever has to act.

use super::error::{ConnectError, Doubt, Refusal, Unreachable, UntrustedCertificate};

impl ConnectError {
    /// Returns what to do about it.
    pub fn advice(&self) -> String {
        match self {
            Self::CannotReach { why, .. } => unreachable(*why).to_owned(),
            Self::Timeout { .. } => "check host, port and firewall (a security group drops silently); \
                                     raise connect_timeout if the server is only slow"
                .to_owned(),
            Self::TlsSettings { source } => source.advice().to_owned(),
            Self::TlsRefusedByServer { .. } => "set ssl=on on the server; \
                                                choose sslmode=disable only if the network is trusted"
                .to_owned(),
            Self::TlsFailed { .. } => "check that a PostgreSQL server of TLS 1.2 or later listens there, \
                                       and ssl_min_protocol_version and sslnegotiation if you set them"
                .to_owned(),
            Self::UntrustedCertificate(untrusted) => untrusted.advice(),
            Self::ClientCertificateRefused(_) => "give a certificate that the server's ssl_ca_file trusts, \
                                                  with its key: sslcert=FILE sslkey=FILE (key with mode 0600)"
                .to_owned(),
            Self::PasswordMissing { .. } => {
                "set PGPASSWORD, or add a line host:port:database:user:password to ~/.pgpass (mode 0600)"
                    .to_owned()
            }
            Self::NoPassword { advice, .. } | Self::GivenPasswordRefused { advice, .. } => advice.clone(),
            Self::WrongPassword(_) => {
                "check the password in PGPASSWORD, ~/.pgpass or the service file, and the role: \
                                       a role that does not exist gives the same error"
                    .to_owned()
            }
            Self::LoginRefused(refusal) if refusal.message.ends_with("does not exist") => {
                format!(
                    "create the role \"{}\" (docs/sql has a script for it), or name another",
                    refusal.user
                )
            }
            Self::LoginRefused(refusal) => format!(
                "add a line for role \"{}\" from this machine to pg_hba.conf and reload, \
                 or connect as the line there demands (role, database, TLS, method)",
                refusal.user
            ),
            Self::NoSuchDatabase(_) => {
                "name an existing database: …/DATABASE in the URL, dbname= or PGDATABASE; \
                                        without one the name of the role is taken"
                    .to_owned()
            }
            Self::NoConnectPrivilege(refusal) => {
                format!(
                    "as its owner run: grant connect on database \"{}\" to \"{}\"",
                    refusal.database, refusal.user
                )
            }
            Self::TooManyConnections(refusal) => too_many(refusal),
            Self::StartingUp(_) => {
                "wait until recovery has ended, the server's log says how far it is".to_owned()
            }
            Self::ShuttingDown(_) => "connect again when the server has been started".to_owned(),
            Self::NotAccepting(_) => "on a standby set hot_standby=on or wait for a consistent state; \
                                      for a database see datallowconn in pg_database"
                .to_owned(),
            Self::OptionsRefused(_) => "behind PgBouncer or RDS Proxy leave out options; \
                                        on the server correct the setting that the message names"
                .to_owned(),
            Self::OtherKindOfServer { .. } => {
                "name further hosts, or leave out target_session_attrs".to_owned()
            }
            Self::Refused(_) => "see the server's log for the detail".to_owned(),
            Self::Protocol { .. } => "check that a PostgreSQL server listens on this port, \
                                      and its log: it closed the connection in the middle of the login"
                .to_owned(),
        }
    }
}

fn unreachable(why: Unreachable) -> &'static str {
    match why {
        Unreachable::NoSuchHost => "check the spelling of the host and this machine's name service",
        Unreachable::Refused => {
            "check that the server runs, listens there (listen_addresses, port) and that no firewall rejects"
        }
        Unreachable::Timeout => "check host, port and firewall (a security group drops silently)",
        Unreachable::NoRoute => "check the address and this machine's network (VPC, VPN, IPv6)",
        Unreachable::NoSocket => {
            "check that the server runs and its unix_socket_directories; name the directory with host=/directory, \
             or the machine with host=NAME"
        }
        Unreachable::Forbidden => {
            "let this user reach the socket's directory, or connect with host=localhost"
        }
        Unreachable::Other => "see the cause",
    }
}

fn too_many(refusal: &Refusal) -> String {
    format!(
        "raise max_connections or the limit of the role or database, or close idle sessions; so that monitoring gets \
         in when the rest is taken set reserved_connections and run on 16 and later: \
         grant pg_use_reserved_connections to \"{}\"",
        refusal.user
    )
}

impl UntrustedCertificate {
    fn advice(&self) -> String {
        match &self.doubt {
            Doubt::Expired => {
                return "renew the server's certificate; \
                        until then sslmode=require without sslrootcert encrypts and checks nothing"
                    .to_owned();
            }
            Doubt::NotYetValid => return "check the clock of this machine".to_owned(),
            _ => {}
        }
        if self.certificate.as_ref().is_some_and(|certificate| certificate.is_cloud_sql()) {
            return "this is Cloud SQL with an authority of its own for each instance: download it \
                    (gcloud sql instances describe INSTANCE --format='value(serverCaCert.cert)' > server-ca.pem) and \
                    choose sslrootcert=server-ca.pem sslmode=verify-ca (its name is project:instance, so verify-full \
                    cannot fit), or connect through the Cloud SQL Auth Proxy or connector"
                .to_owned();
        }
        match &self.doubt {
            Doubt::WrongHostName => self.other_name(),
            _ if let Some(mend) = &self.mend => mend.clone(),
            _ if self.is_rds() => "leave out sslrootcert: the authorities of RDS come with pgquerylens; where they \
                                   have none of the region, it is said which file to download"
                .to_owned(),
            Doubt::SelfSigned => "choose sslrootcert=FILE with this certificate in it (the server's ssl_cert_file); \
                                  sslmode=require without sslrootcert encrypts, whoever answers"
                .to_owned(),
            _ => "choose sslrootcert=FILE with the certificate of its authority in it, or add that to the system's; \
                  sslmode=require without sslrootcert encrypts, whoever answers"
                .to_owned(),
        }
    }

    fn other_name(&self) -> String {
        let names = self.certificate.as_ref().map(|certificate| certificate.names()).unwrap_or_default();
        match names.iter().find(|name| !name.starts_with("*.")) {
            Some(name) => format!(
                "connect as host={name} (add hostaddr=… if that name leads elsewhere), \
                 or choose sslmode=verify-ca to trust every server of that authority"
            ),
            None => "connect under a name in the certificate, \
                     or choose sslmode=verify-ca to trust every server of that authority"
                .to_owned(),
        }
    }

    fn is_rds(&self) -> bool {
        [".rds.amazonaws.com", ".rds.amazonaws.com.cn"].iter().any(|suffix| self.host.ends_with(suffix))
    }
}
