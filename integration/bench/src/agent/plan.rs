//! What an agent of the bench is told: the text of its file.

use std::fmt::Write;

/// Sixty times faster than by default: an hour passes in a minute, and a poll begins each second.
const HASTENED: &str = "{every: 1s, minutes-pause: 10s, hours-pause: 60s, text-pause: 10s}";

/// One agent.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The URL that every name stands for.
    pub(crate) server: String,
    /// How many names there are.
    pub(crate) names: usize,
    /// How many may begin a poll at the same time.
    pub(crate) workers: usize,
    /// The receiver.
    pub(crate) receiver: String,
}

impl Plan {
    /// Writes the file; `state` is the folder of the states.
    pub(crate) fn text(&self, state: &str) -> String {
        let Plan { server, workers, receiver, .. } = self;
        let mut text = format!(
            "state: file:{state}\nlisten: 127.0.0.1:0\nworkers: {workers}\ndefaults: {HASTENED}\n\
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
        let plan = Plan {
            server: "postgresql://127.0.0.1:5432/a".to_owned(),
            names: 2,
            workers: 8,
            receiver: "http://127.0.0.1:4318".to_owned(),
        };
        let text = plan.text("/states");
        assert!(text.starts_with("state: file:/states\n"), "{text}");
        assert!(
            text.ends_with("  - {name: s001, connection: \"postgresql://127.0.0.1:5432/a\"}\n"),
            "{text}"
        );
        assert_eq!(text.matches("connection:").count(), 2);
    }
}
