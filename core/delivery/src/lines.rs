//! Lines of JSON to the standard output or a file: a document per poll, or what CloudWatch makes metrics of. A file that was
//! rotated away is opened anew, and in a file there are whole lines. What was not read in time may have been written all the
//! same, and comes again.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;

use pgquerylens_export::document::document;
use pgquerylens_export::emf::{self, Encoding};
use pgquerylens_export::origin::Origin;
use pgquerylens_export::otlp::Counts;
use pgquerylens_model::delivery::Delivery;
use pgquerylens_model::report::PollReport;

use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

use crate::parcel::{Down, Parcel, ParcelKind, retry};

/// Where lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The standard output.
    Stdout,
    /// A file, appended to.
    File(PathBuf),
}

/// What is written.
#[derive(Clone, Debug, PartialEq)]
pub enum Format {
    /// Everything that a poll found, as one document.
    Document,
    /// Metrics in CloudWatch's Embedded Metric Format.
    Emf(Encoding),
}

/// An exporter of lines.
#[derive(Debug)]
pub struct Lines {
    name: String,
    outbox_bytes: usize,
    target: Target,
    format: Format,
    /// Whoever writes has it: there is never more than one, even if it hangs.
    open: Arc<Mutex<Option<File>>>,
}

/// The family that documents are counted by.
const DOCUMENTS: &str = "documents";

