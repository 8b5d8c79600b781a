//! What the service's unit and the image must not lose: no rights that they do not need, and an end in order. What the
//! rest of them means is left to their own linters (`runtimes/agent/packaging/lint.sh`).

use crate::checkout::{File, Violation};

/// Lines that the unit has, and why.
const UNIT: [(&str, &str); 16] = [
    ("Type=notify", "systemd would take a start for done before polls have begun"),
    ("WatchdogSec=60s", "nobody would notice that the loop hangs"),
    ("Restart=on-failure", "a crash would be the end"),
    ("ExecReload=/bin/kill -HUP $MAINPID", "a reload would be a restart"),
    ("DynamicUser=yes", "it would run as root"),
    ("StateDirectory=pgquerylens", "it could not keep a state"),
    ("CapabilityBoundingSet=", "it needs no capability"),
    ("NoNewPrivileges=yes", "it needs no more rights than it has"),
    ("ProtectSystem=strict", "it writes nothing but its state"),
    ("ProtectHome=yes", "homes are none of its business"),
    ("PrivateDevices=yes", "devices are none of its business"),
    ("RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX", "it speaks by TCP and sockets alone"),
    ("RestrictNamespaces=yes", "it needs none"),
    ("SystemCallFilter=@system-service", "what a service needs is enough"),
    ("MemoryDenyWriteExecute=yes", "it makes no code"),
    ("MemoryMax=384M", "a leak would be the servers' trouble"),
];

/// Holds the unit against the list.
pub fn unit(file: &File) -> Vec<Violation> {
    let missing = UNIT.iter().filter(|(line, _)| !file.text.lines().any(|has| has == *line));
    missing.map(|(line, why)| Violation::of(&file.path, &format!("no `{line}`: {why}"))).collect()
}

/// Holds the Dockerfile against what its last stage has to be.
pub fn image(file: &File) -> Vec<Violation> {
    let stages = file.text.lines().filter(|line| line.starts_with("FROM "));
    let last = file.text.rsplit("\nFROM ").next().unwrap_or_default();
    let value = |word: &str| last.lines().filter_map(|line| line.strip_prefix(word)).next_back();
    let user = value("USER ").unwrap_or("root");
    let is_number = user.split(':').all(|part| part.parse::<u32>().is_ok_and(|number| number > 0));
    [
        (stages.count() > 1, "one stage: the compiler would be in the image"),
        (is_number, "its user is not a number above 0, by which a cluster sees that it is not root"),
        (value("ENTRYPOINT [").is_some(), "its entry point is a shell, which passes no signal on"),
        (value("HEALTHCHECK ").is_some(), "it says nothing of its health"),
        (value("RUN ").is_none(), "something is installed into the image"),
    ]
    .into_iter()
    .filter(|(holds, _)| !holds)
    .map(|(_, what)| Violation::of(&file.path, what))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> File {
        File { path: "a".to_owned(), text: text.to_owned() }
    }

    #[test]
    fn a_line_that_left_the_unit_is_missed() {
        let whole: String = UNIT.iter().map(|(line, _)| format!("{line}\n")).collect();
        assert_eq!(unit(&file(&whole)), []);
        assert_eq!(unit(&file(&whole.replace("ProtectHome=yes", "ProtectHome=no"))).len(), 1);
        assert_eq!(
            unit(&file(&whole.replace("CapabilityBoundingSet=\n", "CapabilityBoundingSet=CAP_KILL\n"))).len(),
            1
        );
    }

    #[test]
    fn an_image_of_root_or_of_one_stage_is_found() {
        let good = "FROM a AS build\nRUN x\nFROM b\nUSER 1:1\nHEALTHCHECK CMD x\nENTRYPOINT [\"p\"]\n";
        assert_eq!(image(&file(good)), []);
        for (good_part, bad_part) in [
            ("USER 1:1", "USER 0"),
            ("USER 1:1", "USER somebody"),
            ("USER 1:1", ""),
            ("ENTRYPOINT [\"p\"]", "ENTRYPOINT p"),
            ("HEALTHCHECK CMD x", "RUN apt-get install curl\nHEALTHCHECK CMD x"),
            ("FROM b\n", ""),
        ] {
            let bad = image(&file(&good.replace(good_part, bad_part)));
            assert!(!bad.is_empty(), "{bad_part}");
        }
    }
}
