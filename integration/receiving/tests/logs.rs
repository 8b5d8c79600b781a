//! The log of a real server of every major, handed out by a double of RDS and read beside polls whose process dies at every
//! step. In the end the receiver has each error once, the state each plan once, and nobody a literal.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may unwrap: the panic is the report")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use pgquerylens_aws::logs::{Logs, NAME};
use pgquerylens_aws::session::session;
use pgquerylens_delivery::exporter::Exporter;
use pgquerylens_delivery::otlp::Protocol;
use pgquerylens_engine::outside::{Ask, Outside};
use pgquerylens_engine::state::contents::State;
use pgquerylens_engine::state::memory::MemoryStore;
use pgquerylens_engine::state::plans::Plans;
use pgquerylens_engine::state::{ObjectName, StateStore, codec};
use pgquerylens_export::document::document;
use pgquerylens_model::outside::Findings;
use pgquerylens_receiving::form::Form;
use pgquerylens_receiving::mortal::{Fate, Step};
use pgquerylens_receiving::process::Process;
use pgquerylens_receiving::server::ModelServer;
use pgquerylens_sandbox::rds_double::{Fleet, RdsDouble};
use pgquerylens_sandbox::receiver::Receiver;
use pgquerylens_sandbox::{Server, majors, newest};

const INSTANCE: &str = "shop-1";
/// Both that RDS allows.
const PREFIX: &str = "%t:%r:%u@%d:[%p]:";
const PREFIX_WITH_CODES: &str = "%m:%r:%u@%d:[%p]:%l:%e:%s:%v:%x:%c:%q%a";
/// What is in messages, statements, parameters, plans, and in the name of a database that does not exist.
const SECRETS: [&str; 2] = ["s3cr3t", "987654321"];
const ENTRIES: &str = "postgresql.log.entries";
const PLANS: &str = "postgresql.log.plans";
const STEPS: [Step; 3] = [Step::Deliver, Step::CommitPlans, Step::CommitBaseline];
const PATIENCE: Duration = Duration::from_secs(20);

/// The world: a server that logs, the API that hands its log out, a state, a receiver, and what polls beside it.
struct World {
    server: Server,
    rds: RdsDouble,
    logs: Logs,
    polled: ModelServer,
    state: Arc<MemoryStore>,
    receiver: Receiver,
    exporters: Vec<Arc<Exporter>>,
    /// What was said to anybody but the receiver.
    said: String,
    marks: u32,
}

/// The log, as somebody who looks from outside.
struct Beside<'l>(&'l Logs);

impl Outside for Beside<'_> {
    async fn look(&mut self, ask: Ask) -> Findings {
        self.0.look(&ask).await
    }
}

impl World {
    async fn new(major: u32, prefix: &str, plans: &str) -> World {
        let settings = [
            ("logging_collector", "on"),
            ("log_filename", "postgresql.log.%Y-%m-%d-%H%M%S"),
            ("log_line_prefix", prefix),
            ("deadlock_timeout", "20ms"),
            ("auto_explain.log_min_duration", "0"),
            ("auto_explain.log_analyze", "on"),
            ("auto_explain.log_verbose", "on"),
            ("auto_explain.log_format", plans),
        ];
        let builder = Server::new(major).preload("auto_explain");
        let builder = settings.iter().fold(builder, |builder, (name, value)| builder.setting(name, value));
        let server = builder.start().await.unwrap();
        server.execute("create table t (n int primary key, note text)").await.unwrap();
        server.execute("insert into t select n, 'note' from generate_series(1, 20) n").await.unwrap();
        let rds = RdsDouble::start(Fleet::default()).await.unwrap();
        rds.show_log(INSTANCE, &server.data_directory().join("log"));
        let credentials = Credentials::new("AKIDEXAMPLE", "a-key-that-nobody-sees", None, None, "test");
        let session = session(Some("eu-west-1")).await.into_builder().endpoint_url(rds.url());
        let session = session.credentials_provider(SharedCredentialsProvider::new(credentials)).build();
        let receiver = Receiver::start().await.unwrap();
        World {
            logs: Logs::new(&session, INSTANCE),
            server,
            rds,
            polled: ModelServer::default(),
            state: Arc::default(),
            exporters: vec![Form::of(Protocol::HttpProtobuf).to(&receiver)],
            receiver,
            said: String::new(),
            marks: 0,
        }
    }

