//! The status as one page for people: it needs no script and nothing but itself. Servers that are missed come first.

use pgquerylens_model::time::Timestamp;

use super::html::Html;
use super::snapshot::Snapshot;
use super::verdict::{Life, Readiness, is_ready, life, readiness, sentence};
use super::words::{ago, ahead, moment};
use crate::agent::board::{ExporterState, ServerState};
use crate::figures::{bytes, grouped, span};

const STYLE: &str = include_str!("page.css");
/// How often the page reads itself anew, in seconds.
const REFRESH_SECONDS: &str = "10";
/// Letters of one sentence of trouble that are shown; `/status` has them all.
const MAX_TROUBLE_LETTERS: usize = 300;
/// Sentences of trouble of one server that are shown.
const MAX_TROUBLES: usize = 5;

/// Returns the page.
pub(super) fn html(snapshot: &Snapshot) -> String {
    let main = Html::element(
        "main",
        "",
        head(snapshot)
            .and(tiles(snapshot))
            .and(trouble_of_reload(snapshot))
            .and(servers(snapshot))
            .and(exporters(snapshot))
            .and(foot(snapshot)),
    );
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta http-equiv=\"refresh\" content=\"{REFRESH_SECONDS}\">\
         <meta name=\"color-scheme\" content=\"light dark\"><link rel=\"icon\" href=\"data:,\">\
         <style>\n{STYLE}</style></head>\n<body>{main}</body></html>\n",
        title = Html::text(&format!("{} · pgquerylens", headline(snapshot))),
    )
}

fn headline(snapshot: &Snapshot) -> String {
    let count = |wanted: Readiness| {
        snapshot.servers.values().filter(|server| readiness(server, snapshot.uptime) == wanted).count()
    };
    let servers = |count: usize| if count == 1 { "1 server".to_owned() } else { format!("{count} servers") };
    match (life(snapshot), count(Readiness::Late), count(Readiness::Starting)) {
        (Life::Stopping, ..) => "Stopping".to_owned(),
        (Life::Hanging, ..) => "The loop hangs".to_owned(),
        (Life::Alive, 0, 0) => "Every server is read in time".to_owned(),
        (Life::Alive, 0, starting) => format!("Starting, {} to read first", servers(starting)),
        (Life::Alive, late, _) => format!("{} not read in time", servers(late)),
    }
}

fn head(snapshot: &Snapshot) -> Html {
    let late = |server: &ServerState| readiness(server, snapshot.uptime) == Readiness::Late;
    let tone = match is_ready(snapshot) {
        true => "good",
        false if life(snapshot) == Life::Alive && !snapshot.servers.values().any(late) => "quiet",
        false => "bad",
    };
    let name = Html::element("p", "name", Html::text("pgquerylens"));
    let verdict = Html::element("h1", tone, dot().and(Html::text(&headline(snapshot))));
    Html::element("header", "", name.and(verdict))
}

fn dot() -> Html {
    Html::raw("<i class=\"dot\"></i>")
}

fn tiles(snapshot: &Snapshot) -> Html {
    let (state, vitals) = (&snapshot.process, &snapshot.vitals);
    let good = snapshot.servers.values().filter(|server| readiness(server, snapshot.uptime).is_good());
    let servers = snapshot.servers.len();
    let memory = vitals.memory_bytes.map_or("unknown".to_owned(), |used| bytes(used as f64));
    let peak =
        vitals.peak_memory_bytes.map_or(String::new(), |peak| format!("at most {}", bytes(peak as f64)));
    let share = vitals.cpu_seconds / snapshot.uptime.as_secs_f64().max(1.0) * 100.0;
    let reloads = format!("{} reloads, {} failed", state.reloads, state.failed_reloads);
    let (mut outboxes, mut waiting) = (0, 0);
    for exporter in snapshot.servers.values().flat_map(|server| server.exporters.values()) {
        outboxes += exporter.outbox_entries;
        waiting += exporter.outbox_bytes;
    }
    let tiles = [
        tile("Servers", &format!("{} of {servers}", good.count()), "in time or stopped"),
        tile("Waiting", &bytes(waiting as f64), &format!("{outboxes} batches to deliver")),
        tile("Memory", &memory, &peak),
        tile("Processor", &format!("{share:.2} %"), "of a core, on average"),
        tile("Running", &span(snapshot.uptime.as_secs_f64().round()), &reloads),
    ];
    Html::element("section", "tiles", tiles.into_iter().collect())
}

