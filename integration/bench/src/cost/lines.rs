//! Lines of the cost tables: a figure of ours beside the floor and the usual way, and what it was to reach.

use crate::samples::Samples;
use crate::tables::Table;

/// A line.
pub(crate) struct Line {
    figure: String,
    cells: [String; 4],
    target: Option<(String, bool)>,
}

impl Line {
    /// A line with ours alone.
    pub(crate) fn new(figure: &str, ours: String) -> Line {
        Line {
            figure: figure.to_owned(),
            cells: [ours, String::new(), String::new(), String::new()],
            target: None,
        }
    }

    /// Puts the references beside it.
    pub(crate) fn beside(mut self, floor: String, usual: String) -> Line {
        (self.cells[1], self.cells[2]) = (floor, usual);
        self
    }

    /// Says what the floor is multiplied by.
    pub(crate) fn ratio(mut self, ratio: String) -> Line {
        self.cells[3] = ratio;
        self
    }

    /// Says the most that it may be.
    pub(crate) fn at_most(mut self, figure: f64, limit: f64, unit: &str) -> Line {
        self.target = Some((format!("≤ {limit}{unit}"), figure <= limit));
        self
    }

    /// Tells whether what was to be reached was reached.
    pub(crate) fn is_met(&self) -> bool {
        self.target.as_ref().is_none_or(|(_, met)| *met)
    }
}

/// Makes a table of lines.
pub(crate) fn table(title: &'static str, lines: &[Line]) -> Table {
    let mut table = Table::new(title, &["per poll", "ours", "floor", "usual", "ours/floor", "target"]);
    for line in lines {
        let mut row = vec![line.figure.clone()];
        row.extend(line.cells.clone());
        let reached =
            |(target, met): &(String, bool)| format!("{target} {}", if *met { "met" } else { "MISSED" });
        row.push(line.target.as_ref().map(reached).unwrap_or_default());
        table.push(row);
    }
    table
}

/// A median with one decimal.
pub(crate) fn ms(samples: &Samples) -> String {
    format!("{:.1} ms", samples.median())
}

/// A median ratio with its quartiles.
pub(crate) fn times(ratios: &Samples) -> String {
    let spread = ratios.spread();
    format!("{:.2} ({:.2}-{:.2})", spread.median, spread.low, spread.high)
}

/// Bytes as a reader wants them.
pub(crate) fn bytes(bytes: f64) -> String {
    match bytes {
        _ if bytes < 1_000.0 => format!("{bytes:.0} B"),
        _ if bytes < 1_000_000.0 => format!("{:.0} kB", bytes / 1e3),
        _ => format!("{:.1} MB", bytes / 1e6),
    }
}

/// Mebibytes.
pub(crate) fn mib(bytes: f64) -> f64 {
    bytes / f64::from(1 << 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_met_at_its_limit() {
        assert!(Line::new("a", String::new()).at_most(2.0, 2.0, " ×").is_met());
        assert!(!Line::new("a", String::new()).at_most(2.01, 2.0, " ×").is_met());
        assert!(Line::new("a", String::new()).is_met());
    }

    #[test]
    fn bytes_are_readable() {
        assert_eq!([0.0, 104_156.0, 2.95e6].map(bytes), ["0 B", "104 kB", "3.0 MB"]);
    }
}
