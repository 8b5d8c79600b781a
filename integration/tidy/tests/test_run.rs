//! The script behind `make test`, run with a cargo of ours that prints what it is told: however a run ends, the last
//! line counts, and nothing that went wrong counts as success.

#![allow(clippy::unwrap_used, reason = "a test may unwrap: the panic is the report")]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use pgquerylens_tidy::checkout::root;
use tempfile::TempDir;

const TWO_PASS: &str = "     Running tests/a.rs (/a)\ntest one ... ok\ntest two ... ok\n\
    test result: ok. 2 passed; 0 failed; 0 ignored\n";

/// Runs the script over a cargo that builds, prints the output and then does as it is told.
fn run(folder: &TempDir, limit: &str, build: &str, output: &str, then: &str) -> Output {
    let cargo =
        format!("case \"$*\" in *--no-run*) {build};; esac\ncat '{0}/said'; {then}", folder.path().display());
    fs::write(folder.path().join("said"), output).unwrap();
    program(&folder.path().join("cargo"), &cargo);
    let path = format!("{}:{}", folder.path().display(), "/usr/bin:/bin");
    let mut script = Command::new("sh");
    script.arg(root().join("integration/test.sh")).env("PATH", path).env("TEST_LIMIT", limit);
    script.output().unwrap()
}

fn program(path: &Path, text: &str) {
    fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
}

fn check(build: &str, output: &str, then: &str, ends: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let ended = run(&folder, "60s", build, output, then);
    let text = String::from_utf8(ended.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[lines.len().saturating_sub(ends.len())..], *ends, "{text}");
    assert_eq!(ended.status.success(), *ends == ["2 passed, 0 failed"], "{text}");
}

#[test]
fn what_passed_is_counted() {
    check("exit 0", TWO_PASS, "exit 0", &["2 passed, 0 failed"]);
}

#[test]
fn a_run_without_a_test_is_a_failure() {
    check("exit 0", "", "exit 0", &["no test ran", "0 passed, 0 failed"]);
}

#[test]
fn what_does_not_build_is_a_failure() {
    let said = "something did not build, which counts as one failure";
    check("exit 101", TWO_PASS, "exit 0", &[said, "0 passed, 1 failed"]);
}

#[test]
fn what_failed_is_named_and_counted() {
    let output = format!(
        "{TWO_PASS}test three ... FAILED\ntest result: FAILED. 0 passed; 1 failed;\nerror: test failed, to rerun\n"
    );
    check("exit 0", &output, "exit 101", &["failed: three", "2 passed, 1 failed"]);
}

#[test]
fn a_program_that_died_is_a_failure() {
    let output = format!("{TWO_PASS}error: test failed, to rerun pass `--test b`\n");
    let said = "test programs that died, each counted as one failure: 1";
    check("exit 0", &output, "exit 101", &[said, "2 passed, 1 failed"]);
}

#[test]
fn a_program_that_hangs_is_ended_named_and_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let hanging = folder.path().join("hanging");
    program(&hanging, "printf 'quick: test\\nquick::slow: test\\n2 tests, 0 benchmarks\\n'");
    let output = format!("{TWO_PASS}     Running tests/b.rs ({})\ntest quick ... ok\n", hanging.display());
    let ended = run(&folder, "3s", "exit 0", &output, "exec sleep 60");
    let text = String::from_utf8(ended.stdout).unwrap();
    let expected = "the tests did not end within TEST_LIMIT=3s, which counts as one failure\n\
        not finished: quick::slow\n2 passed, 1 failed\n";
    assert!(text.ends_with(expected), "{text}");
    assert!(!ended.status.success());
}
