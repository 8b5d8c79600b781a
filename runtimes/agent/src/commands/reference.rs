//! `reference`: what is generated of the tables, written or compared: pages of docs/reference, and the options as those have
//! them who deploy a function.

use std::fs;
use std::path::Path;

use pgquerylens_aws::metrics as aws;
use pgquerylens_export::reference;
use pgquerylens_export::reference::metrics::Outside;
use pgquerylens_model::log;
use pgquerylens_setup::config;
use pgquerylens_setup::exit::Exit;
use pgquerylens_setup::failure::Failure;
use pgquerylens_setup::options::{
    Given, cdk_options, cdk_server_options, configuration_page, terraform_options,
};

use crate::options;
use crate::output;

/// Runs the subcommand.
pub(super) fn run(mut given: Given<'_>) -> Result<Exit, Failure> {
    let folder = given.text("reference-directory").unwrap_or_default();
    let check = given.flag("check");
    given.finish()?;
    let folder = Path::new(&folder);
    if !check {
        write_into(folder)?;
        return Ok(Exit::Done);
    }
    match stale(folder).as_slice() {
        [] => Ok(Exit::Done),
        names => Err(Failure::new(
            Exit::Degraded,
            format!("not what they should be: {}", names.join(", ")),
            format!("run: pgquerylens reference {}", folder.display()),
        )),
    }
}

/// Returns file names and contents.
fn pages() -> Vec<(&'static str, String)> {
    vec![
        ("docs/reference/options.md", options::options_page()),
        ("docs/reference/configuration.md", configuration_page()),
        ("docs/reference/configuration.schema.json", config::schema()),
        ("docs/reference/views.md", reference::views::reference()),
        ("docs/reference/metrics.md", reference::metrics::reference(&[of_aws(), of_logs()])),
        ("docs/reference/document.md", reference::document::reference()),
        ("docs/reference/document.schema.json", reference::schema::schema()),
        ("cdk/src/options.ts", cdk_options()),
        ("cdk/src/server-options.ts", cdk_server_options()),
        ("terraform/modules/aws-lambda/options.tf", terraform_options()),
    ]
}

/// Returns what AWS tells, which the export knows nothing of.
fn of_aws() -> Outside {
    Outside {
        title: "What AWS tells of its servers",
        about: "Only where `aws-metrics` asks for it ([aws-metrics.md](../aws-metrics.md)). Points have AWS's own times.",
        metrics: aws::all().collect(),
    }
}

/// Returns what a server's log tells, wherever it is got from.
fn of_logs() -> Outside {
    Outside {
        title: "What a server's log tells",
        about: "Only where `aws-logs` asks for it ([aws-logs.md](../aws-logs.md)). Entries are told apart by \
                `postgresql.log.severity`, by `db.namespace`, and where `log_line_prefix` has it by the SQLSTATE, \
                `db.response.status_code`, beside which its class is `postgresql.sqlstate.class`. `FATAL` has no database: \
                before a login is through, anybody can have typed it. Beyond a hundred series only severities are told \
                apart, with `pgquerylens.part` = `other`.",
        metrics: log::METRICS.map(|(metric, attributes)| (metric, attributes.to_vec())).to_vec(),
    }
}

fn write_into(folder: &Path) -> Result<(), Failure> {
    for (name, text) in pages() {
        let path = folder.join(name);
        let within = path.parent().unwrap_or(folder);
        fs::create_dir_all(within).map_err(|error| Failure::of_file("create the folder", within, &error))?;
        fs::write(&path, text).map_err(|error| Failure::of_file("write", &path, &error))?;
        output::say(&format!("wrote {}", path.display()));
    }
    Ok(())
}

/// Returns the names of pages that are missing or differ.
fn stale(folder: &Path) -> Vec<&'static str> {
    let differs =
        |name: &str, text: &String| fs::read_to_string(folder.join(name)).ok().as_ref() != Some(text);
    pages().into_iter().filter(|(name, text)| differs(name, text)).map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_stale_until_written() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(stale(folder.path()).len(), pages().len());
        write_into(folder.path()).unwrap();
        assert!(stale(folder.path()).is_empty());
        fs::write(folder.path().join("docs/reference/options.md"), "edited").unwrap();
        assert_eq!(stale(folder.path()), ["docs/reference/options.md"]);
    }

    #[test]
    fn the_repository_has_fresh_pages() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let stale = stale(&folder);
        assert!(stale.is_empty(), "{stale:?}: run `make references`");
    }
}
