//! Polls of real servers: the recordings of every major, replayed with all that an exporter can be given.

use std::fs;
use std::path::{Path, PathBuf};

use pgquerylens_engine::limits::Limits;
use pgquerylens_engine::poll::{PollOptions, Poller};
use pgquerylens_engine::source::recording::Replay;
use pgquerylens_engine::state::memory::MemoryStore;
use pgquerylens_model::report::PollReport;
use pgquerylens_model::running::SeriesRules;

fn folder(major: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../recordings").join(major.to_string())
}

/// Unpacks a major's recording into a folder.
fn unpack(major: u32, into: &Path) {
    let entries = fs::read_dir(folder(major)).expect("every major has a recording");
    for path in entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "zst"))
    {
        let text = fs::read(&path).and_then(|packed| zstd::decode_all(&packed[..]));
        let name = path.file_stem().expect("it has a name");
        fs::write(into.join(name), text.expect("it can be unpacked")).expect("it can be written");
    }
}

/// Returns the reports of a major's recorded polls, in order.
pub async fn reports(major: u32) -> Vec<PollReport> {
    let unpacked = tempfile::tempdir().expect("a folder can be made");
    unpack(major, unpacked.path());
    let replay = Replay::open_folder(unpacked.path()).expect("it is a recording");
    let polls = replay.polls_left();
    let options = PollOptions {
        all_due: true,
        series: Some(SeriesRules::default()),
        ..PollOptions::within(Limits::default(), 20)
    };
    let mut poller = Poller::new(replay, MemoryStore::default(), "recorded".to_owned(), options);
    let mut reports = Vec::new();
    for _ in 0..polls {
        reports.push(poller.poll().await.expect("it can be replayed"));
    }
    reports
}
