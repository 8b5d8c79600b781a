//! The account of a receiver: what each series and each window came to, by OTLP's rules, and where they were broken.
//!
//! A cumulative series is made of parts, one per start; its sum is the sum of their last values. A repeat changes
//! nothing, a point that comes late says nothing new, and a value that falls under one start is a violation.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::metrics::{self, Kind, Point};
use super::records;
use super::request::Message;
use super::spans;

pub use super::metrics::SeriesKey;
pub use super::records::{Attributes, WindowRecords};
pub use super::spans::Span;

/// What a receiver was told.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// Cumulative series.
    pub series: BTreeMap<SeriesKey, Series>,
    /// Sums of series of delta temporality, repeats included: nobody could tell them.
    pub added: BTreeMap<SeriesKey, f64>,
    /// The last value of everything else, with its time.
    pub levels: BTreeMap<SeriesKey, (u64, f64)>,
    /// Events by the id of their window.
    pub windows: BTreeMap<String, WindowRecords>,
    /// Events that are of no window.
    pub events: Vec<Attributes>,
    /// Spans, as they came.
    pub spans: Vec<Span>,
    /// Points that said again what was known.
    pub repeats: u64,
    /// Points that are older than what was known.
    pub late: u64,
    /// Where the rules were broken, in words.
    pub violations: Vec<String>,
}

/// One cumulative series: its parts by their start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series(pub BTreeMap<u64, Part>);

/// What a series came to since one start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// The time of its last point, in nanoseconds.
    pub time: u64,
    /// The value of its last point.
    pub value: f64,
}

impl Series {
    /// Returns the sum of all parts.
    pub fn sum(&self) -> f64 {
        self.0.values().map(|part| part.value).sum()
    }
}

impl Account {
    /// Returns the sum over all series of a cumulative metric.
    pub fn sum(&self, metric: &str) -> f64 {
        self.series_of(metric).map(|(_, series)| series.sum()).sum()
    }

    /// Returns the cumulative series of a metric.
    pub fn series_of(&self, metric: &str) -> impl Iterator<Item = (&SeriesKey, &Series)> {
        self.series.iter().filter(move |(key, _)| key.metric == metric)
    }

    /// Returns the last values of a metric that is no cumulative sum.
    pub fn levels_of(&self, metric: &str) -> impl Iterator<Item = f64> {
        self.levels.iter().filter(move |(key, _)| key.metric == metric).map(|(_, (_, value))| *value)
    }

    /// Returns the sum of an attribute over an event of all windows, each in its latest form.
    pub fn events_sum(&self, event: &str, attribute: &str) -> f64 {
        let records = self.windows.values().flat_map(|window| &window.records);
        let of_event = records.filter(|((name, _), _)| name == event);
        of_event.filter_map(|(_, attributes)| attributes.get(attribute)?.parse::<f64>().ok()).sum()
    }

    /// Returns the calls of a server's statement that metrics told: the sum over its series, each over all its parts.
    pub fn calls(&self, server: &str, queryid: i64) -> u64 {
        let queryid = queryid.to_string();
        let told = self.series_of("postgresql.statements.calls");
        let ours = told.filter(|(key, _)| key.is_of(server) && key.is_of_statement(&queryid));
        ours.map(|(_, series)| series.sum()).sum::<f64>() as u64
    }

    /// Returns the calls of a statement that events told, of each window the latest.
    pub fn calls_of_events(&self, queryid: i64) -> u64 {
        let queryid = queryid.to_string();
        let records = self.windows.values().flat_map(|window| window.records.values());
        let ours = records.filter(|record| record.get("postgresql.queryid") == Some(&queryid));
        ours.filter_map(|record| record.get("postgresql.calls")?.parse::<u64>().ok()).sum()
    }

    pub(super) fn take(&mut self, message: &Message) {
        match message {
            Message::Metrics(request) => {
                let mut seen = BTreeSet::new();
                for point in metrics::points(request) {
                    // A level may be told of several moments, a sum of one.
                    let moment = (point.kind == Kind::Level).then_some(point.time);
                    if !seen.insert((point.key.clone(), moment)) {
                        self.violations.push(format!("{} is twice in one message", point.key));
                    }
                    self.take_point(point);
                }
            }
            Message::Logs(request) => {
                for record in records::records(request) {
                    self.events.extend(records::put(&mut self.windows, record));
                }
            }
            Message::Traces(request) => spans::spans(request).for_each(|span| self.take_span(span)),
        }
    }

    fn take_span(&mut self, span: Span) {
        self.violations.extend(span.fault());
        if self.spans.iter().any(|known| known.span_id == span.span_id) {
            self.violations.push(format!("the span {} came twice", span.name));
        }
        self.spans.push(span);
    }

    fn take_point(&mut self, point: Point) {
        if !point.value.is_finite() {
            self.violations.push(format!("{} has the value {}", point.key, point.value));
        }
        match point.kind {
            Kind::Cumulative => self.take_cumulative(&point),
            Kind::Delta => *self.added.entry(point.key).or_default() += point.value,
            Kind::Level => {
                let level = self.levels.entry(point.key).or_insert((point.time, point.value));
                if point.time >= level.0 {
                    *level = (point.time, point.value);
                }
            }
        }
    }

    fn take_cumulative(&mut self, point: &Point) {
        self.violations.extend(faults(point));
        let series = self.series.entry(point.key.clone()).or_default();
        let overlaps = |(_, part): (&u64, &Part)| part.time > point.start;
        if !series.0.contains_key(&point.start)
            && series.0.range(..point.start).next_back().is_some_and(overlaps)
        {
            self.violations.push(format!("{} begins anew at {} inside a part", point.key, point.start));
        }
        let Some(part) = series.0.get_mut(&point.start) else {
            series.0.insert(point.start, Part { time: point.time, value: point.value });
            return;
        };
        if point.time < part.time {
            self.late += 1;
        } else if point.time == part.time && point.value == part.value {
            self.repeats += 1;
        } else {
            if point.value < part.value {
                let fall = format!("{} falls from {} to {}", point.key, part.value, point.value);
                self.violations.push(format!("{fall} since {}", point.start));
            }
            *part = Part { time: point.time, value: point.value };
        }
    }
}

fn faults(point: &Point) -> Option<String> {
    if point.start == 0 {
        return Some(format!("{} has no start", point.key));
    }
    (point.start > point.time).then(|| format!("{} starts after its own time", point.key))
}

/// One line per cumulative metric, for a person.
impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let metrics: BTreeSet<&str> = self.series.keys().map(|key| key.metric.as_str()).collect();
        for metric in metrics {
            writeln!(
                f,
                "{metric:<50} {:>6} series {:>18}",
                self.series_of(metric).count(),
                self.sum(metric)
            )?;
        }
        let windows = self.windows.len();
        write!(f, "{windows} windows, {} repeats, {} late, ", self.repeats, self.late)?;
        write!(f, "{} violations", self.violations.len())
    }
}
