//! State in an object store: one object per name, replaced by conditional puts.
//!
//! An object begins with the id of the commit that wrote it. A store that was busy is asked again, and may refuse the
//! second request because the first was done after all: whoever is refused reads back, and finds out by the id.

mod open;
mod refusal;

use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{Error, GetOptions, ObjectStore, ObjectStoreExt, PutMode, PutPayload, UpdateVersion};
use pgquerylens_engine::state::outbox::{self, OutboxStore, Waiting};
use pgquerylens_engine::state::refusal::{Refusal, RefusalKind};
use pgquerylens_engine::state::{Look, Object, ObjectName, StateStore, StoreError, Version};
use tokio::time::timeout;

use self::refusal::{is_bucket_missing, refusal};
use crate::inventory::{Listed, MAX_LISTED};
use crate::url::joined;

pub(crate) use self::open::open;

/// Objects below a prefix of a bucket.
#[derive(Clone, Debug)]
pub struct ObjectsStore {
    store: Arc<dyn ObjectStore>,
    /// What all names begin with; may be empty.
    prefix: String,
    /// The same with scheme and bucket, as a user writes it.
    shown: String,
}

/// `pgquerylens state `, then the id of the commit.
const HEADER: &[u8] = b"pgquerylens state ";
const ID_BYTES: usize = 16;
type CommitId = [u8; ID_BYTES];

/// The most bytes of an object that are read; none of ours comes near it.
const MAX_READ_BYTES: u64 = 64 * 1024 * 1024;
/// How long one thing may take, retries included. A poll has 30 seconds.
const PATIENCE: Duration = Duration::from_secs(20);
const OUTBOX: &str = "outbox";

impl ObjectsStore {
    /// Keeps objects in a store, below a prefix without slashes at its ends.
    pub fn new(
        store: Arc<dyn ObjectStore>,
        prefix: impl Into<String>,
        shown: impl Into<String>,
    ) -> ObjectsStore {
        ObjectsStore { store, prefix: prefix.into(), shown: shown.into() }
    }

    /// Returns the place of a server below this one.
    pub fn below(&self, segment: &str) -> ObjectsStore {
        ObjectsStore {
            store: Arc::clone(&self.store),
            prefix: joined(&self.prefix, segment),
            shown: format!("{}/{segment}", self.shown),
        }
    }

    /// Returns all objects below, by their names.
    pub async fn list(&self) -> Result<Vec<Listed>, StoreError> {
        let at = self.place("list", "");
        let found = self.list_below(&at, &self.prefix).await?;
        let listed = |(name, bytes): (String, u64)| {
            let rest = name.strip_prefix(&self.prefix)?.trim_start_matches('/').to_owned();
            Some(Listed { name: rest, bytes })
        };
        Ok(found.into_iter().filter_map(listed).collect())
    }

    /// Removes objects by their names below this place; what is not there is removed already.
    pub async fn remove_all(&self, names: &[String]) -> Result<(), StoreError> {
        for name in names {
            self.remove_one(&self.place("remove", name)).await?;
        }
        Ok(())
    }

    fn place(&self, action: &'static str, name: &str) -> Place {
        Place {
            action,
            path: joined(&self.prefix, name),
            shown: joined(&self.shown, name).trim_end_matches('/').to_owned(),
        }
    }

    fn batch_name(&self, exporter: &str, number: u64) -> String {
        format!("{OUTBOX}/{}/{}", outbox::segment(exporter), outbox::number_segment(number))
    }

    async fn fetch(&self, at: &Place, known_tag: Option<String>) -> Result<Fetched, StoreError> {
        let options = GetOptions { if_none_match: known_tag, ..GetOptions::default() };
        let path = at.path()?;
        let fetched = self.bounded(at, async {
            let answer = self.store.get_opts(&path, options).await?;
            let version = version(answer.meta.e_tag.clone(), answer.meta.version.clone());
            if answer.meta.size > MAX_READ_BYTES {
                return Ok(Fetched::TooLarge);
            }
            let bytes = answer.bytes().await?;
            Ok(Fetched::Now { bytes: bytes.to_vec(), version })
        });
        match fetched.await {
            Err(Trouble::Store(Error::NotModified { .. })) => Ok(Fetched::Unchanged),
            Err(Trouble::Store(error)) if is_absence(&error) => Ok(Fetched::Absent),
            Err(trouble) => Err(trouble.at(at)),
            Ok(Fetched::TooLarge) => Err(at.refused(Refusal::new(RefusalKind::TooLarge, ""))),
            Ok(fetched) => Ok(fetched),
        }
    }