    async fn poll(&mut self, fate: Fate) {
        self.polled.execute(1, 1);
        let mut process = Process::start_with(&self.polled, &self.state, &self.exporters, fate);
        if let Some(report) = process.poll_beside(&mut Beside(&self.logs)).await {
            let report = report.unwrap();
            let logs = report.collectors.iter().find(|line| line.view == NAME);
            assert!(!format!("{logs:?}").contains("Failed"), "{logs:?}");
            self.said += &format!("{report:?} {}", document(&report));
        }
    }

    async fn poll_well(&mut self) {
        self.poll(Fate::before(None)).await;
    }

    fn files(&self) -> Vec<PathBuf> {
        let folder = self.server.data_directory().join("log");
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    fn text(&self) -> String {
        self.files().iter().map(|path| fs::read_to_string(path).unwrap()).collect()
    }

    /// Waits until everything that the server said by now is in its files.
    async fn written(&mut self) {
        self.marks += 1;
        let mark = format!("mark {} of the test", self.marks);
        self.server.execute(&format!("do $$ begin raise log '{mark}'; end $$")).await.unwrap();
        let begun = std::time::Instant::now();
        while !self.text().contains(&format!("LOG:  {mark}")) {
            assert!(begun.elapsed() < PATIENCE, "the log is not written");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Lets the server go on in another file.
    async fn rotate(&mut self) {
        let before = self.files().len();
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        self.server.execute("select pg_rotate_logfile()").await.unwrap();
        let begun = std::time::Instant::now();
        while self.files().len() == before {
            assert!(begun.elapsed() < PATIENCE, "the log is not rotated");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Does what is wrong, each once; the deadlock's victim aside nothing else of it is.
    async fn go_wrong(&mut self) {
        let client = self.server.superuser().await.unwrap();
        for statement in [
            "insert into t values (1, 's3cr3t')",
            "select 987654321 / (n - n) from t where note <> 's3cr3t'",
            "selekt 's3cr3t', 987654321",
            "select 's3cr3t'::int\n, 987654321",
        ] {
            assert!(client.batch_execute(statement).await.is_err(), "{statement}");
        }
        client.batch_execute("do $$ begin raise warning 's3cr3t\n987654321'; end $$").await.unwrap();
        for wrong in ["postgres://postgres:wrong@", "postgres://postgres:sandbox@"] {
            let url = format!("{wrong}127.0.0.1:{}/s3cr3t_987654321?sslmode=disable", self.server.port());
            assert!(pgquerylens_sandbox::connect(&url).await.is_err());
        }
        self.lock_each_other_out().await;
    }

    async fn lock_each_other_out(&self) {
        let (one, other) = (self.server.superuser().await.unwrap(), self.server.superuser().await.unwrap());
        one.batch_execute("begin; update t set note = 's3cr3t' where n = 1").await.unwrap();
        other.batch_execute("begin; update t set note = 's3cr3t' where n = 2").await.unwrap();
        let done = tokio::join!(
            one.batch_execute("update t set note = 's3cr3t' where n = 2; rollback"),
            other.batch_execute("update t set note = 's3cr3t' where n = 1; rollback"),
        );
        assert!(done.0.is_err() != done.1.is_err(), "one of them is the victim");
    }

    /// Executes what has a plan: constants in it, parameters, and one that nobody can mask line by line.
    async fn execute(&self) {
        let client = self.server.superuser().await.unwrap();
        let plain =
            "select note, 's3cr3t' from t where note <> 's3cr3t' and n <> 987654321 order by 1 limit 3";
        client.batch_execute(plain).await.unwrap();
        client.query("select n from t where note = $1", &[&"s3cr3t 987654321"]).await.unwrap();
        client.batch_execute("select n from t where note = 'first line\ns3cr3t'").await.unwrap();
    }

    /// Returns the counts that arrived, by severity, code and database.
    fn arrived(&self) -> BTreeMap<String, u64> {
        let account = self.receiver.account();
        assert_eq!(account.violations, Vec::<String>::new());
        account
            .series_of(ENTRIES)
            .map(|(key, series)| (key.attributes.clone(), series.sum() as u64))
            .collect()
    }

    async fn plans(&self) -> Plans {
        let object = self.state.read(ObjectName::Plans).await.unwrap().expect("there are plans");
        codec::decode(&object.bytes).unwrap()
    }

    /// Whatever left has no literal.
    async fn told_nobody(&self) {
        let state = self.state.read(ObjectName::Baseline).await.unwrap().unwrap();
        let state: State = codec::decode(&state.bytes).unwrap();
        let requests = self.receiver.requests();
        assert!(!requests.is_empty());
        for (what, text) in [
            ("what is said", self.said.clone()),
            ("the state", format!("{state:?}")),
            ("the plans", format!("{:?}", self.plans().await)),
            ("the requests", format!("{requests:?} {:?}", self.receiver.account())),
            ("what is asked", format!("{:?}", self.rds.requests())),
        ] {
            for secret in SECRETS {
                assert!(!text.contains(secret), "{secret} in {what}");
            }
        }
    }
}

/// Goes wrong over several looks, files and deaths; returns how often, and how many plans there were.
async fn lived(world: &mut World) -> (u64, usize) {
    let plans = |world: &World| world.text().matches(" ms  plan:\n").count();
    world.written().await;
    world.poll_well().await;
    let before = plans(world);
    let mut times = 0;
    for step in STEPS {
        world.go_wrong().await;
        world.execute().await;
        world.written().await;
        world.poll(Fate::before(Some(step))).await;
        if step == Step::CommitPlans {
            world.rotate().await;
        }
        world.go_wrong().await;
        world.written().await;
        times += 2;
        world.poll_well().await;
    }
    // The first finds that nothing more comes, the second that nothing more is there.
    world.poll_well().await;
    world.poll_well().await;
    (times, plans(world) - before)
}

async fn check(major: u32, format: &str) {
    let mut world = World::new(major, PREFIX_WITH_CODES, format).await;
    let (times, plans) = lived(&mut world).await;
    let of = |severity: &str, code: &str, database: &str| {
        let class = &code[..2];
        let series = format!(
            "{database}db.response.status_code={code}, postgresql.log.severity={severity}, postgresql.sqlstate.class={class}"
        );
        (series, times)
    };
    let known = "db.namespace=postgres, ";
    let truth = BTreeMap::from([
        of("ERROR", "23505", known),
        of("ERROR", "22012", known),
        of("ERROR", "42601", known),
        of("ERROR", "22P02", known),
        of("ERROR", "40P01", known),
        of("WARNING", "01000", known),
        of("FATAL", "28P01", ""),
        of("FATAL", "3D000", ""),
    ]);
    assert_eq!(world.arrived(), truth, "PostgreSQL {major}");
    assert_eq!(world.receiver.account().sum(PLANS) as usize, plans, "PostgreSQL {major}");
    let kept = world.plans().await;
    let ids: std::collections::BTreeSet<_> = kept.iter().map(|plan| &plan.id).collect();
    assert_eq!((ids.len(), kept.iter().count()), (plans, plans), "PostgreSQL {major}");
    assert!(kept.iter().all(|plan| plan.database.as_deref() == Some("postgres")));
    let without_text = kept.iter().filter(|plan| plan.text.is_none()).count();
    let unclear = if format == "text" { STEPS.len() } else { 0 };
    assert_eq!(without_text, unclear, "PostgreSQL {major}: {kept:?}");
    world.told_nobody().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_every_major_each_error_and_each_plan_arrives_once() {
    for (at, major) in majors().into_iter().enumerate() {
        check(major, if at % 2 == 0 { "text" } else { "json" }).await;
    }
    check(newest(), "json").await;
}

/// Without codes in the prefix only severities are told apart.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_codes_in_the_prefix_severities_are_counted() {
    let mut world = World::new(newest(), PREFIX, "text").await;
    let (times, _) = lived(&mut world).await;
    let mut counts: Vec<u64> = world.arrived().into_values().collect();
    counts.sort_unstable();
    assert_eq!(counts, [times, 2 * times, 5 * times], "warnings, refused logins, errors");
    world.told_nobody().await;
}
