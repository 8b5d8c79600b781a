//! What every store of state does, said as tests. Each takes a place that nothing was written to.

use std::sync::Arc;

use pgquerylens_engine::state::codec::{self, CodecError, Stored};
use pgquerylens_engine::state::contents::State;
use pgquerylens_engine::state::control::{Control, ControlError, Stopped, Watched};
use pgquerylens_engine::state::lease::{Claim, LeaseError, SKEW_SECONDS};
use pgquerylens_engine::state::outbox::OutboxStore;
use pgquerylens_engine::state::{Look, ObjectName, StateStore, StoreError};
use pgquerylens_model::time::Timestamp;
use pgquerylens_store::states::States;
use pgquerylens_store::store::Store;
use tokio::sync::Barrier;

/// How many write at the same time.
pub const RACERS: usize = 32;
/// Servers whose names make trouble in paths, keys and patterns.
const NAMES: [&str; 5] = ["shop", "db1:5432/shop", "../control", "baseline", "Größe*?[x] 100%"];

/// Runs the whole contract at places of its own below one URL.
///
/// # Panics
/// Where the store breaks it.
pub async fn check(states: &States) {
    reads_what_was_committed(&states.of("reads")).await;
    refuses_a_stale_version(&states.of("stale")).await;
    keeps_objects_apart(&states.of("apart")).await;
    looks_again_only_where_something_changed(&states.of("looks")).await;
    of_racing_writers_one_wins(Arc::new(states.of("first race")), false).await;
    of_racing_writers_one_wins(Arc::new(states.of("race")), true).await;
    hands_on_what_is_damaged(&states.of("damaged")).await;
    keeps_batches(&states.of("batches")).await;
    keeps_what_an_operator_wants(&states.of("wishes")).await;
    is_leased_to_one_at_a_time(&states.of("lease")).await;
    of_racing_claims_one_holds(Arc::new(states.of("claims"))).await;
    keeps_servers_apart(states).await;
}

async fn reads_what_was_committed(store: &Store) {
    assert!(ok(store.read(ObjectName::Baseline).await).is_none());
    let version = ok(store.commit(ObjectName::Baseline, b"one", None).await);
    let object = ok(store.read(ObjectName::Baseline).await).expect("it was committed");
    assert_eq!((object.bytes.as_slice(), &object.version), (&b"one"[..], &version));
    let large: Vec<u8> = (0..codec::MAX_PACKED_BYTES).map(|place| (place % 251) as u8).collect();
    ok(store.commit(ObjectName::Baseline, &large, Some(&version)).await);
    assert!(ok(store.read(ObjectName::Baseline).await).expect("it was committed").bytes == large);
    ok(store.commit(ObjectName::Dictionary, b"", None).await);
    assert_eq!(ok(store.read(ObjectName::Dictionary).await).expect("it was committed").bytes, b"");
}

async fn refuses_a_stale_version(store: &Store) {
    let first = ok(store.commit(ObjectName::Baseline, b"one", None).await);
    let second = ok(store.commit(ObjectName::Baseline, b"two", Some(&first)).await);
    // The same bytes have another version: a writer that comes back with an old one must not win by them.
    let third = ok(store.commit(ObjectName::Baseline, b"one", Some(&second)).await);
    assert!(first != second && second != third && first != third);
    for stale in [Some(&first), Some(&second), None] {
        let refused = store.commit(ObjectName::Baseline, b"lost", stale).await;
        assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
    }
    // What is not there has no version either.
    let refused = store.commit(ObjectName::Dictionary, b"lost", Some(&third)).await;
    assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
    assert_eq!(ok(store.read(ObjectName::Baseline).await).expect("it was committed").bytes, b"one");
    assert!(ok(store.read(ObjectName::Dictionary).await).is_none());
}

