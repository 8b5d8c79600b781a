//! What a check found, for a person: one line per aspect, and beneath it what mends it, ready to be copied.

use pgquerylens_model::advice::Mend;
use pgquerylens_model::check::{Aspect, CheckReport, Level};

use super::line::{Line, Span, Tone, flowed, on_one_line, wrapped};
use super::{MAX_WIDTH, MIN_WIDTH, RenderOptions, fact, headline};
use crate::figures::plural;

/// Columns of the titles; the longest has 28.
const TITLE_WIDTH: usize = 30;
/// Below this width what was found stands under the title.
const BESIDE_WIDTH: usize = 80;
/// Columns before what is to be copied.
const COPY_INDENT: usize = 6;

/// Returns the report as text that ends with a line break. What is to be copied is broken at spaces and never cut.
pub(crate) fn render_check(report: &CheckReport, options: &RenderOptions) -> String {
    let width = options.width.clamp(MIN_WIDTH, MAX_WIDTH);
    let mut lines = header(report, width);
    lines.push(Line::default());
    lines.extend(report.aspects.iter().flat_map(|aspect| aspect_lines(aspect, width)));
    lines.push(Line::default());
    lines.push(summary(report));
    lines.iter().map(|line| line.print(options.colour) + "\n").collect()
}

fn header(report: &CheckReport, width: usize) -> Vec<Line> {
    let version = report.version.map(|version| fact(format!("PostgreSQL {version}")));
    let provider = report.provider.and_then(headline::provider).map(fact);
    let facts: Vec<Span> = version.into_iter().chain(provider).collect();
    flowed(Span::new(format!("{}  ", report.target), Tone::Bold), facts, width)
}

fn aspect_lines(aspect: &Aspect, width: usize) -> Vec<Line> {
    let (mark, tone) = match aspect.level {
        Level::Ok => ("✓ ", Tone::Plain),
        Level::Warning => ("! ", Tone::Caution),
        Level::Error => ("✗ ", Tone::Trouble),
    };
    let found = on_one_line(&aspect.found);
    let mut lines = if width < BESIDE_WIDTH {
        let title = Line::of(Span::new(format!("{mark}{}", aspect.title), tone));
        [vec![title], wrapped(Span::new("    ", Tone::Plain), &found, Tone::Plain, width)].concat()
    } else {
        let label = Span::new(format!("{mark}{:TITLE_WIDTH$}", aspect.title), tone);
        wrapped(label, &found, Tone::Plain, width)
    };
    lines.extend(aspect.mend.iter().flat_map(|mend| mend_lines(mend, width)));
    lines
}

fn mend_lines(mend: &Mend, width: usize) -> Vec<Line> {
    let is_followed = mend.sql.is_some() || mend.command.is_some();
    let steps = format!("{}{}", on_one_line(&mend.steps), if is_followed { ":" } else { "" });
    let mut lines = wrapped(Span::new("    → ", Tone::Dim), &steps, Tone::Dim, width);
    lines.extend(mend.command.iter().flat_map(|command| to_copy(command, " \\", width)));
    lines.extend(mend.sql.iter().flat_map(|sql| to_copy(sql, "", width)));
    lines
}

/// Breaks at spaces; `continued` ends each line but the last, as a shell needs it.
fn to_copy(text: &str, continued: &str, width: usize) -> Vec<Line> {
    let room = width.saturating_sub(COPY_INDENT + continued.len());
    let mut rows: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match rows.last_mut() {
            Some(row)
                if Span::new(&row, Tone::Plain).width() + 1 + Span::new(word, Tone::Plain).width()
                    <= room =>
            {
                row.push(' ');
                row.push_str(word);
            }
            _ => rows.push(word.to_owned()),
        }
    }
    let last = rows.len().saturating_sub(1);
    let line = |(index, row): (usize, &String)| {
        let end = if index == last { "" } else { continued };
        Line::default().spaces(COPY_INDENT).bold(format!("{row}{end}"))
    };
    rows.iter().enumerate().map(line).collect()
}

