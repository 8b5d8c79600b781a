//! The server's log as RDS keeps it, in files that the API hands out in portions: what is in it is the model's to read, how
//! far it was read is kept with the server's state. Each look begins where the one before was committed, and ends with the
//! files, or with what a look may take.
//! <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DownloadDBLogFilePortion.html>

mod budget;
mod file;
mod listing;
mod memory;
mod portion;

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_sdk_rds::Client;
use pgquerylens_engine::outside::Ask;
use pgquerylens_model::log::counts::Counts;
use pgquerylens_model::log::measures;
use pgquerylens_model::log::plan::RawPlan;
use pgquerylens_model::log::prefix::Prefix;
use pgquerylens_model::log::reader::Lines;
use pgquerylens_model::outside::{Findings, SourceReport};
use pgquerylens_model::report::Outcome;
use tokio::time::Instant;

use self::budget::Budget;
use self::file::{End, Look};
use self::listing::Listed;
use self::memory::Kept;
use crate::error::unheard::{self, Trouble};

/// What this source is called, and by what it is remembered.
pub const NAME: &str = "rds-log";
/// The rights that it takes.
pub const ACTIONS: &str = "rds:DescribeDBLogFiles and rds:DownloadDBLogFilePortion";

/// The values of `log_line_prefix` that RDS and Aurora allow.
const PREFIXES: [&str; 2] = ["%t:%r:%u@%d:[%p]:", "%m:%r:%u@%d:[%p]:%l:%e:%s:%v:%x:%c:%q%a"];
/// How many files are read in turn; what is written beyond them waits until some were read to their ends.
const MAX_FILES: usize = 48;
/// So many lines without a prefix, and none with one, are no coincidence.
const MANY_FOREIGN_LINES: u64 = 20;

/// The log of one instance.
#[derive(Clone, Debug)]
pub struct Logs {
    client: Client,
    instance: String,
    prefixes: Vec<Prefix>,
}

/// What a look brought so far.
struct Looked {
    kept: Kept,
    plans: Vec<RawPlan>,
    lines: Lines,
    unread_bytes: u64,
    trouble: Option<Trouble>,
}

impl Logs {
    /// Returns the log of an instance, by its identifier, in the session's region.
    pub fn new(session: &SdkConfig, instance: &str) -> Logs {
        let prefixes = PREFIXES.iter().filter_map(|template| Prefix::parse(template).ok()).collect();
        Logs { client: Client::new(session), instance: instance.to_owned(), prefixes }
    }

    /// Reads what was written since the look before. The first look begins at the end of the newest file: what is older
    /// is no news.
    pub async fn look(&self, ask: &Ask) -> Findings {
        let began = Instant::now();
        let mut budget = Budget::until(ask.deadline);
        let kept = ask.memory.of(NAME).and_then(Kept::read);
        let looked = match kept {
            Some(kept) => Ok(self.go_on(kept, &mut budget).await),
            None => self.begin(Counts::begun(ask.now), &mut budget).await,
        };
        let mut findings = match looked {
            Ok(looked) => looked.findings(ask),
            Err(trouble) => Findings { sources: vec![report(0, Some(trouble))], ..Findings::default() },
        };
        for source in &mut findings.sources {
            source.duration_ms = began.elapsed().as_secs_f64() * 1e3;
        }
        findings
    }

    async fn begin(&self, counts: Counts, budget: &mut Budget) -> Result<Looked, Trouble> {
        let listed = listing::list(&self.client, &self.instance, None, budget).await?;
        let mut files = BTreeMap::new();
        let newest = listed.last_key_value();
        if let Some((name, listed)) = newest {
            files.insert(
                name.clone(),
                portion::end_of(&self.client, &self.instance, name, *listed, budget).await?,
            );
        }
        let after = newest.map(|(name, _)| name.clone()).unwrap_or_default();
        Ok(Looked::over(Kept { counts, after, files }))
    }

    async fn go_on(&self, kept: Kept, budget: &mut Budget) -> Looked {
        let since = kept.since();
        let mut looked = Looked::over(kept);
        match listing::list(&self.client, &self.instance, since, budget).await {
            Ok(listed) => self.read_files(&listed, &mut looked, budget).await,
            Err(trouble) => looked.trouble = Some(trouble),
        }
        looked
    }

    async fn read_files(&self, listed: &BTreeMap<String, Listed>, looked: &mut Looked, budget: &mut Budget) {
        looked.kept.let_go(listed, MAX_FILES);
        looked.unread_bytes = looked.kept.take_on(listed, MAX_FILES);
        let names: Vec<String> = looked.kept.files.keys().cloned().collect();
        for name in names {
            let Some(cursor) = looked.kept.files.get(&name).cloned() else { continue };
            let now = listed.get(&name).copied().unwrap_or(cursor.listed);
            if cursor.is_done(now) {
                continue;
            }
            let look = Look {
                client: &self.client,
                instance: &self.instance,
                prefixes: &self.prefixes,
                name: &name,
                listed: now,
            };
            let end = look.read(cursor, &mut looked.kept.counts, budget).await;
            looked.note(name, now, end);
        }
        looked.sum_up();
    }
}

impl Looked {
    fn over(kept: Kept) -> Looked {
        Looked { kept, plans: Vec::new(), lines: Lines::default(), unread_bytes: 0, trouble: None }
    }

    fn note(&mut self, name: String, listed: Listed, end: End) {
        self.plans.extend(end.plans);
        self.lines.entries += end.lines.entries;
        self.lines.foreign += end.lines.foreign;
        let unread_bytes = end.cursor.unread_bytes(listed);
        if end.is_gone {
            self.kept.after = std::mem::take(&mut self.kept.after).max(name.clone());
            self.kept.files.remove(&name);
            if unread_bytes > 0 {
                self.meet(unheard::vanished(&name, unread_bytes));
            }
            return;
        }
        self.unread_bytes += unread_bytes;
        self.kept.files.insert(name, end.cursor);
        if let Some(trouble) = end.refused {
            self.meet(trouble);
        }
    }

    /// Judges the look as a whole, once all files were looked at.
    fn sum_up(&mut self) {
        let Lines { entries, foreign } = self.lines;
        let knows_none = self.kept.counts.entries == 0 && foreign > 0;
        if entries == 0 && (knows_none || foreign >= MANY_FOREIGN_LINES) {
            self.meet(unheard::no_prefix(PREFIXES));
        }
        if self.unread_bytes > 0 {
            self.meet(unheard::behind(self.unread_bytes));
        }
    }

    /// Of several troubles the first is told.
    fn meet(&mut self, trouble: Trouble) {
        self.trouble.get_or_insert(trouble);
    }

    fn findings(self, ask: &Ask) -> Findings {
        let mut findings = Findings {
            measures: measures(&self.kept.counts, self.unread_bytes, ask.now),
            plans: self.plans,
            sources: vec![report(self.lines.entries, self.trouble)],
            ..Findings::default()
        };
        findings.memory.keep(NAME, self.kept.write());
        findings
    }
}

fn report(entries: u64, trouble: Option<Trouble>) -> SourceReport {
    let (outcome, mend) = match trouble {
        None => (Outcome::Read { row_count: usize::try_from(entries).unwrap_or(usize::MAX) }, None),
        Some(Trouble { class, told }) => (Outcome::Failed { error: told.why, class }, Some(told.advice)),
    };
    SourceReport { source: NAME, outcome, mend, duration_ms: 0.0 }
}
