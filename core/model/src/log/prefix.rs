//! What `log_line_prefix` puts before each line, as a matcher: which lines begin with it, and what it tells.
//! <https://www.postgresql.org/docs/current/runtime-config-logging.html#GUC-LOG-LINE-PREFIX>
//!
//! A prefix is no grammar: names of users, databases and applications may hold what separates them. The shortest prefix
//! that the word of a severity follows is taken, and in it the longest user, whose name is more often an address.

mod field;

use std::fmt;

use self::field::Field;
use super::severity::{Begins, word};
use super::{Entry, Severity, Sqlstate, moment};

/// How long a prefix may be as it is set; PostgreSQL has no limit of its own.
pub const MAX_TEMPLATE_BYTES: usize = 1_024;
/// How many ways to read one line are tried.
const MAX_TRIES: u32 = 4_096;

/// A prefix, compiled.
#[derive(Clone, Debug, PartialEq)]
pub struct Prefix(Vec<Part>);

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Literal(String),
    Field {
        field: Field,
        /// Blanks may stand around it.
        is_padded: bool,
    },
    /// `%q`: processes without a session write nothing behind it.
    Stop,
}

/// Why a text is no prefix that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadPrefix {
    /// It is longer than [`MAX_TEMPLATE_BYTES`].
    TooLong,
    /// It tells nothing that a line could be known by.
    Nothing,
}

impl fmt::Display for BadPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadPrefix::TooLong => write!(f, "it is longer than {MAX_TEMPLATE_BYTES} bytes"),
            BadPrefix::Nothing => f.write_str("it has neither a moment nor a process id to know a line by"),
        }
    }
}

impl std::error::Error for BadPrefix {}

/// What a line is that has the prefix.
pub(super) enum Line<'l> {
    /// The first of an entry.
    Entry(Entry<'l>),
    /// A further part of the entry before it.
    Part,
}

impl Prefix {
    /// Compiles a value of `log_line_prefix`. What PostgreSQL does not know it leaves out, and so do we.
    pub fn parse(template: &str) -> Result<Prefix, BadPrefix> {
        if template.len() > MAX_TEMPLATE_BYTES {
            return Err(BadPrefix::TooLong);
        }
        let mut parts = Vec::new();
        let mut rest = template;
        while let Some(at) = rest.find('%') {
            literal(&mut parts, &rest[..at]);
            let (part, behind) = escape(&rest[at + 1..]);
            match part {
                Some(Part::Literal(text)) => literal(&mut parts, &text),
                part => parts.extend(part),
            }
            rest = behind;
        }
        literal(&mut parts, rest);
        let tells = |part: &Part| matches!(part, Part::Field { field, .. } if field.is_telling());
        let mut before_stop = parts.iter().take_while(|part| !matches!(part, Part::Stop));
        if before_stop.any(tells) { Ok(Prefix(parts)) } else { Err(BadPrefix::Nothing) }
    }

    /// Reads a line; nothing if it does not begin with the prefix and a severity.
    pub(super) fn read<'l>(&self, line: &'l str) -> Option<Line<'l>> {
        let mut end = 0;
        let mut message = None;
        let begins = |rest: &'l str| {
            message = word(rest);
            end = line.len() - rest.len();
            message.is_some()
        };
        let shortest = self.told(line, Longest::None, begins)?;
        let (begins, message) = message?;
        let Begins::Entry(severity) = begins else { return Some(Line::Part) };
        let told = self.told(&line[..end], Longest::User, str::is_empty).unwrap_or(shortest);
        Some(Line::Entry(told.entry(severity, message)))
    }

    /// Tells what the prefix says if it ends where `is_end` has it.
    fn told<'l>(
        &self,
        line: &'l str,
        longest: Longest,
        mut is_end: impl FnMut(&'l str) -> bool,
    ) -> Option<Told<'l>> {
        let mut reading = Reading { longest, tries: 0, told: Told::default(), is_end: &mut is_end };
        reading.goes_on(&self.0, line).then_some(reading.told)
    }
}

fn literal(parts: &mut Vec<Part>, text: &str) {
    match parts.last_mut() {
        _ if text.is_empty() => {}
        Some(Part::Literal(before)) => before.push_str(text),
        _ => parts.push(Part::Literal(text.to_owned())),
    }
}

/// Reads what follows a `%`: perhaps a width, then a letter.
fn escape(text: &str) -> (Option<Part>, &str) {
    let letters = text.trim_start_matches(|letter: char| letter == '-' || letter.is_ascii_digit());
    let is_padded = letters.len() < text.len();
    let mut behind = letters.chars();
    let part = match behind.next() {
        Some('%') if !is_padded => Some(Part::Literal("%".to_owned())),
        Some('q') => Some(Part::Stop),
        letter => letter.and_then(Field::of).map(|field| Part::Field { field, is_padded }),
    };
    (part, behind.as_str())
}

