//! Reads a log as it grows, piece by piece, wherever a piece ends.
//!
//! An entry is counted by its first line, as soon as that is whole. A plan is whole only when another entry begins. What is
//! not whole when a look ends is held: it is read again at the next look, from where it began, so that no text of a log
//! has to be kept in between.

use super::counts::Counts;
use super::plan::{self, MAX_TEXT_BYTES, RawPlan};
use super::prefix::{Line, Prefix};
use crate::log::Entry;
use crate::rows::RawText;
use crate::time::Timestamp;

/// How much of one line is looked at; what follows is passed over. More than a plan may have, which is then too long.
pub const MAX_LINE_BYTES: usize = 2 * MAX_TEXT_BYTES;

/// Reads one log from where a look began.
pub struct Reader<'r> {
    prefixes: &'r [Prefix],
    counts: &'r mut Counts,
    resume: Resume,
    plans: Vec<RawPlan>,
    lines: Lines,
    /// How many bytes were read.
    position: u64,
    line: Vec<u8>,
    line_start: u64,
    open: Option<OpenPlan>,
}

/// What is known of a log from the looks before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resume {
    /// What tells its plans from those of other logs.
    pub name: String,
    /// How many plans it had so far.
    pub plans: u64,
    /// Whether the look before ended inside of a line that it had seen enough of.
    pub is_mid_line: bool,
}

/// What lines there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// Those that begin an entry.
    pub entries: u64,
    /// Those that have no prefix, and are no part of an entry's message either: PostgreSQL begins such with a tab.
    pub foreign: u64,
}

/// Where a look stopped.
#[derive(Clone, Debug, PartialEq)]
pub struct Stopped {
    /// From which byte of the look on the next one reads again; the look's end if nothing is held.
    pub read_to: u64,
    /// Where the look ended.
    pub end: u64,
    /// For the next look, if it begins at `read_to`.
    pub resume: Resume,
    /// The plans that are whole.
    pub plans: Vec<RawPlan>,
    /// What lines there were.
    pub lines: Lines,
}

struct OpenPlan {
    start: u64,
    time: Option<Timestamp>,
    user: Option<String>,
    database: Option<String>,
    duration_ms: f64,
    text: Vec<u8>,
}

