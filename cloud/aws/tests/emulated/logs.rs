//! The log of an instance by a double of its API: where looks begin and end, files that come and go, portions that are cut,
//! refusals. What of a log is counted is the model's to test, and a real server's log is read elsewhere.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use pgquerylens_aws::instance::Instance;
use pgquerylens_aws::logs::{Logs, NAME};
use pgquerylens_aws::outside::{Observed, Observer};
use pgquerylens_engine::outside::{Ask, Outside};
use pgquerylens_model::identity::Identity;
use pgquerylens_model::outside::{Findings, Memory};
use pgquerylens_model::report::Outcome;
use pgquerylens_model::time::Timestamp;
use pgquerylens_model::version::ServerVersion;
use pgquerylens_sandbox::rds_double::{Fault, Fleet, RdsDouble};
use tempfile::TempDir;
use tokio::time::Instant;

use crate::stage::{REGION, sessions};

const INSTANCE: &str = "shop-1";
const MIB: usize = 1024 * 1024;

/// A log, who hands it out, and what looks have left.
struct Stage {
    folder: TempDir,
    rds: RdsDouble,
    logs: Logs,
    memory: Memory,
}

impl Stage {
    async fn new() -> Stage {
        Stage::of(INSTANCE).await
    }

    /// Looks at the log of this instance, whichever there is.
    async fn of(instance: &str) -> Stage {
        let (folder, rds) = (tempfile::tempdir().unwrap(), RdsDouble::start(Fleet::default()).await.unwrap());
        rds.show_log(INSTANCE, folder.path());
        let session = sessions(&rds.url()).await.of(None, Some(REGION)).await;
        Stage { folder, rds, logs: Logs::new(&session, instance), memory: Memory::default() }
    }

    fn path(&self, hour: &str) -> PathBuf {
        self.folder.path().join(format!("postgresql.log.2026-11-30-{hour}"))
    }

    fn write(&self, hour: &str, text: &str) {
        let before = fs::read(self.path(hour)).unwrap_or_default();
        fs::write(self.path(hour), [&before, text.as_bytes()].concat()).unwrap();
    }

    fn ask(&self, patience: Duration) -> Ask {
        let identity = Identity {
            system_identifier: None,
            timeline: None,
            version: ServerVersion(180_000),
            postmaster_start: Timestamp(0),
            statistics_since: None,
            in_recovery: false,
        };
        let now = Timestamp(1_764_000_000_000_000);
        Ask { memory: self.memory.clone(), identity, now, deadline: Instant::now() + patience }
    }

    /// Looks, and commits what is left.
    async fn look(&mut self) -> Look {
        let found = self.logs.look(&self.ask(Duration::from_secs(60))).await;
        let look = Look::of(&found);
        assert_eq!(self.memory.renew(found.memory), Vec::<String>::new());
        assert!(!format!("{:?}", self.memory).contains("s3cr3t"));
        look
    }

    fn calls(&self, action: &str) -> usize {
        self.rds.requests().iter().filter(|request| request.starts_with(action)).count()
    }
}

/// What a look brought: the sums of errors and of plans, bytes that are unread, and why it did not bring all.
#[derive(Debug, PartialEq)]
struct Look {
    errors: i64,
    plans: usize,
    unread: i64,
    trouble: Option<(String, String)>,
}

impl Look {
    fn of(found: &Findings) -> Look {
        let of = |name: &str| {
            let measures = found.measures.iter().filter(|measure| measure.metric.name == name);
            measures.map(|measure| measure.value.as_f64() as i64).sum()
        };
        let source = &found.sources[0];
        assert_eq!((source.source, found.sources.len()), (NAME, 1));
        let trouble = match &source.outcome {
            Outcome::Failed { error, class } => {
                Some((class.clone(), format!("{error}: {}", source.mend.clone().unwrap_or_default())))
            }
            _ => None,
        };
        Look {
            errors: of("postgresql.log.entries"),
            plans: found.plans.len(),
            unread: of("postgresql.log.unread"),
            trouble,
        }
    }

    /// Everything was read, and so many errors were counted since the first look.
    fn is_well(&self, errors: i64) {
        assert_eq!((self.errors, self.unread, &self.trouble), (errors, 0, &None));
    }

    fn class(&self) -> &str {
        self.trouble.as_ref().map_or("", |(class, _)| class)
    }

    fn words(&self) -> &str {
        self.trouble.as_ref().map_or("", |(_, words)| words)
    }
}

fn line(rest: &str) -> String {
    format!("2026-11-30 16:04:05 UTC:10.0.0.9(3210):app@shop:[77]:{rest}\n")
}

fn error() -> String {
    line("ERROR:  duplicate key value: s3cr3t") + &line("DETAIL:  Key (id)=(s3cr3t)") + "\tmore\n"
}

