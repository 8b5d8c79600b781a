//! The servers that polls are measured on, and the work that goes on there between two polls.

use futures_util::future::join_all;
use pgquerylens_sandbox::tls::{Certificates, ServerCertificate, TlsFiles};
use pgquerylens_sandbox::workload::heaps;
use pgquerylens_sandbox::{Server, connect, newest, roles};
use tokio_postgres::Client;

use crate::Result;

/// What is on a server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// Distinct statements, spread evenly over the databases.
    pub(crate) statements: usize,
    /// Bytes of one statement's text.
    pub(crate) text_bytes: usize,
    /// Sessions that it admits.
    pub(crate) connections: usize,
}

/// 5,000 statements with 35 MB of text.
pub(crate) const ORDINARY: Shape = Shape { statements: 5_000, text_bytes: 7_000, connections: 100 };
/// 2,000 statements with 280 MB of text.
pub(crate) const LONG_TEXTS: Shape = Shape { statements: 2_000, text_bytes: 140_000, connections: 100 };
/// 500 statements of 1 kB, for many sessions.
pub(crate) const SMALL: Shape = Shape { statements: 500, text_bytes: 1_000, connections: 200 };
/// 5,000 statements of 1 kB, for many sessions.
pub(crate) const CROWDED: Shape = Shape { statements: 5_000, text_bytes: 1_000, connections: 200 };

const STATEMENTS_MAX: &str = "10000";
/// Databases that statements run in, the connected one first.
const DATABASES: [&str; 4] = ["postgres", "database_1", "database_2", "database_3"];
/// Tables in each of them.
const TABLES: u32 = 50;

/// Statements per database that run at every step, and how often: they are most of the time, as a few always are.
const HOT: usize = 10;
const HOT_RUNS: usize = 4;
/// Statements per database that run once in a step and then not for a long while.
const DRIFTING: usize = 10;

/// Waits rather than works: its time counts as execution time and disturbs nobody's measurement.
const DEPLOYED: &str = "select pg_sleep(0.3) as deployed_at_half_past";

/// A server with its statements, tables and certificates.
pub(crate) struct Stage {
    pub(crate) server: Server,
    pub(crate) shape: Shape,
    files: TlsFiles,
    _certificates: Certificates,
}

impl Stage {
    /// Starts a server and fills it.
    pub(crate) async fn set(shape: Shape) -> Result<Stage> {
        let certificates = Certificates::new()?;
        let files = certificates.server(ServerCertificate::Good)?;
        let server = Server::new(newest())
            .setting("pg_stat_statements.max", STATEMENTS_MAX)
            .setting("log_temp_files", "0")
            .setting("autovacuum", "off")
            .setting("max_connections", &shape.connections.to_string())
            .tls(&files)
            .on_disk()
            .start()
            .await?;
        let admin = server.superuser().await?;
        admin.batch_execute("create extension pg_stat_statements").await?;
        roles::create_monitor_role(&admin).await?;
        heaps::databases(&server, DATABASES.len() as u32 - 1).await?;
        let share = shape.statements / DATABASES.len();
        for (place, database) in DATABASES.iter().enumerate() {
            heaps::tables(&server.client(pgquerylens_sandbox::SUPERUSER, database).await?, TABLES).await?;
            let indexes = place * share..(place + 1) * share;
            heaps::rerun_statements(&server, database, indexes, shape.text_bytes).await?;
        }
        Ok(Stage { server, shape, files, _certificates: certificates })
    }

    /// Returns the URL of the monitoring role, without TLS.
    pub(crate) fn url(&self) -> String {
        self.server.url(roles::MONITOR, DATABASES[0])
    }

    /// Returns the URL of the monitoring role with TLS and a checked certificate.
    pub(crate) fn url_with_tls(&self) -> String {
        let authority = self.files.authority.display();
        let parameters = format!("sslmode=verify-full&sslrootcert={authority}");
        self.server.url_with(roles::MONITOR, DATABASES[0], &parameters)
    }

    /// Returns the bytes of temporary files that a backend wrote, by the server's log.
    pub(crate) fn temporary_bytes(&self, backend: u32) -> u64 {
        let of_backend = format!(" [{backend}] ");
        let size = |line: &str| line.rsplit_once("size ")?.1.parse::<u64>().ok();
        let log = self.server.log();
        let files = log.lines().filter(|line| line.contains("temporary file:") && line.contains(&of_backend));
        files.filter_map(size).sum()
    }
}

/// The work between two polls, the same in every run.
pub(crate) struct Load {
    clients: Vec<Client>,
    shape: Shape,
    step: usize,
}

impl Load {
    /// Opens a session in each database.
    pub(crate) async fn new(stage: &Stage) -> Result<Load> {
        let mut clients = Vec::new();
        for database in DATABASES {
            clients.push(connect(&stage.server.url(pgquerylens_sandbox::SUPERUSER, database)).await?);
        }
        Ok(Load { clients, shape: stage.shape, step: 0 })
    }

    /// Runs a statement that is new on the server and takes more time than all others.
    pub(crate) async fn run_deployed(&self) -> Result<()> {
        let client = self.clients.first().ok_or("no session is open")?;
        Ok(client.batch_execute(DEPLOYED).await?)
    }

    /// Runs the statements of the next step: hot ones, some others, and one per database that was never seen.
    pub(crate) async fn step(&mut self) -> Result<()> {
        self.step += 1;
        let share = self.shape.statements / DATABASES.len();
        for (place, client) in self.clients.iter().enumerate() {
            let first = place * share;
            let hot = (first..first + HOT).cycle().take(HOT * HOT_RUNS);
            let drifted = self.step * DRIFTING % (share - HOT - DRIFTING);
            let drifting = (first + HOT + drifted..).take(DRIFTING);
            let fresh = self.shape.statements + self.step * DATABASES.len() + place;
            let texts: Vec<String> = hot
                .chain(drifting)
                .chain([fresh])
                .map(|index| heaps::statement(index, self.shape.text_bytes))
                .collect();
            for answer in join_all(texts.iter().map(|text| client.batch_execute(text))).await {
                answer?;
            }
        }
        Ok(())
    }
}
