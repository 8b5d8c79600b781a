//! The subcommands: what each is for, with examples that can be copied. What they do is in `commands`.

/// The subcommands, for the one place that tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subcommand {
    /// A throw-away server, watched.
    Demo,
    /// Polls.
    Poll,
    /// Polls for ever and sends what it read.
    Agent,
    /// Looks at configurations.
    Config,
    /// `stop`.
    Stop,
    /// `resume`.
    Resume,
    /// `state`.
    State,
    /// Looks which servers there are at AWS.
    Discover,
    /// Looks whether a server is ready to be polled.
    Check,
    /// Prints our SQL.
    Sql,
    /// Writes a recording.
    Record,
    /// Prints completions.
    Completions,
    /// Prints man pages.
    Man,
    /// Prints the version.
    Version,
    /// Writes the reference pages.
    Reference,
}

/// One subcommand.
#[derive(Debug)]
pub(crate) struct SubcommandSpec {
    /// Which one it is.
    pub(crate) subcommand: Subcommand,
    /// Its name.
    pub(crate) name: &'static str,
    /// One line for the list.
    pub(crate) about: &'static str,
    /// What else there is to know.
    pub(crate) more: &'static str,
    /// Lines to copy, each with what it does.
    pub(crate) examples: &'static [(&'static str, &'static str)],
    /// Whether it is left out of lists: of use to the repository alone.
    pub(crate) hidden: bool,
}

