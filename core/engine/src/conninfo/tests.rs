//! The forms of a connection string, where the open settings come from, and what is refused.

use std::fs;

use super::*;
use crate::tls::{ClientFiles, Negotiation, Roots, SslMode, TlsVersion};

fn environment(variables: &[(&str, &str)]) -> Environment {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Environment { variables, home: Some("/nowhere".into()), user: Some("os".to_owned()) }
}

fn target(text: &str, variables: &[(&str, &str)]) -> Target {
    resolve(Some(text), &environment(variables)).unwrap_or_else(|mistakes| panic!("{text}: {mistakes}"))
}

fn mistakes(text: &str) -> Vec<String> {
    resolve(Some(text), &environment(&[])).unwrap_err().0.iter().map(Mistake::to_string).collect()
}

fn check(text: &str, address: &str, user: &str) {
    let target = target(text, &[]);
    assert_eq!((target.address().as_str(), target.user.as_str()), (address, user), "{text}");
}

fn tcp(host: &str, port: u16) -> Host {
    Host::Tcp { host: host.to_owned(), hostaddr: None, port }
}

#[test]
fn all_forms_lead_to_a_target() {
    check("postgresql://ann@db:5433/shop", "db:5433/shop", "ann");
    check("postgres://ann@db", "db:5432/ann", "ann");
    check(" postgresql://[2001:db8::1]/shop ", "[2001:db8::1]:5432/shop", "os");
    check("postgresql://ann@%2Fsrv%2Fpg:5433/shop", "/srv/pg:5433/shop", "ann");
    check("postgresql:///shop?host=/srv/pg&user=ann", "/srv/pg:5432/shop", "ann");
    check("host=/srv/pg port=5433", "/srv/pg:5433/os", "os");
    check("host=db user=ann dbname='my shop'", "db:5432/my shop", "ann");
    check("host=a,b,c port=1,2,3 dbname=d", "a:1,b:2,c:3/d", "os");
    check("postgresql://a,b:5433,c/d", "a:5432,b:5433,c:5432/d", "os");
    check("host=a,b port=5433 dbname=d", "a:5433,b:5433/d", "os");
    assert!(target("shop", &[]).address().ends_with(":5432/shop"));
    assert!(matches!(target("", &[]).hosts[..], [Host::Unix { port: 5432, .. }]));
    assert!(matches!(resolve(None, &environment(&[])).unwrap().hosts[..], [Host::Unix { .. }]));
}

#[test]
fn an_address_replaces_the_look_up_and_not_the_name() {
    let hostaddr = |text| match &target(text, &[]).hosts[0] {
        Host::Tcp { host, hostaddr, .. } => (host.clone(), hostaddr.map(|address| address.to_string())),
        Host::Unix { .. } => panic!("a socket"),
    };
    let address = || Some("10.0.0.1".to_owned());
    assert_eq!(hostaddr("host=db hostaddr=10.0.0.1"), ("db".to_owned(), address()));
    assert_eq!(hostaddr("hostaddr=10.0.0.1"), ("10.0.0.1".to_owned(), address()));
    assert_eq!(hostaddr("host=db,b hostaddr=,10.0.0.1"), ("db".to_owned(), None));
}

#[test]
fn every_variable_is_read() {
    let target = target(
        "",
        &[
            ("PGHOST", "db"),
            ("PGHOSTADDR", "10.0.0.1"),
            ("PGPORT", "5433"),
            ("PGDATABASE", "shop"),
            ("PGUSER", "ann"),
            ("PGPASSWORD", "pw"),
            ("PGOPTIONS", "-c geqo=off"),
            ("PGAPPNAME", "mine"),
            ("PGCONNECT_TIMEOUT", "7"),
            ("PGSSLMODE", "verify-ca"),
            ("PGSSLNEGOTIATION", "direct"),
            ("PGSSLROOTCERT", "/ca.pem"),
            ("PGSSLCERT", "/me.pem"),
            ("PGSSLKEY", "/me.key"),
            ("PGSSLSNI", "0"),
            ("PGSSLMINPROTOCOLVERSION", "TLSv1.3"),
            ("PGSSLMAXPROTOCOLVERSION", "TLSv1.3"),
            ("PGCHANNELBINDING", "require"),
            ("PGTARGETSESSIONATTRS", "prefer-standby"),
            ("PGLOADBALANCEHOSTS", "random"),
            ("PGGSSENCMODE", "prefer"),
            ("PGCLIENTENCODING", "LATIN1"),
            ("PGREQUIREAUTH", ""),
            ("PGTZ", "UTC"),
        ],
    );
    assert_eq!(target.address(), "db:5433/shop");
    assert_eq!((target.user.as_str(), target.password), ("ann", Some(Secret::from("pw"))));
    assert_eq!(target.options.as_deref(), Some("-c geqo=off"));
    assert_eq!(target.application_name.as_deref(), Some("mine"));
    assert_eq!(target.connect_timeout, Some(Duration::from_secs(7)));
    assert_eq!(target.session_attributes, SessionAttributes::PreferStandby);
    let certificate = ClientFiles { certificate: "/me.pem".into(), key: "/me.key".into(), named: true };
    let expected = TlsSettings {
        mode: Some(SslMode::VerifyCa),
        negotiation: Negotiation::Direct,
        roots: Roots::File("/ca.pem".into()),
        client: Some(certificate),
        server_name: false,
        min_version: TlsVersion::V1_3,
        max_version: TlsVersion::V1_3,
        channel_binding: crate::tls::ChannelBinding::Require,
    };
    assert_eq!(target.tls, expected);
    let ignored =
        |warning: &Warning| matches!(warning, Warning::Ignored { keyword: "load_balance_hosts", .. });
    assert!(matches!(&target.warnings[..], [warning] if ignored(warning)));
}

