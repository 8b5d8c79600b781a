//! What the tests of faults share: a state that outlives pollers, a statement whose calls are counted, and the words
//! of a failure as a person reads them.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use pgquerylens_engine::poll::{PollFailure, PollOptions, Poller};
use pgquerylens_engine::source::live::Live;
use pgquerylens_engine::state::file::FileStore;
use pgquerylens_model::report::PollReport;
use pgquerylens_model::statements::StatementKey;
use pgquerylens_model::views::statements;
use pgquerylens_model::window::Window;
use pgquerylens_sandbox::Server;
use tempfile::TempDir;

use crate::{options, target};

/// What the server makes of the planted statement.
const PLANTED: &str = "select $1 as planted";

/// A state in a folder of its own, used by one poller after another.
pub struct Kept {
    folder: TempDir,
}

impl Kept {
    /// Makes the folder; it goes with this value.
    #[expect(clippy::new_without_default, reason = "a folder is made, which no default should do")]
    pub fn new() -> Kept {
        Kept { folder: tempfile::tempdir().expect("a folder can be made") }
    }

    /// Returns the folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Returns a poller that keeps its state here.
    pub fn poller(&self, url: &str, options: PollOptions) -> Poller<Live, FileStore> {
        let target = target(url);
        let address = target.address();
        let live = Live::new(target, options.limits.clone());
        Poller::new(live, FileStore::new(self.path()), address, options)
    }

    /// Polls once with a poller of its own, as one invocation of the command does.
    pub async fn poll(&self, url: &str) -> Result<PollReport, PollFailure> {
        self.poller(url, options()).poll().await
    }

    /// Returns what is in the folder, byte by byte; the lock aside, which says nothing.
    pub fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        let entries = fs::read_dir(self.path()).expect("the folder can be listed").flatten();
        let files = entries.filter(|entry| entry.file_name() != "lock");
        let read = |entry: fs::DirEntry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, fs::read(entry.path()).expect("the state can be read"))
        };
        files.map(read).collect()
    }
}

/// A statement that only the test runs, known to the server by its query id.
pub struct Planted {
    queryid: i64,
}

impl Planted {
    /// Runs the statement once and asks the server for its id.
    pub async fn on(server: &Server) -> Planted {
        let planted = Planted { queryid: 0 };
        planted.run(server, 1).await;
        let admin = server.superuser().await.expect("the superuser logs in");
        let find = "select queryid from pg_stat_statements where query = $1";
        let row = admin.query_one(find, &[&PLANTED]).await.expect("the planted statement has an entry");
        Planted { queryid: row.get(0) }
    }

    /// Runs the statement this many times.
    pub async fn run(&self, server: &Server, times: u32) {
        let admin = server.superuser().await.expect("the superuser logs in");
        for _ in 0..times {
            admin.batch_execute("select 1 as planted").await.expect("the planted statement runs");
        }
    }

    /// Returns how many calls the report's window has; none over a gap or without a reading.
    pub fn calls(&self, report: &PollReport) -> i64 {
        let reading = report.metrics.as_ref().and_then(|metrics| metrics.view(&statements::VIEW));
        let Some((metrics, window)) = reading.and_then(|metrics| Some((metrics, metrics.window.as_ref()?)))
        else {
            return 0;
        };
        let calls = statements::VIEW.column_index("calls").expect("the view counts calls");
        let rows = &metrics.snapshot.rows;
        let is_planted = |row: usize| {
            StatementKey::of(rows, window.deltas.row_indexes[row]).map(|key| key.queryid)
                == Some(self.queryid)
        };
        (0..window.deltas.len())
            .filter(|row| is_planted(*row))
            .filter_map(|row| window.deltas.int(calls, row))
            .sum()
    }
}

/// Returns the statements' window since the last reading.
pub fn statements_window(report: &PollReport) -> &Window {
    crate::view(report, &statements::VIEW).window.as_ref().expect("statements are subtracted")
}

/// Returns what a failure says with its causes, and what it advises, as the command prints it. `PORT` stands for the
/// port of the throw-away server.
pub fn said(failure: &PollFailure) -> String {
    let mut text = failure.to_string();
    let mut cause = failure.source();
    while let Some(error) = cause {
        if !text.contains(&error.to_string()) {
            text.push_str(&format!("\ncause: {error}"));
        }
        cause = error.source();
    }
    let advice = match failure {
        PollFailure::Connect(error) => error.advice(),
        PollFailure::State(trouble) => trouble.advice().to_owned(),
        _ => String::new(),
    };
    without_port(&format!("{text}\n→ {advice}"))
}

/// Returns the report's notices, one line each, with what mends them.
pub fn notices(report: &PollReport) -> String {
    let line = |notice: &pgquerylens_model::report::Notice| match &notice.mend {
        Some(mend) => format!("{}\n→ {mend}\n", notice.message),
        None => format!("{}\n", notice.message),
    };
    report.notices.iter().map(line).collect()
}

fn without_port(text: &str) -> String {
    let mut pieces = text.split("127.0.0.1:");
    let mut result = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        result.push_str("127.0.0.1:PORT");
        result.push_str(piece.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    result
}

#[cfg(test)]
mod tests {
    use super::without_port;

    #[test]
    fn ports_differ_and_are_left_out() {
        assert_eq!(without_port("at 127.0.0.1:5432/a, 127.0.0.1:1"), "at 127.0.0.1:PORT/a, 127.0.0.1:PORT");
    }
}
