//! The rows of the table of options. A row here is all it takes for an option to be parsed, shown and documented, on the
//! command line and in a configuration file.

mod discovery;
mod exporters;
mod functions;
mod servers;
mod telemetry;

use super::Heading::{Limits, Output, Process, What, When};
use super::row::{OPTIONAL, REQUIRED, ROW, bytes, choice, count, duration, flag, in_file, text};
use super::{Kind, OptionSpec, Place, Section};

/// Subcommands that open a session on a server of the user's once or for a while.
const CONNECTING: &[&str] = &["poll", "check", "record"];

/// Subcommands that run by a configuration, or look at one.
const CONFIGURED: &[&str] = &["agent", "config"];

/// Subcommands that poll a server of the user's, once or for ever.
const POLLING: &[&str] = &["poll", "record", "agent", "config"];

/// Subcommands that open a session on a server of the user's, once or for ever.
const EVERY_CONNECTING: &[&str] = &["poll", "check", "record", "agent", "config"];

/// Subcommands that say what an operator wants.
const CONTROLLING: &[&str] = &["stop", "resume"];

/// Subcommands that name states which others use.
const NAMING_STATES: &[&str] = &["stop", "resume", "state"];

const PROCESS: &[Section] = &[Section::Process];
/// What can be said of all servers and of each.
const SERVERS: &[Section] = &[Section::Defaults, Section::Server];
const SERVER: &[Section] = &[Section::Server];

/// Every option of every subcommand and of every section of a configuration file. One name may have two rows, where the
/// default differs between subcommands or the meaning between sections.
pub const OPTIONS: &[OptionSpec] = &joined::<{ total(LISTS) }>(LISTS);

const LISTS: &[&[OptionSpec]] =
    &[servers::ROWS, ROWS, functions::ROWS, discovery::ROWS, telemetry::ROWS, exporters::ROWS];

const fn total(lists: &[&[OptionSpec]]) -> usize {
    let (mut list, mut count) = (0, 0);
    while list < lists.len() {
        count += lists[list].len();
        list += 1;
    }
    count
}

const fn joined<const COUNT: usize>(lists: &[&[OptionSpec]]) -> [OptionSpec; COUNT] {
    let mut rows = [ROW; COUNT];
    let (mut list, mut index, mut count) = (0, 0, 0);
    while count < COUNT {
        if index < lists[list].len() {
            rows[count] = lists[list][index];
            index += 1;
            count += 1;
        } else {
            list += 1;
            index = 0;
        }
    }
    rows
}

