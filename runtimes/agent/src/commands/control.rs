//! `stop` and `resume`: an operator's wishes, written beside the state, honoured by every runtime at its next poll.

use std::path::PathBuf;

use pgquerylens_engine::state::control::{Control, ControlError, MAX_REASON_BYTES, Stopped};
use pgquerylens_engine::state::file::FileStore;
use pgquerylens_model::views;

use crate::agent::clock;
use crate::config::folder_name;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::options::{Given, value};
use crate::output;

/// What is wished, and for whom.
struct Wish {
    folder: PathBuf,
    server: Option<String>,
    views: Vec<String>,
    exporters: Vec<String>,
}

/// Runs `stop`.
pub(super) async fn stop(mut given: Given<'_>) -> Result<Exit, Failure> {
    let reason = given.text("reason").unwrap_or_default();
    if reason.len() > MAX_REASON_BYTES || reason.contains(char::is_control) {
        given.mistake("--reason", format!("write one line of at most {MAX_REASON_BYTES} bytes"));
    }
    let wish = wish(&mut given);
    given.finish()?;
    let stopped = Stopped { reason, since: clock::now() };
    change(&wish, |control| {
        if wish.is_for_all_of_it() {
            control.stopped = Some(stopped);
        }
        add(&mut control.views_off, &wish.views);
        add(&mut control.exporters_off, &wish.exporters);
    })
    .await
}

/// Runs `resume`.
pub(super) async fn resume(mut given: Given<'_>) -> Result<Exit, Failure> {
    let wish = wish(&mut given);
    given.finish()?;
    change(&wish, |control| {
        if wish.is_for_all_of_it() {
            *control = Control::default();
        }
        control.views_off.retain(|name| !wish.views.contains(name));
        control.exporters_off.retain(|name| !wish.exporters.contains(name));
    })
    .await
}

impl Wish {
    /// Without a view or an exporter it is polling itself that is meant.
    fn is_for_all_of_it(&self) -> bool {
        self.views.is_empty() && self.exporters.is_empty()
    }
}

fn wish(given: &mut Given<'_>) -> Wish {
    let text = given.text("state");
    let folder = match text.as_deref().map(value::folder) {
        Some(Ok(folder)) => folder,
        Some(Err(instead)) => {
            given.mistake("--state", instead);
            PathBuf::new()
        }
        None => {
            given.mistake("--state", "say where the states are: --state file:/var/lib/pgquerylens");
            PathBuf::new()
        }
    };
    let named = given.texts("view");
    let unknown: Vec<String> = named.iter().filter(|name| views::by_name(name).is_none()).cloned().collect();
    for name in unknown {
        let known: Vec<&str> = views::ALL.iter().map(|view| view.name).collect();
        let meant = value::nearest(&name, &known).map(|meant| format!("; did you mean {meant}?"));
        let instead =
            format!("there is no such view, see docs/reference/views.md{}", meant.unwrap_or_default());
        given.mistake(format!("--view {name}"), instead);
    }
    let exporters = given.texts("exporter");
    Wish { folder, server: given.text("server"), views: named, exporters }
}

async fn change(wish: &Wish, change: impl FnOnce(&mut Control)) -> Result<Exit, Failure> {
    let server = wish.server.as_deref();
    let folder = server.map_or_else(|| wish.folder.clone(), |name| wish.folder.join(folder_name(name)));
    // A folder made by a mistyped name would be looked at by nobody.
    if !folder.is_dir() {
        let what = server.map_or("a state".to_owned(), |name| format!("a state of the server {name}"));
        let problem = format!("find {what}: {} is no folder", folder.display());
        return Err(Failure::new(Exit::NoInput, problem, "name the folder that the agent has as its state"));
    }
    let control = Control::change(&FileStore::new(folder), change).await.map_err(|error| failure(&error))?;
    output::write(&shown(&control, server))?;
    Ok(Exit::Done)
}

fn failure(error: &ControlError) -> Failure {
    match error {
        ControlError::TooManyNames(_) => {
            Failure::of(Exit::Usage, error, "resume those that may be on again, or stop the server")
        }
        _ => Failure::of(Exit::Io, error, "try again, as a user who may write there"),
    }
}

fn add(names: &mut Vec<String>, more: &[String]) {
    names.extend(more.iter().cloned());
    names.sort();
    names.dedup();
}

/// Says what is wanted from now on.
fn shown(control: &Control, server: Option<&str>) -> String {
    let whom = server.map_or("every server of this state".to_owned(), |name| format!("server {name}"));
    let mut text = match &control.stopped {
        Some(stopped) if stopped.reason.is_empty() => format!("{whom}: stopped\n"),
        Some(stopped) => format!("{whom}: stopped, {}\n", stopped.reason),
        None => format!("{whom}: polled\n"),
    };
    for (what, names) in [("views", &control.views_off), ("exporters", &control.exporters_off)] {
        if !names.is_empty() {
            text.push_str(&format!("{what} off: {}\n", names.join(", ")));
        }
    }
    text.push_str("it holds from the next poll on\n");
    text
}

#[cfg(test)]
mod tests {
    use pgquerylens_model::time::Timestamp;

    use super::*;

    #[test]
    fn what_is_wanted_is_said() {
        let control = Control {
            stopped: Some(Stopped { reason: "upgrade".to_owned(), since: Timestamp(0) }),
            views_off: vec!["pg_locks".to_owned()],
            exporters_off: Vec::new(),
        };
        expect_test::expect![[r#"
            server shop: stopped, upgrade
            views off: pg_locks
            it holds from the next poll on
        "#]]
        .assert_eq(&shown(&control, Some("shop")));
    }
}
