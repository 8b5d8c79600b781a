//! Lines of JSON on the standard output of an agent: whoever reads them may go away.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::Command;

use pgquerylens_sandbox::receiver::Receiver;

use crate::process::Agent;
use crate::stage::{everything_arrived, file, is_sound, planted, until};

/// Starts the agent with a pipe as its standard output, and returns what reads from it.
async fn piped(agent: &mut Agent) -> BufReader<File> {
    let pipe = agent.folder().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut command = Command::new("sh");
    command
        .args(["-c", "exec \"$0\" agent --config \"$1\" > \"$2\"", env!("CARGO_BIN_EXE_pgquerylens")])
        .arg(agent.file())
        .arg(&pipe);
    agent.start_as(command);
    // Opening waits for the other end.
    tokio::task::spawn_blocking(move || BufReader::new(File::open(pipe).unwrap())).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_of_lines_that_goes_away_costs_nobody_else_anything() {
    let (planted, receiver) = (planted().await, Receiver::start().await.unwrap());
    let url = planted.url();
    let text = file("state: file:STATE", "every: 1s", &[("a", &url)], &receiver);
    let mut agent = Agent::new(&format!("{text}  - {{kind: jsonl, name: lines}}\n"));
    let mut reader = piped(&mut agent).await;
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let document: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(document["status"], "ok");
    drop(reader);
    until(&mut agent, "it is told", |agent| agent.said(&["the reader of the standard output is gone"]) > 0)
        .await;
    planted.execute(50).await.unwrap();
    everything_arrived(&mut agent, &planted, &receiver).await;
    assert_eq!(agent.end(), Some(0));
    is_sound(&receiver);
}
