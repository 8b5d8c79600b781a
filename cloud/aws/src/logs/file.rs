//! One look at one file: from where the look before left it, portion by portion, to its end or that of the budget.

use aws_sdk_rds::Client;
use pgquerylens_model::log::counts::Counts;
use pgquerylens_model::log::plan::RawPlan;
use pgquerylens_model::log::prefix::Prefix;
use pgquerylens_model::log::reader::{Lines, Reader, Resume, Stopped};

use super::budget::Budget;
use super::listing::Listed;
use super::memory::Cursor;
use super::portion::{self, Absent};
use crate::error::unheard::Trouble;

/// What is looked at.
pub(super) struct Look<'l> {
    pub(super) client: &'l Client,
    pub(super) instance: &'l str,
    pub(super) prefixes: &'l [Prefix],
    pub(super) name: &'l str,
    pub(super) listed: Listed,
}

/// How it ended.
pub(super) struct End {
    pub(super) cursor: Cursor,
    pub(super) plans: Vec<RawPlan>,
    pub(super) lines: Lines,
    /// The file does not exist any more.
    pub(super) is_gone: bool,
    /// The API said no, with what was read before that.
    pub(super) refused: Option<Trouble>,
}

/// The places of a file that have markers, and how far it was read: all from the cursor on, in bytes.
struct Places {
    markers: Vec<(u64, String)>,
    end: u64,
}

impl Look<'_> {
    /// Reads on from a cursor.
    pub(super) async fn read(&self, cursor: Cursor, counts: &mut Counts, budget: &mut Budget) -> End {
        // What tells plans apart over everything that was ever found: since when it is counted, and the file.
        let name = format!("{}/{}", counts.start.0, self.name);
        let resume = Resume { name, plans: cursor.plans, is_mid_line: cursor.is_mid_line };
        let mut reader = Reader::new(self.prefixes, counts, resume);
        let mut places = Places { markers: vec![(0, cursor.marker.clone())], end: 0 };
        let absent = self.read_portions(&mut reader, &mut places, cursor.skip, budget).await.err();
        let is_at_end = absent.is_none();
        let stopped = reader.stop(is_at_end && places.end == cursor.seen);
        End {
            cursor: self.left(&cursor, &places, &stopped, is_at_end),
            plans: stopped.plans,
            lines: stopped.lines,
            is_gone: matches!(absent, Some(Absent::Gone)),
            refused: match absent {
                Some(Absent::Refused(trouble)) => Some(trouble),
                _ => None,
            },
        }
    }

    async fn read_portions(
        &self,
        reader: &mut Reader<'_>,
        places: &mut Places,
        mut skip: u64,
        budget: &mut Budget,
    ) -> Result<(), Absent> {
        loop {
            let marker = places.markers.last().map(|(_, marker)| marker.clone()).unwrap_or_default();
            let portion = portion::behind(self.client, self.instance, self.name, &marker, budget).await?;
            let bytes = portion.text.as_bytes();
            let known = bytes.len().min(usize::try_from(skip).unwrap_or(usize::MAX));
            skip -= known as u64;
            reader.read(&bytes[known..]);
            if portion.is_cut {
                reader.cut();
            }
            places.end += bytes.len() as u64;
            // Without a marker of its own, what follows is known by the one before.
            let Some(next) = portion.marker.filter(|next| *next != marker) else { return Ok(()) };
            places.markers.push((places.end, next));
            if !portion.is_followed {
                return Ok(());
            }
        }
    }

    /// Returns where the next look begins: at the last marker that lies before what is held.
    fn left(&self, before: &Cursor, places: &Places, stopped: &Stopped, is_at_end: bool) -> Cursor {
        let read_to = before.skip.min(places.end) + stopped.read_to;
        let begin = places.markers.iter().rev().find(|(place, _)| *place <= read_to);
        let (place, marker) = begin.cloned().unwrap_or((0, before.marker.clone()));
        Cursor {
            marker,
            before: before.before + place,
            skip: read_to - place,
            seen: places.end - place,
            is_mid_line: stopped.resume.is_mid_line,
            plans: stopped.resume.plans,
            listed: self.listed,
            is_at_end,
        }
    }
}
