//! A double of the API of Performance Insights, ours and no emulator of Amazon's: GetResourceMetrics of `db.load.avg` alone,
//! strictly by the reference (15 queries, groups and their dimensions, limits, periods, a start before the end, pages, moments
//! at the ends of periods), and the answers that no emulator gives on demand. What it does not know is refused. It knows
//! texts of statements, and tells them to whoever asks for that dimension or names none.
//! <https://docs.aws.amazon.com/performance-insights/latest/APIReference/API_GetResourceMetrics.html>
//! <https://docs.aws.amazon.com/performance-insights/latest/APIReference/API_DimensionGroup.html>
//! <https://docs.aws.amazon.com/performance-insights/latest/APIReference/CommonErrors.html>

mod answer;
mod ask;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::Result;
use crate::serving::Serving;

/// How the next request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The credentials may not do this: `NotAuthorizedException`, status 400.
    Denied,
    /// Too many requests: `ThrottlingException`, status 400.
    Throttled,
    /// `InternalServiceError`, status 500.
    Broken,
}

/// A running double. Dropping it closes its port and all connections.
#[derive(Debug)]
pub struct InsightsDouble {
    serving: Serving,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    resource_id: String,
    kept: Mutex<Kept>,
}

/// Dimensions of a series with their values.
type Dimensions = BTreeMap<String, String>;

#[derive(Debug, Default)]
struct Kept {
    /// Load by the end of the minute that it is of, in seconds since 1970.
    series: BTreeMap<Dimensions, BTreeMap<i64, f64>>,
    faults: VecDeque<Fault>,
    /// How many series a page has at most, if it is fewer than may be asked for.
    page: Option<usize>,
    /// Start and end of every request that was answered.
    asked: Vec<(i64, i64)>,
    refused: Vec<String>,
}

impl InsightsDouble {
    /// Starts one that knows one instance, by its resource id, without load.
    pub async fn start(resource_id: &str) -> Result<InsightsDouble> {
        let shared = Arc::new(Shared { resource_id: resource_id.to_owned(), kept: Mutex::default() });
        let asked = Arc::clone(&shared);
        let serving = Serving::start("Performance Insights", move |request| {
            answer::answer(request, Arc::clone(&asked))
        });
        Ok(InsightsDouble { serving: serving.await?, shared })
    }

    /// Returns its address, for AWS_ENDPOINT_URL_PI.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.serving.port)
    }

    /// Writes the load of a minute, counted from 1970, under these dimensions.
    pub fn put(&self, dimensions: &[(&str, &str)], minute: i64, load: f64) {
        let named =
            dimensions.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.shared.kept().series.entry(named).or_default().insert((minute + 1) * 60, load);
    }

    /// Lets the next requests be refused, one after another.
    pub fn refuse_next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.shared.kept().faults.extend(faults);
    }

    /// Lets a page have no more series than so many: a service may give fewer than it is asked for.
    pub fn set_page(&self, series: usize) {
        self.shared.kept().page = Some(series);
    }

    /// Returns start and end of every request that was answered, in seconds since 1970.
    pub fn asked(&self) -> Vec<(i64, i64)> {
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
