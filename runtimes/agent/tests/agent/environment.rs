//! The shortest start: nothing but the two variables that everybody knows.

use std::process::Command;

use pgquerylens_sandbox::receiver::Receiver;

use crate::process::{Agent, PASSWORD};
use crate::stage::planted;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_variables_are_enough() {
    let (planted, receiver) = (planted().await, Receiver::start().await.unwrap());
    planted.execute(10).await.unwrap();
    let mut agent = Agent::new("");
    // The port of the health page may be another program's for a while: then the agent says so and ends.
    let start = |agent: &mut Agent| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pgquerylens"));
        command.arg("agent").env_clear();
        command.env("DATABASE_URL", planted.url()).env("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url());
        agent.start_as(command);
    };
    let mut tries = 0;
    loop {
        start(&mut agent);
        while !agent.has_ended() && receiver.account().levels_of("pgquerylens.up").count() == 0 {
            tokio::time::sleep(crate::process::LOOK_EVERY).await;
        }
        if !agent.has_ended() {
            break;
        }
        tries += 1;
        assert!(agent.said(&["127.0.0.1:9188"]) == tries && tries < 100, "{}", agent.log());
        agent.ended();
        tokio::time::sleep(crate::process::LOOK_EVERY * 10).await;
    }
    let account = receiver.account();
    assert_eq!(account.levels_of("pgquerylens.up").collect::<Vec<_>>(), [1.0]);
    assert!(account.series_of("postgresql.commits").count() > 0, "{account}");
    assert!(!format!("{account:?}").contains(PASSWORD));
    assert_eq!(account.violations, Vec::<String>::new());
    assert_eq!(agent.end(), Some(0));
}
