//! What a look leaves for the next: the sums, and how far each file was read. No text of the log is in it. What a look saw
//! but could not take for whole is read again, from the last place that the API has a marker for.

use std::collections::BTreeMap;

use pgquerylens_model::log::counts::Counts;
use serde::{Deserialize, Serialize};

use super::listing::Listed;

/// How much earlier than what was read last the files are listed from: the clock of whoever lists them is another's.
const OVERLAP_MS: i64 = 10 * 60 * 1_000;

/// What is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) counts: Counts,
    /// Files up to this name that have no cursor are not read: they were there at the first look, or are done with.
    pub(super) after: String,
    pub(super) files: BTreeMap<String, Cursor>,
}

/// How far a file was read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Cursor {
    /// Where reading begins, as the API calls it.
    pub(super) marker: String,
    /// How many bytes lie before it.
    pub(super) before: u64,
    /// How many bytes behind it are counted already.
    pub(super) skip: u64,
    /// How many bytes behind it were seen; more than `skip` where something is held.
    pub(super) seen: u64,
    /// Whether what follows is the rest of a line that was counted.
    pub(super) is_mid_line: bool,
    /// How many plans the file had so far.
    pub(super) plans: u64,
    /// The file as it was listed when it was read to its end; else how it was listed when something was left.
    pub(super) listed: Listed,
    pub(super) is_at_end: bool,
}

impl Cursor {
    /// The beginning of a file.
    pub(super) fn at_start(listed: Listed) -> Cursor {
        Cursor { marker: "0".to_owned(), listed, ..Cursor::default() }
    }

    /// Tells whether nothing is to be read of a file that is listed so.
    pub(super) fn is_done(&self, listed: Listed) -> bool {
        self.is_at_end && self.skip == self.seen && self.listed == listed
    }

    pub(super) fn unread_bytes(&self, listed: Listed) -> u64 {
        let size = u64::try_from(listed.bytes).unwrap_or(0);
        if self.is_at_end { 0 } else { size.saturating_sub(self.before + self.seen) }
    }
}

impl Kept {
    pub(super) fn read(text: &str) -> Option<Kept> {
        serde_json::from_str(text).ok()
    }

    pub(super) fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Returns from when on files have to be listed, in milliseconds since 1970; nothing is all of them.
    pub(super) fn since(&self) -> Option<i64> {
        let oldest = self.files.values().map(|cursor| cursor.listed.written_ms).min()?;
        Some(oldest - OVERLAP_MS)
    }

    /// Forgets files that are done with, the oldest first: those that are not listed any more, that were written long before
    /// the newest, or whose place is wanted by others.
    pub(super) fn let_go(&mut self, listed: &BTreeMap<String, Listed>, most: usize) {
        let wanted = self.files.len() + self.unknown(listed).count();
        let newest_ms = listed.values().map(|listed| listed.written_ms).max().unwrap_or(i64::MIN);
        let mut too_many = wanted.saturating_sub(most);
        while self.files.len() > 1
            && let Some(first) = self.files.first_entry()
        {
            let now = listed.get(first.key()).copied();
            let is_old = now.is_none_or(|now| now.written_ms + OVERLAP_MS < newest_ms);
            if !first.get().is_done(now.unwrap_or(first.get().listed)) || !(is_old || too_many > 0) {
                return;
            }
            let (name, _) = first.remove_entry();
            self.after = std::mem::take(&mut self.after).max(name);
            too_many = too_many.saturating_sub(1);
        }
    }

    /// Begins to read files that are new, as many as there is room for; returns how many bytes the others have.
    pub(super) fn take_on(&mut self, listed: &BTreeMap<String, Listed>, most: usize) -> u64 {
        let room = most.saturating_sub(self.files.len());
        let new: Vec<(String, Listed)> = self.unknown(listed).collect();
        let (taken, left) = new.split_at(room.min(new.len()));
        self.files.extend(taken.iter().map(|(name, listed)| (name.clone(), Cursor::at_start(*listed))));
        left.iter().map(|(_, listed)| u64::try_from(listed.bytes).unwrap_or(0)).sum()
    }

    /// Returns the files that were not there before.
    fn unknown<'k>(
        &'k self,
        listed: &'k BTreeMap<String, Listed>,
    ) -> impl Iterator<Item = (String, Listed)> + 'k {
        let is_new = |name: &String| *name > self.after && !self.files.contains_key(name);
        listed.iter().filter(move |(name, _)| is_new(name)).map(|(name, listed)| (name.clone(), *listed))
    }
}

