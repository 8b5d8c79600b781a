//! Tokens by AWS's own SDK for Python: what our reading of the documentation is held against.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::json;

use super::AccessKey;
use crate::decoders::{python, script};

/// What a token is asked for.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) key: AccessKey,
    pub(super) region: &'static str,
    pub(super) host: &'static str,
    pub(super) port: u16,
    pub(super) user: &'static str,
}

/// Returns a token for each.
pub(super) fn tokens(wanted: &[Wanted]) -> Vec<String> {
    let mut command = Command::new(python().unwrap());
    command.arg("-B").arg(script("rds_token.py")).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    for Wanted { key, region, host, port, user } in wanted {
        let AccessKey { id, secret, session_token, .. } = key;
        let line = json!({
            "key_id": id, "secret": secret, "session_token": session_token,
            "region": region, "host": host, "port": port, "user": user,
        });
        writeln!(stdin, "{line}").unwrap();
    }
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let tokens: Vec<String> = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    assert_eq!((output.status.success(), tokens.len()), (true, wanted.len()));
    tokens
}

/// Returns a token.
pub(super) fn token(wanted: &Wanted) -> String {
    tokens(std::slice::from_ref(wanted)).remove(0)
}
