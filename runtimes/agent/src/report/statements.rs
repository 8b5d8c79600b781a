//! The top statements, the others, our own, and the total that they add up to.

use pgquerylens_model::report::{Cost, NamedStatement, StatementMetrics, UnifiedMetrics};
use pgquerylens_model::rows::Rows;
use pgquerylens_model::selection::Order;
use pgquerylens_model::statements::exec_moments;
use pgquerylens_model::views::statements::VIEW;
use pgquerylens_model::window::{DeltaSeries, Deltas, Sum};

use super::fields::is_interval;
use super::line::{Line, Span, Tone, on_one_line};
use super::table::{Column, Side, laid_out};
use super::{RenderOptions, heading};
use crate::figures::{bytes, count, grouped, milliseconds, ratio, share};

/// Cells of the bar for a share of 1.
const BAR_CELLS: usize = 4;
/// Eighths of a cell.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
/// Columns before a statement's text.
const TEXT_INDENT: usize = 4;
/// Columns that a text gets at least; database, role and query id give way.
const MIN_TEXT_WIDTH: usize = 24;

const IO_TIMES: [&str; 6] = [
    "shared_blk_read_time",
    "shared_blk_write_time",
    "local_blk_read_time",
    "local_blk_write_time",
    "temp_blk_read_time",
    "temp_blk_write_time",
];

const fn figure(title: &'static str, width: usize, dispensable: u8) -> Column {
    Column { title, width, side: Side::Right, dispensable }
}

const COLUMNS: [Column; 12] = [
    Column { title: "", width: 7, side: Side::Left, dispensable: 0 },
    figure("time", 7, 0),
    figure("share", 5, 0),
    Column { title: "", width: BAR_CELLS, side: Side::Left, dispensable: 1 },
    figure("calls", 5, 0),
    figure("mean", 7, 0),
    figure("±dev", 7, 4),
    figure("rows", 5, 2),
    figure("hit", 5, 2),
    figure("I/O", 7, 3),
    figure("WAL", 8, 3),
    figure("temp", 8, 3),
];

/// Returns the section; nothing without pg_stat_statements, whose absence a notice tells.
pub(super) fn lines(metrics: &UnifiedMetrics, cost: &Cost, options: &RenderOptions) -> Vec<Line> {
    let Some(statements) = &metrics.statements else { return Vec::new() };
    let Some(view) = metrics.view(&VIEW) else { return Vec::new() };
    if statements.window.deltas.is_empty() {
        return Vec::new();
    }
    let deltas = &statements.window.deltas;
    let scale = Scale {
        total: (0..deltas.len()).map(|row| options.order.weight(deltas, row)).sum(),
        block_size: metrics.probe.block_size as f64,
        order: options.order,
    };
    let shown = shown(statements, options);
    let mut rows = Vec::new();
    for (place, index) in shown.iter().enumerate() {
        let row = statements.selection.selected[*index].row;
        let moments = exec_moments(statements.baseline.as_ref(), &view.snapshot, &statements.window, row);
        let figures = Figures { deltas, row, stddev: moments.map(|moments| moments.stddev) };
        rows.push(figures.cells(&(place + 1).to_string(), &scale, Tone::Plain));
    }
    rows.extend(remainder(statements, &shown, cost, &scale));
    let (header, rows) = laid_out(&COLUMNS, rows, options.width);
    let mut lines = vec![
        heading(&format!("TOP STATEMENTS by {}", order(options.order)), &remarks(statements, shown.len())),
        header,
    ];
    for (place, row) in rows.into_iter().enumerate() {
        lines.push(row);
        let named =
            shown.get(place).and_then(|index| statements.named.get(*index).map(|named| (*index, named)));
        lines.extend(named.map(|(index, named)| {
            let row = deltas.row_indexes[statements.selection.selected[index].row];
            text(named, &view.snapshot.rows, row, options.width)
        }));
    }
    lines
}

fn remarks(statements: &StatementMetrics, shown: usize) -> Vec<String> {
    let all = statements.window.deltas.len();
    let mut remarks = vec![format!("{shown} of {}", grouped(all as u64))];
    if !is_interval(&statements.window) {
        remarks.push("totals since the last reset".to_owned());
    }
    let is_measured = |name: &str| {
        let column = VIEW.column_index(name).and_then(|index| statements.window.deltas.series.get(index));
        column.is_some_and(Option::is_some)
    };
    if !IO_TIMES.iter().any(|name| is_measured(name)) {
        remarks.push("no I/O time: track_io_timing is off".to_owned());
    }
    remarks
}

fn order(order: Order) -> &'static str {
    match order {
        Order::Time => "time",
        Order::Io => "I/O",
        Order::Wal => "WAL",
        Order::Temp => "temporary blocks",
        Order::Calls => "calls",
    }
}

/// Returns the places, among the named statements, of those that are shown: the first in the order.
fn shown(statements: &StatementMetrics, options: &RenderOptions) -> Vec<usize> {
    let selected = &statements.selection.selected;
    let weight = |index: &usize| options.order.weight(&statements.window.deltas, selected[*index].row);
    let is_ranked = |index: &usize| selected[*index].ranked_by.contains(&options.order);
    let mut shown: Vec<usize> = (0..selected.len()).filter(is_ranked).collect();
    if shown.is_empty() {
        // The poll was asked for other orders: the best of what it named.
        shown = (0..selected.len()).collect();
    }
    shown.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
    shown.truncate(options.top);
    shown
}