/// Which names are taken as long as they can be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Longest {
    None,
    User,
}

#[derive(Clone, Copy, Default)]
struct Told<'l> {
    date: Option<&'l str>,
    epoch: Option<&'l str>,
    user: Option<&'l str>,
    database: Option<&'l str>,
    sqlstate: Option<&'l str>,
}

impl<'l> Told<'l> {
    fn entry(self, severity: Severity, message: &'l str) -> Entry<'l> {
        let known = |name: Option<&'l str>| name.filter(|name| !name.is_empty() && *name != "[unknown]");
        Entry {
            time: self.date.and_then(moment::of_date).or_else(|| self.epoch.and_then(moment::of_epoch)),
            user: known(self.user),
            database: known(self.database),
            sqlstate: self.sqlstate.and_then(Sqlstate::of),
            severity,
            message,
        }
    }

    /// The first moment is that of the line; the session's start is one, too.
    fn note(&mut self, field: Field, text: &'l str) {
        match field {
            Field::Date => self.date = self.date.or(Some(text)),
            Field::Epoch => self.epoch = Some(text),
            Field::User => self.user = Some(text),
            Field::Database => self.database = Some(text),
            Field::Sqlstate => self.sqlstate = Some(text),
            _ => {}
        }
    }
}

struct Reading<'l, 'e> {
    longest: Longest,
    tries: u32,
    told: Told<'l>,
    is_end: &'e mut dyn FnMut(&'l str) -> bool,
}