async fn keeps_objects_apart(store: &Store) {
    for name in ObjectName::ALL {
        assert!(ok(store.read(name).await).is_none());
        ok(store.commit(name, name.as_str().as_bytes(), None).await);
    }
    for name in ObjectName::ALL {
        let object = ok(store.read(name).await).expect("it was committed");
        assert_eq!(object.bytes, name.as_str().as_bytes());
    }
}

async fn looks_again_only_where_something_changed(store: &Store) {
    let look = async |known| ok(store.look(ObjectName::Dictionary, known).await);
    assert_eq!(look(None).await, Look::Unchanged);
    let first = ok(store.commit(ObjectName::Dictionary, b"one", None).await);
    assert_eq!(look(Some(&first)).await, Look::Unchanged);
    assert!(matches!(look(None).await, Look::Changed(Some(object)) if object.bytes == b"one"));
    let second = ok(store.commit(ObjectName::Dictionary, b"two", Some(&first)).await);
    match look(Some(&first)).await {
        Look::Changed(Some(object)) => assert_eq!((object.bytes, object.version), (b"two".to_vec(), second)),
        other => unreachable!("{other:?}"),
    }
    let gone = ok(store.look(ObjectName::Baseline, Some(&first)).await);
    assert_eq!(gone, Look::Changed(None));
}

/// All of them read one version; exactly one writes over it, and what is there then is what it wrote.
async fn of_racing_writers_one_wins(store: Arc<Store>, exists: bool) {
    let name = ObjectName::Baseline;
    let first = match exists {
        true => Some(ok(store.commit(name, b"0", None).await)),
        false => None,
    };
    let barrier = Arc::new(Barrier::new(RACERS));
    let racers: Vec<_> = (0..RACERS)
        .map(|racer| {
            let (store, barrier, first) = (Arc::clone(&store), Arc::clone(&barrier), first.clone());
            tokio::spawn(async move {
                barrier.wait().await;
                (racer, store.commit(name, racer.to_string().as_bytes(), first.as_ref()).await)
            })
        })
        .collect();
    let mut winners = Vec::new();
    for racer in racers {
        match racer.await.expect("no racer panics") {
            (racer, Ok(version)) => winners.push((racer, version)),
            (_, Err(StoreError::Conflict)) => {}
            (_, Err(error)) => unreachable!("a racer fails: {error:?}"),
        }
    }
    let [(winner, version)] = winners.as_slice() else { unreachable!("winners: {winners:?}") };
    let object = ok(store.read(name).await).expect("it was committed");
    assert_eq!((object.bytes, &object.version), (winner.to_string().into_bytes(), version));
}

/// Bytes that are not ours come back as they are, and whoever decodes them says what is wrong. They are replaced only by
/// somebody who read them.
async fn hands_on_what_is_damaged(store: &Store) {
    let whole = codec::encode(&State::default());
    let newer = [&whole[..4], &[0xff, 0xff], &whole[6..]].concat();
    let (mut flipped, middle) = (whole.clone(), whole.len() / 2);
    flipped[middle] ^= 0xff;
    let mut version = None;
    for (bytes, error) in [
        (b"not ours".to_vec(), CodecError::Damaged),
        (Vec::new(), CodecError::Damaged),
        (whole[..whole.len() - 1].to_vec(), CodecError::Damaged),
        (flipped, CodecError::Damaged),
        (newer, CodecError::NewerFormat { found: 0xffff, read: State::FORMAT }),
    ] {
        version = Some(ok(store.commit(ObjectName::Baseline, &bytes, version.as_ref()).await));
        let read = ok(store.read(ObjectName::Baseline).await).expect("it was committed");
        assert_eq!((codec::decode::<State>(&read.bytes), read.bytes), (Err(error), bytes));
        let refused = store.commit(ObjectName::Baseline, &whole, None).await;
        assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
    }
    ok(store.commit(ObjectName::Baseline, &whole, version.as_ref()).await);
    let read = ok(store.read(ObjectName::Baseline).await).expect("it was committed");
    assert_eq!(codec::decode::<State>(&read.bytes), Ok(State::default()));
}