fn tile(title: &str, value: &str, more: &str) -> Html {
    let title = Html::element("span", "title", Html::text(title));
    let value = Html::element("strong", "", Html::text(value));
    let more = Html::element("span", "more", Html::text(more));
    Html::element("div", "tile", title.and(value).and(more))
}

fn trouble_of_reload(snapshot: &Snapshot) -> Html {
    match &snapshot.process.reload_trouble {
        None => Html::default(),
        Some(trouble) => {
            let text = format!("The last reload failed and the old configuration goes on: {}", cut(trouble));
            Html::element("p", "banner", Html::text(&text))
        }
    }
}

fn servers(snapshot: &Snapshot) -> Html {
    let mut servers: Vec<(&String, &ServerState)> = snapshot.servers.iter().collect();
    servers.sort_by_key(|(name, state)| (readiness(state, snapshot.uptime), state.trouble.is_empty(), *name));
    let rows = servers.into_iter().map(|(name, state)| server(name, state, snapshot)).collect();
    let titles = ["Server", "State", "Last poll", "Next poll", "Polls", "Cost of a poll"];
    section("Servers", &titles, rows)
}

fn section(title: &'static str, titles: &[&'static str], rows: Html) -> Html {
    let cells = titles.iter().map(|title| Html::with("th", &[("scope", "col")], Html::text(title)));
    let head = Html::element("thead", "", Html::element("tr", "", cells.collect()));
    let table = Html::element("table", "", head.and(Html::element("tbody", "", rows)));
    Html::element("section", "", Html::element("h2", "", Html::text(title)).and(table))
}

fn server(name: &str, state: &ServerState, snapshot: &Snapshot) -> Html {
    let named = Html::element("strong", "", Html::text(name)).and(small(&state.address));
    let cells = [
        cell("Server", named.and(small(&identity(state)))),
        cell("State", badges(state, snapshot)),
        cell("Last poll", last_poll(state, snapshot.now)),
        cell("Next poll", next_poll(state, snapshot.now)),
        cell("Polls", polls(state)),
        cell("Cost of a poll", cost(state)),
    ];
    let row = Html::element("tr", "", cells.into_iter().collect());
    row.and(troubles(state, snapshot))
}

fn identity(state: &ServerState) -> String {
    let version = state.version.as_ref().map(|version| format!("PostgreSQL {version}"));
    version.into_iter().chain(state.role.map(str::to_owned)).collect::<Vec<_>>().join(", ")
}

fn badges(state: &ServerState, snapshot: &Snapshot) -> Html {
    let readiness = readiness(state, snapshot.uptime);
    let tone = match readiness {
        Readiness::InTime => "good",
        Readiness::Stopped | Readiness::Starting => "quiet",
        Readiness::Late => "bad",
    };
    let mut badges = badge(tone, readiness.word());
    if state.status == Some("degraded") {
        badges = badges.and(badge("fair", "degraded"));
    }
    if state.resting.is_some() {
        badges = badges.and(badge("fair", "resting"));
    }
    badges
}

fn badge(tone: &'static str, word: &str) -> Html {
    Html::element("span", &format!("badge {tone}"), dot().and(Html::text(word)))
}

fn last_poll(state: &ServerState, now: Timestamp) -> Html {
    let Some(last) = state.last_poll else { return Html::text("not yet") };
    let took = state.last_poll_seconds.map(|seconds| format!("took {}", span(seconds)));
    let good = state.last_good.filter(|good| *good != last);
    let read = good.map(|good| format!("last read {}", ago(good, now)));
    when(&ago(last, now), last).and(small(&took.unwrap_or_default())).and(small(&read.unwrap_or_default()))
}

