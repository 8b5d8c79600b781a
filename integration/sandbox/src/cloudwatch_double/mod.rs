//! A double of Amazon CloudWatch, ours and no emulator of Amazon's: GetMetricData alone, in the protocol that the SDK for Rust
//! speaks (RPC v2 CBOR), strictly by the reference (500 queries with ids that differ, a metric or an expression and never
//! both, periods, statistics, a start before the end, pages), and the answers that no emulator gives on demand: throttling,
//! a denial, a metric that is forbidden. What it does not know is refused.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html>
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CommonErrors.html>

mod answer;
mod ask;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::Result;
use crate::serving::Serving;

pub use ask::Series;

/// How the next request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Too many requests: `Throttling`, status 400.
    Throttled,
    /// The credentials may not do this: `AccessDenied`, status 403.
    Denied,
}

/// A request that was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The metrics that were asked for, by their names.
    pub metrics: Vec<String>,
    /// From when on, in seconds since 1970.
    pub start: i64,
    /// Until when, itself not.
    pub end: i64,
    /// Whether it asked for another page.
    pub is_next_page: bool,
}

/// A running double. Dropping it closes its port and all connections.
#[derive(Debug)]
pub struct CloudWatchDouble {
    serving: Serving,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    kept: Mutex<Kept>,
}

#[derive(Debug)]
struct Kept {
    /// Values by the moment that they are of, in seconds since 1970.
    series: BTreeMap<Series, BTreeMap<i64, f64>>,
    faults: VecDeque<Fault>,
    /// Metrics that nobody may read, by their names.
    forbidden: Vec<String>,
    page: usize,
    asked: Vec<Asked>,
    refused: Vec<String>,
}

/// How many values a page has where nothing is said.
const PAGE: usize = 100_800;

impl Default for Kept {
    fn default() -> Kept {
        Kept {
            series: BTreeMap::new(),
            faults: VecDeque::new(),
            forbidden: Vec::new(),
            page: PAGE,
            asked: Vec::new(),
            refused: Vec::new(),
        }
    }
}

impl CloudWatchDouble {
    /// Starts one that knows no metric.
    pub async fn start() -> Result<CloudWatchDouble> {
        let shared = Arc::new(Shared::default());
        let asked = Arc::clone(&shared);
        let serving =
            Serving::start("CloudWatch", move |request| answer::answer(request, Arc::clone(&asked))).await?;
        Ok(CloudWatchDouble { serving, shared })
    }

    /// Returns its address, for AWS_ENDPOINT_URL_CLOUDWATCH.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.serving.port)
    }

    /// Writes a value of a minute, counted from 1970, of a metric of an instance of RDS.
    pub fn put(&self, metric: &str, instance: &str, minute: i64, value: f64) {
        self.put_of(Series::of_rds(metric, ("DBInstanceIdentifier", instance)), minute, value);
    }

    /// Writes a value of a minute, counted from 1970.
    pub fn put_of(&self, series: Series, minute: i64, value: f64) {
        self.shared.kept().series.entry(series).or_default().insert(minute * 60, value);
    }

    /// Lets the next requests be refused, one after another.
    pub fn refuse_next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.shared.kept().faults.extend(faults);
    }

    /// Forbids a metric, whose values come back as `Forbidden` from then on.
    pub fn forbid(&self, metric: &str) {
        self.shared.kept().forbidden.push(metric.to_owned());
    }

    /// Lets a page have no more values than so many.
    pub fn set_page(&self, values: usize) {
        self.shared.kept().page = values;
    }

    /// Returns every request that was answered.
    pub fn asked(&self) -> Vec<Asked> {
        self.shared.kept().asked.clone()
    }

    /// Returns the code and reason of every request that was refused.
    pub fn refused(&self) -> Vec<String> {
        self.shared.kept().refused.clone()
    }
}

impl Shared {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
