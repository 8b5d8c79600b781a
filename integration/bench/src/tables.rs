//! Tables, for a terminal of 100 columns and as Markdown, and the document that holds them between its marks.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::Result;

/// Rows of cells under a head; the first column is text, the others are figures.
pub(crate) struct Table {
    title: &'static str,
    head: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Makes a table without a row.
    pub(crate) fn new(title: &'static str, head: &[&'static str]) -> Table {
        Table { title, head: head.to_vec(), rows: Vec::new() }
    }

    /// Adds a row with as many cells as the head.
    pub(crate) fn push(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// Returns the table for a terminal.
    pub(crate) fn plain(&self) -> String {
        let widths: Vec<usize> = (0..self.head.len()).map(|column| self.width(column)).collect();
        let mut text = format!("{}\n", self.title);
        let head: Vec<String> = self.head.iter().map(|name| (*name).to_owned()).collect();
        for row in std::iter::once(&head).chain(&self.rows) {
            let mut line = String::new();
            for (place, (cell, width)) in row.iter().zip(&widths).enumerate() {
                let _ = match place {
                    0 => write!(line, "{cell:<width$}"),
                    _ => write!(line, "  {cell:>width$}"),
                };
            }
            let _ = writeln!(text, "  {}", line.trim_end());
        }
        text
    }

    /// Returns the table as Markdown.
    pub(crate) fn markdown(&self) -> String {
        let line = |cells: &mut dyn Iterator<Item = &str>| {
            format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
        };
        let mut text = format!("### {}\n\n", self.title);
        text += &line(&mut self.head.iter().copied());
        let rules = (0..self.head.len()).map(|place| if place == 0 { "---" } else { "---:" });
        text += &line(&mut rules.into_iter());
        for row in &self.rows {
            text += &line(&mut row.iter().map(String::as_str));
        }
        text
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(column));
        let widest = cells.map(|cell| cell.chars().count()).max().unwrap_or(0);
        widest.max(self.head.get(column).map_or(0, |name| name.chars().count()))
    }
}

/// Puts a text between the marks `<!-- NAME -->` and `<!-- NAME end -->` of a document.
pub(crate) fn put(document: &Path, name: &str, text: &str) -> Result<()> {
    let before = fs::read_to_string(document)?;
    let after = between(&before, name, text)
        .ok_or_else(|| format!("{} has no marks named {name}", document.display()))?;
    Ok(fs::write(document, after)?)
}

fn between(document: &str, name: &str, text: &str) -> Option<String> {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- {name} end -->"));
    let (head, rest) = document.split_once(&begin)?;
    let (_, tail) = rest.split_once(&end)?;
    Some(format!("{head}{begin}{}\n{end}{tail}", text.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other() {
        let mut table = Table::new("Cost", &["figure", "ms"]);
        table.push(vec!["a".to_owned(), "1.25".to_owned()]);
        assert_eq!(table.plain(), "Cost\n  figure    ms\n  a       1.25\n");
        assert_eq!(table.markdown(), "### Cost\n\n| figure | ms |\n| --- | ---: |\n| a | 1.25 |\n");
    }

    #[test]
    fn what_stood_between_the_marks_is_replaced() {
        let document = "a\n<!-- x -->\nold\n<!-- x end -->\nb\n";
        assert_eq!(between(document, "x", "new\n").unwrap(), document.replace("old", "new"));
        assert_eq!(between(document, "y", "new"), None);
    }
}
