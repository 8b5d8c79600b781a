//! State in a folder: one file per object, replaced by rename, so that a crash leaves the old one or the new one.
//!
//! A file begins with its generation, which is its version. A lock file serialises the comparison and the rename of
//! pollers that share the folder. Whatever waits for the disk does so on a thread of its own: one that hangs, or a lock
//! that somebody else holds, keeps nobody from polling.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::outbox::{self, OutboxStore, Waiting};
use super::{Object, ObjectName, StateStore, StoreError, Version};

/// Objects in a folder.
#[derive(Clone, Debug)]
pub struct FileStore {
    folder: PathBuf,
}

/// `pgquerylens state `, then the generation as 8 bytes.
const HEADER: &[u8] = b"pgquerylens state ";
const GENERATION_BYTES: usize = 8;

/// How many things are done at the same time, for all folders: each may have three files open.
static AT_ONCE: Semaphore = Semaphore::const_new(16);

impl FileStore {
    /// Names the folder; it is made by the first commit.
    pub fn new(folder: impl Into<PathBuf>) -> FileStore {
        FileStore { folder: folder.into() }
    }

    /// Returns the folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&FileStore) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit = AT_ONCE.acquire().await;
        let store = self.clone();
        let done = spawn_blocking(move || {
            let result = work(&store);
            drop(permit);
            result
        });
        let lost = |error| Err(io_error("work on", &self.folder, io::Error::other(error)));
        done.await.unwrap_or_else(lost)
    }

    fn path(&self, name: ObjectName) -> PathBuf {
        self.folder.join(name.as_str())
    }

    fn lock(&self) -> Result<File, StoreError> {
        fs::create_dir_all(&self.folder)
            .map_err(|error| io_error("create the state folder", &self.folder, error))?;
        let path = self.folder.join("lock");
        let open = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = open.map_err(|error| io_error("open the state's lock file", &path, error))?;
        file.lock().map_err(|error| io_error("lock", &path, error))?;
        Ok(file)
    }

    fn read_object(&self, name: ObjectName) -> Result<Option<Object>, StoreError> {
        let path = self.path(name);
        let content = match fs::read(&path) {
            Ok(content) => content,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io_error("read the state", &path, error)),
        };
        // A file that is not ours, or cut inside the header, is handed on whole: the codec says what is wrong.
        let parsed =
            content.strip_prefix(HEADER).and_then(|rest| rest.split_first_chunk::<GENERATION_BYTES>());
        Ok(Some(match parsed {
            Some((generation, bytes)) => {
                Object { bytes: bytes.to_vec(), version: version(u64::from_be_bytes(*generation)) }
            }
            None => Object { bytes: content, version: Version("unreadable".to_owned()) },
        }))
    }

    fn replace(
        &self,
        name: ObjectName,
        bytes: &[u8],
        expected: Option<&Version>,
    ) -> Result<Version, StoreError> {
        let _lock = self.lock()?;
        let current = self.read_object(name)?.map(|object| object.version);
        if current.as_ref() != expected {
            return Err(StoreError::Conflict);
        }
        let next = current.and_then(|version| version.0.parse::<u64>().ok()).unwrap_or(0) + 1;
        let (path, fresh) = (self.path(name), self.path(name).with_extension("new"));
        let written = write_whole(&fresh, next, bytes).and_then(|()| fs::rename(&fresh, &path));
        if let Err(error) = written {
            let _removed = fs::remove_file(&fresh);
            return Err(io_error("write the state", &path, error));
        }
        // The rename is on the disk only when its folder is.
        if let Ok(folder) = File::open(&self.folder) {
            folder.sync_all().map_err(|error| io_error("sync the state folder", &self.folder, error))?;
        }
        Ok(version(next))
    }
}

/// The folder of the batches that wait, one folder per exporter, one file per batch.
const OUTBOX: &str = "outbox";

impl FileStore {
    fn outbox(&self, exporter: &str) -> PathBuf {
        self.folder.join(OUTBOX).join(outbox::segment(exporter))
    }

    fn batch_path(&self, exporter: &str, number: u64) -> PathBuf {
        self.outbox(exporter).join(outbox::number_segment(number))
    }

