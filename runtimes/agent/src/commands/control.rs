//! `stop` and `resume`: an operator's wishes, written beside the state, honoured by every runtime at its next poll.

use pgquerylens_engine::state::StoreError;
use pgquerylens_engine::state::control::{Control, ControlError, MAX_REASON_BYTES, Stopped};
use pgquerylens_model::views;
use pgquerylens_setup::exit::Exit;
use pgquerylens_setup::failure::{Failure, of_store};
use pgquerylens_setup::options::{Given, value};
use pgquerylens_store::states::States;
use pgquerylens_store::store::Store;
use pgquerylens_store::url::StateUrl;

use super::settings;
use crate::output;
use crate::process::Process;
use crate::report::words;
use pgquerylens_setup::clock;

/// What is said of names that only the agent knows.
const UNCHECKED: &str =
    "names of exporters are not checked here: the agent's log and /status tell what is off\n";

/// What is wished, and for whom.
struct Wish {
    state: StateUrl,
    server: Option<String>,
    views: Vec<String>,
    exporters: Vec<String>,
}

/// Where wishes for one server lie, or those for all.
struct Place {
    /// Nobody for all of them.
    server: Option<String>,
    store: Store,
}

/// What is wanted at one place now, and no longer.
#[derive(Debug, Default)]
struct Wanted {
    /// Nobody for all of them.
    server: Option<String>,
    now: Control,
    taken_back: Control,
}

/// Runs `stop`.
pub(super) async fn stop(mut given: Given<'_>, process: &Process) -> Result<Exit, Failure> {
    let reason = given.text("reason").unwrap_or_default();
    if reason.len() > MAX_REASON_BYTES || reason.contains(char::is_control) {
        given.mistake("--reason", format!("write one line of at most {MAX_REASON_BYTES} bytes"));
    }
    let wish = wish(&mut given);
    if !reason.is_empty() && !wish.is_for_all_of_it() {
        let instead = "leave it out beside --view and --exporter: only a stop of polls keeps a reason";
        given.mistake("--reason", instead);
    }
    given.finish()?;
    let states = settings::states(&wish.state, process).await?;
    let stopped = Stopped { reason, since: clock::now() };
    let is_meant = |place: &Place| place.server == wish.server;
    let wanted = carry_out(&wish, &states, is_meant, |control| {
        if wish.is_for_all_of_it() {
            control.stopped = Some(stopped.clone());
        }
        add(&mut control.views_off, &wish.views);
        add(&mut control.exporters_off, &wish.exporters);
    });
    output::write(&shown(&wanted.await?, wish.server.as_deref()))?;
    if !wish.exporters.is_empty() {
        output::write(UNCHECKED)?;
    }
    Ok(Exit::Done)
}

/// Runs `resume`. What servers have of their own is taken back with what all have.
pub(super) async fn resume(mut given: Given<'_>, process: &Process) -> Result<Exit, Failure> {
    let wish = wish(&mut given);
    given.finish()?;
    let states = settings::states(&wish.state, process).await?;
    let wanted = carry_out(
        &wish,
        &states,
        |place| wish.server.is_none() || place.server == wish.server,
        |control| {
            if wish.is_for_all_of_it() {
                *control = Control::default();
            }
            control.views_off.retain(|name| !wish.views.contains(name));
            control.exporters_off.retain(|name| !wish.exporters.contains(name));
        },
    );
    output::write(&shown(&wanted.await?, wish.server.as_deref()))?;
    Ok(Exit::Done)
}

impl Wish {
    /// Without a view or an exporter it is polling itself that is meant.
    fn is_for_all_of_it(&self) -> bool {
        self.views.is_empty() && self.exporters.is_empty()
    }
}

fn wish(given: &mut Given<'_>) -> Wish {
    let is_said = given.text("state").is_some();
    let state = settings::state(given).unwrap_or(StateUrl::Memory);
    if !is_said {
        given.mistake("--state", "say where the states are: --state file:/var/lib/pgquerylens");
    } else if state == StateUrl::Memory {
        given.mistake("--state", "what is kept in memory is known to its process alone: name a place");
    }
    let named = given.texts("view");
    let unknown: Vec<String> = named.iter().filter(|name| views::by_name(name).is_none()).cloned().collect();
    for name in unknown {
        let known: Vec<&str> = views::ALL.iter().map(|view| view.name).collect();
        let meant = value::nearest(&name, &known).map(|meant| format!("; did you mean {meant}?"));
        let instead =
            format!("there is no such view, see docs/reference/views.md{}", meant.unwrap_or_default());
        given.mistake(format!("--view {name}"), instead);
    }
    Wish { state, server: given.text("server"), views: named, exporters: given.texts("exporter") }
}

