//! Tokens as botocore makes them, as they are, altered, and recorded.

use std::net::{IpAddr, Ipv4Addr};

use super::{AccessKey, Login, RdsIam};
use crate::front::botocore::{Wanted, token, tokens};
use crate::front::check::{Complaint, Greeting};
use crate::front::{Refusal, WallClock};

const HOST: &str = "db1.abc123.eu-west-1.rds.amazonaws.com";
const USER: &str = "jane+doe@example";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
/// When the recorded tokens were made, in seconds since 1970.
const RECORDED_AT: i64 = 1_795_553_320;

fn key(id: &str, session_token: Option<&str>) -> AccessKey {
    AccessKey {
        id: id.to_owned(),
        secret: SECRET.to_owned(),
        session_token: session_token.map(str::to_owned),
        may_connect_as: vec![USER.to_owned()],
    }
}

fn lasting() -> AccessKey {
    key("AKIDEXAMPLE", None)
}

fn temporary() -> AccessKey {
    key("ASIAEXAMPLE", Some("FwoGZXIvYXdzE//+=="))
}

fn wanted() -> Wanted {
    Wanted { key: lasting(), region: "eu-west-1", host: HOST, port: 5432, user: USER }
}

fn service() -> RdsIam {
    RdsIam {
        region: "eu-west-1".to_owned(),
        host: HOST.to_owned(),
        port: None,
        keys: vec![lasting(), temporary()],
        granted: vec![USER.to_owned()],
        clock: WallClock::right(),
    }
}

fn login(user: &str) -> Login {
    let client = IpAddr::V4(Ipv4Addr::LOCALHOST);
    Login {
        user: user.to_owned(),
        database: "shop".to_owned(),
        parameters: vec!["user".to_owned(), "database".to_owned()],
        client,
        port: 5432,
        is_encrypted: true,
    }
}

fn judge(token: &str) -> Result<(), Refusal> {
    service().judge(&login(USER), token)
}

/// Replaces what has to be there.
fn altered(token: &str, from: &str, to: &str) -> String {
    assert!(token.contains(from), "{from} in {token}");
    token.replacen(from, to, 1)
}

#[test]
fn recorded_tokens_are_right_for_a_quarter_of_an_hour() {
    let first = "db1.abc123.eu-west-1.rds.amazonaws.com:5432/?Action=connect&DBUser=pgquerylens\
        &X-Amz-Algorithm=AWS4-HMAC-SHA256\
        &X-Amz-Credential=AKIDEXAMPLE%2F20261124%2Feu-west-1%2Frds-db%2Faws4_request\
        &X-Amz-Date=20261124T204840Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host\
        &X-Amz-Signature=224c16c796f4fad579ae873c1c48c681265d51c23f176f24b8fceee6046d5c1f";
    let second = "[fd00:ec2::1]:443/?Action=connect&DBUser=Jane%20D%40e%20%2B%C3%A9%2F~%22\
        &X-Amz-Algorithm=AWS4-HMAC-SHA256\
        &X-Amz-Credential=ASIAEXAMPLE%2F20261124%2Feu-west-1%2Frds-db%2Faws4_request\
        &X-Amz-Date=20261124T204840Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host\
        &X-Amz-Security-Token=FwoGZXIvYXdzE%2F%2F%2B%3D%3D\
        &X-Amz-Signature=cf74e2d8f11b00ee2af350f9507f70cea7086cd461f81a5becd0215d1580a1f2";
    let cases = [(first, HOST, 5432, "pgquerylens"), (second, "[fd00:ec2::1]", 443, "Jane D@e +é/~\"")];
    for (token, host, port, user) in cases {
        let mut service = service();
        (service.host, service.port) = (host.to_owned(), Some(port));
        service.clock = WallClock::standing_at(RECORDED_AT);
        for key in &mut service.keys {
            key.may_connect_as = vec![user.to_owned()];
        }
        let ages = [
            (-301, Err(Refusal::NotYetValid)),
            (-300, Ok(())),
            (0, Ok(())),
            (900, Ok(())),
            (901, Err(Refusal::Expired)),
        ];
        for (age, expected) in ages {
            service.clock.set_ahead(age);
            assert_eq!(service.judge(&login(user), token), expected, "{user} after {age} s");
        }
    }
}