    fn list(&self, exporter: &str) -> Result<Vec<Waiting>, StoreError> {
        let folder = self.outbox(exporter);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(io_error("list the outbox", &folder, error)),
        };
        let waiting = |entry: fs::DirEntry| {
            let number = entry.file_name().to_str()?.parse().ok()?;
            Some(Waiting { number, bytes: usize::try_from(entry.metadata().ok()?.len()).ok()? })
        };
        let mut found: Vec<Waiting> = entries.flatten().filter_map(waiting).collect();
        found.sort_by_key(|waiting| waiting.number);
        Ok(found)
    }

    fn put_batch(&self, exporter: &str, number: u64, bytes: &[u8]) -> Result<(), StoreError> {
        let folder = self.outbox(exporter);
        fs::create_dir_all(&folder).map_err(|error| io_error("create the outbox", &folder, error))?;
        let path = self.batch_path(exporter, number);
        let fresh = path.with_extension("new");
        let written = File::create(&fresh)
            .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
            .and_then(|()| fs::rename(&fresh, &path));
        written.map_err(|error| {
            let _removed = fs::remove_file(&fresh);
            io_error("write to the outbox", &path, error)
        })
    }
}

impl OutboxStore for FileStore {
    async fn waiting(&self, exporter: &str) -> Result<Vec<Waiting>, StoreError> {
        let exporter = exporter.to_owned();
        self.aside(move |store| store.list(&exporter)).await
    }

    async fn batch(&self, exporter: &str, number: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.batch_path(exporter, number);
        self.aside(move |_| match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io_error("read from the outbox", &path, error)),
        })
        .await
    }

    async fn put(&self, exporter: &str, number: u64, bytes: &[u8]) -> Result<(), StoreError> {
        let (exporter, bytes) = (exporter.to_owned(), bytes.to_vec());
        self.aside(move |store| store.put_batch(&exporter, number, &bytes)).await
    }

    async fn remove(&self, exporter: &str, number: u64) -> Result<(), StoreError> {
        let path = self.batch_path(exporter, number);
        self.aside(move |_| match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(io_error("remove from the outbox", &path, error))
            }
            _ => Ok(()),
        })
        .await
    }
}

fn write_whole(path: &Path, generation: u64, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(HEADER)?;
    file.write_all(&generation.to_be_bytes())?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn version(generation: u64) -> Version {
    Version(generation.to_string())
}

fn io_error(action: &'static str, path: &Path, source: io::Error) -> StoreError {
    StoreError::Io { action, path: path.to_owned(), source }
}

impl StateStore for FileStore {
    async fn read(&self, name: ObjectName) -> Result<Option<Object>, StoreError> {
        self.aside(move |store| store.read_object(name)).await
    }

    async fn commit(
        &self,
        name: ObjectName,
        bytes: &[u8],
        expected: Option<&Version>,
    ) -> Result<Version, StoreError> {
        let (bytes, expected) = (bytes.to_vec(), expected.cloned());
        self.aside(move |store| store.replace(name, &bytes, expected.as_ref())).await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    /// A commit waits for the folder's lock as long as somebody else holds it; nobody else waits.
    #[tokio::test(flavor = "current_thread")]
    async fn a_lock_that_is_held_keeps_nobody_else_waiting() {
        let folder = tempfile::tempdir().unwrap();
        let (locked, free) =
            (FileStore::new(folder.path().join("locked")), FileStore::new(folder.path().join("free")));
        let lock = locked.lock().unwrap();
        let mut waiting = Box::pin(locked.commit(ObjectName::Baseline, b"1", None));
        assert!(timeout(Duration::ZERO, &mut waiting).await.is_err());
        free.commit(ObjectName::Baseline, b"1", None).await.unwrap();
        assert!(timeout(Duration::ZERO, &mut waiting).await.is_err());
        drop(lock);
        waiting.await.unwrap();
    }

    #[test]
    fn of_racing_writers_exactly_one_wins() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileStore::new(folder.path());
        let first = store.replace(ObjectName::Baseline, b"0", None).unwrap();
        let won: usize = std::thread::scope(|scope| {
            let race = |_| scope.spawn(|| store.replace(ObjectName::Baseline, b"1", Some(&first)).is_ok());
            let racers: Vec<_> = (0..32).map(race).collect();
            racers.into_iter().filter_map(|racer| racer.join().ok()).filter(|won| *won).count()
        });
        assert_eq!(won, 1);
    }
}