#[tokio::test]
async fn the_first_look_begins_at_the_end_and_the_next_goes_on() {
    let mut stage = Stage::new().await;
    stage.write("15", &error());
    stage.write("16", &(error() + &error() + "2026-11-30 16:04:05 UTC::@:[7]:ERROR:  half"));
    stage.look().await.is_well(0);
    stage.write("16", &(" a line\n".to_owned() + &error()));
    stage.look().await.is_well(1);
    stage.write("16", &error());
    stage.write("17", &(error() + &error()));
    stage.write("18", &error());
    stage.write("15", &error());
    fs::write(stage.folder.path().join("postgresql.log.2026-11-30-16.csv"), error()).unwrap();
    stage.look().await.is_well(5);
    let before = stage.calls("DownloadDBLogFilePortion");
    stage.look().await.is_well(5);
    assert_eq!(stage.calls("DownloadDBLogFilePortion"), before, "what did not change is not asked for");
}

#[tokio::test]
async fn a_log_without_files_is_read_from_its_first_one_on() {
    let mut stage = Stage::new().await;
    stage.look().await.is_well(0);
    stage.write("16", &error());
    stage.look().await.is_well(1);
}

#[tokio::test]
async fn what_is_not_committed_is_read_again() {
    let mut stage = Stage::new().await;
    stage.write("16", "");
    stage.look().await.is_well(0);
    stage.write("16", &(error() + &line("LOG:  duration: 1.0 ms  plan:\n\tQuery Text: select 1") + &error()));
    let lost = stage.logs.look(&stage.ask(Duration::from_secs(60))).await;
    stage.write("17", &error());
    let found = stage.logs.look(&stage.ask(Duration::from_secs(60))).await;
    assert_eq!((Look::of(&lost).errors, Look::of(&found).errors), (2, 3));
    assert_eq!(lost.plans, found.plans, "the same plan has the same id");
    assert_eq!(found.plans.len(), 1);
}

#[tokio::test]
async fn what_is_not_whole_is_held_and_no_text_of_it_kept() {
    let mut stage = Stage::new().await;
    stage.write("16", "");
    stage.look().await.is_well(0);
    let plan = line(
        "LOG:  duration: 1.0 ms  plan:\n\tQuery Text: select 's3cr3t'\n\tResult  (cost=0.00..0.01 rows=1 width=4)",
    );
    let text = error() + &plan + &error();
    let mut plans = 0;
    for part in text.as_bytes().chunks(7) {
        stage.write("16", std::str::from_utf8(part).unwrap());
        plans += stage.look().await.plans;
    }
    stage.look().await.is_well(2);
    assert_eq!(plans, 1);
    stage.write("16", &plan);
    assert_eq!(stage.look().await.plans, 0, "more of it may come");
    assert_eq!(stage.look().await.plans, 1, "nothing more came");
    assert_eq!(stage.look().await.plans, 0);
}

#[tokio::test]
async fn files_are_listed_page_by_page() {
    let mut stage = Stage::new().await;
    stage.look().await.is_well(0);
    for minute in 0..230 {
        stage.write(&format!("16{minute:03}"), &error());
    }
    let mut looks = 0;
    while stage.look().await.errors < 230 {
        looks += 1;
        assert!(looks < 30, "it gets on");
    }
    stage.look().await.is_well(230);
}

/// Two mebibytes in two thousand lines: a portion of as many lines is cut inside of one, whose rest no other has.
#[tokio::test]
async fn portions_that_are_cut_lose_nothing() {
    let mut stage = Stage::new().await;
    stage.write("16", "");
    stage.look().await.is_well(0);
    let long = line(&format!("ERROR:  s3cr3t {}", "x".repeat(2 * MIB / 2_000)));
    stage.write("16", &long.repeat(2_000));
    stage.look().await.is_well(2_000);
}

#[tokio::test]
async fn a_line_that_is_longer_than_a_portion_is_counted_and_passed_over() {
    let mut stage = Stage::new().await;
    stage.write("16", "");
    stage.look().await.is_well(0);
    stage.write("16", &(error() + &line(&format!("ERROR:  {}", "s3cr3t".repeat(MIB / 3))) + &error()));
    stage.look().await.is_well(3);
}

#[tokio::test]
async fn what_a_look_does_not_come_to_is_told_and_read_later() {
    let mut stage = Stage::new().await;
    stage.write("16", "");
    stage.look().await.is_well(0);
    let text = line(&format!("ERROR:  {}", "x".repeat(900)));
    stage.write("16", &text.repeat(6_000));
    stage.write("17", &text.repeat(6_000));
    let first = stage.look().await;
    assert_eq!(first.class(), "behind");
    assert!(first.words().contains(&format!("about {} bytes behind", first.unread)), "{first:?}");
    let whole = 12_000 * text.len() as i64;
    assert!(
        first.errors > 3_000
            && (first.unread + first.errors * text.len() as i64 - whole).abs() < 2 * MIB as i64
    );
    let mut looks = 1;
    while stage.look().await.errors < 12_000 {
        looks += 1;
        assert!(looks < 10, "it gets on");
    }
    stage.look().await.is_well(12_000);
}