#[test]
fn tls_is_verified_unless_the_traffic_stays_here() {
    let mode = |text: &str| {
        let target = target(text, &[]);
        target.tls.mode_for(&target.hosts[0])
    };
    for (text, expected) in [
        ("postgresql://db/d", SslMode::VerifyFull),
        ("postgresql://10.0.0.1/d", SslMode::VerifyFull),
        ("postgresql://localhost/d", SslMode::Prefer),
        ("postgresql://127.0.0.1/d", SslMode::Prefer),
        ("postgresql://[::1]/d", SslMode::Prefer),
        ("postgresql://localhost/d?sslnegotiation=direct", SslMode::Require),
        ("postgresql://localhost/d?sslrootcert=system", SslMode::VerifyFull),
        ("host=localhost hostaddr=10.0.0.1", SslMode::VerifyFull),
        ("host=db hostaddr=127.0.0.1", SslMode::VerifyFull),
        ("host=/tmp sslmode=verify-full", SslMode::Disable),
        ("host=db sslmode=disable", SslMode::Disable),
        ("postgresql://db/d?ssl=true", SslMode::Require),
    ] {
        assert_eq!(mode(text), expected, "{text}");
    }
    assert_eq!(target("host=db", &[("PGREQUIRESSL", "1")]).tls.mode, Some(SslMode::Require));
    assert_eq!(
        target("host=db", &[("PGREQUIRESSL", "1"), ("PGSSLMODE", "allow")]).tls.mode,
        Some(SslMode::Allow)
    );
}

#[test]
fn timeouts_and_probes() {
    let target = target(
        "connect_timeout=0 keepalives=0 keepalives_idle=5 keepalives_interval=6 keepalives_count=7 tcp_user_timeout=8",
        &[("PGCONNECT_TIMEOUT", "9")],
    );
    assert_eq!(target.connect_timeout, None);
    let seconds = |count| Some(Duration::from_secs(count));
    let expected = Keepalive {
        on: false,
        idle: seconds(5),
        interval: seconds(6),
        count: Some(7),
        user_timeout: Some(Duration::from_millis(8)),
    };
    assert_eq!(target.keepalive, expected);
}

/// A home with a service file and a password file, and the environment that points there.
fn home(passfile_mode: u32) -> (tempfile::TempDir, Environment) {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name);
    fs::write(path(".pg_service.conf"), "[shop]\nhost=service-host\nport=5433\ndbname=service-db\n").unwrap();
    fs::write(path("pg_service.conf"), "[system]\nhost=system-host\npassword=service-pw\n").unwrap();
    fs::write(path(".pgpass"), "service-host:5433:*:os:first\n*:*:second:*:second\nlocalhost:*:*:*:local\n")
        .unwrap();
    fs::set_permissions(path(".pgpass"), fs::Permissions::from_mode(passfile_mode)).unwrap();
    let mut environment = environment(&[("PGSYSCONFDIR", home.path().to_str().unwrap())]);
    environment.home = Some(home.path().to_owned());
    (home, environment)
}

fn password(target: &Target) -> Option<&str> {
    target.password_for(&target.hosts[0]).map(Secret::expose)
}

#[test]
fn the_string_precedes_the_service_and_the_service_the_environment() {
    let (_home, mut environment) = home(0o600);
    environment.variables.insert("PGHOST".to_owned(), "variable-host".to_owned());
    environment.variables.insert("PGUSER".to_owned(), "variable-user".to_owned());
    let target = |text: &str| resolve(Some(text), &environment).unwrap();
    assert_eq!(target("").hosts, [tcp("variable-host", 5432)]);
    assert_eq!(target("service=shop").address(), "service-host:5433/service-db");
    assert_eq!(target("service=shop").user, "variable-user");
    assert_eq!(target("service=shop port=1 dbname=d").address(), "service-host:1/d");
    assert_eq!(target("postgresql:///d?service=system").address(), "system-host:5432/d");
    assert_eq!(password(&target("service=system")), Some("service-pw"));
    assert_eq!(target("service=system").warnings, []);
}

