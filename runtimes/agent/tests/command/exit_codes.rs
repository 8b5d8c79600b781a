//! What the shell gets: a degraded poll is a success unless `--strict` says otherwise, and each way to read nothing has
//! its number.

use pgquerylens_sandbox::{Server, newest, roles};

use crate::program::{Ended, run};
use crate::stage::{monitored, url, url_of, without_extension};

fn polled(url: &str, arguments: &[&str]) -> Ended {
    run(&[&["poll", url, "--format", "json"], arguments].concat())
}

/// Tells how a poll ended: its code without and with `--strict`, and its status.
fn check(url: &str, without: i32, strict: i32, status: &str) {
    for (arguments, code) in [(&[][..], without), (&["--strict"], strict)] {
        let ended = polled(url, arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?}: {}", ended.stderr);
        assert_eq!(ended.documents()[0]["status"], status, "{arguments:?}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_poll_that_reads_everything_is_a_success_even_if_strict() {
    check(&url(&monitored().await), 0, 0, "ok");
}

#[tokio::test(flavor = "current_thread")]
async fn a_poll_without_the_extension_is_degraded_and_fails_only_if_strict() {
    check(&url(&without_extension(Server::new(newest())).await), 0, 1, "degraded");
    check(&url(&without_extension(Server::new(newest()).preload_nothing()).await), 0, 1, "degraded");
}

#[tokio::test(flavor = "current_thread")]
async fn a_poll_without_rights_is_degraded_and_fails_only_if_strict() {
    let server = monitored().await;
    roles::create_plain_role(&server.superuser().await.unwrap()).await.unwrap();
    check(&url_of(&server, roles::PLAIN), 0, 1, "degraded");
}

#[tokio::test(flavor = "current_thread")]
async fn a_poll_that_reads_nothing_says_why_by_its_code() {
    let mut server = monitored().await;
    let good = url(&server);
    let wrong_password = good.replacen('@', ":wrong@", 1);
    for (arguments, code) in [
        (&["poll", &wrong_password][..], 77),
        (&["poll", &format!("{good}x")], 78),
        (&["poll", &good, "--every", "never"], 64),
        (&["poll", &good, "--state", "file:/dev/null/state"], 74),
        (&["poll", "--replay", "/nonexistent"], 66),
        (&["record", &good, "/dev/null/recording"], 73),
    ] {
        let ended = run(arguments);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(code), ""), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains("error:"), "{arguments:?}: {}", ended.stderr);
    }
    server.stop(pgquerylens_sandbox::Shutdown::Fast).await.unwrap();
    assert_eq!(polled(&good, &[]).code, Some(69));
}

#[test]
fn a_command_line_that_cannot_be_used_names_each_mistake_once() {
    let ended = run(&["poll", "host=db", "--top", "many", "--order", "size"]);
    assert_eq!(ended.code, Some(64));
    assert!(ended.stderr.contains("2 options cannot be used"), "{}", ended.stderr);
    assert_eq!(ended.stderr.matches("--top many").count(), 1, "{}", ended.stderr);
    let ended = run(&["demo", "--agent", "--for", "10s"]);
    assert_eq!(ended.code, Some(64));
    assert!(ended.stderr.contains("--agent and --for: give one of them"), "{}", ended.stderr);
}

#[test]
fn a_file_that_is_there_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pgquerylens.yaml");
    std::fs::write(&path, "mine").unwrap();
    let ended = run(&["config", "init", path.to_str().unwrap()]);
    assert_eq!(ended.code, Some(73));
    assert!(ended.stderr.contains("it is there and stays as it is"), "{}", ended.stderr);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
}

#[test]
fn a_reader_endpoint_is_refused_before_a_connection() {
    let readers = "postgresql://monitor@shop.cluster-ro-abc123.eu-west-1.rds.amazonaws.com/shop";
    for command in ["poll", "check"] {
        let ended = run(&[command, readers]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(78), ""), "{ended:?}");
        assert!(ended.stderr.contains("is the reader endpoint of a cluster"), "{ended:?}");
        assert!(ended.stderr.contains("\n→ write the endpoint of each reader's instance"), "{ended:?}");
    }
}

#[test]
fn the_version_is_spelled_as_people_spell_it() {
    let long = run(&["version", "--verbose"]);
    assert!(long.stdout.contains("\nauthorities of RDS  the newest of "), "{long:?}");
    for arguments in [["--version", "--verbose"], ["--verbose", "--version"], ["-V", "--verbose"]] {
        let ended = run(&arguments);
        assert_eq!((ended.code, &ended.stdout), (Some(0), &long.stdout), "{arguments:?}");
    }
    assert_eq!(run(&["--version"]).stdout, run(&["version"]).stdout);
}