async fn keeps_batches(store: &Store) {
    let numbers = async |exporter: &str| {
        let waiting = ok(store.waiting(exporter).await);
        waiting.iter().map(|waiting| (waiting.number, waiting.bytes)).collect::<Vec<_>>()
    };
    assert_eq!(numbers("otel").await, []);
    for (number, bytes) in [(10, &b"ten"[..]), (9, b"nine"), (u64::MAX, b"last"), (100, b"hundred")] {
        ok(store.put("otel", number, bytes).await);
    }
    let all = [(9, 4), (10, 3), (100, 7), (u64::MAX, 4)];
    assert_eq!(numbers("otel").await, all, "the oldest first, by number");
    ok(store.put("otel", 10, b"again").await);
    assert_eq!(ok(store.batch("otel", 10).await).as_deref(), Some(&b"again"[..]));
    assert_eq!(ok(store.batch("otel", 11).await), None);
    for _again in 0..2 {
        ok(store.remove("otel", 9).await);
    }
    let left = [(10, 5), (100, 7), (u64::MAX, 4)];
    assert_eq!(numbers("otel").await, left);
    for other in ["../otel", "OTEL", "a/b", ".", "\u{e9}\n", "ote", "otel2"] {
        assert_eq!(numbers(other).await, [], "{other:?} is another exporter");
        ok(store.put(other, 1, b"x").await);
        assert_eq!(numbers(other).await, [(1, 1)], "{other:?}");
    }
    assert_eq!(numbers("otel").await, left);
}

async fn keeps_what_an_operator_wants(store: &Store) {
    let mut watched = Watched::default();
    assert!(watched.look(store).await.is_ok());
    let stopped = Stopped { reason: "upgrade".to_owned(), since: Timestamp(1) };
    let changed = Control::change(store, |control| control.stopped = Some(stopped.clone())).await;
    assert_eq!(changed.map(|control| control.stopped).ok(), Some(Some(stopped.clone())));
    assert!(watched.look(store).await.is_ok() && watched.look(store).await.is_ok());
    assert_eq!(watched.control().stopped, Some(stopped));
    let version = ok(store.read(ObjectName::Control).await).expect("it was committed").version;
    ok(store.commit(ObjectName::Control, b"not ours", Some(&version)).await);
    assert!(matches!(Control::read(store).await, Err(ControlError::Unreadable(_))));
    // An operator overrules even that.
    assert!(Control::change(store, |control| *control = Control::default()).await.is_ok());
    assert!(watched.look(store).await.is_ok());
    assert_eq!(*watched.control(), Control::default());
}

