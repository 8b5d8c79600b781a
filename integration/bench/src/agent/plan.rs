//! What an agent of the bench is told: the text of its file.

use std::fmt::Write;

/// Sixty times faster than by default: with a poll each second an hour passes in a minute.
const HASTENED: &str = "minutes-pause: 10s, hours-pause: 60s, text-pause: 10s";

/// As many as by default.
pub(crate) const WORKERS: usize = 8;

/// One agent.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The URL that every name stands for.
    pub(crate) server: String,
    /// How many names there are.
    pub(crate) names: usize,
    /// How many may begin a poll at the same time.
    pub(crate) workers: usize,
    /// Seconds from one poll of a server to the next.
    pub(crate) every_seconds: u64,
    /// The receiver.
    pub(crate) receiver: String,
}

impl Plan {
    /// Polls a server every second under so many names, with as many workers as by default.
    pub(crate) fn of(server: String, names: usize) -> Plan {
        Plan { server, names, workers: WORKERS, every_seconds: 1, receiver: String::new() }
    }

    /// Writes the file; `state` is the folder of the states.
    pub(crate) fn text(&self, state: &str) -> String {
        let Plan { server, workers, every_seconds, receiver, .. } = self;
        let mut text = format!(
            "state: file:{state}\nlisten: 127.0.0.1:0\nworkers: {workers}\n\
             defaults: {{every: {every_seconds}s, {HASTENED}}}\n\
             exporters:\n  - {{name: receiver, kind: otlp, endpoint: \"{receiver}\"}}\nservers:\n"
        );
        for name in 0..self.names {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  - {{name: s{name:03}, connection: \"{server}\"}}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_server() {
        let plan = Plan::of("postgresql://127.0.0.1:5432/a".to_owned(), 2);
        let text = plan.text("/states");
        assert!(text.starts_with("state: file:/states\n"), "{text}");
        assert!(
            text.ends_with("  - {name: s001, connection: \"postgresql://127.0.0.1:5432/a\"}\n"),
            "{text}"
        );
        assert_eq!(text.matches("connection:").count(), 2);
    }
}