#[test]
fn tokens_of_others_are_right_for_every_user_and_host() {
    let users = ["jane", "a b", "é+@", "\"quoted\"", "100%", "a&b=c", "~-_.", "名前", "/x?y#z"];
    let hosts = [HOST, "[fd00:ec2::254]", "10.0.0.1"];
    let all: Vec<Wanted> = hosts
        .into_iter()
        .flat_map(|host| users.map(|user| (host, user)))
        .flat_map(|(host, user)| [lasting(), temporary()].map(|key| Wanted { key, host, user, ..wanted() }))
        .collect();
    for (wanted, token) in all.iter().zip(tokens(&all)) {
        let mut service = service();
        service.host = wanted.host.to_owned();
        for key in &mut service.keys {
            key.may_connect_as = users.map(str::to_owned).to_vec();
        }
        assert_eq!(service.judge(&login(wanted.user), &token), Ok(()), "{token}");
    }
}

#[test]
fn a_token_that_was_altered_is_refused_by_what_was() {
    use Refusal::{
        Malformed, SessionTokenMissing, UnknownKey, WrongHost, WrongPort, WrongRegion, WrongService,
        WrongSessionToken, WrongSignature, WrongUser,
    };
    let made = tokens(&[wanted(), Wanted { key: temporary(), ..wanted() }]);
    let [token, temporary] = &made[..] else { panic!("{made:?}") };
    assert_eq!((judge(token), judge(temporary)), (Ok(()), Ok(())));
    let other_encoding = "a value in another encoding than RFC 3986's";
    let date = &token.split_once("X-Amz-Date=").unwrap().1[..16];
    let seconds = if date.ends_with("00Z") { "01Z" } else { "00Z" };
    let soon = format!("{}{seconds}", &date[..13]);
    let signature = &token[token.len() - 64..];
    let flipped: String = signature
        .chars()
        .map(|digit| {
            if digit == 'a' {
                'b'
            } else if digit == 'b' {
                'a'
            } else {
                digit
            }
        })
        .collect();
    let cases: [(&str, &str, &str, Refusal); 26] = [
        (token, "db1.", "db2.", WrongHost),
        (token, "db1.", "DB1.", WrongHost),
        (token, ":5432", ":5433", WrongPort),
        (token, "DBUser=jane", "DBUser=john", WrongUser),
        (token, "DBUser=jane", "DBUser=Jane", WrongUser),
        (token, "AKIDEXAMPLE", "AKIDOTHER", UnknownKey),
        (token, "AKIDEXAMPLE", "ASIAEXAMPLE", SessionTokenMissing),
        (token, "%2Feu-west-1%2F", "%2Feu-west-2%2F", WrongRegion),
        (token, "%2Frds-db%2F", "%2Frds%2F", WrongService),
        (token, "%2Faws4_request", "%2Faws3_request", Malformed("no credential")),
        (token, &date[..8], "20010101", Malformed("a credential of another day")),
        (token, date, &soon, WrongSignature),
        (token, "Expires=900", "Expires=899", WrongSignature),
        (token, "Expires=900", "Expires=901", Malformed("no lifetime of up to a quarter of an hour")),
        (token, "Expires=900", "Expires=0", Malformed("no lifetime of up to a quarter of an hour")),
        (token, "SignedHeaders=host", "SignedHeaders=host%3Bdate", Malformed("other signed headers")),
        (token, "Action=connect", "Action=drop", Malformed("another action")),
        (token, "HMAC-SHA256", "HMAC-SHA1", Malformed("another algorithm")),
        (token, signature, &flipped, WrongSignature),
        (token, signature, "", WrongSignature),
        (token, "jane%2Bdoe", "jane+doe", Malformed(other_encoding)),
        (token, "jane%2Bdoe", "jane%2bdoe", Malformed(other_encoding)),
        (token, "&DBUser", "&DBName=shop&DBUser", Malformed("a parameter that no token has")),
        (token, "&DBUser", "&Action=connect&DBUser", Malformed("a parameter twice")),
        (temporary, "&X-Amz-Security-Token=FwoGZXIvYXdzE%2F%2F%2B%3D%3D", "", SessionTokenMissing),
        (temporary, "Token=Fwo", "Token=Gwo", WrongSessionToken),
    ];
    for (token, from, to, expected) in cases {
        assert_eq!(judge(&altered(token, from, to)), Err(expected), "{from} → {to}");
    }
    assert_eq!(judge(&altered(temporary, "ASIAEXAMPLE", "AKIDEXAMPLE")), Err(WrongSessionToken));
    assert_eq!(judge(&format!("https://{token}")), Err(Malformed("more than a host and a port")));
}

