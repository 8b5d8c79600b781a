//! The server itself: its version, its part in replication, its free connection slots, its encoding, and how we got
//! to it.

use crate::advice::{self, Apply, Mend, Setting, newer_than_known, quoted};
use crate::version::{SUPPORTED_MAJORS, ServerVersion};

use super::setting_value::milliseconds;
use super::{Aspect, CheckFacts, Level, Pooling, lifetime, named};

/// Fewer free slots than this are a warning: a poll needs one, and whoever comes to help needs some.
const FREE_SLOTS_MIN: i64 = 5;

/// What a monitoring role should be limited to: one poll, the one that replaces it, and a cancel.
const ROLE_CONNECTIONS: i64 = 3;

const BEHIND_RDS_PROXY: &str = "RDS Proxy stands in front and refuses the session's settings: every login takes two attempts, every poll sends \
     the settings again, which pins a connection of its pool to us until we close ours, needs a savepoint for each \
     view, and cannot cancel a statement that is slow";

pub(super) fn aspects(facts: &CheckFacts) -> Vec<Aspect> {
    let mut aspects = vec![version(facts), connection(facts), session_settings(facts)];
    aspects.push(standby(facts));
    aspects.extend(connection_slots(facts));
    aspects.push(encoding(facts));
    aspects
}

fn version(facts: &CheckFacts) -> Aspect {
    let (version, major) = (facts.probe.capabilities.version, facts.major());
    let aspect = named("version", "version");
    if version.read_as().is_none() {
        return unsupported(version);
    }
    if let Some(advice) = newer_than_known(version) {
        return aspect.advised(Level::Warning, advice);
    }
    match lifetime::ended(major, facts.probe.read_at) {
        None => aspect.ok(format!("PostgreSQL {version}")),
        Some(day) => aspect.warning(
            format!("PostgreSQL {version}: the community has not maintained {major} since {day}"),
            Mend::of_steps(format!("upgrade to a maintained version; pgquerylens reads {major} meanwhile")),
        ),
    }
}

pub(super) fn unsupported(version: ServerVersion) -> Aspect {
    let oldest = SUPPORTED_MAJORS.start();
    named("version", "version").error(
        format!("PostgreSQL {version} is older than {oldest}, the oldest version that is read"),
        Mend::of_steps("upgrade the server"),
    )
}

fn connection(facts: &CheckFacts) -> Aspect {
    let aspect = named("connection", "connection");
    let Some(pooling) = facts.connection.pooling else {
        return aspect.ok("direct: the session's settings arrived in the startup packet");
    };
    let (what, does) = match pooling {
        Pooling::RdsProxy => return aspect.warning(BEHIND_RDS_PROXY, advice::past_rds_proxy()),
        Pooling::RefusesOptions => ("a pooler such as PgBouncer", "refuses"),
        Pooling::DropsOptions => ("a pooler such as PgBouncer (ignore_startup_parameters)", "drops"),
    };
    aspect.warning(
        format!(
            "{what} stands in front and {does} the session's settings: every poll sends them again, needs a \
             savepoint for each view, and takes a server connection of the pool meanwhile"
        ),
        Mend::of_steps(direct_way(facts)),
    )
}

fn direct_way(facts: &CheckFacts) -> String {
    let (address, port) = (&facts.details.server_address, facts.details.server_port);
    match (address, port) {
        (Some(address), Some(port)) => {
            format!("connect past it: the server itself was reached at {address} port {port}")
        }
        _ => "connect past it, to the server's own host and port or its socket".to_owned(),
    }
}

/// The probe shows the settings as the server has them, whichever way they went.
fn session_settings(facts: &CheckFacts) -> Aspect {
    let aspect = named("session_settings", "session settings");
    let session = &facts.probe.session;
    let mut other = Vec::new();
    if session.search_path != "pg_catalog" {
        other.push(format!("search_path is {:?}", session.search_path));
    }
    if session.transaction_read_only != "on" {
        other.push("the transaction is not read-only".to_owned());
    }
    for (name, text, sent) in [
        ("statement_timeout", &session.statement_timeout, facts.budget.statement_timeout_ms),
        ("lock_timeout", &session.lock_timeout, facts.budget.lock_timeout_ms),
    ] {
        if milliseconds(text) != Some(sent) {
            other.push(format!("{name} is {text} and not {sent}ms"));
        }
    }
    if other.is_empty() {
        return aspect.ok(format!(
            "read back as sent: read-only, statement_timeout {}, lock_timeout {}",
            session.statement_timeout, session.lock_timeout
        ));
    }
    aspect.error(
        format!("they did not arrive: {}", other.join(", ")),
        Mend::of_steps("connect straight to the server: what stands in front changes the session"),
    )
}