/// Returns where wishes may lie that concern whom is meant: first those for all, then those for the one that is named,
/// or for each by name.
async fn places(wish: &Wish, states: &States) -> Result<Vec<Place>, Failure> {
    let servers: Vec<String> = states.inventories().await?.into_iter().filter_map(|(name, _)| name).collect();
    // A wish at a mistyped place would be looked at by nobody.
    let is_there = match &wish.server {
        // The agent makes a server's folder before anything is in it.
        Some(server) => {
            servers.contains(server) || wish.state.folder_of(server).is_some_and(|folder| folder.is_dir())
        }
        None => !servers.is_empty() || matches!(&wish.state, StateUrl::Folder(folder) if folder.is_dir()),
    };
    if !is_there {
        let whose = wish.server.as_deref().map(|name| format!(" of the server {name}"));
        let problem = format!("find a state{} in {}", whose.unwrap_or_default(), states.url());
        return Err(Failure::new(Exit::NoInput, problem, "name the place that the agent has as its state"));
    }
    let named = wish.server.clone().map_or(servers, |server| vec![server]);
    let of_server = |name: String| Place { store: states.of(&name), server: Some(name) };
    let all = Place { server: None, store: states.whole() };
    Ok([all].into_iter().chain(named.into_iter().map(of_server)).collect())
}

/// Changes what is wanted at the places that are meant. Returns what is wanted at all that concern them.
async fn carry_out(
    wish: &Wish,
    states: &States,
    is_meant: impl Fn(&Place) -> bool,
    change: impl Fn(&mut Control),
) -> Result<Vec<Wanted>, Failure> {
    let mut wanted = Vec::new();
    for place in places(wish, states).await? {
        let store = &place.store;
        let before = match Control::read(store).await {
            Ok((control, _)) => control,
            // Who polls ignores it. It is written anew where it is named, and left where we only came across it.
            Err(ControlError::Unreadable(_)) => Control::default(),
            Err(error) => return Err(failure(&error)),
        };
        let mut now = before.clone();
        change(&mut now);
        if place.server == wish.server || (is_meant(&place) && now != before) {
            now = Control::change(store, &change).await.map_err(|error| failure(&error))?;
        } else {
            now = before.clone();
        }
        wanted.push(Wanted { server: place.server, taken_back: before.without(&now), now });
    }
    Ok(wanted)
}

fn failure(error: &ControlError) -> Failure {
    match error {
        ControlError::TooManyNames(_) => {
            Failure::of(Exit::Usage, error, "resume those that may be on again, or stop the server")
        }
        ControlError::Store(StoreError::Conflict) => {
            Failure::of(Exit::TryAgain, error, "somebody else changed it at the same time: try again")
        }
        ControlError::Store(cause) => Failure::of(of_store(cause), cause, cause.advice()),
        ControlError::Unreadable(_) => Failure::of(Exit::Data, error, "stop anew: that replaces it"),
    }
}

fn add(names: &mut Vec<String>, more: &[String]) {
    names.extend(more.iter().cloned());
    names.sort();
    names.dedup();
}

/// Says what is wanted from now on, of all or of the server that is named. The first is what is wanted of all; a server
/// has that too.
fn shown(wanted: &[Wanted], named: Option<&str>) -> String {
    let Some((all, servers)) = wanted.split_first() else { return String::new() };
    let mut text = String::new();
    let mut are_others = false;
    for server in servers {
        let now = all.now.clone().and(server.now.clone());
        if named.is_some() || now != all.now || server.taken_back != Control::default() {
            let name = server.server.as_deref().unwrap_or_default();
            text.push_str(&paragraph(&format!("server {name}"), &now, &server.taken_back));
            are_others |= now != all.now;
        }
    }
    let of_all = match (named, are_others) {
        (None, false) => paragraph("every server of this state", &all.now, &all.taken_back),
        (None, true) => paragraph("every other server of this state", &all.now, &all.taken_back),
        (Some(_), _) if all.now == Control::default() => String::new(),
        (Some(_), _) => format!("wished for every server of this state: {}\n", words(&all.now).join("; ")),
    };
    let rest = "it holds from the next poll on\n";
    if named.is_some() { text + &of_all + rest } else { of_all + &text + rest }
}

