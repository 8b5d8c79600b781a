//! Makes the recordings that tests replay: three polls of a small server of every major, of one after the other, in
//! which there is a bit of everything. `make recordings` runs it; what the reports say of them is kept beside them.

mod scene;

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use pgquerylens_engine::limits::Limits;
use pgquerylens_engine::poll::{PollOptions, Poller};
use pgquerylens_engine::source::live::Live;
use pgquerylens_engine::source::recording::Recorder;
use pgquerylens_engine::state::memory::MemoryStore;
use pgquerylens_live::{monitored, target};
use pgquerylens_model::selection::Order;
use pgquerylens_sandbox::{Server, majors, roles};

use scene::Scene;

/// The sizes of a recording count: it is committed.
const COMPRESSION_LEVEL: i32 = 19;
/// A backend reports what it did at most once a second, so that this is the shortest interval with much in it.
const INTERVAL: Duration = Duration::from_millis(1_500);
/// Where the server's files seem to lie; the place they were really in says something of this machine.
const DATA_DIRECTORY: &str = "/var/lib/postgresql";

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("usage: recordings DIR");
        return ExitCode::from(64);
    };
    for major in majors() {
        if let Err(error) = record(major, &Path::new(&folder).join(major.to_string())).await {
            let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
            eprintln!("recordings: PostgreSQL {major}: {error}{cause}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Records three polls: the first one, one with an exact window, and one after a reset.
async fn record(major: u32, folder: &Path) -> Result<()> {
    let server = monitored(scene::configured(Server::new(major))).await;
    let scene = Scene::set(&server).await?;
    let written = tempfile::tempdir()?;
    let mut poller = poller(&server.url(roles::MONITOR, "postgres"));
    for poll in 1..=3 {
        scene.play(poll).await?;
        tokio::time::sleep(INTERVAL).await;
        poller.poll().await?;
        poller.source_mut().write(written.path(), poll)?;
    }
    scene.end().await?;
    keep(written.path(), folder, &server)
}

/// A poller with what the subcommand `record` reads.
fn poller(url: &str) -> Poller<Recorder<Live>, MemoryStore> {
    let target = target(url);
    let address = target.address();
    let options = PollOptions { orders: vec![Order::Time], ..PollOptions::within(Limits::default(), 1) };
    let recorder = Recorder::new(Live::new(target, options.limits.clone()));
    Poller::new(recorder, MemoryStore::default(), address, options)
}

/// Puts the recording in place of the one before, compressed, without the place that the server was in.
fn keep(written: &Path, folder: &Path, server: &Server) -> Result<()> {
    fs::create_dir_all(folder)?;
    let place = server.data_directory().parent().unwrap_or(server.data_directory());
    for entry in fs::read_dir(written)? {
        let path = entry?.path();
        let text = fs::read_to_string(&path)?.replace(&*place.to_string_lossy(), DATA_DIRECTORY);
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned() + ".zst";
        let compressed = zstd::encode_all(text.as_bytes(), COMPRESSION_LEVEL)?;
        eprintln!("{} {} bytes", folder.join(&name).display(), compressed.len());
        fs::write(folder.join(name), compressed)?;
    }
    Ok(())
}