    /// After a refusal, or an answer that did not come: tells whether the commit was done after all.
    async fn read_back(&self, name: ObjectName, id: &CommitId) -> Option<Version> {
        let at = self.place("read back", name.as_str());
        match self.fetch(&at, None).await.ok()? {
            Fetched::Now { bytes, version } => (commit_id(&bytes)? == *id).then_some(version),
            _ => None,
        }
    }

    async fn put_whole(&self, at: &Place, bytes: Vec<u8>, mode: PutMode) -> Result<Version, Trouble> {
        let path = at.path().map_err(Trouble::Ours)?;
        let put = self.store.put_opts(&path, PutPayload::from(bytes), mode.into());
        let result = self.bounded(at, put).await?;
        Ok(version(result.e_tag, result.version))
    }

    async fn list_below(&self, at: &Place, prefix: &str) -> Result<Vec<(String, u64)>, StoreError> {
        let path = Path::parse(prefix).map_err(|error| at.of(&error.into()))?;
        let listed = self.bounded(at, async {
            let mut found = Vec::new();
            let mut objects = self.store.list(Some(&path));
            while let Some(object) = objects.try_next().await? {
                if found.len() == MAX_LISTED {
                    break;
                }
                found.push((object.location.to_string(), object.size));
            }
            Ok(found)
        });
        match listed.await {
            Err(Trouble::Store(error)) if is_absence(&error) => Ok(Vec::new()),
            listed => listed.map_err(|trouble| trouble.at(at)),
        }
    }

    async fn remove_one(&self, at: &Place) -> Result<(), StoreError> {
        let path = at.path()?;
        match self.bounded(at, self.store.delete(&path)).await {
            Err(Trouble::Store(error)) if is_absence(&error) => Ok(()),
            removed => removed.map_err(|trouble| trouble.at(at)),
        }
    }

    async fn bounded<T>(
        &self,
        at: &Place,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Trouble> {
        match timeout(PATIENCE, work).await {
            Ok(result) => result.map_err(Trouble::Store),
            Err(_) => Err(Trouble::Ours(at.refused(Refusal::new(RefusalKind::OutOfTime, "")))),
        }
    }
}

/// What reading an object brings.
enum Fetched {
    Now { bytes: Vec<u8>, version: Version },
    Unchanged,
    Absent,
    TooLarge,
}

/// Why the store did not do it.
enum Trouble {
    /// In the store's own words.
    Store(Error),
    /// In ours.
    Ours(StoreError),
}

impl Trouble {
    fn at(self, at: &Place) -> StoreError {
        match self {
            Trouble::Store(error) => at.of(&error),
            Trouble::Ours(error) => error,
        }
    }
}

/// An object, and what is done to it.
struct Place {
    action: &'static str,
    path: String,
    shown: String,
}

impl Place {
    fn path(&self) -> Result<Path, StoreError> {
        Path::parse(&self.path).map_err(|error| self.of(&error.into()))
    }

    fn of(&self, error: &Error) -> StoreError {
        self.refused(refusal(error))
    }