#[test]
fn a_service_is_named_by_variable_and_its_file_too() {
    let (home, mut environment) = home(0o600);
    environment.home = None;
    environment.variables.insert("PGSERVICE".to_owned(), "shop".to_owned());
    let own = home.path().join(".pg_service.conf").display().to_string();
    environment.variables.insert("PGSERVICEFILE".to_owned(), own);
    assert_eq!(resolve(None, &environment).unwrap().hosts, [tcp("service-host", 5433)]);
    let system = resolve(Some("service=system"), &environment).unwrap();
    assert_eq!(system.hosts, [tcp("system-host", 5432)]);
    environment.variables.insert("PGSERVICE".to_owned(), "none".to_owned());
    let mistakes = resolve(None, &environment).unwrap_err().to_string();
    assert!(
        mistakes.contains("service \"none\" is not in") && mistakes.contains("PGSERVICEFILE"),
        "{mistakes}"
    );
}

#[test]
fn passwords_come_from_the_string_then_the_variable_then_the_file() {
    let (_home, mut environment) = home(0o600);
    let target = resolve(Some("host=service-host port=5433"), &environment).unwrap();
    assert_eq!(password(&target), Some("first"));
    assert_eq!(password(&target.with_database("third")), Some("first"));
    let elsewhere = resolve(Some("host=elsewhere"), &environment).unwrap();
    assert_eq!(password(&elsewhere), None);
    assert_eq!(password(&elsewhere.with_database("second")), Some("second"));
    environment.variables.insert("PGPASSWORD".to_owned(), "variable".to_owned());
    let target = resolve(Some("host=service-host port=5433"), &environment).unwrap();
    assert_eq!((password(&target), target.warnings.as_slice()), (Some("variable"), [].as_slice()));
    let target = resolve(Some("postgresql://os:argument@service-host"), &environment).unwrap();
    assert_eq!(password(&target), Some("argument"));
    assert_eq!(target.warnings, [Warning::PasswordInArguments]);
    assert!(target.warnings[0].to_string().contains("~/.pgpass"));
}

#[test]
fn a_password_file_that_others_may_read_is_not_used() {
    let (home, environment) = home(0o644);
    let target = resolve(Some("host=service-host port=5433"), &environment).unwrap();
    assert_eq!(password(&target), None);
    assert!(
        target.warnings[0].to_string().ends_with("others may read it (mode 0644), run `chmod 0600` on it")
    );
    let directory = format!("host=h passfile={}", home.path().display());
    let target = resolve(Some(&directory), &environment).unwrap();
    assert!(target.warnings[0].to_string().ends_with("it is not a plain file"));
}

#[test]
fn nothing_prints_a_password() {
    let target = target("postgresql://ann:hush@db/d", &[]);
    assert!(!format!("{target:?} {}", target.address()).contains("hush"));
}

#[test]
fn all_mistakes_are_listed_at_once() {
    let found = mistakes(
        "hots=db port=70000 sslmode=full connect_timeout=soon sslcrl=/crl requirepeer=pg replication=database \
         sslpassword=hush ssl_min_protocol_version=TLSv1.3 ssl_max_protocol_version=TLSv1.2",
    );
    assert_eq!(found.len(), 9, "{found:#?}");
    assert_eq!(found[0], "hots in the connection string is no keyword: did you mean host?");
    assert!(
        found
            .iter()
            .any(|mistake| mistake.contains("write disable, allow, prefer, require, verify-ca, verify-full"))
    );
    assert!(!found.concat().contains("hush"));
}

#[test]
fn each_mistake_says_what_to_write() {
    for (text, expected) in [
        ("mysql://db", "the URL begins with mysql://: write postgresql://user@host:port/database"),
        ("ann:hush@db/shop", "the connection string is neither a URL nor keyword=value: write postgresql://"),
        ("password=hush hush", "the word after the value of password has no =: write keyword=value"),
        ("password=hush hush=1", "the word after the password in the connection string is no keyword"),
        ("postgresql://ann:hush@db:hush/d", "the port is not a number from 1 to 65535"),
        ("postgresql://db/d?sslmod=require", "did you mean sslmode?"),
        ("host=a,b port=1,2,3", "3 ports are named for 2 hosts: write one port for all hosts"),
        ("host=a,b hostaddr=10.0.0.1", "host names 2 servers and hostaddr 1"),
        ("hostaddr=db", "hostaddr is not an IP address"),
        ("host=@abstract", "abstract sockets are not supported"),
        ("sslrootcert=system sslmode=require", "write sslmode=verify-full"),
        ("sslnegotiation=direct sslmode=prefer", "write sslmode=require or stronger"),
        ("service=none", "service \"none\" is not in any service file"),
        ("servicefile=/nowhere/f service=none", "read service file /nowhere/f: there is no such file"),
        ("gssencmode=require", "gssencmode in the connection string: GSSAPI is not supported"),
    ] {
        let found = mistakes(text).join("\n");
        assert!(found.contains(expected) && !found.contains("hush"), "{text}: {found}");
    }
    let nobody = Environment::default();
    let found = resolve(Some("postgresql://db"), &nobody).unwrap_err().to_string();
    assert!(found.contains("no user is named"), "{found}");
}
