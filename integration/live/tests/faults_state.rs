//! States that cannot be read or written, and pollers that share one: what is wrong is named, what was committed
//! stays as it is, and the committed windows add up to the truth.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may unwrap: the panic is the report")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use expect_test::{Expect, expect};
use pgquerylens_engine::poll::{PollFailure, Poller, StateTrouble};
use pgquerylens_engine::source::live::Live;
use pgquerylens_engine::state::contents::{LastRead, State};
use pgquerylens_engine::state::file::FileStore;
use pgquerylens_engine::state::{ObjectName, StateStore, StoreError, codec};
use pgquerylens_live::faults::{Kept, Planted, notices, said, statements_window};
use pgquerylens_live::{failures, monitored, options, view};
use pgquerylens_model::baseline::{Baseline, Snapshot};
use pgquerylens_model::report::{PollReport, Status};
use pgquerylens_model::rows::{Rows, Series};
use pgquerylens_model::time::Timestamp;
use pgquerylens_model::views::{database, tables};
use pgquerylens_model::window::Quality;
use pgquerylens_sandbox::{Server, roles};

/// `pgquerylens state ` and the generation; then the codec's own four letters and two bytes of format.
const FORMAT_AT: usize = 18 + 8 + 4;

/// A server with a committed state and work that no poll has seen yet.
struct Scene {
    server: Server,
    planted: Planted,
    kept: Kept,
}

impl Scene {
    async fn new() -> Scene {
        let server = monitored(Server::new(18)).await;
        let planted = Planted::on(&server).await;
        let scene = Scene { kept: Kept::new(), planted, server };
        scene.kept.poll(&scene.url()).await.unwrap();
        scene.planted.run(&scene.server, 5).await;
        scene
    }

    fn url(&self) -> String {
        self.server.url(roles::MONITOR, "postgres")
    }

    fn path(&self, object: &str) -> std::path::PathBuf {
        self.kept.path().join(object)
    }

    /// Polls in vain; `STATE` stands for the folder, and what is in it stays as it is.
    async fn check(&self, expected: &Expect) {
        let before = self.kept.contents();
        let failure = self.kept.poll(&self.url()).await.expect_err("the poll fails");
        expected.assert_eq(&said(&failure).replace(&self.kept.path().display().to_string(), "STATE"));
        assert_eq!(self.kept.contents(), before);
    }

    /// Polls once more: the window covers everything since the one commit.
    async fn check_nothing_is_lost(&self) {
        let report = self.kept.poll(&self.url()).await.unwrap();
        assert_eq!(failures(&report), Vec::<String>::new());
        assert_eq!(statements_window(&report).quality, Quality::Exact);
        assert_eq!(self.planted.calls(&report), 5);
    }