#[tokio::test]
async fn throttling_is_waited_for_and_a_denial_names_the_rights() {
    let mut stage = Stage::new().await;
    stage.write("16", "");
    stage.look().await.is_well(0);
    stage.write("16", &error());
    stage.rds.refuse_next([Fault::Throttled, Fault::Unavailable]);
    stage.look().await.is_well(1);
    stage.write("16", &error());
    stage.rds.refuse_next([Fault::Denied]);
    let denied = stage.look().await;
    assert_eq!(
        denied.words(),
        "AccessDenied: allow rds:DescribeDBLogFiles and rds:DownloadDBLogFilePortion to the credentials that are used there"
    );
    assert_eq!(denied.errors, 1, "the sums stay");
    stage.look().await.is_well(2);
}

#[tokio::test]
async fn a_first_look_that_is_refused_leaves_nothing() {
    let mut stage = Stage::new().await;
    stage.write("16", &error());
    stage.rds.refuse_next([Fault::Denied]);
    assert_eq!(stage.look().await.class(), "AccessDenied");
    assert_eq!(stage.memory, Memory::default());
    stage.look().await.is_well(0);
}

#[tokio::test]
async fn an_instance_that_is_not_there_says_what_to_check() {
    let mut stage = Stage::of("shop-2").await;
    let look = stage.look().await;
    assert_eq!(look.class(), "DBInstanceNotFound");
    assert!(look.words().starts_with("there is no instance shop-2 in this region"), "{look:?}");
}

#[tokio::test]
async fn a_file_that_went_before_it_was_read_is_told_once() {
    let mut stage = Stage::new().await;
    stage.write("15", "");
    stage.look().await.is_well(0);
    let text = line(&format!("ERROR:  {}", "x".repeat(900)));
    stage.write("15", &text.repeat(6_000));
    stage.write("16", &error());
    let behind = stage.look().await;
    assert_eq!(behind.class(), "behind");
    fs::remove_file(stage.path("15")).unwrap();
    let gone = stage.look().await;
    assert_eq!((gone.class(), gone.errors), ("vanished", behind.errors + 1));
    assert!(gone.words().contains("rds.log_retention_period"), "{gone:?}");
    stage.look().await.is_well(gone.errors);
}

#[tokio::test]
async fn a_log_in_which_no_line_can_be_read_says_what_to_set() {
    let mut stage = Stage::new().await;
    stage.write("16", "");
    stage.look().await.is_well(0);
    stage.write("16", "2026-11-30 16:04:05 [7] ERROR:  s3cr3t\n");
    let look = stage.look().await;
    assert_eq!((look.class(), look.errors), ("log_line_prefix", 0));
    assert!(look.words().contains("set log_line_prefix to %t:%r:%u@%d:[%p]: or %m:"), "{look:?}");
    stage.write("16", &error());
    stage.look().await.is_well(1);
    stage.write("16", "words of a library\n");
    stage.look().await.is_well(1);
}

/// Nobody waits for a look: what it has by then it hands back.
#[tokio::test]
async fn a_look_ends_before_its_deadline() {
    let mut stage = Stage::new().await;
    stage.write("16", "");
    stage.look().await.is_well(0);
    stage.write("16", &error());
    let late = stage.logs.look(&stage.ask(Duration::ZERO)).await;
    assert_eq!(Look::of(&late).class(), "late");
    stage.look().await.is_well(1);
}

/// Nothing else is asked about the instance for it.
#[tokio::test]
async fn whoever_observes_a_server_reads_its_log_where_that_is_wanted() {
    let stage = Stage::new().await;
    stage.write("16", &error());
    for (reads_log, expected) in [(false, vec![]), (true, vec![NAME])] {
        let instance = Instance { identifier: INSTANCE.to_owned(), region: None, account: None };
        let observed =
            Observed { instance, sources: Vec::new(), reads_log, cloudwatch_pause: Duration::ZERO };
        let mut observer = Observer::new(observed, sessions(&stage.rds.url()).await);
        let found = observer.look(stage.ask(Duration::from_secs(60))).await;
        let sources: Vec<&str> = found.sources.iter().map(|source| source.source).collect();
        assert_eq!(sources, expected);
        assert_eq!(found.memory.of(NAME).is_some(), reads_log);
    }
    assert_eq!(stage.calls("DescribeDBInstances"), 0);
}