/// All subcommands, in the order in which a newcomer meets them.
pub(crate) const SUBCOMMANDS: &[SubcommandSpec] = &[
    SubcommandSpec {
        subcommand: Subcommand::Demo,
        name: "demo",
        about: "Starts a throw-away PostgreSQL with a busy shop in it and watches it",
        more: "A real server is started on this machine, a small shop works in it with a few planted mistakes \
               (a missing index, a row held too long, sorts that spill), and it is polled through the same code \
               as your own would be. It ends by itself and leaves nothing behind.",
        examples: &[
            ("pgquerylens demo", "45 seconds, a report every 3"),
            ("pgquerylens demo --for 5m --order io", "longer, ranked by I/O time"),
            ("pgquerylens demo --agent", "the agent, and what it stands"),
        ],
        hidden: false,
    },
    SubcommandSpec {
        subcommand: Subcommand::Poll,
        name: "poll",
        about: "Reads a server once, or again and again, and reports what it did",
        more: "One poll shows levels and totals since the last reset; what happened in an interval shows from the \
               second poll on: with --every, or with --state between two invocations. The session is read-only, \
               opens no transaction while it waits, takes no lock that blocks others, and keeps to the limits \
               below. A role with pg_monitor is all it needs.",
        examples: &[
            ("pgquerylens poll postgresql://monitor@db.example.com/shop", "one look"),
            ("pgquerylens poll --every 60s postgresql://monitor@db.example.com/shop", "minute by minute"),
            (
                "pgquerylens poll --state file:/var/lib/pgquerylens/shop service=shop",
                "from cron, with intervals",
            ),
            ("pgquerylens poll --every 10s --format json | jq .status", "for programs; PGHOST names it"),
        ],
        hidden: false,
    },
    SubcommandSpec {
        subcommand: Subcommand::Agent,
        name: "agent",
        about: "Polls servers for ever and sends what it read to OpenTelemetry or as lines of JSON",
        more: "Many servers in one process, by a configuration file; or one server and one exporter, by the \
               environment alone. What is said here holds for all servers that the file does not say otherwise of; \
               docs/reference/configuration.md lists what files and variables can say besides. \
               SIGHUP reads the file again, SIGTERM ends it in order.",
        examples: &[
            ("pgquerylens agent --config /etc/pgquerylens.yaml", "by a file: see pgquerylens config init"),
            ("DATABASE_URL=… OTEL_EXPORTER_OTLP_ENDPOINT=… pgquerylens agent", "by the environment"),
        ],
        hidden: false,
    },
    SubcommandSpec {
        subcommand: Subcommand::Config,
        name: "config",
        about: "Shows what the agent would run by and where each value was said; checks and begins its files",
        more: "Secrets are never shown. The options below are those of the agent, so that show can tell what they \
               would change. check and show end with 78 if there are mistakes, which are all listed, with lines and \
               columns.",
        examples: &[
            (
                "pgquerylens config init pgquerylens.yaml",
                "a file with every option, its default and a sentence",
            ),
            ("pgquerylens config check pgquerylens.yaml", "before a reload"),
            ("pgquerylens config show pgquerylens.yaml", "every value and where it was said"),
            ("pgquerylens config schema > pgquerylens.schema.json", "for editors that complete and check"),
        ],
        hidden: false,
    },
    SubcommandSpec {
        subcommand: Subcommand::Stop,
        name: "stop",
        about: "Stops polls, or does without a view or an exporter, from the next poll on",
        more: "The wish is written beside the states, where every runtime looks before each poll; the agent goes on \
               and shows it. pgquerylens resume takes it back. What is not sent to an exporter while it is off is \
               not kept for it: a running sum is whole again afterwards, events and lines of that time are not sent. \
               What waited before goes on waiting.",
        examples: &[
            ("pgquerylens stop --state file:/var/lib/pgquerylens --reason upgrade", "every server"),
            ("pgquerylens stop --state file:/var/lib/pgquerylens --server shop", "one server"),
            ("pgquerylens stop --state file:/var/lib/pgquerylens --view pg_stat_user_tables", "a view alone"),
        ],
        hidden: false,
    },
    SubcommandSpec {
        subcommand: Subcommand::Resume,
        name: "resume",
        about: "Takes back what pgquerylens stop wished",
        more: "Without a view or an exporter it takes everything back: what was wished for every server and what was \
               wished for each, or for the one named alone. It prints what it took back.",
        examples: &[("pgquerylens resume --state file:/var/lib/pgquerylens", "poll again")],
        hidden: false,
    },
    SubcommandSpec {
        subcommand: Subcommand::State,
        name: "state",
        about: "Shows what lies under a state's URL, or forgets what one server has there",
        more: "show lists servers with their polls, when they were last read by their own clock, the sizes of what is kept, \
               what waits for exporters, and what is stopped. forget removes all of one server: its next poll begins \
               anew, and what waited is lost. It says what it removes before it does.",
        examples: &[
            ("pgquerylens state show s3://acme-states/prod", "what is there"),
            ("pgquerylens state show file:/var/lib/pgquerylens --format json | jq .servers", "for programs"),
            (
                "pgquerylens state forget redis://cache:6379/0/prod --server shop",
                "begin anew with one server",
            ),
        ],
        hidden: false,
    },
    SubcommandSpec {
        subcommand: Subcommand::Discover,
        name: "discover",
        about: "Looks which servers of RDS and Aurora there are, and says why one is left out",
        more: "Regions and accounts are looked through at the same time; one that denies costs itself alone. Clusters of \
               Aurora become their instances. docs/discovery.md has the rules and the rights it takes.",
        examples: &[
            ("pgquerylens discover --discover-region eu-west-1", "everything in a region"),
            (
                "pgquerylens discover --discover-tag env=prod --format json | jq -c .targets[]",
                "as configurations",
            ),
        ],
        hidden: false,
    },
    SubcommandSpec {
        subcommand: Subcommand::Check,
        name: "check",
        about: "Looks whether a server, a role and a connection are ready to be polled, and how to mend what is not",
        more: "Each aspect is ok, a warning or an error, with the SQL, setting or command that mends it in the words \
               of whoever runs the server. Nothing is changed. It ends with 0 if all is ok or there are warnings \
               only, with 1 if there is an error (under --strict also a warning), and with the code of a poll if \
               the server cannot be asked.",
        examples: &[
            ("pgquerylens check postgresql://monitor@db.example.com/shop", "before the first poll"),
            ("pgquerylens check --strict --format json service=shop | jq .level", "for programs"),
        ],
        hidden: false,
    },
    SubcommandSpec {
        subcommand: Subcommand::Sql,
        name: "sql",
        about: "Prints every statement that we may run on a version of PostgreSQL, for approval",
        more: "Each with its view, how often it runs and the rights it needs. The output is a \
               .sql file with comments. No server is asked.",
        examples: &[
            ("pgquerylens sql --pg 16 > pgquerylens-16.sql", "everything, to read or to approve"),
            ("pgquerylens sql --pg 16 --provider rds", "the notes in the words of Amazon RDS"),
        ],
        hidden: false,
    },
    SubcommandSpec {
        subcommand: Subcommand::Record,
        name: "record",
        about: "Writes down what a server answers, without secrets, to replay or to attach to a bug report",
        more: "Every view is read at the first poll. Texts are normalised before they are written.",
        examples: &[
            (
                "pgquerylens record postgresql://monitor@db.example.com/shop recording/",
                "two polls, 5 s apart",
            ),
            ("pgquerylens poll --replay recording/", "the report as it would have been"),
        ],
        hidden: false,
    },
    SubcommandSpec {
        subcommand: Subcommand::Completions,
        name: "completions",
        about: "Prints the completions of a shell",
        more: "",
        examples: &[(
            "pgquerylens completions zsh > ~/.zfunc/_pgquerylens",
            "for zsh, with ~/.zfunc in its fpath",
        )],
        hidden: false,
    },
    SubcommandSpec {
        subcommand: Subcommand::Man,
        name: "man",
        about: "Prints the man pages, or writes them into a folder",
        more: "",
        examples: &[("pgquerylens man | man -l -", "to read them at once")],
        hidden: false,
    },
    SubcommandSpec {
        subcommand: Subcommand::Version,
        name: "version",
        about: "Prints the version, and with --verbose what it was built for",
        more: "",
        examples: &[("pgquerylens version --verbose", "for a bug report")],
        hidden: false,
    },
    SubcommandSpec {
        subcommand: Subcommand::Reference,
        name: "reference",
        about: "Writes the reference pages of the repository, or checks that they are fresh",
        more: "",
        examples: &[("pgquerylens reference .", "after a change of an option, a view or a column")],
        hidden: true,
    },
];
