//! The Prometheus text format, version 0.0.4 (prometheus.io, "Exposition formats"): families of samples, each with its
//! help and type.

use std::fmt::Write;

/// What Prometheus wants to read in the head of an answer.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Whether a value only grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::agent) enum Kind {
    /// It only grows, until the process begins anew.
    Counter,
    /// It is what it is now.
    Gauge,
}

/// One value with its labels.
pub(in crate::agent) type Sample<'s> = (Vec<(&'static str, &'s str)>, f64);

/// A figure with all its values.
#[derive(Debug)]
pub(in crate::agent) struct Family<'s> {
    /// What Prometheus calls it: the unit, and `_total` for what only grows, stand at the end.
    pub(in crate::agent) name: &'static str,
    /// Whether it only grows.
    pub(in crate::agent) kind: Kind,
    /// What it is.
    pub(in crate::agent) help: &'static str,
    /// Its values, as far as they are known.
    pub(in crate::agent) samples: Vec<Sample<'s>>,
}

/// A text in the making.
#[derive(Debug, Default)]
pub(super) struct Exposition {
    text: String,
}

impl Exposition {
    /// Adds a family; one without samples is left out.
    pub(super) fn family(&mut self, family: &Family<'_>) {
        let Family { name, kind, help, samples } = family;
        if samples.is_empty() {
            return;
        }
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        };
        self.text.push_str(&format!("# HELP {name} {}\n# TYPE {name} {kind}\n", escaped(help, false)));
        for (labels, value) in samples {
            self.text.push_str(name);
            self.labels(labels);
            // A text takes everything.
            let _infallible = writeln!(self.text, " {}", number(*value));
        }
    }

    fn labels(&mut self, labels: &[(&'static str, &str)]) {
        for (index, (name, value)) in labels.iter().enumerate() {
            let before = if index == 0 { '{' } else { ',' };
            self.text.push_str(&format!("{before}{name}=\"{}\"", escaped(value, true)));
        }
        if !labels.is_empty() {
            self.text.push('}');
        }
    }

    /// Returns the text.
    pub(super) fn finish(self) -> String {
        self.text
    }
}

fn number(value: f64) -> String {
    match value {
        value if value == f64::INFINITY => "+Inf".to_owned(),
        value if value == f64::NEG_INFINITY => "-Inf".to_owned(),
        value => value.to_string(),
    }
}

fn escaped(text: &str, quotes: bool) -> String {
    let text = text.replace('\\', "\\\\").replace('\n', "\\n");
    if quotes { text.replace('"', "\\\"") } else { text }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(samples: &[Sample<'_>], expected: &Expect) {
        let mut exposition = Exposition::default();
        let (name, help, samples) = ("polls_total", "Polls\\so\nfar", samples.to_vec());
        exposition.family(&Family { name, kind: Kind::Counter, help, samples });
        expected.assert_eq(&exposition.finish());
    }

    #[test]
    fn labels_are_quoted_and_help_is_one_line() {
        let odd = "a\\b\"c\nd{e}";
        check(
            &[(vec![], 1.0), (vec![("server", odd), ("exporter", "")], 2.5)],
            &expect![[r##"
            # HELP polls_total Polls\\so\nfar
            # TYPE polls_total counter
            polls_total 1
            polls_total{server="a\\b\"c\nd{e}",exporter=""} 2.5
        "##]],
        );
    }

    #[test]
    fn numbers_are_as_prometheus_writes_them() {
        let values = [1e15, -0.25, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
        assert_eq!(values.map(number), ["1000000000000000", "-0.25", "NaN", "+Inf", "-Inf"]);
    }

    #[test]
    fn a_family_without_samples_is_left_out() {
        check(&[], &expect![""]);
    }
}
