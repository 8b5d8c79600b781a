//! What a figure is called and how it is to be read, wherever it comes from. Tables of views, and those of a cloud, name
//! their metrics by this.

use std::borrow::Cow;

/// What a metric is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name.
    pub name: Cow<'static, str>,
    /// Its unit, as UCUM writes it.
    pub unit: &'static str,
    /// What it tells.
    pub about: Cow<'static, str>,
    /// How its values relate over time.
    pub kind: MetricKind,
    /// The view, or the part of ourselves, that it comes from: what deliveries are counted by.
    pub family: &'static str,
}

/// How a metric's values relate over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// A monotonic sum.
    Counter,
    /// A sum that rises and falls.
    UpDownCounter,
    /// A level that is not to be added up.
    Gauge,
}

impl MetricKind {
    /// Returns the word that references use.
    pub const fn name(self) -> &'static str {
        match self {
            MetricKind::Counter => "counter",
            MetricKind::UpDownCounter => "up-down counter",
            MetricKind::Gauge => "gauge",
        }
    }
}

/// An attribute's value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// A text.
    Text(String),
    /// A whole number.
    Int(i64),
    /// Yes or no.
    Flag(bool),
}

/// One attribute of a point.
pub type Attribute = (&'static str, Value);
