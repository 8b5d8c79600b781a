//! From a place in bytes to line and column, for parsers that count bytes.

use crate::config::mistake::At;

/// Where the lines of a text begin.
pub(super) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    /// Looks where lines begin.
    pub(super) fn of(text: &'t str) -> Lines<'t> {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Lines { text, starts: std::iter::once(0).chain(ends.map(|(index, _)| index + 1)).collect() }
    }

    /// Returns line and column of a byte; one behind the end, or inside of a character, is where the text still is.
    pub(super) fn at(&self, offset: usize) -> At {
        let offset = self.text.floor_char_boundary(offset);
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts[line - 1];
        At { line, column: self.text[start..offset].chars().count() + 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let lines = Lines::of("ab\nüx\n");
        for (offset, line, column) in
            [(0, 1, 1), (1, 1, 2), (3, 2, 1), (4, 2, 1), (5, 2, 2), (7, 3, 1), (99, 3, 1)]
        {
            assert_eq!(lines.at(offset), At { line, column }, "{offset}");
        }
    }
}