fn next_poll(state: &ServerState, now: Timestamp) -> Html {
    let every = small(&format!("every {}", span(state.every_seconds)));
    match (&state.stopped, state.resting, state.next_poll) {
        (Some(_), ..) => Html::text("when resumed").and(every),
        (None, Some(rest), _) => when(&ahead(rest.until, now), rest.until).and(every),
        (None, None, Some(next)) => when(&ahead(next, now), next).and(every),
        (None, None, None) => Html::text("soon").and(every),
    }
}

fn when(words: &str, at: Timestamp) -> Html {
    let moment = moment(at);
    Html::with("time", &[("datetime", &moment), ("title", &moment)], Html::text(words))
}

fn polls(state: &ServerState) -> Html {
    let more =
        [(state.failed_polls, "failed"), (state.rested_polls, "rested"), (state.ticks_skipped, "skipped")];
    let some = more.iter().filter(|(number, _)| *number > 0);
    some.fold(Html::text(&grouped(state.polls)), |html, (number, word)| {
        html.and(small(&format!("{} {word}", grouped(*number))))
    })
}

fn cost(state: &ServerState) -> Html {
    if state.last_good.is_none() {
        return Html::text("not known");
    }
    let cost = &state.cost;
    let time = span(cost.duration_ms / 1e3);
    let asked = format!("{} statements, {} round trips", grouped(cost.statements), grouped(cost.round_trips));
    let received = format!("{} received", bytes(cost.received_bytes as f64));
    Html::text(&time).and(small(&asked)).and(small(&received))
}

/// What is wrong with a server, across its row.
fn troubles(state: &ServerState, snapshot: &Snapshot) -> Html {
    let readiness = readiness(state, snapshot.uptime);
    let mut lines = Vec::new();
    if readiness != Readiness::InTime {
        lines.push(capital(&sentence(state, snapshot.uptime)));
    }
    // The sentence on a server that is late has the first one.
    let told = usize::from(readiness == Readiness::Late);
    let more = state.trouble.iter().skip(told);
    lines.extend(more.take(MAX_TROUBLES).cloned());
    if state.trouble.len() > told + MAX_TROUBLES {
        lines.push(format!("and {} more, see /status", state.trouble.len() - told - MAX_TROUBLES));
    }
    lines.extend(
        state
            .resting_views
            .iter()
            .map(|(view, until)| format!("{view} failed too often and is left out until {}", moment(*until))),
    );
    if !state.views_off.is_empty() {
        lines.push(format!("switched off by an operator: {}", state.views_off.join(", ")));
    }
    if lines.is_empty() {
        return Html::default();
    }
    let lines = lines.iter().map(|line| Html::element("p", "", Html::text(&cut(line))));
    let tone = match readiness {
        Readiness::Late => "note bad",
        Readiness::InTime => "note fair",
        Readiness::Starting | Readiness::Stopped => "note",
    };
    Html::element("tr", tone, Html::with("td", &[("colspan", "6")], lines.collect()))
}

fn exporters(snapshot: &Snapshot) -> Html {
    let of_server = |(server, state): (&String, &ServerState)| -> Html {
        state.exporters.iter().map(|(name, exporter)| exporter_row(server, name, exporter)).collect()
    };
    let rows: Html = snapshot.servers.iter().map(of_server).collect();
    section(
        "Deliveries",
        &["Exporter", "Server", "State", "Accepted", "Rejected", "Dropped", "Waiting"],
        rows,
    )
}

