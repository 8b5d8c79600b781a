//! Columns without borders, as narrow as their contents: figures to the right, names to the left.
//!
//! The crates that draw tables align by what colour codes take, or bring a terminal library to know better; here a
//! cell knows its width and gets its colour when it is printed.

use super::line::{Line, Span, Tone};

/// One column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    /// What stands above it.
    pub(super) title: &'static str,
    /// Its width while its contents are no wider, so that a report looks like the one before.
    pub(super) width: usize,
    /// Where its cells stand.
    pub(super) side: Side,
    /// The higher, the earlier it is left out where there is no room; 0 stays.
    pub(super) dispensable: u8,
}

/// Where cells stand in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Names.
    Left,
    /// Figures.
    Right,
}

/// Spaces between columns where there is room, and where there is not.
const GAPS: [usize; 2] = [2, 1];

/// Returns the header line and a line per row. Columns that do not fit are left out, the most dispensable first.
pub(super) fn laid_out(columns: &[Column], rows: Vec<Vec<Span>>, width: usize) -> (Line, Vec<Line>) {
    let widths: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            let least = Span::new(column.title, Tone::Dim).width().max(column.width);
            rows.iter().filter_map(|row| row.get(index)).map(Span::width).fold(least, usize::max)
        })
        .collect();
    let (kept, gap) = fitting(columns, &widths, width);
    let aligned = |cells: Vec<Span>| {
        let cells = cells.into_iter().enumerate().filter(|(index, _)| kept.contains(index));
        let mut line = Line::default();
        for (place, (index, cell)) in cells.enumerate() {
            let space = widths[index] - cell.width().min(widths[index]);
            let before = if place == 0 { 0 } else { gap };
            line = match columns[index].side {
                Side::Right => line.spaces(before + space).with(cell),
                Side::Left => line.spaces(before).with(cell).spaces(space),
            };
        }
        line.cut(width)
    };
    let header = aligned(columns.iter().map(|column| Span::new(column.title, Tone::Dim)).collect());
    (header, rows.into_iter().map(aligned).collect())
}

/// Returns the places of the columns that fit, and the gap between them.
fn fitting(columns: &[Column], widths: &[usize], width: usize) -> (Vec<usize>, usize) {
    let mut kept: Vec<usize> = (0..columns.len()).collect();
    loop {
        let sum: usize = kept.iter().map(|index| widths[*index]).sum();
        let gaps = kept.len().saturating_sub(1);
        if let Some(gap) = GAPS.into_iter().find(|gap| sum + gap * gaps <= width) {
            return (kept, gap);
        }
        let least = kept.iter().copied().max_by_key(|index| columns[*index].dispensable);
        match least.filter(|index| columns[*index].dispensable > 0) {
            Some(least) => kept.retain(|index| *index != least),
            None => return (kept, GAPS[1]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(width: usize, expected: [&str; 2]) {
        let column = |title, side, dispensable| Column { title, width: 0, side, dispensable };
        let columns =
            [column("name", Side::Left, 0), column("calls", Side::Right, 0), column("rows", Side::Right, 1)];
        let row = ["ab", "1.2k", "3"].map(|cell| Span::new(cell, Tone::Plain)).to_vec();
        let (header, rows) = laid_out(&columns, vec![row], width);
        assert_eq!([header.print(false), rows[0].print(false)], expected);
    }

    #[test]
    fn figures_stand_right_and_names_left() {
        check(20, ["name  calls  rows", "ab     1.2k     3"]);
    }

    #[test]
    fn gaps_shrink_and_then_columns_go() {
        check(15, ["name calls rows", "ab    1.2k    3"]);
        check(14, ["name  calls", "ab     1.2k"]);
    }
}