fn standby(facts: &CheckFacts) -> Aspect {
    let aspect = named("standby", "standby");
    aspect.ok(match facts.probe.capabilities.in_recovery {
        false => "no: this is a primary",
        true => {
            "yes: statements and statistics shown are those of this standby alone; extensions and grants are made \
             on its primary, and a reading that conflicts with recovery is broken off and tried again"
        }
    })
}

fn connection_slots(facts: &CheckFacts) -> Option<Aspect> {
    let aspect = named("connection_slots", "connection slots");
    let details = &facts.details;
    let (all, used) = (details.max_connections?, details.connections_used?);
    let free = (all - used - held_back(facts)).max(0);
    let found = format!("{used} of {all} connections are taken, {free} more are open to this role");
    if free < FREE_SLOTS_MIN {
        return Some(aspect.warning(found, more_slots(facts, all)));
    }
    let limit = details.role_connection_limit.filter(|limit| *limit >= 0);
    if limit.is_some_and(|limit| details.role_connections_used >= Some(limit)) {
        return Some(aspect.warning(
            format!("{found}, but its own CONNECTION LIMIT is reached: a second poll would be refused"),
            limit_role(facts, limit.unwrap_or(0) + ROLE_CONNECTIONS - 1),
        ));
    }
    let unlimited = details.role_connection_limit == Some(-1) && !facts.probe.capabilities.rights.superuser;
    Some(match details.uses_reserved_connections {
        _ if unlimited => aspect.ok_with(found, optional_limit(facts)),
        Some(false) if details.reserved_connections > Some(0) => aspect.ok_with(found, use_reserved(facts)),
        _ => aspect.ok(found),
    })
}

/// Slots that are kept for others: superusers, and from 16 on whoever has pg_use_reserved_connections.
fn held_back(facts: &CheckFacts) -> i64 {
    let details = &facts.details;
    if facts.probe.capabilities.rights.superuser {
        return 0;
    }
    let reserved = match details.uses_reserved_connections {
        Some(true) => 0,
        _ => details.reserved_connections.unwrap_or(0),
    };
    reserved + details.superuser_reserved_connections.unwrap_or(0)
}

/// From 16 on a few slots can be kept for monitoring; before, there have to be more for all.
fn more_slots(facts: &CheckFacts, all: i64) -> Mend {
    match facts.details.uses_reserved_connections {
        Some(false) if facts.details.reserved_connections > Some(0) => use_reserved(facts),
        _ => {
            let value = (all + all / 4).max(all + 20).to_string();
            let mend = Setting { name: "max_connections", value: &value, apply: Apply::Restart }
                .mend(facts.provider);
            Mend {
                steps: format!(
                    "close idle sessions or put a pooler in front of the application; else {}",
                    mend.steps
                ),
                ..mend
            }
        }
    }
}

fn use_reserved(facts: &CheckFacts) -> Mend {
    let role = quoted(facts.role());
    Mend::of_sql(facts.place(), format!("grant pg_use_reserved_connections to {role};"))
}

fn limit_role(facts: &CheckFacts, limit: i64) -> Mend {
    let role = quoted(facts.role());
    Mend::of_sql(facts.place(), format!("alter role {role} connection limit {limit};"))
}

fn optional_limit(facts: &CheckFacts) -> Mend {
    let mend = limit_role(facts, ROLE_CONNECTIONS);
    let why = format!(
        "optional: if it serves monitoring alone, so that it never takes more than {ROLE_CONNECTIONS}"
    );
    Mend { steps: format!("{why}, {}", mend.steps), ..mend }
}

fn encoding(facts: &CheckFacts) -> Aspect {
    let aspect = named("encoding", "encoding");
    let encoding = &facts.probe.server_encoding;
    if encoding == "SQL_ASCII" {
        return aspect
            .ok("SQL_ASCII: names and texts that are not UTF-8 are shown with replacement characters");
    }
    aspect.ok(encoding.as_str())
}