impl<'l> Reading<'l, '_> {
    fn goes_on(&mut self, parts: &[Part], text: &'l str) -> bool {
        self.tries += 1;
        if self.tries > MAX_TRIES {
            return false;
        }
        let Some((part, behind)) = parts.split_first() else { return (self.is_end)(text) };
        match part {
            Part::Literal(literal) => {
                text.strip_prefix(literal.as_str()).is_some_and(|text| self.goes_on(behind, text))
            }
            Part::Stop => (self.is_end)(text) || self.goes_on(behind, text),
            Part::Field { field, is_padded } => {
                let text = if *is_padded { text.trim_start_matches(' ') } else { text };
                let next = match behind.first() {
                    Some(Part::Literal(literal)) if !is_padded => Some(literal.as_str()),
                    _ => None,
                };
                let told = self.told;
                let mut lengths = field.lengths(text, next);
                if *field == Field::User && self.longest == Longest::User {
                    lengths.reverse();
                }
                lengths.into_iter().any(|length| {
                    let (value, text) = text.split_at(length);
                    self.told = told;
                    self.told.note(*field, value.trim_end_matches(' '));
                    let text = if *is_padded { text.trim_start_matches(' ') } else { text };
                    self.goes_on(behind, text)
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RDS: &str = "%t:%r:%u@%d:[%p]:";
    const RDS_WITH_CODES: &str = "%m:%r:%u@%d:[%p]:%l:%e:%s:%v:%x:%c:%q%a";

    /// What a prefix tells of a line: time, user, database, code, severity and message.
    fn read(template: &str, line: &str) -> Option<String> {
        match Prefix::parse(template).unwrap().read(line)? {
            Line::Part => Some("part".to_owned()),
            Line::Entry(entry) => {
                let time = entry.time.map(crate::time::Timestamp::to_rfc3339);
                let (user, database) = (entry.user.unwrap_or("-"), entry.database.unwrap_or("-"));
                let code = entry.sqlstate.map_or("-".to_owned(), String::from);
                let word = entry.severity.name();
                let time = time.as_deref().map_or("-", |time| &time[11..23]);
                Some(format!("{time} {user} {database} {code} {word} {}", entry.message))
            }
        }
    }

    fn check(template: &str, cases: &[(&str, Option<&str>)]) {
        for (line, expected) in cases {
            assert_eq!(read(template, line).as_deref(), *expected, "{template} on {line}");
        }
    }

    #[test]
    fn the_usual_prefix_of_rds_is_read() {
        check(
            RDS,
            &[
                (
                    "2026-11-30 16:04:05 UTC:10.0.0.9(3210):app@shop:[77]:ERROR:  division by zero",
                    Some("16:04:05.000 app shop - ERROR division by zero"),
                ),
                (
                    "2026-11-30 16:04:05 UTC:::1(3210):app@shop:[77]:FATAL:  x",
                    Some("16:04:05.000 app shop - FATAL x"),
                ),
                (
                    "2026-11-30 16:04:05 UTC:[local]:ann@CORP.EXAMPLE@shop:[77]:WARNING:  x",
                    Some("16:04:05.000 ann@CORP.EXAMPLE shop - WARNING x"),
                ),
                (
                    "2026-11-30 16:04:05 UTC::@:[77]:LOG:  checkpoint starting",
                    Some("16:04:05.000 - - - LOG checkpoint starting"),
                ),
                (
                    "2026-11-30 16:04:05 UTC:h(1):[unknown]@[unknown]:[77]:PANIC:  x@y:[1]:LOG:  z",
                    Some("16:04:05.000 - - - PANIC x@y:[1]:LOG:  z"),
                ),
                ("2026-11-30 16:04:05 UTC:h(1):app@shop:[77]:STATEMENT:  select 1", Some("part")),
                ("\tselect 1", None),
                ("2026-11-30 16:04:05 UTC:h(1):app@shop:[77]:FEHLER:  x", None),
                ("2026-11-30 16:04:05 UTC:h(1):app@shop:[77]:ERROR: one blank", None),
                ("2026-11-30 16:04:05", None),
                ("", None),
            ],
        );
    }

    #[test]
    fn the_prefix_of_rds_with_codes_is_read() {
        check(
            RDS_WITH_CODES,
            &[
                (
                    "2026-11-30 16:04:05.123 UTC:10.0.0.9(3210):app@shop:[77]:3:23505:2026-11-30 16:00:00 UTC:4/12:0:692c4d3a.4d:psqlERROR:  x",
                    Some("16:04:05.123 app shop 23505 ERROR x"),
                ),
                (
                    "2026-11-30 16:04:05.123 UTC::@:[77]:1:00000:2026-11-30 16:00:00 UTC::0:692c4d3a.4d:LOG:  x",
                    Some("16:04:05.123 - - 00000 LOG x"),
                ),
                (
                    "2026-11-30 16:04:05.123 UTC:h(1):app@shop:[77]:1:XX000:2026-11-30 16:00:00 UTC::0:a.b:my ERROR: appPANIC:  x",
                    Some("16:04:05.123 app shop XX000 PANIC x"),
                ),
                (
                    "2026-11-30 16:04:05.123 UTC:h(1):app@shop:[77]:1:xx000:2026-11-30 16:00:00 UTC::0:a.b:LOG:  x",
                    None,
                ),
            ],
        );
    }

    #[test]
    fn any_other_prefix_is_read_too() {
        check(
            "%m [%p] %q%u@%d ",
            &[
                (
                    "2026-11-30 16:04:05.123 UTC [77] app@shop ERROR:  x",
                    Some("16:04:05.123 app shop - ERROR x"),
                ),
                ("2026-11-30 16:04:05.123 CET [77] LOG:  x", Some("- - - - LOG x")),
            ],
        );
        check(
            "%n %-8p|%10u|%d|%e 100%% ",
            &[(
                "1764518645.250 77      |       app|shop|40P01 100% ERROR:  x",
                Some("16:04:05.250 app shop 40P01 ERROR x"),
            )],
        );
        check(
            "%h:%u:%p:%P:%Q:%b:%z ",
            &[
                ("::1:app:77::-42:client backend: ERROR:  x", Some("- app - - ERROR x")),
                ("10.0.0.1:app:77:76:42:parallel worker: ERROR:  x", Some("- app - - ERROR x")),
            ],
        );
    }

    #[test]
    fn a_prefix_by_which_no_line_is_known_is_refused() {
        for (template, why) in [
            ("", BadPrefix::Nothing),
            ("%u@%d ", BadPrefix::Nothing),
            ("%q%t ", BadPrefix::Nothing),
            (&"x".repeat(MAX_TEMPLATE_BYTES + 1), BadPrefix::TooLong),
        ] {
            assert_eq!(Prefix::parse(template), Err(why), "{template}");
        }
    }

    /// Names that hold every separator many times over.
    #[test]
    fn a_line_that_could_be_read_in_many_ways_takes_no_longer() {
        let line = format!("2026-11-30 16:04:05 UTC:h(1):{}", ":@:[1]:x".repeat(30_000));
        assert_eq!(read(RDS, &line), None);
    }

    proptest! {
        #[test]
        fn any_line_can_be_read(template in "[ %a-zA-Z0-9:@\\[\\]-]{0,20}", line in "\\PC{0,80}") {
            if let Ok(prefix) = Prefix::parse(&template) {
                let _line = prefix.read(&line);
            }
        }

        #[test]
        fn what_a_server_writes_is_read(user in "[a-zé@.]{1,12}", database in "[a-z_é]{1,12}", process in 1u32..99_999) {
            let line = format!("2026-11-30 16:04:05 UTC:h(1):{user}@{database}:[{process}]:ERROR:  x");
            let expected = format!("16:04:05.000 {user} {database} - ERROR x");
            prop_assert_eq!(read(RDS, &line), Some(expected));
        }
    }
}