fn exporter_row(server: &str, name: &str, state: &ExporterState) -> Html {
    let (tone, word) = match &state.trouble {
        _ if state.is_off => ("quiet", "switched off by an operator"),
        None if state.total.accepted == 0 => ("quiet", "nothing yet"),
        None => ("good", "delivers"),
        Some(_) => ("bad", "in trouble"),
    };
    let waiting = match state.outbox_entries {
        0 => Html::text("0"),
        entries => Html::text(&bytes(state.outbox_bytes as f64)).and(small(&format!("{entries} batches"))),
    };
    let cells = [
        cell("Exporter", Html::element("strong", "", Html::text(name))),
        cell("Server", Html::text(server)),
        cell("State", badge(tone, word)),
        cell("Accepted", Html::text(&grouped(state.total.accepted))),
        cell("Rejected", Html::text(&grouped(state.total.rejected))),
        cell("Dropped", Html::text(&grouped(state.total.dropped))),
        cell("Waiting", waiting),
    ];
    let note = state.trouble.as_ref().map(|trouble| {
        let line = Html::element("p", "", Html::text(&cut(trouble)));
        Html::element("tr", "note bad", Html::with("td", &[("colspan", "7")], line))
    });
    Html::element("tr", "", cells.into_iter().collect()).and(note.unwrap_or_default())
}

fn foot(snapshot: &Snapshot) -> Html {
    let file = snapshot.process.configuration_file.as_deref().unwrap_or("the environment");
    let text = format!(
        "pgquerylens {} · process {} · runs by {file} · {} · read anew every {REFRESH_SECONDS} s",
        snapshot.version,
        snapshot.pid,
        moment(snapshot.now)
    );
    let links = Html::raw(
        "<nav><a href=\"/status\">status</a> <a href=\"/metrics\">metrics</a> <a href=\"/readyz\">readyz</a> \
         <a href=\"/healthz\">healthz</a></nav>",
    );
    Html::element("footer", "", Html::element("p", "", Html::text(&text)).and(links))
}

/// On a narrow screen a row becomes a card, in which each cell shows its title.
fn cell(title: &'static str, inner: Html) -> Html {
    Html::with("td", &[("data-title", title)], Html::element("div", "", inner))
}

fn small(text: &str) -> Html {
    if text.is_empty() { Html::default() } else { Html::element("small", "", Html::text(text)) }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_TROUBLE_LETTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().collect::<String>() + letters.as_str())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use expect_test::expect_file;

    use super::*;
    use crate::agent::health::example;

    /// The page without its style, one element of a table a line.
    fn shown(snapshot: &Snapshot) -> String {
        let html = html(snapshot).replace(STYLE, "…");
        ["<tr", "<section", "<footer", "<td", "<div class=\"tile\""]
            .iter()
            .fold(html, |html, start| html.replace(start, &format!("\n{start}")))
    }

    #[test]
    fn the_page_is_as_it_was() {
        expect_file!["page.expected.html"].assert_eq(&shown(&example::busy()));
    }

    #[test]
    fn names_and_troubles_stay_text() {
        let html = html(&example::busy());
        assert!(html.contains("&lt;b&gt;new&lt;/b&gt;") && !html.contains("<b>"));
    }

    #[test]
    fn it_needs_nothing_but_itself() {
        let html = html(&example::busy());
        for outside in ["<script", "src=", "@import", "url(", "http://", "https://"] {
            assert!(!html.contains(outside), "{outside}");
        }
    }

    #[test]
    fn all_is_well_in_one_glance() {
        assert!(html(&example::quiet()).contains("Every server is read in time"));
    }

    #[test]
    fn a_long_trouble_is_cut() {
        assert_eq!(cut("ab"), "ab");
        assert_eq!(cut(&"ä".repeat(301)), format!("{}…", "ä".repeat(300)));
    }

    #[test]
    fn of_many_troubles_the_rest_is_counted() {
        let mut snapshot = example::quiet();
        let shop = snapshot.servers.values_mut().next().unwrap();
        shop.trouble = (0..8).map(|number| format!("trouble {number}")).collect();
        let html = html(&snapshot);
        assert!(html.contains("trouble 4") && !html.contains("trouble 5"));
        assert!(html.contains("and 3 more, see /status"));
    }
}
