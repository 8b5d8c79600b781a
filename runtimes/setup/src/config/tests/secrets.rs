//! Secrets are in nothing that can be shown: neither in what Debug prints, nor in mistakes, nor in what `config show` says.

use super::{Around, FLEET, load, source};

const SECRET: &str = "hush4711";

#[test]
fn a_sound_configuration_shows_none() {
    let text = FLEET
        .replace("{file: /run/secrets/db1}", SECRET)
        .replace("user=monitor", &format!("user=monitor password={SECRET}"))
        .replace("{env: LICENSE_KEY}", SECRET);
    let folder = tempfile::tempdir().unwrap();
    let source = source(folder.path(), Some(("x.yaml", &text)), Around::default());
    let configuration = source.load().unwrap();
    assert!(!format!("{configuration:?} {configuration:#?}").contains(SECRET));
    assert!(!source.show().unwrap().contains(SECRET));
}

#[test]
fn no_mistake_shows_one() {
    for (from, to) in [
        ("{file: /run/secrets/db1}", "{hush4711}"),
        ("{file: /run/secrets/db1}", "{env: 'hush4711 !'}"),
        ("{file: /run/secrets/db1}", "{hush4711: x}"),
        ("{file: /run/secrets/db1}", "[hush4711]"),
        ("{file: /run/secrets/db1}", "{command: hush4711}"),
        ("{file: /run/secrets/db1}", "$hush4711"),
        ("{file: /run/secrets/db1}", "*hush4711"),
        ("{file: /run/secrets/db1}", "!hush4711 x"),
        ("{file: /run/secrets/db1}", "@hush4711"),
        ("{file: /run/secrets/db1}", "%hush4711"),
        ("{file: /run/secrets/db1}", "'hush4711"),
        ("{file: /run/secrets/db1}", "hush4711: x"),
        ("password: {file: /run/secrets/db1}", "passwort: hush4711"),
        ("- name: lines", "- {password:hush4711, name: lines}\n  - name: lines"),
        ("{env: LICENSE_KEY}", "\"hush4711\\n\""),
        ("{API-Key: {env: LICENSE_KEY}}", "{API-Key:hush4711}"),
        ("{API-Key: {env: LICENSE_KEY}}", "API-Key=hush4711"),
        ("https://otel.example.com:4318", "https://me:hush4711@otel.example.com"),
        ("https://otel.example.com:4318", "https://otel.example.com?key=hush4711"),
        ("postgresql://monitor@db1/shop", "postgresql://monitor:hush4711@[db1/shop"),
        ("user=monitor", "user=monitor password=a hush4711 x"),
    ] {
        let text = FLEET.replace(from, to);
        assert_ne!(text, FLEET, "{from}");
        let told = load("x.yaml", &text, Around::default()).map(|_| ()).unwrap_err();
        assert!(!told.contains(SECRET), "{to}: {told}");
    }
}

#[test]
fn a_password_is_said_in_one_place() {
    let text = FLEET.replace("monitor@db1", &format!("monitor:{SECRET}@db1"));
    expect_test::expect!["x.yaml:10:15: password: the connection has a password too: leave it out there"]
        .assert_eq(&load("x.yaml", &text, Around::default()).unwrap_err());
}
