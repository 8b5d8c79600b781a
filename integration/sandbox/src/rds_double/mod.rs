//! A double of the API of Amazon RDS, ours and no emulator of Amazon's: as much of it as discovery and logs ask for, strictly
//! by the reference (pages from 20 to 100 entries with markers, of clusters too, one instance by its name, portions of log
//! files, refused parameters), and the answers that no emulator gives on demand: throttling, an account or action that is
//! denied, a service that is unavailable. Of every instance Enhanced Monitoring and Performance Insights are on.
//! <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBInstances.html>
//! <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBLogFiles.html>
//! <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DownloadDBLogFilePortion.html>
//! <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/CommonErrors.html>

mod answer;
mod logs;

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::Result;
use crate::serving::Serving;

/// How the next request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Too many requests: `Throttling`, status 400.
    Throttled,
    /// The credentials may not do this: `AccessDenied`, status 403.
    Denied,
    /// `ServiceUnavailable`, status 503.
    Unavailable,
}

/// What there is.
#[derive(Clone, Debug, Default)]
pub struct Fleet {
    /// Identifiers of instances of PostgreSQL, whose resource ids are `db-0`, `db-1` and so on, with the clusters that they are in; those of Aurora then. The first of a
    /// cluster is its writer.
    pub instances: Vec<(String, Option<String>)>,
    /// Identifiers of clusters of Aurora.
    pub clusters: Vec<String>,
}

/// A running double. Dropping it closes its port and all connections.
#[derive(Debug)]
pub struct RdsDouble {
    serving: Serving,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    fleet: Fleet,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    faults: VecDeque<Fault>,
    requests: Vec<String>,
    log: Option<logs::Log>,
}

impl RdsDouble {
    /// Starts one.
    pub async fn start(fleet: Fleet) -> Result<RdsDouble> {
        let shared = Arc::new(Shared { fleet, kept: Mutex::default() });
        let asked = Arc::clone(&shared);
        let serving =
            Serving::start("RDS", move |request| answer::answer(request, Arc::clone(&asked))).await?;
        Ok(RdsDouble { serving, shared })
    }

    /// Returns its address, for AWS_ENDPOINT_URL.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.serving.port)
    }

    /// Lets an instance have a log: the files of a folder, as they are whenever somebody asks.
    pub fn show_log(&self, instance: &str, folder: &Path) {
        let log = logs::Log { instance: instance.to_owned(), folder: folder.to_owned() };
        self.shared.kept().log = Some(log);
    }

    /// Lets the next requests be refused, one after another.
    pub fn refuse_next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.shared.kept().faults.extend(faults);
    }

    /// Returns action, marker and status of every request so far.
    pub fn requests(&self) -> Vec<String> {
        self.shared.kept().requests.clone()
    }
}

impl Shared {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
