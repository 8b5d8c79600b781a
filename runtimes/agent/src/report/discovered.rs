//! What was found at AWS, for a person: a line per server, then who was left out and why, and where nobody let us look.

use pgquerylens_aws::discover::{DiscoveredServer, Found};

use super::line::{Line, Span, Tone};
use super::table::{Column, Side, laid_out};
use super::{MAX_WIDTH, MIN_WIDTH, RenderOptions};
use crate::figures::plural;

const COLUMNS: [Column; 6] = [
    Column { title: "server", width: 0, side: Side::Left, dispensable: 0 },
    Column { title: "engine", width: 0, side: Side::Left, dispensable: 3 },
    Column { title: "role", width: 0, side: Side::Left, dispensable: 2 },
    Column { title: "class", width: 0, side: Side::Left, dispensable: 4 },
    Column { title: "region", width: 0, side: Side::Left, dispensable: 1 },
    Column { title: "endpoint", width: 0, side: Side::Left, dispensable: 0 },
];

/// Returns it as text that ends with a line break.
pub(crate) fn render_found(found: &Found, options: &RenderOptions) -> String {
    let width = options.width.clamp(MIN_WIDTH, MAX_WIDTH);
    let mut lines = vec![Line::of(Span::new(headline(found), Tone::Bold))];
    if !found.servers.is_empty() {
        let (header, rows) = laid_out(&COLUMNS, found.servers.iter().map(row).collect(), width);
        lines.extend([header].into_iter().chain(rows));
    }
    let section = |title: &str, told: Vec<[String; 2]>| {
        let heading = (!told.is_empty()).then(|| [Line::default(), Line::of(Span::new(title, Tone::Bold))]);
        let noted = told.into_iter().map(|[who, why]| {
            Line::of(Span::new(format!("  {who}"), Tone::Plain))
                .with(Span::new(format!("  {why}"), Tone::Dim))
        });
        heading.into_iter().flatten().chain(noted).collect::<Vec<_>>()
    };
    lines.extend(section("left out", left_out(found)));
    let remarks = found
        .remarks
        .iter()
        .map(|remark| [remark.identifier.clone(), format!("{}: {}", remark.about, remark.advice)]);
    lines.extend(section("worth a look", remarks.collect()));
    let troubles = found.troubles.iter().map(|trouble| [trouble.to_string(), String::new()]);
    lines.extend(section("not looked", troubles.collect()));
    lines.into_iter().map(|line| line.print(options.colour).trim_end().to_owned() + "\n").collect()
}

fn headline(found: &Found) -> String {
    match found.servers.len() {
        0 => "no server is found".to_owned(),
        count => plural(count, "server"),
    }
}

fn row(server: &DiscoveredServer) -> Vec<Span> {
    let plain = |text: String| Span::new(text, Tone::Plain);
    vec![
        Span::new(&server.name, Tone::Bold),
        plain(format!("{} {}", server.engine, server.engine_version)),
        plain(server.role.to_string()),
        plain(server.instance_class.clone()),
        plain(server.region.clone()),
        plain(format!("{}:{}", server.host, server.port)),
    ]
}

/// Of other engines there is a line each: nobody asked for them, and nobody is to wonder.
fn left_out(found: &Found) -> Vec<[String; 2]> {
    let named = found.left_out.iter().map(|omitted| [omitted.identifier.clone(), omitted.why.to_string()]);
    let others = found
        .other_engines
        .iter()
        .map(|(engine, count)| [format!("{count} × {engine}"), "not PostgreSQL".to_owned()]);
    named.chain(others).collect()
}
