//! A server with very many tables whose state lies in a bucket: what is kept stays within its budget, is written once a
//! poll, and is enough for whoever polls next.

use std::time::Instant;

use pgquerylens_engine::conninfo::{Environment, resolve};
use pgquerylens_engine::limits::Limits;
use pgquerylens_engine::poll::{PollOptions, Poller};
use pgquerylens_engine::source::live::Live;
use pgquerylens_engine::state::codec::MAX_PACKED_BYTES;
use pgquerylens_engine::state::{ObjectName, StateStore};
use pgquerylens_model::report::{PollReport, Status, ViewMetrics};
use pgquerylens_model::views::tables;
use pgquerylens_model::window::Quality;
use pgquerylens_sandbox::emulators::Moto;
use pgquerylens_sandbox::workload::heaps;
use pgquerylens_sandbox::{Server, newest, roles, scale};
use pgquerylens_store::states::States;
use pgquerylens_store::store::Store;
use pgquerylens_stores::places::{of_moto, open};

/// At the usual scale; `make soak` has ten times as many.
const TABLES: u32 = 10_000;
/// Rows that are inserted before each poll but the first, each time into the next table.
const INSERTED: [i64; 4] = [3, 1, 4, 1];
const NAME: &str = "shop";
/// Locks of one transaction, of which a server has some thousands.
const TABLES_PER_TRANSACTION: u32 = 1_000;

fn poller(server: &Server, states: &States) -> Poller<Live, Store> {
    let url = server.url(roles::MONITOR, "postgres");
    let target = resolve(Some(&url), &Environment::default()).expect("the URL is good");
    let address = target.address();
    let options = PollOptions { all_due: true, ..PollOptions::within(Limits::default(), 20) };
    Poller::new(Live::new(target, options.limits.clone()), states.of(NAME), address, options)
}

/// Polls a server of which everything can be read.
async fn polled(poller: &mut Poller<Live, Store>) -> PollReport {
    let report = poller.poll().await.expect("nothing is in the way");
    assert_eq!(report.status, Status::Ok, "{:?}", report.notices);
    report
}

fn of_tables(report: &PollReport) -> &ViewMetrics {
    let metrics = report.metrics.as_ref().expect("the server was read");
    metrics.views.iter().find(|metrics| metrics.view.name == tables::VIEW.name).expect("tables were read")
}

/// Returns what the window says was inserted, table by table where it was anything.
fn inserted(report: &PollReport) -> Vec<i64> {
    let window = of_tables(report).window.as_ref().expect("it is not the first reading");
    assert_eq!(window.quality, Quality::Exact);
    let column = tables::VIEW.column_index("n_tup_ins").expect("the view counts inserts");
    let rows = (0..window.deltas.len()).filter_map(|row| window.deltas.int(column, row));
    rows.filter(|count| *count != 0).collect()
}

/// Lets every table have counters that are its own: what is the same everywhere packs too well.
async fn use_all(server: &Server, count: u32) {
    let admin = server.superuser().await.expect("the superuser logs in");
    for from in (1..=count).step_by(TABLES_PER_TRANSACTION as usize) {
        let to = count.min(from + TABLES_PER_TRANSACTION - 1);
        let insert = format!(
            "do $$ begin for number in {from}..{to} loop
                execute format('insert into heap_%s select generate_series(1, %s)', number, 1 + random() * 30);
                if random() < 0.5 then execute format('delete from heap_%s where id > 5', number); end if;
            end loop; end $$"
        );
        admin.batch_execute(&insert).await.expect("rows can be inserted");
    }
    admin.batch_execute("select pg_stat_force_next_flush()").await.expect("it can be asked for");
}

async fn insert(server: &Server, table: usize, rows: i64) {
    let admin = server.superuser().await.expect("the superuser logs in");
    let insert = format!(
        "insert into heap_{table} select generate_series(1, {rows}); select pg_stat_force_next_flush()"
    );
    admin.batch_execute(&insert).await.expect("rows can be inserted");
}

#[tokio::test]
async fn very_many_tables_fit_a_bucket_and_whoever_polls_next_has_their_sums() {
    let count = TABLES * scale();
    let server =
        Server::new(newest()).setting("autovacuum", "off").start_monitored().await.expect("it starts");
    let admin = server.superuser().await.expect("the superuser logs in");
    heaps::tables(&admin, count).await.expect("tables can be made");
    use_all(&server, count).await;
    let moto = Moto::start().await.expect("moto is installed: run `make setup`");
    moto.make_bucket("states").await.expect("the bucket is new");
    let states = open("s3://states/prod", &of_moto(&moto));
    let mut poller_now = poller(&server, &states);
    let first = polled(&mut poller_now).await;
    assert_eq!(of_tables(&first).snapshot.rows.len(), count as usize);
    for (place, rows) in INSERTED.into_iter().enumerate() {
        insert(&server, place + 1, rows).await;
        // Every other poll is by somebody who knows nothing but what is in the bucket.
        if place % 2 == 1 {
            poller_now = poller(&server, &states);
        }
        let (asked, began) = (moto.requests().len(), Instant::now());
        let report = polled(&mut poller_now).await;
        let (took, requests) = (began.elapsed(), moto.requests().split_off(asked));
        assert_eq!(inserted(&report), [rows]);
        let writes: Vec<_> = requests.iter().filter(|request| !request.starts_with("GET")).collect();
        assert_eq!(writes, ["PUT /states/prod/shop/baseline 200"]);
        let state = states.of(NAME).read(ObjectName::Baseline).await.expect("it can be read");
        let bytes = state.expect("it was committed").bytes.len();
        assert!(bytes <= MAX_PACKED_BYTES, "{bytes}");
        println!("{count} tables: {bytes} bytes of state, {took:?}, {requests:?}");
    }
}
