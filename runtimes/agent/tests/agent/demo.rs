//! `demo --agent` to its end: everything that was executed is received once.

use std::process::Command;

use crate::process::Agent;

#[test]
fn the_demo_of_the_agent_loses_nothing_and_repeats_nothing() {
    let mut demo = Agent::new("");
    let mut command = Command::new(env!("CARGO_BIN_EXE_pgquerylens"));
    command.args(["demo", "--agent"]).env("TMPDIR", demo.folder());
    demo.start_as(command);
    assert_eq!(demo.ended(), Some(0), "{}", demo.log());
    let log = demo.log();
    let rows = log.lines().skip_while(|line| !line.starts_with("server ")).skip(1);
    let table: Vec<Vec<&str>> = rows.take(2).map(|row| row.split_whitespace().collect()).collect();
    assert_eq!(table.len(), 2, "{log}");
    for row in table {
        let [_, executed, metrics, events, lost, twice] = row[..] else { panic!("{row:?}") };
        assert!(executed.parse::<u64>().unwrap() > 1000, "{row:?}");
        assert_eq!((metrics, events, lost, twice), (executed, executed, "0", "0"));
    }
}