/// A lease by clocks that are handed in, of which the second is up to the allowed skew ahead or behind.
async fn is_leased_to_one_at_a_time(store: &Store) {
    const TERM: f64 = 120.0;
    let at = |second: f64| Timestamp((1_000_000.0 * (1e9 + second)) as i64);
    let (mut first, mut second) = (Claim::new("first", TERM), Claim::new("second", TERM));
    assert!(
        first.hold(store, at(0.0)).await.is_ok() && first.is_held(at(119.0)) && !first.is_held(at(121.0))
    );
    // Its clock is ahead by the skew: the lease is over by it, and is honoured all the same.
    for now in [0.0, 60.0, TERM + SKEW_SECONDS - 1.0, -SKEW_SECONDS] {
        let held = second.hold(store, at(now)).await;
        assert!(
            matches!(&held, Err(LeaseError::Held(lease)) if lease.owner == "first"),
            "at {now}: {held:?}"
        );
        assert!(!second.is_held(at(now)));
    }
    // Renewed in its second half, and not before.
    let version = async || ok(store.read(ObjectName::Lease).await).expect("it was committed").version;
    let written = version().await;
    assert!(first.hold(store, at(59.0)).await.is_ok() && version().await == written);
    assert!(first.hold(store, at(61.0)).await.is_ok() && version().await != written);
    assert!(second.hold(store, at(TERM + SKEW_SECONDS + 1.0)).await.is_err());
    // Its owner is gone, and the term over by any clock.
    assert!(second.hold(store, at(61.0 + TERM + SKEW_SECONDS)).await.is_ok());
    let late = first.hold(store, at(61.0 + TERM)).await;
    assert!(matches!(&late, Err(LeaseError::Held(lease)) if lease.owner == "second"), "{late:?}");
    // Given up, it is free at once; what was given up is not taken from the next one.
    assert!(second.give_up(store).await.is_ok() && second.give_up(store).await.is_ok());
    assert!(first.hold(store, at(70.0 + TERM)).await.is_ok() && second.give_up(store).await.is_ok());
    assert!(second.hold(store, at(71.0 + TERM)).await.is_err());
    // What a clock that is hours ahead wrote, or nobody can read, holds nobody off.
    let mut ahead = Claim::new("ahead", TERM);
    assert!(ahead.hold(store, at(86_400.0)).await.is_ok() && second.hold(store, at(0.0)).await.is_ok());
    let version = version().await;
    ok(store.commit(ObjectName::Lease, b"not ours", Some(&version)).await);
    assert!(first.hold(store, at(300.0)).await.is_ok());
}

async fn of_racing_claims_one_holds(store: Arc<Store>) {
    let barrier = Arc::new(Barrier::new(RACERS));
    let racers: Vec<_> = (0..RACERS)
        .map(|racer| {
            let (store, barrier) = (Arc::clone(&store), Arc::clone(&barrier));
            tokio::spawn(async move {
                let mut claim = Claim::new(racer.to_string(), 60.0);
                barrier.wait().await;
                claim.hold(&*store, Timestamp(1)).await.is_ok() && claim.is_held(Timestamp(1))
            })
        })
        .collect();
    let mut held = 0;
    for racer in racers {
        held += usize::from(racer.await.expect("no racer panics"));
    }
    assert_eq!(held, 1);
}

/// What one server has is neither read, nor listed, nor forgotten as another's.
async fn keeps_servers_apart(states: &States) {
    ok(states.whole().commit(ObjectName::Control, b"of all", None).await);
    for name in NAMES {
        let store = states.of(name);
        assert!(ok(store.read(ObjectName::Control).await).is_none(), "{name}");
        ok(store.commit(ObjectName::Control, name.as_bytes(), None).await);
        ok(store.put("otel", 7, name.as_bytes()).await);
    }
    if states.url().to_string() == "memory:" {
        return;
    }
    let before = ok(states.inventories().await);
    let found = |name: &str| before.iter().find(|(server, _)| server.as_deref() == Some(name));
    for name in NAMES {
        let (_, inventory) = found(name).unwrap_or_else(|| unreachable!("{name} is not listed: {before:?}"));
        assert!(inventory.control_bytes >= Some(name.len() as u64) && inventory.baseline_bytes.is_none());
        let outbox = inventory.outboxes["otel"];
        assert_eq!((outbox.entries, outbox.bytes), (1, name.len() as u64), "{name}");
    }
    let (_, gone) = found(NAMES[1]).expect("it was found above");
    for _again in 0..2 {
        ok(states.forget(gone).await);
    }
    let after = ok(states.inventories().await);
    let left: Vec<_> = before.iter().filter(|(server, _)| server.as_deref() != Some(NAMES[1])).collect();
    assert_eq!(after.iter().collect::<Vec<_>>(), left);
    assert!(ok(states.of(NAMES[1]).read(ObjectName::Control).await).is_none());
    assert_eq!(ok(states.of(NAMES[0]).waiting("otel").await).len(), 1);
}

fn ok<T>(result: Result<T, StoreError>) -> T {
    result.unwrap_or_else(|error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        unreachable!("the store does what it is asked: {error}: {cause}")
    })
}
