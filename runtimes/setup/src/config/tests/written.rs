//! What we write ourselves: the sample, what `config show` says, and the examples of the guide.

use std::path::Path;

use super::super::{sample, schema};
use super::{Around, FLEET, load, source};
use crate::options::{Section, options_in};

#[test]
fn the_sample_is_sound_with_and_without_its_comment_signs() {
    let sample = sample();
    assert!(load("x.yaml", &sample, Around::default()).is_ok());
    let is_key =
        |line: &str| line.trim_start().strip_prefix('#').is_some_and(|rest| !rest.starts_with([' ', '#']));
    let is_entry = |line: &str| line.starts_with("  #- ") || line.starts_with("  #  ");
    let with =
        |line: &str| if is_key(line) || is_entry(line) { line.replacen('#', "", 1) } else { line.to_owned() };
    let all: Vec<String> = sample.lines().map(with).collect();
    let configuration = load("x.yaml", &all.join("\n"), Around::default()).unwrap();
    assert_eq!((configuration.servers.len(), configuration.exporters.len()), (1, 3));
    for section in Section::ALL {
        for option in options_in(section) {
            let key = format!("{}: ", option.key());
            assert!(
                all.iter().any(|line| line.trim_start().trim_start_matches("- ").starts_with(&key)),
                "{key}"
            );
        }
    }
}

#[test]
fn the_schema_has_every_option() {
    let schema: serde_json::Value = serde_json::from_str(&schema()).unwrap();
    for (section, path) in [
        (Section::Process, "/properties"),
        (Section::Defaults, "/$defs/defaults/anyOf/0/properties"),
        (Section::Server, "/$defs/server/properties"),
        (Section::Otlp, "/$defs/otlp/properties"),
        (Section::Jsonl, "/$defs/jsonl/properties"),
    ] {
        let properties = schema.pointer(path).unwrap();
        for option in options_in(section) {
            assert!(properties.get(option.key()).is_some(), "{path} {}", option.key());
        }
    }
}

#[test]
fn every_value_is_shown_with_where_it_was_said() {
    let folder = tempfile::tempdir().unwrap();
    let around = Around {
        variables: &[("PGQUERYLENS_WORKERS", "4"), ("OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "500")],
        arguments: &["--log-level", "debug"],
    };
    let shown = source(folder.path(), Some(("x.yaml", FLEET)), around).show().unwrap();
    let shown = shown.replace(&format!("{}/", folder.path().display()), "");
    expect_test::expect![[r#"
        process
          state                  file:/var/lib/pgquerylens  x.yaml:1:8
          state-lease            off                        default
          listen                 127.0.0.1:9188             default
          workers                4                          PGQUERYLENS_WORKERS
          shutdown-grace         10s                        default
          log-format             text                       default
          log-level              debug                      --log-level
          service-name           -                          default
          resource-attributes    -                          default
          single-flight          false                      default
          telemetry-endpoint     -                          default
          telemetry-protocol     http/protobuf              default
          telemetry-interval     1m                         default
          telemetry-certificate  -                          default
          telemetry-headers      -                          default

        server db1
          connection                   db1:5432/shop              x.yaml:7:17
          name                         db1                        x.yaml:8:11
          cluster                      -                          default
          labels                       {env: prod, team: shop}    x.yaml:9:13
          password                     the file /run/secrets/db1  x.yaml:10:15
          auth                         password                   default
          aws-region                   -                          default
          aws-role                     -                          default
          aws-external-id              -                          default
          aws-instance                 -                          default
          aws-metrics                  -                          default
          cloudwatch-pause             5m                         default
          aws-logs                     false                      default
          every                        30s                        x.yaml:3:10
          databases                    -                          default
          all-databases                false                      default
          top                          50                         default
          deadline                     30s                        default
          connect-timeout              5s                         default
          statement-timeout            10s                        default
          lock-timeout                 250ms                      default
          idle-in-transaction-timeout  10s                        default
          work-mem                     16MiB                      default
          minutes-pause                10m                        default
          hours-pause                  1h                         default
          text-budget                  64MiB                      default
          text-pause                   10m                        default
          exporters                    [collector]                x.yaml:5:14

        server db2:5432/shop
          connection                   db2:5432/shop       x.yaml:11:17
          name                         db2:5432/shop       default
          cluster                      -                   default
          labels                       {env: prod}         x.yaml:4:11
          password                     -                   default
          auth                         password            default
          aws-region                   -                   default
          aws-role                     -                   default
          aws-external-id              -                   default
          aws-instance                 -                   default
          aws-metrics                  -                   default
          cloudwatch-pause             5m                  default
          aws-logs                     false               default
          every                        5s                  x.yaml:12:12
          databases                    -                   default
          all-databases                false               default
          top                          50                  default
          deadline                     30s                 default
          connect-timeout              3s                  default
          statement-timeout            10s                 default
          lock-timeout                 250ms               default
          idle-in-transaction-timeout  10s                 default
          work-mem                     16MiB               default
          minutes-pause                10m                 default
          hours-pause                  1h                  default
          text-budget                  64MiB               default
          text-pause                   10m                 default
          exporters                    [collector, lines]  x.yaml:13:16

        exporter collector
          name                   collector                            x.yaml:15:11
          kind                   otlp                                 x.yaml:16:11
          endpoint               https://otel.example.com:4318        x.yaml:17:15
          metrics-endpoint       -                                    default
          logs-endpoint          -                                    default
          protocol               http/protobuf                        default
          insecure               false                                default
          headers                {API-Key: the variable LICENSE_KEY}  x.yaml:18:14
          headers-secret         -                                    default
          compression            gzip                                 default
          timeout                10s                                  default
          certificate            -                                    default
          client-certificate     -                                    default
          client-key             -                                    default
          temporality            cumulative                           default
          layout                 legacy                               default
          event-compat           receiver                             default
          events                 true                                 default
          statement-series       200                                  default
          statement-series-hold  15m                                  default
          batch-bytes            4MiB                                 default
          outbox-bytes           64MiB                                default
          concurrency            4                                    default
          timeout of logs        500ms                                OTEL_EXPORTER_OTLP_LOGS_TIMEOUT

        exporter lines
          name          lines  x.yaml:19:11
          kind          jsonl  x.yaml:20:11
          outbox-bytes  64MiB  default
          path          -      default
    "#]]
    .assert_eq(&shown);
}

#[test]
fn the_mistakes_of_the_guide_are_told_so() {
    let text = "\
state: file:/var/lib/pgquerylens
defaults:
  every: 30
  statment-timeout: 5s
servers:
  - connection: postgresql://monitor@${DB_HOST}/shop
    exporters: [colector]
exporters:
  - {kind: otlp, name: collector}
";
    let around = Around { variables: &[], arguments: &["--workers", "many"] };
    let told = load("pgquerylens.yaml", text, around).unwrap_err();
    for line in told.lines() {
        assert!(guide().contains(&format!("\n→ {line}\n")), "{line}");
    }
    assert_eq!(told.lines().count(), 5, "{told}");
}

fn guide() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn the_examples_of_the_guide_are_sound() {
    let text = guide();
    let around = Around { variables: &[("DB_HOST", "db3.example.com")], arguments: &[] };
    let mut count = 0;
    for block in text.split("\n```").skip(1).step_by(2) {
        let (language, example) = block.split_once('\n').unwrap();
        if ["yaml", "toml", "json"].contains(&language) {
            let told = load(&format!("x.{language}"), example, around).map(|_| ());
            assert_eq!(told, Ok(()), "{example}");
            count += 1;
        }
    }
    assert!(count >= 4, "{count} examples");
}