#[cfg(test)]
mod tests {
    use pgquerylens_model::log::prefix::Prefix;
    use pgquerylens_model::log::reader::{Reader, Resume};
    use pgquerylens_model::outside::Memory;
    use pgquerylens_model::time::Timestamp;

    use super::super::MAX_FILES;
    use super::*;

    fn listed(files: &[(&str, i64)]) -> BTreeMap<String, Listed> {
        let listed = |(name, minute): &(&str, i64)| {
            ((*name).to_owned(), Listed { written_ms: minute * 60_000, bytes: 9 })
        };
        files.iter().map(listed).collect()
    }

    fn kept(after: &str, files: &[(&str, i64)]) -> Kept {
        let cursor = |listed| Cursor { is_at_end: true, ..Cursor::at_start(listed) };
        let files = listed(files).into_iter().map(|(name, listed)| (name, cursor(listed))).collect();
        Kept { counts: Counts::begun(Timestamp(0)), after: after.to_owned(), files }
    }

    /// What is read, and after which name, once files were listed and there is room for three.
    fn check(mut kept: Kept, files: &[(&str, i64)], read: &[&str], after: &str) {
        let listed = listed(files);
        kept.let_go(&listed, 3);
        kept.take_on(&listed, 3);
        let names: Vec<&str> = kept.files.keys().map(String::as_str).collect();
        assert_eq!((names, kept.after.as_str()), (read.to_vec(), after));
    }

    #[test]
    fn new_files_are_taken_on_and_old_ones_let_go() {
        check(kept("", &[]), &[("b", 1)], &["b"], "");
        check(kept("b", &[("b", 1)]), &[("a", 1), ("b", 1), ("c", 2)], &["b", "c"], "b");
        check(kept("b", &[("b", 1), ("c", 2)]), &[("c", 90)], &["c"], "b");
        check(kept("a", &[("b", 1), ("c", 2)]), &[("c", 90), ("d", 95)], &["c", "d"], "b");
        check(kept("b", &[("b", 1)]), &[], &["b"], "b");
        check(kept("a", &[("b", 1), ("c", 2)]), &[("b", 1), ("c", 2)], &["b", "c"], "a");
        check(kept("a", &[("b", 1), ("c", 80)]), &[("b", 1), ("c", 80)], &["c"], "b");
        check(kept("b", &[("b", 1)]), &[("b", 1), ("c", 1), ("d", 1), ("e", 1)], &["b", "c", "d"], "b");
        check(
            kept("a", &[("b", 1), ("c", 1)]),
            &[("b", 1), ("c", 1), ("d", 1), ("e", 1)],
            &["c", "d", "e"],
            "b",
        );
    }

    #[test]
    fn what_there_is_no_room_for_is_unread() {
        let listed = listed(&[("c", 1), ("d", 1), ("e", 1), ("f", 1)]);
        assert_eq!(kept("b", &[("b", 1)]).take_on(&listed, 3), 18);
    }

    #[test]
    fn a_file_with_something_left_is_not_let_go() {
        let mut half = kept("", &[("a", 1), ("b", 9)]);
        half.files.get_mut("a").unwrap().is_at_end = false;
        check(half, &[("b", 90)], &["a", "b"], "");
        let mut held = kept("", &[("a", 1), ("b", 9)]);
        held.files.get_mut("a").unwrap().seen = 7;
        assert_eq!(held.since(), Some(60_000 - OVERLAP_MS));
        check(held, &[("b", 90)], &["a", "b"], "");
    }

    /// With as many series and files as there may be it is within what a source may keep.
    #[test]
    fn it_is_never_too_much_to_be_kept() {
        let database = "d".repeat(63);
        let mut kept = kept(&"f".repeat(60), &[]);
        let prefixes = [Prefix::parse("%e:%p:%d:").unwrap()];
        let mut reader = Reader::new(&prefixes, &mut kept.counts, Resume::default());
        for number in 0..10_000 {
            reader.read(format!("{number:05}:1:{database}:WARNING:  x\n").as_bytes());
        }
        reader.stop(false);
        for number in 0..MAX_FILES {
            let name = format!("error/postgresql.log.2026-11-30-16{number:02}");
            let cursor =
                Cursor { marker: "24:123456789012345".to_owned(), before: u64::MAX / 2, ..Cursor::default() };
            kept.files.insert(name, cursor);
        }
        let text = kept.write();
        assert!(text.len() <= Memory::MAX_BYTES, "{} bytes", text.len());
        assert_eq!(Kept::read(&text), Some(kept));
        assert_eq!(Kept::read("{}"), None);
    }
}
