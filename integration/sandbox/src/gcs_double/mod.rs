//! A double of Google Cloud Storage, ours and no emulator of Google's: as much of the XML API as a store of states needs,
//! strictly by the documentation (generations, preconditions, 412), and the faults that no emulator sends on demand:
//! 409, 503, an answer that says something else than what was done, and none at all.
//! <https://cloud.google.com/storage/docs/xml-api/reference-methods>

mod answer;
mod bucket;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::bucket::Bucket;
use crate::Result;
use crate::serving::Serving;

/// What goes wrong with the next request that writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is refused with this status, and nothing is done.
    Refused(u16),
    /// It is done, and answered with this status as if it had failed.
    DoneButAnswered(u16),
    /// It is never answered, and nothing is done.
    Unanswered,
    /// It is done, and never answered.
    DoneUnanswered,
}

/// A running double. Dropping it closes its port and all connections.
#[derive(Debug)]
pub struct GcsDouble {
    serving: Serving,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    bucket: String,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    objects: Bucket,
    faults: VecDeque<Fault>,
    requests: Vec<String>,
}

impl GcsDouble {
    /// Starts one with an empty bucket.
    pub async fn start(bucket: &str) -> Result<GcsDouble> {
        let shared = Arc::new(Shared { bucket: bucket.to_owned(), kept: Mutex::default() });
        let asked = Arc::clone(&shared);
        let serving =
            Serving::start("GCS", move |request| answer::answer(request, Arc::clone(&asked))).await?;
        Ok(GcsDouble { serving, shared })
    }

    /// Returns a credentials file that leads here and asks nobody for a token.
    pub fn credentials(&self) -> String {
        format!(
            r#"{{"type": "service_account", "gcs_base_url": "http://127.0.0.1:{}", "disable_oauth": true,
                "client_email": "", "private_key": "", "private_key_id": ""}}"#,
            self.serving.port
        )
    }

    /// Lets the next requests that write go wrong, one after another.
    pub fn fail_writes(&self, faults: &[Fault]) {
        self.shared.kept().faults.extend(faults);
    }

    /// Returns the size of an object, if it is there.
    pub fn size_of(&self, object: &str) -> Option<usize> {
        self.shared.kept().objects.get(object).map(|stored| stored.bytes.len())
    }

    /// Returns method, path and status of every request so far; `unanswered` for a status where there was none.
    pub fn requests(&self) -> Vec<String> {
        self.shared.kept().requests.clone()
    }
}

impl Shared {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
