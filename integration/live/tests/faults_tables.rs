//! A hundred thousand tables: alone in its file, because it measures the memory of this process.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may unwrap: the panic is the report")]

use pgquerylens_engine::poll::PollOptions;
use pgquerylens_engine::state::codec::MAX_PACKED_BYTES;
use pgquerylens_live::faults::{Kept, statements_window};
use pgquerylens_live::{failures, monitored, options};
use pgquerylens_model::report::{PollReport, Status, ViewMetrics};
use pgquerylens_model::views::tables;
use pgquerylens_model::window::Quality;
use pgquerylens_sandbox::workload::heaps;
use pgquerylens_sandbox::{Server, backend, roles};

const TABLES: u32 = 100_000;
/// What reading them may add to this process; the rows alone are 30 columns of 16 bytes.
const MEMORY_BYTES: u64 = 512 << 20;

fn tables_of(report: &PollReport) -> &ViewMetrics {
    let of_tables = |metrics: &&ViewMetrics| metrics.view.name == tables::VIEW.name;
    report.metrics.as_ref().unwrap().views.iter().find(of_tables).unwrap()
}

#[tokio::test(flavor = "current_thread")]
async fn a_hundred_thousand_tables_fit_the_budgets_and_have_windows() {
    let server = monitored(Server::new(18).setting("autovacuum", "off")).await;
    let admin = server.superuser().await.unwrap();
    heaps::tables(&admin, TABLES).await.unwrap();
    let kept = Kept::new();
    let mut poller =
        kept.poller(&server.url(roles::MONITOR, "postgres"), PollOptions { top: 20, ..options() });
    let before = backend::peak_memory_bytes(std::process::id()).unwrap();
    poller.poll().await.unwrap();
    admin.batch_execute("insert into heap_77 values (1), (2), (3)").await.unwrap();
    // A session reports what it has done when it ends.
    drop(admin);
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let report = poller.poll().await.unwrap();
    let memory = backend::peak_memory_bytes(std::process::id()).unwrap() - before;
    let state = kept.contents()["baseline"].len();
    println!("{} MiB more memory, {state} bytes of state, {:?}", memory >> 20, report.cost);
    assert_eq!(failures(&report), Vec::<String>::new());
    assert_eq!(report.status, Status::Ok, "{:?}", report.notices);
    assert!(memory < MEMORY_BYTES, "{memory}");
    assert!(state <= MAX_PACKED_BYTES, "{state}");
    let read = tables_of(&report);
    assert_eq!(read.snapshot.rows.len(), TABLES as usize);
    let window = read.window.as_ref().unwrap();
    assert_eq!(window.quality, Quality::Exact);
    let inserted = tables::VIEW.column_index("n_tup_ins").unwrap();
    let of_77: Vec<Option<i64>> = (0..window.deltas.len())
        .map(|row| window.deltas.int(inserted, row))
        .filter(|n| *n != Some(0))
        .collect();
    assert_eq!(of_77, [Some(3)]);
    assert_eq!(statements_window(&report).quality, Quality::Exact);
}
