//! Secrets in every place where a server keeps or shows some: none of them is in anything that a poll produces.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may unwrap: the panic is the report")]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use pgquerylens_engine::poll::Poller;
use pgquerylens_engine::source::live::Live;
use pgquerylens_engine::source::recording::Recorder;
use pgquerylens_engine::state::file::FileStore;
use pgquerylens_live::faults::Kept;
use pgquerylens_live::{failures, monitored, options, statement_deltas, target};
use pgquerylens_sandbox::{Server, ServerBuilder, connect, roles};

/// Every planted secret begins so; what follows tells where it was.
const SECRET: &str = "hunter2";

/// Statements with secrets in them, each run in a session of its own. Utility statements keep their literals in
/// pg_stat_statements.
const STATEMENTS: [&str; 18] = [
    "create role with_password login password 'hunter2create'",
    "alter role with_password password 'hunter2alter'",
    "alter role with_password set my.token = 'hunter2rolesetting'",
    "set my.password = 'hunter2set'",
    "create foreign data wrapper plain",
    "create server remote foreign data wrapper plain options (host 'remote', secret 'hunter2server')",
    "create user mapping for postgres server remote options (user 'me', password 'hunter2mapping')",
    "alter user mapping for postgres server remote options (set password 'hunter2changed')",
    "create subscription copied connection 'host=remote password=hunter2subscription' publication p
        with (connect = false, slot_name = none)",
    "create function dblink_connect(text) returns text language sql as 'select $1'",
    "select dblink_connect('host=remote password=hunter2dblink')",
    "do $$ begin perform dblink_connect('password=hunter2block'); end $$",
    "create function keeps() returns text language sql as $$ select 'hunter2body' $$",
    "comment on function keeps() is 'hunter2comment'",
    "create table noted (note text default 'hunter2default' check (note <> 'hunter2check'))",
    "create view shown as select 'hunter2view' as note",
    "/* token=hunter2hidden */ select 1 -- password hunter2line",
    "explain select * from noted where note = 'hunter2explain'",
];

/// Statements that fail leave their text in the log and, while they wait, in pg_stat_activity.
const RUNNING: &str = "select pg_sleep(60), dblink_connect('password=hunter2running')";

/// Settings that hold a secret and that pg_settings shows. Those with a dot need the library that knows them.
const SETTINGS: [(&str, &str); 5] = [
    ("primary_conninfo", "host=remote password=hunter2primary"),
    ("archive_command", "true hunter2archive"),
    ("archive_cleanup_command", "true hunter2cleanup"),
    ("restore_command", "true hunter2restore"),
    ("recovery_end_command", "true hunter2end"),
];
const DOTTED: [(&str, &str); 2] = [
    ("postgres_fdw.application_name", "hunter2application"),
    ("basebackup_to_shell.command", "true hunter2shell"),
];
const FIRST_WITH_DOTTED: u32 = 15;

fn settings_of(major: u32) -> Vec<(&'static str, &'static str)> {
    let dotted = DOTTED.into_iter().filter(|_| major >= FIRST_WITH_DOTTED);
    SETTINGS.into_iter().chain(dotted).collect()
}

fn keeping_secrets(major: u32) -> ServerBuilder {
    let mut builder =
        Server::new(major).setting("archive_mode", "on").setting("pg_stat_statements.track", "all");
    for (name, value) in settings_of(major) {
        let library = name.split_once('.').map(|(library, _)| library);
        builder = library
            .into_iter()
            .fold(builder, |builder, library| builder.preload(library))
            .setting(name, value);
    }
    builder
}

fn check(what: &str, text: &str) {
    let found = text.match_indices(SECRET).next().map(|(at, _)| {
        let from = (0..=at.saturating_sub(200)).rev().find(|from| text.is_char_boundary(*from)).unwrap_or(0);
        text[from..].chars().take(300).collect::<String>()
    });
    assert_eq!(found, None, "{what} holds a secret");
    assert!(!text.contains(pgquerylens_sandbox::PASSWORD), "{what} holds our own password");
}

/// The state's files without their compression.
fn check_state(folder: &Path) {
    const HEADER_BYTES: usize = 18 + 8 + 4 + 2;
    for object in ["baseline", "dictionary"] {
        let bytes = fs::read(folder.join(object)).unwrap();
        let plain = zstd::decode_all(&bytes[HEADER_BYTES..]).unwrap();
        assert!(plain.len() > bytes.len() / 2, "{object} was unpacked");
        check(object, &String::from_utf8_lossy(&plain));
    }
}

/// What the monitoring role could read, had it a mind to: statements, settings, running statements.
async fn secrets_in_sight(server: &Server) -> [i64; 3] {
    let client = server.client(roles::MONITOR, "postgres").await.unwrap();
    let count = async |of: &str| client.query_one(of, &[]).await.unwrap().get(0);
    [
        count("select count(*) from pg_stat_statements where query like '%hunter2%'").await,
        count("select count(*) from pg_settings where setting like '%hunter2%'").await,
        count("select count(*) from pg_stat_activity where query like 'select pg_sleep(60)%hunter2%'").await,
    ]
}

async fn until_in_sight(server: &Server) {
    let began = Instant::now();
    loop {
        let [statements, settings, running] = secrets_in_sight(server).await;
        if statements >= 10 && settings == settings_of(server.major()).len() as i64 && running == 1 {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{statements} {settings} {running}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn no_secret_leaves_the_server() {
    for major in [12, 18] {
        check_server(monitored(keeping_secrets(major)).await).await;
    }
}

async fn check_server(server: Server) {
    for statement in STATEMENTS {
        server.execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
    let busy = connect(&server.url("postgres", "postgres")).await.unwrap();
    let running = tokio::spawn(async move { busy.batch_execute(RUNNING).await });
    until_in_sight(&server).await;
    let (kept, recordings) = (Kept::new(), tempfile::tempdir().unwrap());

    let target = target(&server.url(roles::MONITOR, "postgres"));
    let address = target.address();
    let source = Recorder::new(Live::new(target, options().limits));
    let mut poller = Poller::new(source, FileStore::new(kept.path()), address, options());
    for poll in 1..=2 {
        let report = poller.poll().await.unwrap();
        assert_eq!(failures(&report), Vec::<String>::new());
        let file = poller.source_mut().write(recordings.path(), poll).unwrap();
        check("the report", &format!("{report:?}"));
        let document = pgquerylens_export::document::document(&report).to_string();
        check("the document", &document);
        assert!(document.contains("dblink_connect"), "the statements are there");
        check("the recording", &fs::read_to_string(file).unwrap());
        check_state(kept.path());
        if poll == 1 {
            for statement in
                STATEMENTS.iter().filter(|text| text.starts_with("alter") || text.starts_with("select"))
            {
                server.execute(statement).await.unwrap();
            }
        } else {
            assert!(!statement_deltas(&report).is_empty());
        }
    }
    running.abort();
}