fn summary(report: &CheckReport) -> Line {
    let (errors, warnings) = (report.count(Level::Error), report.count(Level::Warning));
    let ok = format!("{} ok", report.count(Level::Ok));
    match report.level() {
        Level::Ok => Line::default().bold(format!("all of {} ok", plural(report.aspects.len(), "aspect"))),
        Level::Warning => Line::default().bold(format!("{}, {ok}", plural(warnings, "warning"))),
        Level::Error => Line::default().bold(format!(
            "{}, {}, {ok}",
            plural(errors, "error"),
            plural(warnings, "warning")
        )),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use pgquerylens_model::capabilities::Provider;
    use pgquerylens_model::version::ServerVersion;

    use super::*;

    fn aspect(level: Level, title: &'static str, found: &str, mend: Option<Mend>) -> Aspect {
        Aspect { id: "id", title, level, found: found.to_owned(), mend }
    }

    fn check(width: usize, expected: &Expect) {
        let grant = Mend {
            steps: "as a member of rds_superuser run".to_owned(),
            sql: Some("grant pg_monitor to monitor;".to_owned()),
            command: None,
            needs_restart: false,
        };
        let parameter = Mend {
            steps: "set track_io_timing = 1 in the DB parameter group".to_owned(),
            sql: None,
            command: Some(
                "aws rds modify-db-parameter-group --db-parameter-group-name GROUP \
                 --parameters ParameterName=track_io_timing,ParameterValue=1,ApplyMethod=immediate"
                    .to_owned(),
            ),
            needs_restart: false,
        };
        let report = CheckReport {
            target: "db:5432/shop".to_owned(),
            provider: Some(Provider::Rds),
            version: Some(ServerVersion(180_004)),
            aspects: vec![
                aspect(Level::Ok, "version", "PostgreSQL 18.4", None),
                aspect(
                    Level::Error,
                    "pg_monitor",
                    "the role \"a\u{1b}[2J\" sees only its own statements",
                    Some(grant),
                ),
                aspect(Level::Warning, "track_io_timing", "I/O times are not measured", Some(parameter)),
                aspect(Level::Warning, "TLS", "not checked", Some(Mend::of_steps("say sslmode=verify-full"))),
            ],
        };
        let text = render_check(&report, &RenderOptions { width, ..RenderOptions::default() });
        expected.assert_eq(&text);
    }

    #[test]
    fn each_aspect_has_its_mend_beneath() {
        check(
            100,
            &expect![[r#"
            db:5432/shop  PostgreSQL 18.4 · Amazon RDS

            ✓ version                       PostgreSQL 18.4
            ✗ pg_monitor                    the role "a\u{1b}[2J" sees only its own statements
                → as a member of rds_superuser run:
                  grant pg_monitor to monitor;
            ! track_io_timing               I/O times are not measured
                → set track_io_timing = 1 in the DB parameter group:
                  aws rds modify-db-parameter-group --db-parameter-group-name GROUP --parameters \
                  ParameterName=track_io_timing,ParameterValue=1,ApplyMethod=immediate
            ! TLS                           not checked
                → say sslmode=verify-full

            1 error, 2 warnings, 1 ok
        "#]],
        );
    }

    #[test]
    fn a_narrow_terminal_has_what_was_found_under_the_title() {
        check(
            60,
            &expect![[r#"
            db:5432/shop  PostgreSQL 18.4 · Amazon RDS

            ✓ version
                PostgreSQL 18.4
            ✗ pg_monitor
                the role "a\u{1b}[2J" sees only its own statements
                → as a member of rds_superuser run:
                  grant pg_monitor to monitor;
            ! track_io_timing
                I/O times are not measured
                → set track_io_timing = 1 in the DB parameter group:
                  aws rds modify-db-parameter-group \
                  --db-parameter-group-name GROUP --parameters \
                  ParameterName=track_io_timing,ParameterValue=1,ApplyMethod=immediate
            ! TLS
                not checked
                → say sslmode=verify-full

            1 error, 2 warnings, 1 ok
        "#]],
        );
    }
}