fn paragraph(whom: &str, now: &Control, taken_back: &Control) -> String {
    let polled = now.stopped.is_none().then(|| "polled".to_owned());
    let mut lines: Vec<String> = polled.into_iter().chain(words(now)).collect();
    if *taken_back != Control::default() {
        lines.push(format!("taken back: {}", words(taken_back).join("; ")));
    }
    format!("{whom}: {}\n", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use expect_test::{Expect, expect};
    use pgquerylens_engine::state::file::FileStore;
    use pgquerylens_model::time::Timestamp;
    use pgquerylens_store::access::Access;
    use pgquerylens_store::names::segment_of;
    use tempfile::TempDir;

    use super::*;

    fn stopped(reason: &str) -> Option<Stopped> {
        Some(Stopped { reason: reason.to_owned(), since: Timestamp(0) })
    }

    fn of(server: Option<&str>, now: Control) -> Wanted {
        Wanted { server: server.map(str::to_owned), now, taken_back: Control::default() }
    }

    /// The states of two servers; polls of the one are stopped, and a view of the other is off.
    async fn states() -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in ["shop:5432", "billing", "quiet"] {
            let owned = folder.path().join(segment_of(name));
            fs::create_dir(&owned).unwrap();
            fs::write(owned.join("owner"), "").unwrap();
        }
        let views_off = vec!["pg_locks".to_owned(), "pg_stat_wal".to_owned()];
        for (name, wanted) in [
            ("", Control { stopped: stopped("upgrade"), ..Control::default() }),
            ("shop:5432", Control { stopped: stopped(""), ..Control::default() }),
            ("billing", Control { views_off, ..Control::default() }),
        ] {
            let store = FileStore::new(folder.path().join(if name.is_empty() {
                String::new()
            } else {
                segment_of(name)
            }));
            Control::change(&store, |control| *control = wanted).await.unwrap();
        }
        folder
    }

    async fn check_resume(states: &TempDir, server: Option<&str>, expected: &Expect) {
        let wish = Wish {
            state: StateUrl::Folder(states.path().to_owned()),
            server: server.map(str::to_owned),
            views: Vec::new(),
            exporters: Vec::new(),
        };
        let is_meant = |place: &Place| server.is_none() || place.server.as_deref() == server;
        let states = States::open(&wish.state, &Access::default()).unwrap();
        let wanted =
            carry_out(&wish, &states, is_meant, |control| *control = Control::default()).await.unwrap();
        expected.assert_eq(&shown(&wanted, server));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn resume_takes_back_what_all_have_and_what_each_server_has() {
        let states = states().await;
        let taken_back = expect![[r#"
            every server of this state: polled
            taken back: stopped, upgrade
            server billing: polled
            taken back: views off: pg_locks, pg_stat_wal
            server shop:5432: polled
            taken back: stopped
            it holds from the next poll on
        "#]];
        check_resume(&states, None, &taken_back).await;
        check_resume(
            &states,
            None,
            &expect![[r#"
            every server of this state: polled
            it holds from the next poll on
        "#]],
        )
        .await;
        // Where nothing was wished nothing is written.
        assert!(!states.path().join("quiet/control").exists());
    }

    #[tokio::test(flavor = "current_thread")]
    async fn resume_of_one_server_says_what_is_left_for_all() {
        check_resume(
            &states().await,
            Some("shop:5432"),
            &expect![[r#"
            server shop:5432: stopped, upgrade
            taken back: stopped
            wished for every server of this state: stopped, upgrade
            it holds from the next poll on
        "#]],
        )
        .await;
    }

    #[tokio::test(flavor = "current_thread")]
    async fn what_we_only_came_across_and_cannot_read_is_left_alone() {
        let states = states().await;
        let foreign = states.path().join("quiet/control");
        fs::write(&foreign, "not ours").unwrap();
        check_resume(
            &states,
            None,
            &expect![[r#"
            every server of this state: polled
            taken back: stopped, upgrade
            server billing: polled
            taken back: views off: pg_locks, pg_stat_wal
            server shop:5432: polled
            taken back: stopped
            it holds from the next poll on
        "#]],
        )
        .await;
        assert_eq!(fs::read(foreign).unwrap(), b"not ours");
    }

    #[test]
    fn what_is_wanted_is_said() {
        let control = Control {
            stopped: stopped("upgrade"),
            views_off: vec!["pg_locks".to_owned()],
            exporters_off: Vec::new(),
        };
        let wanted = [Wanted::default(), of(Some("shop"), control)];
        expect![[r#"
            server shop: stopped, upgrade
            views off: pg_locks
            it holds from the next poll on
        "#]]
        .assert_eq(&shown(&wanted, Some("shop")));
        expect![[r#"
            every other server of this state: polled
            server shop: stopped, upgrade
            views off: pg_locks
            it holds from the next poll on
        "#]]
        .assert_eq(&shown(&wanted, None));
    }
}
