//! The rows of who a server is, and how we log in to it.

use super::super::Heading::{What, When};
use super::super::row::{choice, duration, flag, in_file, text};
use super::super::{Kind, OptionSpec, Place};
use super::{CONFIGURED, EVERY_CONNECTING, SERVER, SERVERS};

pub(super) const ROWS: &[OptionSpec] = &[
    OptionSpec {
        commands: CONFIGURED,
        sections: SERVER,
        standard: Some("DATABASE_URL"),
        sample: "postgresql://monitor@db.example.com/shop",
        help: "Where the server is: a URL, keyword=value pairs or a database name",
        more: "As psql takes it: postgresql://user@host:5432/db?sslmode=verify-full, or \"host=… dbname=… \
               user=…\". What it leaves open comes from PGSERVICE, the PG* variables, ~/.pgpass and libpq's \
               defaults. Keep the password out of it: use the key password of a file, PGPASSWORD or ~/.pgpass.",
        ..text("connection", Place::Named(When), "URL")
    },
    OptionSpec {
        sample: "shop-primary",
        help: "What the server is called, in what is exported and in the state",
        more: "Without it the name is host:port/database. Two servers cannot have the same.",
        ..in_file("name", Kind::Text, SERVER)
    },
    OptionSpec {
        place: Place::Variable,
        sample: "shop",
        help: "What a server and its replicas form together",
        ..in_file("cluster", Kind::Text, SERVERS)
    },
    OptionSpec {
        sample: "{env: prod, team: shop}",
        help: "Labels of your own, which become attributes of what is exported",
        more: "Those of a server are added to those of the defaults.",
        ..in_file("labels", Kind::Labels, SERVERS)
    },
    OptionSpec {
        sample: "{file: /run/secrets/monitor}",
        help: "The password: {file: PATH}, {env: NAME}, {command: [PROGRAM, …]}, {aws-secret: NAME} or {aws-parameter: NAME}",
        more: "A file or command is read again at each login, so that a rotated password counts at once. Without it \
               PGPASSWORD, ~/.pgpass and the connection string are looked at, as psql does.",
        ..in_file("password", Kind::Secret, SERVERS)
    },
    OptionSpec {
        commands: EVERY_CONNECTING,
        sections: SERVERS,
        default: Some("password"),
        help: "How we log in: by a password, or by a token of AWS IAM (rds-iam) that is signed for each connection",
        more: "rds-iam needs no password and no secret: the default chain of the AWS SDK finds credentials (the role of \
               a function, task or instance, a profile, variables), which need rds-db:connect on the database user; \
               that needs rds_iam. For example: --auth rds-iam",
        ..choice("auth", Place::Named(What), &["password", "rds-iam"])
    },
    OptionSpec {
        commands: EVERY_CONNECTING,
        sections: SERVERS,
        sample: "eu-west-1",
        help: "The region of the server, where the name of its endpoint does not tell it",
        more: "It goes before what the endpoint's name says; without either AWS_REGION or the profile tells. \
               For example: --aws-region eu-west-1",
        ..text("aws-region", Place::Named(What), "REGION")
    },
    OptionSpec {
        commands: EVERY_CONNECTING,
        sections: SERVERS,
        sample: "arn:aws:iam::123456789012:role/pgquerylens",
        help: "The role of another account to assume, by its ARN: for the token, a password that lies at AWS, and what AWS is asked besides",
        more: "Our own credentials need sts:AssumeRole on it, and it needs rds-db:connect and what aws-metrics takes. \
               Several, with commas between, are assumed one by the other; the external id is for the last. \
               For example: --aws-role arn:aws:iam::123456789012:role/pgquerylens",
        ..text("aws-role", Place::Named(What), "ARN")
    },
    OptionSpec {
        commands: EVERY_CONNECTING,
        sections: SERVERS,
        sample: "pgquerylens",
        help: "The external id that the role asks for",
        more: "For example: --aws-external-id pgquerylens",
        ..text("aws-external-id", Place::Named(What), "ID")
    },
    OptionSpec {
        commands: CONFIGURED,
        sections: SERVER,
        sample: "shop-1",
        help: "The instance of RDS or Aurora that the server is, where the name of its endpoint does not tell it",
        more: "By it AWS is asked for what aws-metrics names, and for the log. For example: --aws-instance shop-1",
        ..text("aws-instance", Place::Named(What), "IDENTIFIER")
    },
    OptionSpec {
        commands: CONFIGURED,
        sections: SERVERS,
        repeatable: true,
        sample: "[enhanced-monitoring, performance-insights]",
        help: "What AWS is asked for besides: cloudwatch, enhanced-monitoring, performance-insights; repeatable",
        more: "Each needs a right, and some cost: docs/aws-metrics.md says which. It holds for servers whose instance is \
               known; others are not asked about. For example: --aws-metrics enhanced-monitoring",
        ..text("aws-metrics", Place::Named(What), "SOURCE")
    },
    OptionSpec {
        commands: CONFIGURED,
        sections: SERVERS,
        default: Some("5m"),
        help: "The pause before CloudWatch is asked again, in whole minutes: each time costs, and none is lost in between",
        more: "Values come with the minutes that they are of, only later. At most 54m. For example: --cloudwatch-pause 1m",
        ..duration("cloudwatch-pause", Place::Named(What))
    },
    OptionSpec {
        commands: CONFIGURED,
        sections: SERVERS,
        help: "Read the server's log by the API of RDS: errors are counted, and plans of auto_explain kept, without literals",
        more: "It needs two rights and a log_line_prefix: docs/aws-logs.md says which. It holds for servers whose instance is \
               known, as aws-metrics does. For example: --aws-logs",
        ..flag("aws-logs", Place::Named(What))
    },
];
