//! The rows of discovery: where servers are looked for at AWS, which of them are wanted, and whom to log in as.

use super::super::Heading::{What, When};
use super::super::row::{choice, text};
use super::super::{OptionSpec, Place};

const DISCOVER: &[&str] = &["discover"];

pub(super) const ROWS: &[OptionSpec] = &[
    OptionSpec {
        help: "A tag that an instance or its cluster must have, KEY or KEY=VALUE; repeatable, and all must be there",
        more: "A value may have * and ?. For example: --discover-tag pgquerylens --discover-tag env=prod*",
        commands: DISCOVER,
        repeatable: true,
        ..text("discover-tag", Place::Named(What), "KEY=VALUE")
    },
    OptionSpec {
        help: "A region to look in; repeatable. Without it that of the environment or profile",
        more: "For example: --discover-region eu-west-1 --discover-region us-east-1",
        commands: DISCOVER,
        repeatable: true,
        ..text("discover-region", Place::Named(What), "REGION")
    },
    OptionSpec {
        help: "A role of another account to assume and look with, too, by its ARN; repeatable",
        more: "Our own account is looked through in any case. \
               For example: --discover-role arn:aws:iam::123456789012:role/pgquerylens",
        commands: DISCOVER,
        repeatable: true,
        ..text("discover-role", Place::Named(What), "ARN")
    },
    OptionSpec {
        help: "The external id that those roles ask for",
        commands: DISCOVER,
        ..text("discover-external-id", Place::Named(What), "ID")
    },
    OptionSpec {
        help: "An engine that is wanted, postgres or aurora-postgresql; repeatable. Without it both",
        more: "For example: --discover-engine aurora-postgresql",
        commands: DISCOVER,
        repeatable: true,
        ..text("discover-engine", Place::Named(What), "ENGINE")
    },
    OptionSpec {
        help: "A name that an instance or its cluster must have, with * and ?; repeatable, and one is enough",
        more: "For example: --discover-include 'shop-*'",
        commands: DISCOVER,
        repeatable: true,
        ..text("discover-include", Place::Named(What), "PATTERN")
    },
    OptionSpec {
        help: "A name that neither may have, with * and ?; repeatable",
        more: "It goes before what is included. For example: --discover-exclude '*-test'",
        commands: DISCOVER,
        repeatable: true,
        ..text("discover-exclude", Place::Named(What), "PATTERN")
    },
    OptionSpec {
        default: Some("pgquerylens"),
        help: "The role of the database to log in as; the tag pgquerylens:user says it for one server",
        commands: DISCOVER,
        ..text("discover-user", Place::Named(What), "NAME")
    },
    OptionSpec {
        default: Some("postgres"),
        help: "The database to connect to; the tag pgquerylens:database says it for one server",
        commands: DISCOVER,
        ..text("discover-database", Place::Named(What), "NAME")
    },
    OptionSpec {
        commands: DISCOVER,
        default: Some("rds-iam"),
        help: "How the servers are logged in to; with rds-iam those that do not take it are left out",
        ..choice("auth", Place::Named(What), &["password", "rds-iam"])
    },
    OptionSpec {
        commands: DISCOVER,
        help: "Send a message for each server to this queue of SQS, from which functions poll",
        more: "For example: --queue-url https://sqs.eu-west-1.amazonaws.com/123456789012/pgquerylens",
        ..text("queue-url", Place::Named(When), "URL")
    },
];