impl<'r> Reader<'r> {
    /// Begins a look at a log that has lines with any of these prefixes.
    pub fn new(prefixes: &'r [Prefix], counts: &'r mut Counts, resume: Resume) -> Reader<'r> {
        Reader {
            prefixes,
            counts,
            resume,
            plans: Vec::new(),
            lines: Lines::default(),
            position: 0,
            line: Vec::new(),
            line_start: 0,
            open: None,
        }
    }

    /// Reads what comes next.
    pub fn read(&mut self, mut bytes: &[u8]) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.read_within_line(&bytes[..end]);
            self.position += 1;
            self.end_line();
            bytes = &bytes[end + 1..];
        }
        self.read_within_line(bytes);
    }

    /// Takes what was read last for cut off: the line is all there is of it, and a plan has an end that nobody knows.
    pub fn cut(&mut self) {
        if let Some(open) = self.open.take() {
            self.found(open, false);
        }
        self.end_line();
        if let Some(open) = self.open.take() {
            self.found(open, false);
        }
    }

    /// Ends the look. A log that stands still since the look before has nothing to wait for.
    pub fn stop(mut self, stands_still: bool) -> Stopped {
        if stands_still {
            if !self.line.is_empty() {
                self.take_line();
                self.resume.is_mid_line = true;
            }
            self.close();
        }
        let held = self.open.as_ref().map(|open| open.start);
        let held = held.or_else(|| (!self.line.is_empty()).then_some(self.line_start));
        Stopped {
            read_to: held.unwrap_or(self.position),
            end: self.position,
            resume: self.resume,
            plans: self.plans,
            lines: self.lines,
        }
    }

    fn read_within_line(&mut self, bytes: &[u8]) {
        self.position += bytes.len() as u64;
        if self.resume.is_mid_line {
            return;
        }
        let room = MAX_LINE_BYTES - self.line.len();
        self.line.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if bytes.len() > room {
            self.take_line();
            self.resume.is_mid_line = true;
        }
    }

    fn end_line(&mut self) {
        if !std::mem::take(&mut self.resume.is_mid_line) {
            self.take_line();
        }
        self.line_start = self.position;
    }

    fn take_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let text = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(&line));
        match self.prefixes.iter().find_map(|prefix| prefix.read(&text)) {
            Some(Line::Entry(entry)) => {
                self.close();
                self.begin(&entry);
            }
            Some(Line::Part) => self.close(),
            None => self.continue_plan(&text),
        }
    }

    fn begin(&mut self, entry: &Entry<'_>) {
        self.lines.entries += 1;
        let Some(duration_ms) = plan::duration_ms(entry.message) else { return self.counts.add(entry) };
        self.open = Some(OpenPlan {
            start: self.line_start,
            time: entry.time,
            user: entry.user.map(str::to_owned),
            database: entry.database.map(str::to_owned),
            duration_ms,
            text: Vec::new(),
        });
    }

    fn continue_plan(&mut self, line: &str) {
        match &mut self.open {
            Some(open) => {
                open.text.extend_from_slice(line.strip_prefix('\t').unwrap_or(line).as_bytes());
                open.text.push(b'\n');
                if open.text.len() > MAX_TEXT_BYTES
                    && let Some(open) = self.open.take()
                {
                    self.found(open, false);
                }
            }
            None if line.is_empty() || line.starts_with('\t') => {}
            None => self.lines.foreign += 1,
        }
    }

    fn close(&mut self) {
        if let Some(open) = self.open.take() {
            self.found(open, true);
        }
    }

    fn found(&mut self, open: OpenPlan, is_whole: bool) {
        let OpenPlan { time, user, database, duration_ms, text, .. } = open;
        self.counts.entries += 1;
        self.counts.plans += 1;
        self.resume.plans += 1;
        let id = format!("{}#{}", self.resume.name, self.resume.plans);
        let text = is_whole.then(|| RawText::new(&text));
        self.plans.push(RawPlan { id, time, user, database, duration_ms, text });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::log::Sqlstate;

    const HEAD: &str = "2026-11-30 16:04:05.000 UTC";

    fn prefixes() -> Vec<Prefix> {
        ["%m [%p] %e %q%u@%d ", "%t:%r:%u@%d:[%p]:"].map(|text| Prefix::parse(text).unwrap()).to_vec()
    }

    fn line(code: &str, rest: &str) -> String {
        format!("{HEAD} [7] {code} app@shop {rest}\n")
    }

    fn log() -> String {
        [
            line("23505", "ERROR:  duplicate key value violates unique constraint \"t_pkey\""),
            line("23505", "DETAIL:  Key (id)=(4711) already exists."),
            line("23505", "STATEMENT:  insert into t\n\tvalues (4711)"),
            line("00000", "LOG:  duration: 1.500 ms  plan:\n\tQuery Text: select\n\t\t'é'\n\tSeq Scan on t"),
            line("00000", "LOG:  duration: 2.000 ms  plan:\n\tResult"),
            line("00000", "CONTEXT:  SQL function \"f\"\n\tmore of it"),
            "raw words of a library\n".to_owned(),
            "2026-11-30 16:04:05 UTC:[local]:app@bank:[7]:FATAL:  x\r\n".to_owned(),
            format!("{HEAD} [7] 57P02 WARNING:  in the background\n"),
        ]
        .concat()
    }

    /// Everything that a log brought: series, plans and their texts.
    #[derive(Debug, PartialEq)]
    struct Brought {
        series: Vec<String>,
        plans: Vec<String>,
    }

    /// Looks at a log each time that it has grown to one of these lengths, and twice at its end.
    fn looked(log: &[u8], lengths: &[usize]) -> Brought {
        let (prefixes, mut counts) = (prefixes(), Counts::begun(Timestamp(0)));
        let (mut resume, mut from, mut seen) = (Resume { name: "f".to_owned(), ..Resume::default() }, 0, 0);
        let mut plans = Vec::new();
        for length in lengths.iter().chain(&[log.len(), log.len()]) {
            let mut reader = Reader::new(&prefixes, &mut counts, resume);
            reader.read(&log[from..*length]);
            let stopped = reader.stop(*length == seen);
            assert!(from as u64 + stopped.end == *length as u64);
            (resume, seen) = (stopped.resume, *length);
            from += usize::try_from(stopped.read_to).unwrap();
            plans.extend(stopped.plans);
        }
        assert_eq!(from, log.len(), "nothing is held for ever");
        assert_eq!(counts.plans, plans.len() as u64);
        let series = counts.series().map(|(series, count)| {
            let code = series.sqlstate.as_ref().map_or("-", Sqlstate::as_str);
            format!("{} {code} {:?} {count}", series.severity.name(), series.database)
        });
        let plan = |plan: &RawPlan| {
            let text = plan.text.as_ref().map(|text| String::from_utf8_lossy(text.as_bytes()).into_owned());
            format!("{} {} {:?} {text:?}", plan.id, plan.duration_ms, plan.database)
        };
        Brought { series: series.collect(), plans: plans.iter().map(plan).collect() }
    }

    #[test]
    fn entries_are_counted_and_plans_are_found() {
        let brought = looked(log().as_bytes(), &[]);
        assert_eq!(
            brought.series,
            ["WARNING 57P02 None 1", "ERROR 23505 Some(\"shop\") 1", "FATAL - None 1",]
        );
        assert_eq!(
            brought.plans,
            [
                "f#1 1.5 Some(\"shop\") Some(\"Query Text: select\\n\\t'é'\\nSeq Scan on t\\n\")",
                "f#2 2 Some(\"shop\") Some(\"Result\\n\")",
            ]
        );
    }

    #[test]
    fn a_log_that_is_read_byte_by_byte_says_the_same() {
        let log = log();
        let every: Vec<usize> = (1..log.len()).collect();
        assert_eq!(looked(log.as_bytes(), &every), looked(log.as_bytes(), &[]));
    }

    #[test]
    fn lines_and_plans_without_an_end_are_not_waited_for() {
        let long = "x".repeat(3 * MAX_LINE_BYTES);
        let log = [
            line("22012", &format!("ERROR:  {long} {}", line("22012", "ERROR:  no line").trim_end())),
            line("00000", &format!("LOG:  duration: 1.0 ms  plan:\n\t{}\n\tmore", &long)),
            line("00000", &format!("LOG:  duration: 2.0 ms  plan:\n{}", "\tfurther\n".repeat(20_000))),
            line("22012", "ERROR:  x"),
        ]
        .concat();
        let lengths: Vec<usize> = (0..log.len()).step_by(10_007).collect();
        let brought = looked(log.as_bytes(), &lengths);
        assert_eq!(brought, looked(log.as_bytes(), &[]));
        assert_eq!(brought.series, ["ERROR 22012 Some(\"shop\") 2"]);
        assert_eq!(brought.plans, ["f#1 1 Some(\"shop\") None", "f#2 2 Some(\"shop\") None"]);
    }

    #[test]
    fn what_is_cut_off_is_counted_and_has_no_plan() {
        let (prefixes, mut counts) = (prefixes(), Counts::begun(Timestamp(0)));
        let mut reader = Reader::new(&prefixes, &mut counts, Resume::default());
        reader.read(line("00000", "LOG:  duration: 1.0 ms  plan:\n\tQuery Text: sel").trim_end().as_bytes());
        reader.cut();
        reader.read(line("42601", "ERROR:  synt").trim_end().as_bytes());
        reader.cut();
        let stopped = reader.stop(false);
        assert_eq!((stopped.read_to, stopped.plans.len()), (stopped.end, 1));
        assert_eq!(stopped.plans[0].text, None);
        assert_eq!((counts.entries, counts.series().count()), (2, 1));
    }

    proptest! {
        /// Wherever looks fall, a log says the same as in one.
        #[test]
        fn a_log_says_the_same_however_it_is_split(
            parts in prop::collection::vec(0usize..9, 0..12),
            places in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        ) {
            let whole = log();
            let entries: Vec<&str> = whole.split_inclusive('\n').collect();
            let log: String = parts.iter().map(|part| entries[*part % entries.len()]).collect();
            let mut lengths: Vec<usize> = places.iter().map(|place| place.index(log.len() + 1)).collect();
            lengths.sort_unstable();
            lengths.dedup();
            prop_assert_eq!(looked(log.as_bytes(), &lengths), looked(log.as_bytes(), &[]));
        }

        #[test]
        fn any_bytes_can_be_read(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            looked(&bytes, &[bytes.len() / 2]);
        }
    }
}