    /// Changes an object's bytes, polls in vain, and puts the object back.
    async fn check_changed(&self, object: &str, change: impl Fn(&mut Vec<u8>), expected: &Expect) {
        let whole = fs::read(self.path(object)).unwrap();
        let mut changed = whole.clone();
        change(&mut changed);
        fs::write(self.path(object), changed).unwrap();
        self.check(expected).await;
        fs::write(self.path(object), whole).unwrap();
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_state_that_cannot_be_read_is_named_and_left_alone() {
    let scene = Scene::new().await;
    let damaged = expect![[r#"
        read the state's baseline: it is damaged or not ours
        → restore it, or remove it by pgquerylens state forget; the next poll then starts anew with a first reading"#]];
    for cut_to in [0, 10, 30, 40, 500] {
        scene.check_changed("baseline", |bytes| bytes.truncate(cut_to), &damaged).await;
    }
    scene.check_changed("baseline", |bytes| *bytes.last_mut().unwrap() ^= 1, &damaged).await;
    scene.check_changed("baseline", |bytes| *bytes = b"something else".to_vec(), &damaged).await;
    scene
        .check_changed(
            "dictionary",
            |bytes| *bytes.last_mut().unwrap() ^= 1,
            &expect![[r#"
        read the state's dictionary: it is damaged or not ours
        → restore it, or remove it by pgquerylens state forget; the next poll then starts anew with a first reading"#]],
        )
        .await;
    scene
        .check_changed(
            "baseline",
            |bytes| bytes[FORMAT_AT + 1] = 9,
            &expect![[r#"
                read the state's baseline: it has format 9, written by a newer pgquerylens; this one reads 5
                → poll with the newer pgquerylens, or name another place with --state"#]],
        )
        .await;
    scene.check_nothing_is_lost().await;
}

#[tokio::test(flavor = "current_thread")]
async fn another_servers_state_is_refused_and_left_alone() {
    let scene = Scene::new().await;
    let other = monitored(Server::new(18).initdb_arg("--data-checksums")).await;
    let before = scene.kept.contents();
    let failure = scene.kept.poll(&other.url(roles::MONITOR, "postgres")).await.unwrap_err();
    expect![[r#"
        the state was kept for 127.0.0.1:PORT/postgres, and 127.0.0.1:PORT/postgres is another server
        → name a place of its own for each server with --state"#]]
    .assert_eq(&said(&failure));
    assert_eq!(scene.kept.contents(), before);
    scene.check_nothing_is_lost().await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_folder_that_cannot_be_made_is_named() {
    let scene = Scene::new().await;
    let file = scene.path("baseline");
    for folder in [file.join("below"), "/proc/pgquerylens".into()] {
        let target = pgquerylens_live::target(&scene.url());
        let address = target.address();
        let live = Live::new(target, options().limits);
        let mut poller = Poller::new(live, FileStore::new(&folder), address, options());
        let said = said(&poller.poll().await.unwrap_err());
        let expected = if folder.starts_with("/proc") {
            expect![[r#"
            create the state folder /proc/pgquerylens
            cause: No such file or directory (os error 2)
            → make the folder writable or free space on its disk, or name another place with --state"#]]
        } else {
            expect![[r#"
            read the state STATE/baseline/below/baseline
            cause: Not a directory (os error 20)
            → make the folder writable or free space on its disk, or name another place with --state"#]]
        };
        expected.assert_eq(&said.replace(&scene.kept.path().display().to_string(), "STATE"));
    }
    scene.check_nothing_is_lost().await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_folder_that_cannot_be_written_is_named_and_costs_no_window() {
    let scene = Scene::new().await;
    // A folder in place of the lock stops root too, whom no mode stops.
    fs::remove_file(scene.path("lock")).unwrap();
    fs::create_dir(scene.path("lock")).unwrap();
    scene
        .check(&expect![[r#"
        open the state's lock file STATE/lock
        cause: Is a directory (os error 21)
        → make the folder writable or free space on its disk, or name another place with --state"#]])
        .await;
    fs::remove_dir(scene.path("lock")).unwrap();
    fs::write(scene.path("lock"), "").unwrap();

    fs::set_permissions(scene.kept.path(), fs::Permissions::from_mode(0o555)).unwrap();
    match fs::write(scene.path("probe"), "") {
        Err(_) => {
            scene
                .check(&expect![[r#"
        write the state STATE/baseline
        cause: Permission denied (os error 13)
        → make the folder writable or free space on its disk, or name another place with --state"#]])
                .await;
        }
        Ok(()) => {
            println!("modes do not stop this user, who is root");
            fs::remove_file(scene.path("probe")).unwrap();
        }
    }
    fs::set_permissions(scene.kept.path(), fs::Permissions::from_mode(0o755)).unwrap();
    scene.check_nothing_is_lost().await;
}

/// Lets the file that is about to become the object lie on a full disk.
fn fill_disk(folder: &Path, object: &str) {
    symlink("/dev/full", folder.join(object).with_extension("new")).unwrap();
}

#[tokio::test(flavor = "current_thread")]
async fn a_full_disk_is_named_and_costs_no_window() {
    let scene = Scene::new().await;
    let before = scene.kept.contents();
    fill_disk(scene.kept.path(), "baseline");
    let failure = scene.kept.poll(&scene.url()).await.unwrap_err();
    let said_of = |failure| said(failure).replace(&scene.kept.path().display().to_string(), "STATE");
    expect![[r#"
        write the state STATE/baseline
        cause: No space left on device (os error 28)
        → make the folder writable or free space on its disk, or name another place with --state"#]]
    .assert_eq(&said_of(&failure));
    assert_eq!(scene.kept.contents(), before, "neither object has changed, and no half of one is left");
    scene.check_nothing_is_lost().await;

    let fresh = Kept::new();
    fill_disk(fresh.path(), "dictionary");
    let failure = fresh.poll(&scene.url()).await.unwrap_err();
    assert!(said(&failure).contains("No space left on device"), "{}", said(&failure));
    assert!(fresh.contents().is_empty());
}

/// Numbers that do not compress, so that a state has the size it is meant to have.
fn noise(seed: u64, count: usize) -> impl Iterator<Item = u64> {
    let next = |state: &u64| {
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        Some((mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb).wrapping_add(0x9e37_79b9_7f4a_7c15))
    };
    std::iter::successors(Some(seed), next).take(count)
}

/// The baseline of the tables of a database that is not there, several megabytes of it.
fn heavy_baseline(report: &PollReport, oid: u32) -> Baseline {
    const ROWS: usize = 40_000;
    const COLUMNS: usize = 10;
    let of = &view(report, &database::VIEW).snapshot;
    let counters = tables::VIEW.columns.iter().enumerate().filter(|(_, column)| column.kind.is_counter());
    let mut series = vec![None; tables::VIEW.columns.len()];
    for (index, column) in counters.take(COLUMNS) {
        let values = noise(u64::from(oid) * 100 + index as u64, ROWS);
        series[index] = match Series::of(column.kind) {
            Series::Int(_) => Some(Series::Int(values.map(|value| Some((value >> 1) as i64)).collect())),
            _ => None,
        };
    }
    let relid = tables::VIEW.column_index("relid").unwrap();
    series[relid] = Some(Series::Int((0..ROWS as i64).map(Some).collect()));
    let taken_at = Timestamp(of.taken_at.0 - i64::from(oid));
    let rows = Rows::from_series(series, ROWS);
    Baseline::of(&Snapshot { view: &tables::VIEW, database: Some(oid), taken_at, rows, ..of.clone() })
}

async fn change_state(kept: &Kept, change: impl FnOnce(&mut State)) {
    let store = FileStore::new(kept.path());
    let object = store.read(ObjectName::Baseline).await.unwrap().unwrap();
    let mut state: State = codec::decode(&object.bytes).unwrap();
    change(&mut state);
    store.commit(ObjectName::Baseline, &codec::encode(&state), Some(&object.version)).await.unwrap();
}

#[tokio::test(flavor = "current_thread")]
async fn a_state_over_its_budget_gives_up_single_databases_first() {
    let scene = Scene::new().await;
    let report = scene.kept.poll(&scene.url()).await.unwrap();
    scene.planted.run(&scene.server, 5).await;
    change_state(&scene.kept, |state| {
        (1..=4).for_each(|oid| state.put_baseline(heavy_baseline(&report, oid)));
    })
    .await;
    assert!(scene.kept.contents()["baseline"].len() > codec::MAX_PACKED_BYTES);
    let report = scene.kept.poll(&scene.url()).await.unwrap();
    assert_eq!(report.status, Status::Degraded);
    expect![[r#"
        the state would not fit its budget; 2 baselines of databases were given up
        → poll fewer databases with one state
        track_io_timing is off: I/O times are not measured
        → alter system set track_io_timing = on; select pg_reload_conf();
    "#]]
    .assert_eq(&notices(&report));
    assert_eq!(statements_window(&report).quality, Quality::Exact);
    assert_eq!(scene.planted.calls(&report), 5);
    assert!(scene.kept.contents()["baseline"].len() <= codec::MAX_PACKED_BYTES);
}

#[tokio::test(flavor = "current_thread")]
async fn a_state_that_cannot_be_cut_to_its_budget_is_not_committed() {
    let scene = Scene::new().await;
    change_state(&scene.kept, |state| {
        let long: String = noise(1, 1_300_000).map(|value| format!("{value:016x}")).collect();
        state.last_read.push(LastRead { view: long, database: None, at: Timestamp(0) });
    })
    .await;
    let before = scene.kept.contents();
    let failure = scene.kept.poll(&scene.url()).await.unwrap_err();
    assert!(matches!(failure, PollFailure::State(StateTrouble::OverBudget { .. })), "{failure}");
    assert!(said(&failure).contains("→ poll fewer databases with one state"), "{}", said(&failure));
    assert_eq!(scene.kept.contents(), before);
}

fn is_conflict(polled: &Result<PollReport, PollFailure>) -> bool {
    matches!(polled, Err(PollFailure::State(StateTrouble::Store(StoreError::Conflict))))
}

#[tokio::test(flavor = "current_thread")]
async fn of_two_pollers_at_once_one_commits_and_the_windows_add_up() {
    let scene = Scene::new().await;
    let mut pollers =
        [scene.kept.poller(&scene.url(), options()), scene.kept.poller(&scene.url(), options())];
    let conflict = expect![[r#"
        another poll committed to the same state in between
        → nothing is lost: the other poll has the window; let only one poller use a state"#]];
    let mut truth = 5;
    let mut counted = 0;
    for round in 0..4 {
        let [first, second] = &mut pollers;
        let (first, second) = tokio::join!(first.poll(), second.poll());
        let conflicts = [&first, &second].into_iter().filter(|polled| is_conflict(polled)).count();
        assert_eq!(conflicts, 1, "round {round}: {:?} {:?}", first.as_ref().err(), second.as_ref().err());
        for polled in [first, second] {
            match polled {
                Ok(report) => {
                    assert_eq!(statements_window(&report).quality, Quality::Exact, "round {round}");
                    counted += scene.planted.calls(&report);
                }
                Err(failure) => conflict.assert_eq(&said(&failure)),
            }
        }
        assert_eq!(counted, truth, "round {round}");
        scene.planted.run(&scene.server, 3).await;
        truth += 3;
    }
    let report = scene.kept.poll(&scene.url()).await.unwrap();
    assert_eq!(counted + scene.planted.calls(&report), truth);
}

async fn server_clock(server: &Server) -> Timestamp {
    let admin = server.superuser().await.unwrap();
    let ask = "select (extract(epoch from clock_timestamp()) * 1000000)::int8";
    Timestamp(admin.query_one(ask, &[]).await.unwrap().get(0))
}

/// Nothing but the server's clock says how long a window is: all times of the report lie between two of its answers.
#[tokio::test(flavor = "current_thread")]
async fn windows_are_measured_by_the_servers_clock() {
    let scene = Scene::new().await;
    let mut poller = scene.kept.poller(&scene.url(), options());
    poller.poll().await.unwrap();
    let mut before = server_clock(&scene.server).await;
    poller.poll().await.unwrap();
    for _ in 0..2 {
        let between = server_clock(&scene.server).await;
        let report = poller.poll().await.unwrap();
        let after = server_clock(&scene.server).await;
        for metrics in &report.metrics.as_ref().unwrap().views {
            let Some(window) = &metrics.window else { continue };
            let from = window.from.expect("this is no first reading");
            assert!(before <= from && from <= between, "{}", metrics.view.name);
            assert!(between <= window.to && window.to <= after, "{}", metrics.view.name);
        }
        before = between;
    }
}
