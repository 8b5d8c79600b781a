//! Lines of the tables: a figure of ours, what may stand beside it, and what it was to reach.

use crate::Result;
use crate::arguments::Arguments;
use crate::samples::Samples;
use crate::tables::{Table, put};

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

    /// Says the least that it has to be.
    pub(crate) fn at_least(mut self, figure: f64, limit: f64, unit: &str) -> Line {
        self.target = Some((format!("≥ {limit}{unit}"), figure >= limit));
        self
    }

    /// Tells whether what was to be reached was reached.
    pub(crate) fn is_met(&self) -> bool {
        self.target.as_ref().is_none_or(|(_, met)| *met)
    }

    fn reached(&self) -> String {
        let said =
            |(target, met): &(String, bool)| format!("{target} {}", if *met { "met" } else { "MISSED" });
        self.target.as_ref().map(said).unwrap_or_default()
    }
}

/// Makes a table of lines.
pub(crate) fn table(title: &'static str, lines: &[Line]) -> Table {
    let mut table = Table::new(title, &["per poll", "ours", "floor", "usual", "ours/floor", "target"]);
    for line in lines {
        let mut row = vec![line.figure.clone()];
        row.extend(line.cells.clone());
        row.push(line.reached());
        table.push(row);
    }
    table
}

/// Makes a table of lines that have nothing beside them.
pub(crate) fn table_of_ours(title: &'static str, lines: &[Line]) -> Table {
    let mut table = Table::new(title, &["", "figure", "target"]);
    for line in lines {
        table.push(vec![line.figure.clone(), line.cells[0].clone(), line.reached()]);
    }
    table
}

/// Says in one line whether everything was reached.
pub(crate) fn verdict(lines: &[Line]) -> String {
    match lines.iter().filter(|line| !line.is_met()).count() {
        0 => "met: every target".to_owned(),
        missed => format!("MISSED: {missed} targets"),
    }
}

/// Shows a table of ours, writes it into the document if one is named, and tells whether everything was reached.
pub(crate) fn tell(arguments: &Arguments, name: &str, title: &'static str, lines: &[Line]) -> Result<bool> {
    let (table, verdict) = (table_of_ours(title, lines), verdict(lines));
    println!("{}\n  {verdict}\n", table.plain());
    if let Some(document) = &arguments.write {
        put(document, name, &format!("{}\n\n{}\n{verdict}", machine(), table.markdown()))?;
    }
    Ok(lines.iter().all(Line::is_met))
}

/// The machine in general terms: figures are ratios because no two are alike.
pub(crate) fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    format!("PostgreSQL {}, Linux, {cores} cores.", pgquerylens_sandbox::newest())
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
        assert!(Line::new("a", String::new()).at_least(4.0, 4.0, " ×").is_met());
        assert!(!Line::new("a", String::new()).at_least(3.99, 4.0, " ×").is_met());
        assert!(Line::new("a", String::new()).is_met());
    }

    #[test]
    fn bytes_are_readable() {
        assert_eq!([0.0, 104_156.0, 2.95e6].map(bytes), ["0 B", "104 kB", "3.0 MB"]);
    }
}
