//! Fewer descriptors than servers: those that get none say so, the others are polled, and nothing breaks.

use std::process::Command;

use pgquerylens_sandbox::receiver::Receiver;

use crate::process::Agent;
use crate::stage::{file, is_sound, planted, polls_of_each, until};

const SERVERS: usize = 40;
/// What the process itself needs, and two for each of half the servers.
const DESCRIPTORS: usize = 104;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_without_a_descriptor_say_so_and_the_others_are_polled() {
    let (planted, receiver) = (planted().await, Receiver::start().await.unwrap());
    let url = planted.url();
    let names: Vec<String> = (0..SERVERS).map(|place| format!("s{place:02}")).collect();
    let servers: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), url.as_str())).collect();
    let mut agent = Agent::new(&file("state: file:STATE", "every: 2s", &servers, &receiver));
    let program = env!("CARGO_BIN_EXE_pgquerylens");
    let mut command = Command::new("/bin/sh");
    let limited = format!("ulimit -n {DESCRIPTORS}; exec \"$0\" agent --config \"$1\"");
    command.args(["-c", &limited, program]).arg(agent.file()).env_clear();
    agent.start_as(command);
    let words = ["not polled", "the process may have 104 files open, enough for 20 servers"];
    let polled = |receiver: &Receiver| polls_of_each(receiver).values().filter(|polls| **polls > 2).count();
    until(&mut agent, "half of them are polled on", |_| polled(&receiver) == SERVERS / 2).await;
    let refused = names.iter().filter(|name| agent.said(&[&words[..], &[name]].concat()) > 0).count();
    assert_eq!(refused, SERVERS / 2);
    assert_eq!(agent.said(&["Too many open files"]), 0);
    assert!(agent.descriptors() <= DESCRIPTORS);
    assert_eq!(agent.end(), Some(0), "{}", agent.log());
    is_sound(&receiver);
}