const ROWS: &[OptionSpec] = &[
    OptionSpec {
        commands: CONNECTING,
        help: "Where the server is: a URL, keyword=value pairs or a database name",
        more: "As psql takes it: postgresql://user@host:5432/db?sslmode=verify-full, or \"host=… dbname=… \
               user=…\". What it leaves open comes from PGSERVICE, the PG* variables, ~/.pgpass and libpq's \
               defaults. TLS is verified (verify-full) for anything but a socket or this machine. Keep the \
               password out of the arguments: use PGPASSWORD or ~/.pgpass.",
        ..text("connection", OPTIONAL, "URL")
    },
    OptionSpec {
        commands: &["record"],
        help: "The folder to write poll-001.json and on into; it is made if need be",
        more: "Texts are normalised before they are written and settings that may hold secrets are hashes: the \
               folder can go into a bug report. Replay it with: pgquerylens poll --replay DIR",
        ..text("directory", REQUIRED, "DIR")
    },
    OptionSpec {
        commands: &["config"],
        help: "What to do: show what holds and where it was said, check a file, write one to begin with, print the schema",
        more: "For example: pgquerylens config check pgquerylens.yaml",
        ..choice("action", REQUIRED, &["show", "check", "init", "schema"])
    },
    OptionSpec {
        commands: &["config"],
        help: "The file: to show or to check, or to be written by init; without it PGQUERYLENS_CONFIG names it",
        more: "init without a file writes to the standard output. A file that is there already is left alone.",
        ..text("file", OPTIONAL, "FILE")
    },
    OptionSpec {
        commands: CONFIGURED,
        help: "The configuration file, in YAML, TOML or JSON by its ending",
        more: "docs/configuration.md explains it, and pgquerylens config init writes one to begin with. Without it one \
               server is polled, which --connection, DATABASE_URL or the PG* variables name, and sent to \
               OTEL_EXPORTER_OTLP_ENDPOINT. For example: --config /etc/pgquerylens.yaml",
        ..text("config", Place::Named(When), "FILE")
    },
    OptionSpec {
        commands: &["completions"],
        help: "The shell that is to complete our options",
        more: "For example: pgquerylens completions bash > ~/.local/share/bash-completion/completions/pgquerylens",
        ..choice("shell", REQUIRED, &["bash", "elvish", "fish", "powershell", "zsh"])
    },
    OptionSpec {
        commands: &["man"],
        help: "A folder for one page per subcommand; without it all pages go to the standard output",
        more: "For example: pgquerylens man ~/.local/share/man/man1, or pgquerylens man | man -l -",
        ..text("man-directory", OPTIONAL, "DIR")
    },
    OptionSpec {
        commands: &["reference"],
        help: "The repository's folder, in which pages and what is deployed are written",
        ..text("reference-directory", REQUIRED, "DIR")
    },
    OptionSpec {
        commands: &["reference"],
        help: "Write nothing; fail if a page is not what it should be",
        ..flag("check", Place::Named(Output))
    },
    OptionSpec {
        help: "Poll again and again at this interval, over one held connection",
        more: "From the second poll on the report shows what happened in between. Polls start on a steady tick \
               and never overlap: one that takes longer skips ticks and says so. For example: --every 60s",
        ..duration("every", Place::Named(When))
    },
    OptionSpec {
        commands: &["record"],
        default: Some("5s"),
        help: "The interval between the recorded polls",
        more: "For example: --every 1m",
        ..duration("every", Place::Named(When))
    },
    OptionSpec {
        commands: &["demo"],
        default: Some("3s"),
        help: "The interval between polls",
        more: "For example: --every 5s",
        ..duration("every", Place::Named(When))
    },
    OptionSpec {
        commands: CONFIGURED,
        sections: SERVERS,
        default: Some("60s"),
        help: "The interval between polls of a server",
        more: "Polls start on a steady tick, spread over the interval, and never overlap. For example: --every 30s",
        ..duration("every", Place::Named(When))
    },
    OptionSpec {
        commands: &["demo"],
        help: "Show the agent: two servers, a receiver of OTLP, and everything that goes wrong at night",
        more: "A server is killed, the receiver stops answering, the agent is killed; at the end what was executed \
               is held against what was received. It takes about two minutes.",
        ..flag("agent", Place::Named(When))
    },
    OptionSpec {
        commands: &["demo"],
        help: "Show the function of AWS Lambda: servers found by their tags, polled by tokens, one kill in the middle",
        more: "AWS is an emulator on this machine, and Lambda and the logins of RDS are doubles. It takes about a minute.",
        ..flag("aws", Place::Named(When))
    },
    OptionSpec {
        commands: &["demo"],
        help: "With --aws: the function's binary, where it is not beside this program",
        more: "For example: --aws --function target/debug/bootstrap",
        ..text("function", Place::Named(When), "FILE")
    },
    OptionSpec {
        help: "End after this time; with --every",
        more: "For example: --every 10s --for 5m",
        ..duration("for", Place::Named(When))
    },
    OptionSpec {
        commands: &["demo"],
        default: Some("45s"),
        help: "How long the demo polls",
        more: "It can be ended earlier with Ctrl-C. For example: --for 2m",
        ..duration("for", Place::Named(When))
    },
    OptionSpec {
        help: "End after so many polls; with --every",
        more: "For example: --every 10s --polls 6",
        ..count("polls", Place::Named(When))
    },
    OptionSpec {
        commands: &["record"],
        default: Some("2"),
        help: "How many polls are recorded",
        more: "Two are the least from which a replay shows an interval. For example: --polls 12",
        ..count("polls", Place::Named(When))
    },
    OptionSpec {
        help: "Keep the state between invocations: a URL, with a place of its own for each server",
        more: "With it two invocations have an interval between them, and texts that were read are not read \
               again. Without it the state lives as long as the process. file:PATH, s3://BUCKET/PREFIX, \
               gs://BUCKET/PREFIX, az://CONTAINER/PREFIX or redis://HOST:PORT/DATABASE/PREFIX; docs/state.md says \
               where their credentials come from. For example: --state file:/var/lib/pgquerylens/shop",
        ..text("state", Place::Named(When), "URL")
    },
    OptionSpec {
        commands: CONFIGURED,
        sections: PROCESS,
        sample: "file:/var/lib/pgquerylens",
        help: "Keep the states here: a URL, below which each server has a place of its own",
        more: "With it nothing is lost or counted twice over a restart. Without it the states live as long as the \
               process. file:PATH, s3://BUCKET/PREFIX, gs://BUCKET/PREFIX, az://CONTAINER/PREFIX or \
               redis://HOST:PORT/DATABASE/PREFIX; docs/state.md says where their credentials come from. \
               For example: --state file:/var/lib/pgquerylens",
        ..text("state", Place::Named(When), "URL")
    },
    OptionSpec {
        commands: CONFIGURED,
        sections: PROCESS,
        default: Some("off"),
        help: "Let one process at a time use a state that is not in a folder: for so long it keeps others off; or off",
        more: "Polls renew it, an agent that ends gives it up, and of one that died it is over 30 seconds after its \
               time. In a folder a lock does that. For example: --state-lease 5m",
        ..text("state-lease", Place::Named(When), "DURATION")
    },
    OptionSpec {
        commands: &["state"],
        help: "What to do: show what is there, or forget what one server has",
        more: "For example: pgquerylens state show s3://acme-states/prod",
        ..choice("task", REQUIRED, &["show", "forget"])
    },
    OptionSpec {
        commands: &["state"],
        help: "The states that are meant: a URL, as the agent has it; without it --state says it",
        more: "For example: pgquerylens state show file:/var/lib/pgquerylens",
        ..text("url", OPTIONAL, "URL")
    },
    OptionSpec {
        commands: NAMING_STATES,
        help: "The states that are meant: a URL, as the agent has it",
        more: "For example: --state file:/var/lib/pgquerylens",
        ..text("state", Place::Named(When), "URL")
    },
    OptionSpec {
        commands: &["state"],
        help: "The one server that is meant, by its name; forget without it means a single poll's state at the URL itself",
        more: "For example: --server shop",
        ..text("server", Place::Named(What), "NAME")
    },
    OptionSpec {
        commands: &["state"],
        help: "Remove without asking; needed where nobody can be asked",
        more: "For example: pgquerylens state forget --server shop --yes s3://acme-states/prod",
        ..flag("yes", Place::Named(What))
    },
    OptionSpec {
        commands: CONTROLLING,
        help: "The one server that is meant, by its name; without it all are",
        more: "For example: --server shop",
        ..text("server", Place::Named(What), "NAME")
    },
    OptionSpec {
        commands: CONTROLLING,
        repeatable: true,
        help: "The view that is meant, not polls as a whole; repeatable",
        more: "docs/reference/views.md lists them. For example: --view pg_stat_user_tables",
        ..text("view", Place::Named(What), "NAME")
    },
    OptionSpec {
        commands: CONTROLLING,
        repeatable: true,
        help: "The exporter that is meant, not polls as a whole; repeatable",
        more: "The name is not checked: only the agent knows its exporters. For example: --exporter collector",
        ..text("exporter", Place::Named(What), "NAME")
    },
    OptionSpec {
        commands: &["stop"],
        help: "Why polls are stopped, in your own words; it is shown wherever the stop is",
        more: "It is of no use beside --view and --exporter, and a mistake there. For example: --reason \"upgrade until 22:00\"",
        ..text("reason", Place::Named(What), "TEXT")
    },
    OptionSpec {
        commands: CONFIGURED,
        sections: PROCESS,
        default: Some("127.0.0.1:9188"),
        help: "Where health, status and our own figures are shown: an IP address and a port, or off",
        more: "For example: --listen 0.0.0.0:9188",
        ..text("listen", Place::Named(Process), "ADDRESS")
    },
    OptionSpec {
        commands: CONFIGURED,
        sections: PROCESS,
        default: Some("8"),
        help: "How many servers are polled at the same time: one that says nothing for a second does not count",
        more: "For example: --workers 16",
        ..count("workers", Place::Named(Process))
    },
    OptionSpec {
        commands: CONFIGURED,
        sections: PROCESS,
        default: Some("10s"),
        help: "How long polls and deliveries may go on after a signal to end",
        more: "For example: --shutdown-grace 25s",
        ..duration("shutdown-grace", Place::Named(Process))
    },
    OptionSpec {
        commands: CONFIGURED,
        sections: PROCESS,
        default: Some("text"),
        help: "Log lines for people, or JSON for programs",
        more: "For example: --log-format json",
        ..choice("log-format", Place::Named(Process), &["text", "json"])
    },
    OptionSpec {
        commands: CONFIGURED,
        sections: PROCESS,
        default: Some("info"),
        help: "What is logged: off, error, warn, info, debug or trace, and the same by module",
        more: "For example: --log-level info,pgquerylens_engine=debug",
        ..text("log-level", Place::Named(Process), "LEVEL")
    },
    OptionSpec {
        standard: Some("OTEL_SERVICE_NAME"),
        sample: "pgquerylens",
        help: "The attribute service.name of what is exported",
        ..in_file("service-name", Kind::Text, PROCESS)
    },
    OptionSpec {
        standard: Some("OTEL_RESOURCE_ATTRIBUTES"),
        sample: "{deployment.environment.name: prod}",
        help: "Attributes of everything that is exported",
        more: "Labels of a server of the same name win over them.",
        ..in_file("resource-attributes", Kind::Labels, PROCESS)
    },
    OptionSpec {
        help: "Poll a recording in place of a server; see pgquerylens record",
        more: "For example: pgquerylens poll --replay recording/",
        ..text("replay", Place::Named(When), "DIR")
    },
    OptionSpec {
        commands: &["demo"],
        help: "Where PostgreSQL is installed: a folder with 18/bin below it",
        more: "Without it the place where `make setup` puts it is looked at, then the operating system's. \
               For example: --postgres /opt/postgres",
        ..text("postgres", Place::Named(When), "DIR")
    },
    OptionSpec {
        commands: POLLING,
        sections: SERVERS,
        plural: Some("databases"),
        sample: "[shop, billing]",
        repeatable: true,
        help: "Also read tables, indexes and functions of this database; repeatable",
        more: "Server-wide figures and statements cover every database anyway; tables and indexes show only in \
               their own, which is visited one after another. In the environment names are separated by commas. \
               For example: --database shop --database billing",
        ..text("database", Place::Named(What), "NAME")
    },
    OptionSpec {
        commands: POLLING,
        sections: SERVERS,
        help: "Also read tables, indexes and functions of every database",
        more: "One after another, as far as --deadline allows; the next poll goes on where this one stopped. \
               Databases of the provider (rdsadmin, cloudsqladmin, azure_sys …) are left out.",
        ..flag("all-databases", Place::Named(What))
    },
    OptionSpec {
        help: "Read everything now, also what is due every few minutes or hours only",
        more: "Each poll then costs the server what otherwise one in ten does.",
        ..flag("everything-now", Place::Named(What))
    },
    OptionSpec {
        commands: &["sql"],
        help: "The server's major version, 12 to 18",
        more: "For example: --pg 16",
        ..text("pg", Place::Named(What), "MAJOR")
    },
    OptionSpec {
        commands: &["sql"],
        default: Some("self-managed"),
        help: "Who runs the server; the notes on rights are in its words",
        more: "Aurora has some statements more; all others are the same everywhere. For example: --provider rds",
        ..choice(
            "provider",
            Place::Named(What),
            &["self-managed", "rds", "aurora", "cloud-sql", "alloydb", "azure"],
        )
    },
    OptionSpec {
        commands: &["check"],
        help: "Ask no server; print the SQL that makes the monitoring role, to be run as whoever may",
        more: "It can be run again. Without --provider it is that of a server of one's own. \
               For example: --bootstrap-sql --provider rds | psql",
        ..flag("bootstrap-sql", Place::Named(What))
    },
    OptionSpec {
        commands: &["check"],
        help: "With --bootstrap-sql: print the SQL that takes the role away again",
        more: "For example: --bootstrap-sql --undo | psql",
        ..flag("undo", Place::Named(What))
    },
    OptionSpec {
        commands: &["check"],
        help: "Who runs the server, in whose words is said what to do; without it the server's settings tell",
        more: "For example: --provider azure",
        ..choice(
            "provider",
            Place::Named(What),
            &["self-managed", "rds", "aurora", "cloud-sql", "alloydb", "azure"],
        )
    },
    OptionSpec {
        commands: &["sql"],
        help: "The version of the extension pg_stat_statements, if it is not the newest of that major",
        more: "It stays what it was after a server upgrade, until alter extension … update. \
               For example: --pg 16 --statements-version 1.8",
        ..text("statements-version", Place::Named(What), "1.N")
    },
    OptionSpec {
        commands: &["poll", "sql"],
        default: Some("table"),
        help: "A report for people, or JSON for programs",
        more: "json is one document per poll on a line of its own, described in docs/reference/document.md. \
               For example: --format json | jq .status",
        ..choice("format", Place::Named(Output), &["table", "json"])
    },
    OptionSpec {
        commands: &["check"],
        default: Some("table"),
        help: "A list for people, or JSON for programs",
        more: "json is one document, \"schema\": \"pgquerylens.check/1\". \
               For example: --format json | jq '.aspects[] | select(.level != \"ok\")'",
        ..choice("format", Place::Named(Output), &["table", "json"])
    },
    OptionSpec {
        commands: &["discover"],
        default: Some("table"),
        help: "A list for people, or JSON for programs",
        more: "json is one document, \"schema\": \"pgquerylens.discover/1\". \
               For example: --format json | jq -c '.targets[]'",
        ..choice("format", Place::Named(Output), &["table", "json"])
    },
    OptionSpec {
        commands: &["state"],
        default: Some("table"),
        help: "A list for people, or JSON for programs",
        more: "json is one document, \"schema\": \"pgquerylens.state/1\". \
               For example: --format json | jq '.servers[].last_read'",
        ..choice("format", Place::Named(Output), &["table", "json"])
    },
    OptionSpec {
        commands: &["check"],
        help: "Exit with 1 also if there are warnings only",
        more: "For example, before a deployment: --strict",
        ..flag("strict", Place::Named(Output))
    },
    OptionSpec {
        commands: &["poll", "demo"],
        default: Some("10"),
        help: "How many statements are named in each order; the others are summed up",
        more: "For example: --top 25",
        ..count("top", Place::Named(Output))
    },
    OptionSpec {
        commands: CONFIGURED,
        sections: SERVERS,
        default: Some("50"),
        help: "How many statements a poll names in each order; the others are summed up",
        more: "The orders are execution time, I/O time, WAL bytes, temporary blocks and calls. For example: --top 100",
        ..count("top", Place::Named(What))
    },
    OptionSpec {
        commands: &["poll", "demo"],
        default: Some("time"),
        help: "What statements are ranked by: time, I/O time, WAL bytes, temporary blocks or calls",
        more: "A document (--format json) names the first of every order in any case. For example: --order wal",
        ..choice("order", Place::Named(Output), &["time", "io", "wal", "temp", "calls"])
    },
    OptionSpec {
        commands: &["poll", "check", "state", "discover", "demo"],
        default: Some("auto"),
        help: "Colours: where the output is a terminal, always or never",
        more: "auto honours NO_COLOR and CLICOLOR. For example: --colour always | less -R",
        ..choice("colour", Place::Named(Output), &["auto", "always", "never"])
    },
    OptionSpec {
        help: "Exit with 1 if the poll was degraded: something it should read was not there",
        more: "Without it only a poll that read nothing fails. For example, in a monitoring check: --strict",
        ..flag("strict", Place::Named(Output))
    },
    OptionSpec {
        commands: &["poll", "record", "version"],
        help: "Say more: each view's outcome, rows and time; with version, what it was built for",
        more: "It goes to the standard error, so that the report stays what it is.",
        ..flag("verbose", Place::Named(Output))
    },
    OptionSpec {
        commands: EVERY_CONNECTING,
        sections: SERVERS,
        default: Some("30s"),
        help: "The whole poll; what was read by then is reported, what runs is cancelled",
        more: "For example: --deadline 20s",
        ..duration("deadline", Place::Named(Limits))
    },
    OptionSpec {
        commands: EVERY_CONNECTING,
        sections: SERVERS,
        default: Some("5s"),
        help: "Finding, connecting to and logging in at one address",
        more: "It overrides connect_timeout of the connection string. For example: --connect-timeout 10s",
        ..duration("connect-timeout", Place::Named(Limits))
    },
    OptionSpec {
        commands: EVERY_CONNECTING,
        sections: SERVERS,
        default: Some("10s"),
        help: "statement_timeout of our session",
        more: "One view that takes longer is left out and named; the others are read. \
               For example: --statement-timeout 5s",
        ..duration("statement-timeout", Place::Named(Limits))
    },
    OptionSpec {
        commands: EVERY_CONNECTING,
        sections: SERVERS,
        default: Some("250ms"),
        help: "lock_timeout of our session: how long we wait for another session's lock",
        more: "For example: --lock-timeout 100ms",
        ..duration("lock-timeout", Place::Named(Limits))
    },
    OptionSpec {
        commands: EVERY_CONNECTING,
        sections: SERVERS,
        default: Some("10s"),
        help: "idle_in_transaction_session_timeout of our session",
        more: "The server ends our session if we hang in the middle of a poll. \
               For example: --idle-in-transaction-timeout 5s",
        ..duration("idle-in-transaction-timeout", Place::Named(Limits))
    },
    OptionSpec {
        commands: EVERY_CONNECTING,
        sections: SERVERS,
        default: Some("16MiB"),
        help: "work_mem of our session",
        more: "The counters of 10,000 statements fit into the default without a temporary file. \
               For example: --work-mem 8MiB",
        ..bytes("work-mem", Place::Named(Limits))
    },
    OptionSpec {
        commands: POLLING,
        sections: SERVERS,
        default: Some("10m"),
        help: "The pause of views that are read every few minutes: tables, indexes, replication slots …",
        more: "docs/reference/views.md has the class of each view. For example: --minutes-pause 5m",
        ..duration("minutes-pause", Place::Named(Limits))
    },
    OptionSpec {
        commands: POLLING,
        sections: SERVERS,
        default: Some("1h"),
        help: "The pause of views that are read every few hours: sizes, settings, roles, extensions …",
        more: "docs/reference/views.md has the class of each view. For example: --hours-pause 6h",
        ..duration("hours-pause", Place::Named(Limits))
    },
    OptionSpec {
        commands: EVERY_CONNECTING,
        sections: SERVERS,
        default: Some("64MiB"),
        help: "The most bytes of statement text that one reading may bring",
        more: "The server loads all texts for a reading of any. Where more are to be expected, statements are \
               shown by their query id. For example: --text-budget 256MiB",
        ..bytes("text-budget", Place::Named(Limits))
    },
    OptionSpec {
        commands: POLLING,
        sections: SERVERS,
        default: Some("10m"),
        help: "The pause between two readings of statement texts",
        more: "Texts are read only where too much execution time belongs to statements without a known one. \
               For example: --text-pause 1h",
        ..duration("text-pause", Place::Named(Limits))
    },
];
