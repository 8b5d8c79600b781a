//! How a throw-away server is asked for: major, settings, who may log in and how, before it starts.

use std::{fs, io::Write};

use super::{PASSWORD, Server, layout::Layout, template};
use crate::{Clock, Error, Installation, Result, error::Doing, roles, scratch::Medium, tls::TlsFiles};

/// What every server gets unless told otherwise: small, quick, and of no use after a power cut.
const SETTINGS: [(&str, &str); 6] = [
    ("listen_addresses", "127.0.0.1"),
    ("fsync", "off"),
    ("shared_buffers", "32MB"),
    ("max_wal_size", "256MB"),
    ("lc_messages", "C"),
    ("log_line_prefix", "%m [%p] %q%u@%d "),
];
/// Who may log in unless a line before these says otherwise.
const HBA: [&str; 4] = [
    "local all all scram-sha-256",
    "host all all 127.0.0.1/32 scram-sha-256",
    "local replication all scram-sha-256",
    "host replication all 127.0.0.1/32 scram-sha-256",
];
const PRELOADED_BY_DEFAULT: &str = "pg_stat_statements";

/// A server that has not been started. Made by [`Server::new`].
#[derive(Debug, Clone)]
pub struct ServerBuilder {
    major: u32,
    installation: Option<Installation>,
    settings: Vec<(String, String)>,
    preload: Vec<String>,
    initdb_arguments: Vec<String>,
    hba: Vec<String>,
    tls: Option<TlsFiles>,
    port: Option<u16>,
    medium: Medium,
    environment: Vec<(&'static str, String)>,
}

impl ServerBuilder {
    pub(super) fn new(major: u32) -> Self {
        Self {
            major,
            installation: None,
            settings: Vec::new(),
            preload: vec![PRELOADED_BY_DEFAULT.to_owned()],
            initdb_arguments: Vec::new(),
            hba: Vec::new(),
            tls: None,
            port: None,
            medium: Medium::Quick,
            environment: Vec::new(),
        }
    }

    /// Takes the programs from here rather than from [`Installation::find`].
    #[must_use]
    pub fn installation(mut self, installation: &Installation) -> Self {
        self.installation = Some(installation.clone());
        self
    }

    /// Adds a line to postgresql.conf; the last one for a name counts, and ALTER SYSTEM overrides it.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds a library to shared_preload_libraries, which holds pg_stat_statements from the start.
    #[must_use]
    pub fn preload(mut self, library: &str) -> Self {
        if !self.preload.iter().any(|have| have == library) {
            self.preload.push(library.to_owned());
        }
        self
    }

    /// Leaves shared_preload_libraries empty.
    #[must_use]
    pub fn preload_nothing(mut self) -> Self {
        self.preload.clear();
        self
    }

    /// Adds an argument to initdb, such as `--encoding=SQL_ASCII` or `--data-checksums`.
    #[must_use]
    pub fn initdb_arg(mut self, argument: &str) -> Self {
        self.initdb_arguments.push(argument.to_owned());
        self
    }

    /// Adds a line to pg_hba.conf, before ours that admit every role with its password.
    #[must_use]
    pub fn hba(mut self, line: &str) -> Self {
        self.hba.push(line.to_owned());
        self
    }

    /// Turns TLS on with this certificate; clients' certificates are checked against its authority.
    #[must_use]
    pub fn tls(mut self, files: &TlsFiles) -> Self {
        self.tls = Some(files.clone());
        self
    }

    /// Takes this port; without it a free one is found.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Keeps the data directory on disk although memory is quicker: for data of more than a few hundred megabytes.
    #[must_use]
    pub fn on_disk(mut self) -> Self {
        self.medium = Medium::Disk;
        self
    }

    /// Lets it go by this clock, which is to outlive it.
    #[must_use]
    pub fn clock(mut self, clock: &Clock) -> Self {
        self.environment.extend(clock.environment());
        self
    }

    /// Starts it so that it can be polled whole: with pg_stat_statements and the monitoring role.
    pub async fn start_monitored(self) -> Result<Server> {
        let server = self.start().await?;
        server.execute("create extension pg_stat_statements").await?;
        roles::create_monitor_role(&server.superuser().await?).await?;
        Ok(server)
    }

    /// Makes the data directory, starts the server and waits until it accepts connections.
    pub async fn start(self) -> Result<Server> {
        let (port, environment) = (self.port, self.environment.clone());
        let prepared = tokio::task::spawn_blocking(move || self.prepare()).await;
        let layout =
            prepared.map_err(|_| Error::Unsupported { what: "prepare a data directory".to_owned() })??;
        Server::launch(layout, port, environment).await
    }

    fn prepare(self) -> Result<Layout> {
        let installation = self.installation.clone().map_or_else(Installation::find, Ok)?;
        let layout = Layout::new(self.major, installation.programs(self.major)?, self.medium)?;
        template::copy(&layout, &installation.templates, &self.initdb_arguments)?;
        self.write_configuration(&layout)?;
        self.write_hba(&layout)?;
        if let Some(files) = &self.tls {
            files.install(&layout)?;
        }
        Ok(layout)
    }

    fn write_configuration(&self, layout: &Layout) -> Result<()> {
        let mut text = String::from("\n");
        let preload = self.preload.join(",");
        let ours = SETTINGS.into_iter().chain([("shared_preload_libraries", preload.as_str())]);
        let theirs = self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let tls = self.tls.iter().flat_map(|_| TlsFiles::SETTINGS);
        for (name, value) in ours.chain(tls).chain(theirs) {
            text.push_str(&format!("{name} = '{}'\n", value.replace('\'', "''")));
        }
        let path = layout.data.join("postgresql.conf");
        let file = fs::OpenOptions::new().append(true).open(&path);
        file.and_then(|mut file| file.write_all(text.as_bytes())).doing_at("append to", &path)
    }

    fn write_hba(&self, layout: &Layout) -> Result<()> {
        let lines = self.hba.iter().map(String::as_str).chain(HBA);
        let text: String = lines.map(|line| format!("{line}\n")).collect();
        layout.scratch.account().write_file(&layout.data.join("pg_hba.conf"), &text)
    }
}

/// Returns the argument that makes initdb give the superuser its password, and writes the file it names.
pub(super) fn password_argument(account: crate::account::Account, file: &std::path::Path) -> Result<String> {
    account.write_file(file, PASSWORD)?;
    Ok(format!("--pwfile={}", file.display()))
}