    fn refused(&self, source: Refusal) -> StoreError {
        StoreError::Refused { action: self.action, object: self.shown.clone(), source }
    }
}

fn is_absence(error: &Error) -> bool {
    matches!(error, Error::NotFound { .. }) && !is_bucket_missing(error)
}

fn is_loss(error: &Error) -> bool {
    let is_refused =
        matches!(error, Error::AlreadyExists { .. } | Error::Precondition { .. } | Error::NotModified { .. });
    is_refused || is_absence(error)
}

/// After these nobody knows whether the commit was done.
fn is_open(error: &StoreError) -> bool {
    let StoreError::Refused { source, .. } = error else { return false };
    matches!(source.kind, RefusalKind::OutOfTime | RefusalKind::Busy | RefusalKind::Other)
}

/// S3 and Azure compare the tag, Google the generation: a version has both.
fn version(tag: Option<String>, generation: Option<String>) -> Version {
    Version(format!("{}\n{}", tag.unwrap_or_default(), generation.unwrap_or_default()))
}

fn expected_version(version: &Version) -> UpdateVersion {
    let (tag, generation) = version.0.split_once('\n').unwrap_or((version.0.as_str(), ""));
    let said = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    UpdateVersion { e_tag: said(tag), version: said(generation) }
}

fn with_header(id: &CommitId, bytes: &[u8]) -> Vec<u8> {
    [HEADER, id, bytes].concat()
}

fn commit_id(stored: &[u8]) -> Option<CommitId> {
    stored.strip_prefix(HEADER)?.first_chunk().copied()
}

/// An object that is not ours, or cut inside the header, is handed on whole: the codec says what is wrong.
fn without_header(stored: Vec<u8>) -> Vec<u8> {
    match stored.strip_prefix(HEADER).and_then(|rest| rest.split_first_chunk::<ID_BYTES>()) {
        Some((_, bytes)) => bytes.to_vec(),
        None => stored,
    }
}

impl StateStore for ObjectsStore {
    async fn read(&self, name: ObjectName) -> Result<Option<Object>, StoreError> {
        match self.fetch(&self.place("read", name.as_str()), None).await? {
            Fetched::Now { bytes, version } => Ok(Some(Object { bytes: without_header(bytes), version })),
            _ => Ok(None),
        }
    }

    async fn commit(
        &self,
        name: ObjectName,
        bytes: &[u8],
        expected: Option<&Version>,
    ) -> Result<Version, StoreError> {
        let id: CommitId = rand::random();
        let mode = expected.map_or(PutMode::Create, |expected| PutMode::Update(expected_version(expected)));
        let at = self.place("write", name.as_str());
        let error = match self.put_whole(&at, with_header(&id, bytes), mode).await {
            Ok(version) => return Ok(version),
            Err(Trouble::Store(error)) if is_loss(&error) => StoreError::Conflict,
            Err(trouble) => trouble.at(&at),
        };
        if matches!(error, StoreError::Conflict) || is_open(&error) {
            return self.read_back(name, &id).await.ok_or(error);
        }
        Err(error)
    }

    async fn look(&self, name: ObjectName, known: Option<&Version>) -> Result<Look, StoreError> {
        let tag = known.and_then(|known| expected_version(known).e_tag);
        match self.fetch(&self.place("read", name.as_str()), tag).await? {
            Fetched::Unchanged => Ok(Look::Unchanged),
            Fetched::Now { version, .. } if Some(&version) == known => Ok(Look::Unchanged),
            Fetched::Now { bytes, version } => {
                Ok(Look::Changed(Some(Object { bytes: without_header(bytes), version })))
            }
            Fetched::Absent | Fetched::TooLarge if known.is_none() => Ok(Look::Unchanged),
            Fetched::Absent | Fetched::TooLarge => Ok(Look::Changed(None)),
        }
    }
}

impl OutboxStore for ObjectsStore {
    async fn waiting(&self, exporter: &str) -> Result<Vec<Waiting>, StoreError> {
        let at = self.place("list", &joined(OUTBOX, &outbox::segment(exporter)));
        let found = self.list_below(&at, &at.path).await?;
        let waiting = |(name, bytes): (String, u64)| {
            let number = name.rsplit('/').next()?.parse().ok()?;
            Some(Waiting { number, bytes: usize::try_from(bytes).ok()? })
        };
        let mut waiting: Vec<Waiting> = found.into_iter().filter_map(waiting).collect();
        waiting.sort_by_key(|waiting| waiting.number);
        Ok(waiting)
    }

    async fn batch(&self, exporter: &str, number: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let at = self.place("read", &self.batch_name(exporter, number));
        match self.fetch(&at, None).await? {
            Fetched::Now { bytes, .. } => Ok(Some(bytes)),
            _ => Ok(None),
        }
    }

    async fn put(&self, exporter: &str, number: u64, bytes: &[u8]) -> Result<(), StoreError> {
        let at = self.place("write", &self.batch_name(exporter, number));
        let put = self.put_whole(&at, bytes.to_vec(), PutMode::Overwrite).await;
        put.map(drop).map_err(|trouble| trouble.at(&at))
    }

    async fn remove(&self, exporter: &str, number: u64) -> Result<(), StoreError> {
        self.remove_one(&self.place("remove", &self.batch_name(exporter, number))).await
    }
}
