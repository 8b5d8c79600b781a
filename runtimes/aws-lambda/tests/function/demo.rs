//! What people are shown of it: `pgquerylens demo --aws`, with this binary.

use std::path::Path;
use std::process::Command;

#[test]
fn the_demonstration_of_it_loses_nothing_and_counts_nothing_twice() {
    let bootstrap = Path::new(env!("CARGO_BIN_EXE_bootstrap"));
    let command = bootstrap.with_file_name("pgquerylens");
    assert!(command.exists(), "the command lies beside the function once the whole workspace is built");
    let ended = Command::new(command).args(["demo", "--aws", "--function"]).arg(bootstrap).output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success(), "{said} {}", String::from_utf8_lossy(&ended.stderr));
    for server in ["shop", "billing"] {
        let line =
            said.lines().find(|line| line.starts_with(server) && line.ends_with(|c: char| c.is_numeric()));
        let figures: Vec<&str> = line.unwrap_or_default().split_whitespace().skip(1).collect();
        assert_eq!(figures, ["800", "800", "800", "0", "0"], "{said}");
    }
}
