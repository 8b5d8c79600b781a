//! What is told of mistakes: all at once, each with its place and what to write instead.

use super::{Around, FLEET, load, mistakes};

fn check(text: &str, expected: &expect_test::Expect) {
    expected.assert_eq(&mistakes(text, Around::default()));
}

#[test]
fn all_mistakes_are_told_at_once_with_their_places() {
    check(
        "\
statee: file:/x
listen: 9188
every: 30s
log-level: inof
defaults:
  every: 30
  statment-timeout: 5s
  work-mem: 4kB
servers:
  - connection: postgresql://monitor@db1/shop
    exporters: [colector]
    labels: prod
  - name: db2
    top:
  - connection: mysql://db3
exporters:
  - name: collector
    kind: oltp
  - kind: otlp
    endpoint: otel.example.com:4318
    compression: [gzip]
    headers: {'a b': x}
    client-key: /key
  - connection: x
",
        &expect_test::expect![[r#"
            x.yaml:1:1: statee is no key of the top of the file: did you mean state?
            x.yaml:2:9: listen 9188: write an IP address and a port, such as 127.0.0.1:9188 or [::1]:9188, or off
            x.yaml:3:1: every is no key of the top of the file: it belongs to defaults
            x.yaml:4:12: log-level inof: did you mean info? It is one of off, error, warn, info, debug, trace
            x.yaml:6:10: every 30: a time needs its unit: write 30s for seconds, 30ms or 30m
            x.yaml:7:3: statment-timeout is no key of defaults: did you mean statement-timeout?
            x.yaml:8:13: work-mem 4kB: PostgreSQL takes 64kB to 2097151MB
            x.yaml:11:16: exporters: no exporter is called colector: did you mean collector? There is collector, otlp
            x.yaml:12:13: labels: write keys with values below it
            x.yaml:13:5: the server has no connection: write connection: postgresql://user@host/database
            x.yaml:14:8: top has no value: write one, or leave the key out
            x.yaml:15:17: connection: the URL begins with mysql://: write postgresql://user@host:port/database
            x.yaml:18:11: kind: did you mean otlp? It is one of otlp, jsonl, emf
            x.yaml:20:15: endpoint: write the whole URL, such as https://otel.example.com:4318
            x.yaml:21:18: compression: write one value, not several
            x.yaml:22:22: headers.a b: a header's name has letters, digits and -
            x.yaml:23:17: client-key /key: a key of ours needs client-certificate too
            x.yaml:24:5: the exporter has no kind: write kind: otlp, kind: jsonl or kind: emf"#]],
    );
}

#[test]
fn names_are_unique() {
    let text = FLEET.replace("every: 5s", "name: db1").replace("name: lines", "name: collector");
    check(
        &text,
        &expect_test::expect![[r#"
            x.yaml:12:11: name db1: the server in line 7 has it: write another name
            x.yaml:13:16: exporters: no exporter is called lines: There is collector
            x.yaml:19:11: name collector: another exporter has this name: write another one"#]],
    );
    let text = FLEET.replace("name: db1", "every: 30s").replace("host=db2", "host=db1");
    check(
        &text,
        &expect_test::expect![
            "x.yaml:11:5: name db1:5432/shop: the server in line 7 has it: write another name"
        ],
    );
}

#[test]
fn options_that_exclude_each_other_are_told() {
    let text = FLEET.replace("every: 5s", "databases: [a]\n    all-databases: true");
    check(&text, &expect_test::expect!["x.yaml:13:20: databases and all-databases true: give one of them"]);
}

#[test]
fn a_mistake_of_the_defaults_is_told_once() {
    check(
        &FLEET.replace("[collector]\nservers", "[colector]\nservers"),
        &expect_test::expect![
            "x.yaml:5:14: exporters: no exporter is called colector: did you mean collector? There is collector, lines"
        ],
    );
}

#[test]
fn mistakes_outside_of_the_file_are_told_with_those_in_it() {
    let around = Around {
        variables: &[("PGQUERYLENS_WORKERS", "many"), ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s")],
        arguments: &["--every", "30"],
    };
    expect_test::expect![[r#"
        --every 30: a time needs its unit: write 30s for seconds, 30ms or 30m
        OTEL_EXPORTER_OTLP_TIMEOUT=10s: it counts in milliseconds: write 10000 for 10 s
        PGQUERYLENS_WORKERS=many: it is not a number from 1 to 1000000: write digits alone, such as 10
        x.yaml:12:12: every 5: a time needs its unit: write 5s for seconds, 5ms or 5m"#]]
    .assert_eq(&mistakes(&FLEET.replace("every: 5s", "every: 5"), around));
}

#[test]
fn a_variable_that_is_not_set_is_told_with_its_place() {
    let text = FLEET.replace("db1/shop", "${HOST}/${NAME:-shop}").replace("every: 5s", "every: $TIME");
    check(
        &text,
        &expect_test::expect![[r#"
        x.yaml:7:17: connection: the variable HOST is not set: set it, or write ${HOST:-default}
        x.yaml:12:12: every: write ${NAME} for a variable and $$ for a dollar sign"#]],
    );
    // What is shown of a value is what stands in the file.
    let around = Around { variables: &[("TIME", "soon")], arguments: &[] };
    expect_test::expect!["x.yaml:12:12: every ${TIME}: it is not a time: write 250ms, 30s, 5m or 1h"]
        .assert_eq(&mistakes(&FLEET.replace("every: 5s", "every: ${TIME}"), around));
}

#[test]
fn an_empty_value_is_told() {
    let text = FLEET.replace("host=db2", "'' #").replace("{file: /run/secrets/db1}", "${NONE:-}");
    check(
        &text,
        &expect_test::expect![[r#"
        x.yaml:10:15: password is empty: write a value, or leave the key out
        x.yaml:11:17: connection is empty: write a value, or leave the key out"#]],
    );
}

#[test]
fn limits_have_names_and_are_told() {
    let servers: String =
        (0..1_001).map(|index| format!("- {{connection: host=db{index} user=u}}\n")).collect();
    check(
        &format!("servers:\n{servers}exporters: [{{kind: jsonl}}]\n"),
        &expect_test::expect!["x.yaml:2:3: servers has 1001 entries: write at most 1000"],
    );
    let exporters: String = (0..17).map(|index| format!("- {{kind: jsonl, name: e{index}}}\n")).collect();
    check(
        &format!("servers: [{{connection: host=db user=u}}]\nexporters:\n{exporters}"),
        &expect_test::expect!["x.yaml:3:3: exporters has 17 entries: write at most 16"],
    );
    let labels: String = (0..65).map(|index| format!("l{index}: x, ")).collect();
    let text = FLEET
        .replace("{team: shop}", &format!("{{{labels}}}"))
        .replace("name: db1", &format!("name: {}", "n".repeat(81)));
    check(
        &text,
        &expect_test::expect![[r#"
        x.yaml:8:11: name nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn…: write a name of 1 to 80 bytes on one line
        x.yaml:9:13: labels has 65 names: write at most 64"#]],
    );
}

#[test]
fn a_file_that_cannot_be_read_is_told_alone() {
    check("servers: [", &expect_test::expect!["x.yaml:1:10: this is no YAML: unclosed bracket '['"]);
    let told = |name: &str, text: &str| load(name, text, Around::default()).unwrap_err();
    expect_test::expect!["x.toml:1:12: this is no TOML: unclosed array, expected `]`"]
        .assert_eq(&told("x.toml", "servers = ["));
    expect_test::expect!["x.json:1:2: this is no JSON: key must be a string"]
        .assert_eq(&told("x.json", "{'servers': []}"));
    expect_test::expect!["the configuration file x.conf: its name must end in .yaml, .yml, .toml or .json"]
        .assert_eq(&told("x.conf", ""));
    let large = format!("#{}", "x".repeat(4 << 20));
    expect_test::expect!["read the configuration file x.yaml: it has more than 4 MiB"]
        .assert_eq(&told("x.yaml", &large));
}

#[test]
fn a_server_without_a_place_to_connect_to_is_told() {
    check(
        "servers:\n- {name: a}\n- just text\nexporters: {kind: otlp}\n",
        &expect_test::expect![[r#"
            x.yaml:2:3: the server has no connection: write connection: postgresql://user@host/database
            x.yaml:3:3: a server: write keys with values below it
            x.yaml:4:12: exporters: write a list"#]],
    );
}

#[test]
fn a_lease_that_polls_could_not_renew_is_told_once_for_all_servers() {
    check(
        "state: s3://states\nstate-lease: 2m\nservers:\n- connection: host=a user=u\n- connection: host=b user=u\n\
         exporters:\n- kind: jsonl\n",
        &expect_test::expect![
            "state-lease: polls renew it: write 180s or more, three times the longest interval"
        ],
    );
}

#[test]
fn a_password_in_a_state_url_is_not_told() {
    check(
        "state: reddis://ann:hunter2@cache/0\nservers:\n- connection: host=a user=u\nexporters:\n- kind: jsonl\n",
        &expect_test::expect![
            "x.yaml:1:8: state: did you mean redis:? Write file:PATH, s3://BUCKET/PREFIX, gs://BUCKET/PREFIX, az://CONTAINER/PREFIX, redis://HOST:PORT/DATABASE/PREFIX or memory:"
        ],
    );
}
