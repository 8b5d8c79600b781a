//! Plans that were found in the server's log, masked, for whoever compares them: a bounded number, of which the oldest goes
//! first. They lie in an object of their own, which is read and written only when there is one more.

use std::collections::VecDeque;

use pgquerylens_model::log::plan::RawPlan;
use pgquerylens_model::time::Timestamp;
use pgquerylens_sql::{MaskedPlan, OWN_MARKER};
use serde::{Deserialize, Serialize};

use super::codec::Stored;

/// How many plans are kept.
pub const MAX_PLANS: usize = 200;
/// How many bytes their texts have together.
pub const MAX_TEXT_BYTES: usize = 1024 * 1024;

/// The plans that are kept, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plans {
    kept: VecDeque<Plan>,
}

impl Stored for Plans {
    const FORMAT: u16 = 1;
}

/// One plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// What tells it from every other.
    pub id: String,
    /// When it was written to the log.
    pub time: Timestamp,
    /// The statement's id, where the plan has it.
    pub queryid: Option<i64>,
    /// Who executed it.
    pub user: Option<String>,
    /// In which database.
    pub database: Option<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: f64,
    /// The plan; none where it was too long, or could not be masked for certain.
    pub text: Option<MaskedPlan>,
}

impl Plan {
    /// Masks a plan; nothing is left of one of our own statements. Where its prefix has no moment that can be placed, it
    /// was found at this one.
    pub fn of(raw: RawPlan, found: Timestamp) -> Option<Plan> {
        let RawPlan { id, time, user, database, duration_ms, text } = raw;
        if text.as_ref().is_some_and(|text| is_own(text.as_bytes())) {
            return None;
        }
        let text = text.and_then(|text| MaskedPlan::of(text.as_bytes()));
        let queryid = text.as_ref().and_then(MaskedPlan::queryid);
        Some(Plan { id, time: time.unwrap_or(found), queryid, user, database, duration_ms, text })
    }

    fn text_bytes(&self) -> usize {
        self.text.as_ref().map_or(0, |text| text.as_str().len())
    }
}

/// The marker is a comment, which a masked plan has none of.
fn is_own(text: &[u8]) -> bool {
    text.windows(OWN_MARKER.len()).any(|part| part == OWN_MARKER.as_bytes())
}

impl Plans {
    /// Adds plans in their order, but none that is there already: a process that died before it committed how far it had
    /// read finds the same ones again.
    pub fn add(&mut self, plans: impl IntoIterator<Item = Plan>) {
        for plan in plans {
            if !self.kept.iter().any(|kept| kept.id == plan.id) {
                self.kept.push_back(plan);
            }
        }
        let mut bytes: usize = self.kept.iter().map(Plan::text_bytes).sum();
        while self.kept.len() > MAX_PLANS || bytes > MAX_TEXT_BYTES {
            let Some(oldest) = self.kept.pop_front() else { break };
            bytes -= oldest.text_bytes();
        }
    }

    /// Returns the plans, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Plan> {
        self.kept.iter()
    }
}

#[cfg(test)]
mod tests {
    use pgquerylens_model::rows::RawText;

    use super::*;
    use crate::state::codec;

    fn plan(number: usize, output: &str) -> Plan {
        let text = format!(
            "Query Text: select 'x'\nResult  (cost=0.00..0.01 rows=1 width=4)\n  Output: {output}\n\
             Query Identifier: {number}\n"
        );
        let text = Some(RawText::new(text.as_bytes()));
        let raw = RawPlan {
            id: format!("log#{number}"),
            time: None,
            user: None,
            database: Some("shop".to_owned()),
            duration_ms: 1.5,
            text,
        };
        Plan::of(raw, Timestamp(7)).unwrap()
    }

    fn numbers(plans: &Plans) -> Vec<i64> {
        plans.iter().filter_map(|plan| plan.queryid).collect()
    }

    #[test]
    fn a_plan_is_kept_once_and_without_its_literals() {
        let mut plans = Plans::default();
        plans.add([plan(1, "'s3cr3t'::text"), plan(2, "a")]);
        plans.add([plan(2, "a"), plan(3, "a")]);
        assert_eq!(numbers(&plans), [1, 2, 3]);
        let read: Plans = codec::decode(&codec::encode(&plans)).unwrap();
        assert_eq!(read, plans);
        assert!(!format!("{read:?}").contains("s3cr3t"));
    }

    #[test]
    fn a_plan_that_cannot_be_masked_is_kept_without_its_text() {
        let broken = plan(1, "'s3cr3t");
        assert_eq!((broken.text, broken.queryid, broken.time), (None, None, Timestamp(7)));
    }

    #[test]
    fn our_own_plans_are_nobodys_matter() {
        let text = format!(
            "Query Text: select {OWN_MARKER}:statements */ 1\nResult  (cost=0.00..0.01 rows=1 width=4)\n"
        );
        let text = Some(RawText::new(text.as_bytes()));
        let raw =
            RawPlan { id: String::new(), time: None, user: None, database: None, duration_ms: 1.0, text };
        assert_eq!(Plan::of(raw, Timestamp(7)), None);
    }

    #[test]
    fn the_oldest_go_first() {
        let mut plans = Plans::default();
        plans.add((0..MAX_PLANS + 3).map(|number| plan(number, "a")));
        assert_eq!((plans.kept.len(), numbers(&plans)[0]), (MAX_PLANS, 3));
        let long = "a, ".repeat(MAX_TEXT_BYTES / 3 / 2);
        plans.add([plan(901, &long), plan(902, &long)]);
        assert_eq!(numbers(&plans), [902]);
    }
}