/// The rows that make the sum whole.
fn remainder(statements: &StatementMetrics, shown: &[usize], cost: &Cost, scale: &Scale) -> Vec<Vec<Span>> {
    let selection = &statements.selection;
    let deltas = &statements.window.deltas;
    let mut others = selection.other.clone();
    let left_out: Vec<usize> = (0..selection.selected.len()).filter(|index| !shown.contains(index)).collect();
    for index in &left_out {
        add(&mut others, deltas, selection.selected[*index].row);
    }
    let other_count = selection.other_count + left_out.len();
    let is_own_known = cost.own_exec_time_ms.is_some() || calls(&selection.own) > 0.0;
    let mut rows = Vec::new();
    let mut push = |label: &str, sums: &[Option<Sum>], tone| {
        let deltas = one_row(sums);
        rows.push(Figures { deltas: &deltas, row: 0, stddev: None }.cells(label, scale, tone));
    };
    if other_count > 0 {
        push(&format!("{other_count} more"), &others, Tone::Dim);
    }
    if is_own_known {
        push("our own", &selection.own, Tone::Dim);
    }
    push("total", &selection.total, Tone::Bold);
    rows
}

fn calls(sums: &[Option<Sum>]) -> f64 {
    let sum = VIEW.column_index("calls").and_then(|column| sums.get(column).copied().flatten());
    sum.map_or(0.0, Sum::as_f64)
}

fn add(sums: &mut [Option<Sum>], deltas: &Deltas, row: usize) {
    for (column, sum) in sums.iter_mut().enumerate() {
        *sum = match *sum {
            Some(Sum::Int(value)) => {
                Some(Sum::Int(value.saturating_add(deltas.int(column, row).unwrap_or(0))))
            }
            Some(Sum::Float(value)) => Some(Sum::Float(value + deltas.float(column, row).unwrap_or(0.0))),
            None => None,
        };
    }
}

/// Returns sums as the differences of a single row, so that they are shown as a statement is.
fn one_row(sums: &[Option<Sum>]) -> Deltas {
    let series = |sum: &Option<Sum>| {
        sum.map(|sum| match sum {
            Sum::Int(value) => DeltaSeries::Int(vec![Some(value)]),
            Sum::Float(value) => DeltaSeries::Float(vec![Some(value)]),
        })
    };
    Deltas { row_indexes: vec![0], baseline_indexes: vec![None], series: sums.iter().map(series).collect() }
}

/// What all rows are measured by.
struct Scale {
    total: f64,
    block_size: f64,
    order: Order,
}

/// The figures of one statement, or of a sum.
struct Figures<'d> {
    deltas: &'d Deltas,
    row: usize,
    stddev: Option<f64>,
}

impl Figures<'_> {
    fn get(&self, name: &str) -> Option<f64> {
        self.deltas.float(VIEW.column_index(name)?, self.row)
    }

    fn sum(&self, names: &[&str]) -> Option<f64> {
        names.iter().filter_map(|name| self.get(name)).reduce(|total, value| total + value)
    }

    fn hit(&self) -> Option<f64> {
        let (hit, read) = (self.get("shared_blks_hit")?, self.get("shared_blks_read")?);
        (hit + read > 0.0).then(|| hit / (hit + read))
    }

    fn cells(&self, label: &str, scale: &Scale, tone: Tone) -> Vec<Span> {
        let calls = self.get("calls");
        let mean = self.get("total_exec_time").zip(calls.filter(|calls| *calls > 0.0));
        let part = (scale.total > 0.0).then(|| scale.order.weight(self.deltas, self.row) / scale.total);
        let is_named = tone == Tone::Plain;
        let texts = [
            Some(label.to_owned()),
            Some(milliseconds(Order::Time.weight(self.deltas, self.row))),
            part.map(share),
            Some(part.filter(|_| is_named).map(bar).unwrap_or_default()),
            calls.map(count),
            mean.map(|(time, calls)| milliseconds(time / calls)),
            self.stddev.map(milliseconds),
            self.get("rows").map(count),
            self.hit().map(ratio),
            self.sum(&IO_TIMES).map(milliseconds),
            self.get("wal_bytes").map(bytes),
            self.get("temp_blks_written").map(|blocks| bytes(blocks * scale.block_size)),
        ];
        let cell = |text: Option<String>| match text {
            Some(text) if text == "0" => Span::new(text, Tone::Dim),
            Some(text) => Span::new(text, tone),
            None => Span::new("-", Tone::Dim),
        };
        texts.into_iter().map(cell).collect()
    }
}

fn bar(part: f64) -> String {
    let eighths = (part.clamp(0.0, 1.0) * (BAR_CELLS * 8) as f64).round() as usize;
    format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8])
}

/// The second line of a statement: its text, and at the end of the line whose it is.
fn text(named: &NamedStatement, rows: &Rows, row: usize, width: usize) -> Line {
    let place = |name: &Option<String>| name.clone().unwrap_or_else(|| "?".to_owned());
    let queryid = VIEW.column_index("queryid").and_then(|column| rows.int(column, row));
    let is_nested = VIEW.column_index("toplevel").and_then(|column| rows.flag(column, row)) == Some(false);
    let nested = if is_nested { "nested " } else { "" };
    let id = queryid.map(|id| id.to_string()).unwrap_or_default();
    let owner =
        Span::new(format!("{nested}{}/{} {id}", place(&named.datname), place(&named.rolname)), Tone::Dim);
    let query = match &named.query {
        Some(query) => Span::new(on_one_line(query), Tone::Plain),
        None => Span::new("(text not read yet)", Tone::Dim),
    };
    let room = width.saturating_sub(TEXT_INDENT + owner.width() + 2);
    let line = Line::default().spaces(TEXT_INDENT);
    if room < MIN_TEXT_WIDTH {
        return line.with(query).spaces(2).with(owner);
    }
    let query = query.shortened(room);
    let space = room - query.width();
    line.with(query).spaces(space + 2).with(owner)
}