impl Lines {
    /// Makes an exporter; a file is opened by the first line.
    pub fn new(name: String, target: Target, format: Format, outbox_bytes: usize) -> Lines {
        Lines { name, outbox_bytes, target, format, open: Arc::default() }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn outbox_bytes(&self) -> usize {
        self.outbox_bytes
    }

    pub(crate) fn encode(&self, report: &PollReport, origin: &Origin) -> Vec<Parcel> {
        match &self.format {
            Format::Document => {
                let mut bytes = document(report).to_string().into_bytes();
                bytes.push(b'\n');
                let counts = Counts::from([(DOCUMENTS.to_owned(), 1)]);
                vec![Parcel { kind: ParcelKind::Lines, bytes, counts }]
            }
            Format::Emf(encoding) => parcel(emf::encode(report, origin, encoding)),
        }
    }

    /// A document is a poll's; of a server that was not read there is none.
    pub(crate) fn encode_down(&self, down: &Down<'_>, origin: &Origin) -> Vec<Parcel> {
        match &self.format {
            Format::Document => Vec::new(),
            Format::Emf(encoding) => parcel(emf::encode_down(down.now, down.last_good, origin, encoding)),
        }
    }

    pub(crate) async fn send(&self, parcel: &Parcel, until: Instant) -> Delivery {
        let (target, bytes) = (self.target.clone(), parcel.bytes.clone());
        let writing = async {
            let mut open = Arc::clone(&self.open).lock_owned().await;
            // On a thread of its own: a reader that does not read must delay nobody else.
            tokio::task::spawn_blocking(move || write(&target, &mut open, &bytes)).await
        };
        match timeout_at(until, writing).await {
            Ok(Ok(Ok(()))) => Delivery::Accepted,
            Ok(Ok(Err(error))) if error.kind() == ErrorKind::BrokenPipe => {
                Delivery::Refused { why: "the reader of the standard output is gone".to_owned() }
            }
            Ok(Ok(Err(error))) => retry(format!("{}: {error}", self.action())),
            Ok(Err(_)) | Err(_) => retry(format!("{}: it is not read", self.action())),
        }
    }

    fn action(&self) -> String {
        match &self.target {
            Target::Stdout => "write to the standard output".to_owned(),
            Target::File(path) => format!("write to {}", path.display()),
        }
    }
}

fn parcel(emf::Lines { bytes, counts }: emf::Lines) -> Vec<Parcel> {
    let parcel = Parcel { kind: ParcelKind::Lines, bytes, counts };
    if parcel.bytes.is_empty() { Vec::new() } else { vec![parcel] }
}

fn write(target: &Target, open: &mut Option<File>, bytes: &[u8]) -> io::Result<()> {
    let Target::File(path) = target else {
        let mut stdout = io::stdout().lock();
        return stdout.write_all(bytes).and_then(|()| stdout.flush());
    };
    if open.as_ref().is_some_and(|file| !is_still(file, path)) {
        *open = None;
    }
    let file = match open.take() {
        Some(file) => file,
        None => OpenOptions::new().create(true).append(true).open(path)?,
    };
    append_whole(&file, bytes)?;
    *open = Some(file);
    Ok(())
}

/// Tells whether the path still leads to the file that is open.
fn is_still(file: &File, path: &std::path::Path) -> bool {
    let identity = |metadata: io::Result<std::fs::Metadata>| metadata.ok().map(|of| (of.dev(), of.ino()));
    let open = identity(file.metadata());
    open.is_some() && open == identity(path.metadata())
}

/// Appends all bytes, or takes back what a full disk let through of them.
fn append_whole(mut file: &File, bytes: &[u8]) -> io::Result<()> {
    let before = file.metadata()?.len();
    let written = file.write_all(bytes);
    if written.is_err() {
        let _half_a_line_stays = file.set_len(before);
    }
    written
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use pgquerylens_export::example;

    use super::*;

    fn lines(path: &std::path::Path) -> Lines {
        Lines::new("lines".to_owned(), Target::File(path.to_owned()), Format::Document, 1 << 20)
    }

    async fn send(lines: &Lines) -> Delivery {
        let parcels = lines.encode(&example::report(), &Origin::default());
        lines.send(&parcels[0], Instant::now() + Duration::from_secs(20)).await
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_rotated_file_is_opened_anew() {
        let folder = tempfile::tempdir().unwrap();
        let (path, rotated) = (folder.path().join("polls"), folder.path().join("polls.1"));
        let lines = lines(&path);
        assert_eq!(send(&lines).await, Delivery::Accepted);
        fs::rename(&path, &rotated).unwrap();
        assert_eq!(send(&lines).await, Delivery::Accepted);
        assert_eq!(send(&lines).await, Delivery::Accepted);
        let count = |path| fs::read_to_string(path).unwrap().lines().count();
        assert_eq!((count(&rotated), count(&path)), (1, 2));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn servers_that_write_to_one_file_at_once_wait_for_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("polls");
        let lines = lines(&path);
        let (first, second, third) = tokio::join!(send(&lines), send(&lines), send(&lines));
        assert_eq!([first, second, third], [Delivery::Accepted, Delivery::Accepted, Delivery::Accepted]);
        assert_eq!(fs::read_to_string(path).unwrap().lines().count(), 3);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_file_that_cannot_be_written_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("not there yet/polls");
        let lines = lines(&path);
        assert!(matches!(send(&lines).await, Delivery::Retry { .. }));
        fs::create_dir(path.parent().unwrap()).unwrap();
        assert_eq!(send(&lines).await, Delivery::Accepted);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_full_disk_keeps_no_half_of_a_line() {
        let full = lines(std::path::Path::new("/dev/full"));
        assert!(matches!(send(&full).await, Delivery::Retry { .. }));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_reader_that_does_not_read_is_waited_for_no_longer_than_allowed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RWXU).unwrap();
        // Opened for both, so that opening it for appending alone does not wait for a reader.
        let _reader = OpenOptions::new().read(true).write(true).open(&path).unwrap();
        let lines = lines(&path);
        let parcel = Parcel { kind: ParcelKind::Lines, bytes: vec![b'x'; 1 << 20], counts: Counts::new() };
        for _ in 0..3 {
            let answer = lines.send(&parcel, Instant::now() + Duration::from_millis(100)).await;
            assert!(matches!(answer, Delivery::Retry { .. }), "{answer:?}");
        }
    }
}
