//! Who we are to the server and how safely we talk to it: TLS, the role's attributes, and what it may see.

use crate::advice::{self, Apply, Mend, Setting, quoted};
use crate::capabilities::Provider;
use crate::time::Timestamp;

use super::{Aspect, CheckFacts, Encryption, Level, Pooling, Verified, named};

/// A certificate that ends sooner than this is a warning.
const CERTIFICATE_DAYS_MIN: f64 = 30.0;

const SECONDS_PER_DAY: f64 = 86_400.0;

pub(super) fn aspects(facts: &CheckFacts) -> Vec<Aspect> {
    vec![tls(facts), role(facts), rights(facts)]
}

fn tls(facts: &CheckFacts) -> Aspect {
    let aspect = named("tls", "TLS");
    let connection = &facts.connection;
    let until = match connection.pooling {
        Some(Pooling::RdsProxy) => ", as far as RDS Proxy",
        Some(Pooling::RefusesOptions | Pooling::DropsOptions) => ", as far as the pooler",
        None => "",
    };
    match &connection.encryption {
        None if connection.is_local => {
            aspect.ok("none, and none is needed: the connection stays on this machine")
        }
        None => aspect.warning(
            "the connection is not encrypted: statements and names can be read on the way",
            encrypt(facts),
        ),
        Some(encryption) => match ending_soon(encryption, facts.probe.read_at) {
            Some(days) => aspect.warning(
                format!("the server's certificate ends in {days} days: connections will then be refused"),
                Mend::of_steps("renew the server's certificate"),
            ),
            None => verification(facts, encryption, until),
        },
    }
}

fn verification(facts: &CheckFacts, encryption: &Encryption, until: &str) -> Aspect {
    let aspect = named("tls", "TLS");
    let protocol = encryption.protocol.unwrap_or("encrypted");
    match encryption.verified {
        Verified::AuthorityAndName => {
            let against =
                encryption.checked_against.as_ref().map(|authorities| format!(" against {authorities}"));
            let against = against.unwrap_or_default();
            aspect.ok(format!("{protocol}{until}, the server's certificate and name are checked{against}"))
        }
        Verified::Authority if facts.provider == Provider::CloudSql => aspect.ok(format!(
            "{protocol}{until}, the certificate's authority is checked, which is the instance's own"
        )),
        _ if facts.connection.is_local => aspect.ok(format!("{protocol}{until}, on this machine")),
        Verified::Authority => aspect.warning(
            format!("{protocol}{until}, but any server of the same authority would be taken for this one"),
            Mend::of_steps("connect with sslmode=verify-full, under a name that the certificate holds"),
        ),
        Verified::Nothing => aspect.warning(
            format!("{protocol}{until}, but it is not checked who answers"),
            Mend::of_steps(
                "connect with sslmode=verify-full and sslrootcert=FILE with the server's authority",
            ),
        ),
    }
}

/// Returns the days left, if they are few. The certificate ends by the database's clock here, which is the only one
/// that is read.
fn ending_soon(encryption: &Encryption, now: Timestamp) -> Option<i64> {
    let days = encryption.certificate_ends?.seconds_since(now) / SECONDS_PER_DAY;
    (days < CERTIFICATE_DAYS_MIN).then_some(days.max(0.0) as i64)
}

fn encrypt(facts: &CheckFacts) -> Mend {
    if facts.details.server_has_tls != Some(false) {
        return Mend::of_steps("leave out sslmode, or say sslmode=verify-full: the server offers TLS");
    }
    let mend = Setting { name: "ssl", value: "on", apply: Apply::Reload }.mend(facts.provider);
    Mend {
        steps: format!("give the server a certificate (ssl_cert_file, ssl_key_file), then {}", mend.steps),
        ..mend
    }
}

fn role(facts: &CheckFacts) -> Aspect {
    let aspect = named("role", "role");
    let role = facts.role();
    let attributes = &facts.probe.excess_attributes;
    let superuser = facts.probe.capabilities.rights.superuser;
    // A superuser counts as a member of every role.
    let memberships = facts.details.excess_memberships.as_deref().filter(|_| !superuser);
    let excess: Vec<&str> = attributes.iter().copied().chain(memberships).collect();
    if excess.is_empty() {
        return aspect.ok(format!("{role:?} has no attribute or membership beyond what it needs"));
    }
    aspect.warning(
        format!("{role:?} has more than it needs: {}", excess.join(", ")),
        demote(facts, memberships),
    )
}

/// A role that others log in as is not ours to demote: then one of our own is the mend.
fn demote(facts: &CheckFacts, memberships: Option<&str>) -> Mend {
    if facts.probe.capabilities.rights.superuser {
        return Mend::of_steps(
            "connect as a role of its own with pg_monitor alone: docs/sql/ has the script",
        );
    }
    let role = quoted(facts.role());
    let attributes: String =
        facts.probe.excess_attributes.iter().map(|name| format!(" no{}", name.to_lowercase())).collect();
    let alter = (!attributes.is_empty()).then(|| format!("alter role {role}{attributes};"));
    let revoke = memberships.map(|names| format!("revoke {names} from {role};"));
    let sql: Vec<String> = alter.into_iter().chain(revoke).collect();
    let mend = Mend::of_sql(facts.place(), sql.join(" "));
    let condition = "if it serves monitoring alone (else make one that does, see docs/sql/)";
    Mend { steps: format!("{condition}, {}", mend.steps), ..mend }
}

fn rights(facts: &CheckFacts) -> Aspect {
    let aspect = named("pg_monitor", "pg_monitor");
    let rights = &facts.probe.capabilities.rights;
    if rights.superuser {
        return aspect.ok("a superuser sees everything");
    }
    let place = facts.place();
    match (rights.read_all_stats, rights.read_all_settings) {
        (true, true) => aspect.ok("all sessions, statements and settings are visible"),
        (true, false) => aspect.warning(
            "settings that only pg_read_all_settings shows are missing (shared_preload_libraries among them)",
            Mend::of_sql(place, format!("grant pg_monitor to {};", quoted(&rights.role))),
        ),
        (false, _) if facts.details.is_member_of_monitor == Some(true) => aspect.error(
            format!("the role {:?} is a member of pg_monitor and does not inherit its rights", rights.role),
            inherit(facts),
        ),
        (false, _) => aspect.advised(Level::Error, advice::only_own_activity(place, &rights.role)),
    }
}

/// From 16 on each membership says for itself whether it is inherited.
fn inherit(facts: &CheckFacts) -> Mend {
    let role = quoted(facts.role());
    let sql = match facts.major() {
        ..16 => format!("alter role {role} inherit;"),
        _ => format!("grant pg_monitor to {role} with inherit true;"),
    };
    Mend::of_sql(facts.place(), sql)
}