/// The text says what is right, the signature is of something else.
#[test]
fn a_signature_of_something_else_is_wrong() {
    let cases = [
        (Wanted { host: "db2.abc123.eu-west-1.rds.amazonaws.com", ..wanted() }, "db2.", "db1."),
        (Wanted { port: 5433, ..wanted() }, ":5433", ":5432"),
        (Wanted { user: "john+doe@example", ..wanted() }, "john", "jane"),
        (Wanted { region: "eu-west-2", ..wanted() }, "%2Feu-west-2%2F", "%2Feu-west-1%2F"),
        (Wanted { key: key("AKIDOTHER", None), ..wanted() }, "AKIDOTHER", "AKIDEXAMPLE"),
        (Wanted { key: key("ASIAEXAMPLE", Some("GwoGZXIvYXdzE//+==")), ..wanted() }, "Gwo", "Fwo"),
        (Wanted { key: AccessKey { secret: "other".to_owned(), ..lasting() }, ..wanted() }, "AKID", "AKID"),
    ];
    let made = tokens(&cases.clone().map(|(wanted, _, _)| wanted));
    for (token, (_, from, to)) in made.iter().zip(cases) {
        assert_eq!(judge(&altered(token, from, to)), Err(Refusal::WrongSignature), "{from} → {to}");
    }
}

#[test]
fn permission_is_per_key_and_user() {
    let token = token(&wanted());
    let mut service = service();
    service.keys[0].may_connect_as = vec!["john".to_owned()];
    assert_eq!(service.judge(&login(USER), &token), Err(Refusal::NotAllowed));
    assert_eq!(service.judge(&login("john"), &token), Err(Refusal::WrongUser));
}

#[test]
fn who_is_asked_for_what_depends_on_the_grant_and_on_tls() {
    let service = service();
    let plain = |user| Login { is_encrypted: false, ..login(user) };
    assert_eq!(service.greet(&login(USER)), Greeting::AskCleartextPassword);
    assert_eq!(service.greet(&login("john")), Greeting::LeaveToServer(Refusal::NotGranted));
    assert_eq!(service.greet(&plain(USER)), Greeting::Refuse(Refusal::NoTls));
    assert_eq!(service.greet(&plain("john")), Greeting::Refuse(Refusal::NoTls));
    let from = |user| format!("for host \"127.0.0.1\", user \"{user}\", database \"shop\", no encryption");
    let cases = [
        (Refusal::NoTls, USER, "28000", format!("pg_hba.conf rejects connection {}", from(USER))),
        (Refusal::NoTls, "john", "28000", format!("no pg_hba.conf entry {}", from("john"))),
        (Refusal::NotGranted, "john", "28P01", "password authentication failed for user \"john\"".to_owned()),
        (Refusal::Expired, USER, "28000", format!("PAM authentication failed for user \"{USER}\"")),
        (Refusal::NotAllowed, USER, "28000", format!("PAM authentication failed for user \"{USER}\"")),
    ];
    for (refusal, user, sqlstate, message) in cases {
        assert_eq!(service.complain(refusal, &login(user)), Complaint { sqlstate, message });
    }
}
