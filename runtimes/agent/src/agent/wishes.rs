//! An operator's wishes for one server: what changes by them, how the board shows it, and how the log tells it. What is
//! done about them is the server's.

use pgquerylens_engine::state::control::Control;
use tracing::info;

use super::board::ServerState;

/// What an operator wants from now on and did not before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// No polls, and why.
    Stopped(String),
    /// Polls again.
    Resumed,
    /// To do without a view.
    ViewOff(String),
    /// To have it again.
    ViewOn(String),
    /// To send an exporter nothing.
    ExporterOff(String),
    /// To send to it again.
    ExporterOn(String),
}

/// Notes what is wanted of a server. Returns what changes by that.
pub(super) fn note(state: &mut ServerState, wanted: &Control) -> Vec<Change> {
    let mut changes = Vec::new();
    let stopped = wanted.stopped.as_ref().map(|stopped| stopped.reason.clone());
    if state.stopped != stopped {
        changes.push(stopped.clone().map_or(Change::Resumed, Change::Stopped));
    }
    let not_in = |names: &[String], others: &[String]| -> Vec<String> {
        names.iter().filter(|name| !others.contains(name)).cloned().collect()
    };
    changes.extend(not_in(&wanted.views_off, &state.views_off).into_iter().map(Change::ViewOff));
    changes.extend(not_in(&state.views_off, &wanted.views_off).into_iter().map(Change::ViewOn));
    state.stopped = stopped;
    state.views_off.clone_from(&wanted.views_off);
    for (name, exporter) in &mut state.exporters {
        let is_off = wanted.exporters_off.contains(name);
        if std::mem::replace(&mut exporter.is_off, is_off) == is_off {
            continue;
        }
        // It is left alone: what its receiver said before is no longer of interest, and may no longer be so.
        exporter.trouble = None;
        let change = if is_off { Change::ExporterOff } else { Change::ExporterOn };
        changes.push(change(name.clone()));
    }
    changes
}

/// Tells of the changes, each in a line of its own.
pub(super) fn tell(server: &str, changes: &[Change]) {
    for change in changes {
        match change {
            Change::Stopped(reason) => info!(server, reason, "an operator stopped polls"),
            Change::Resumed => info!(server, "an operator resumed polls"),
            Change::ViewOff(view) => info!(server, view, "an operator switched a view off"),
            Change::ViewOn(view) => info!(server, view, "an operator switched a view on"),
            Change::ExporterOff(exporter) => info!(server, exporter, "an operator switched an exporter off"),
            Change::ExporterOn(exporter) => info!(server, exporter, "an operator switched an exporter on"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use pgquerylens_engine::state::control::Stopped;
    use pgquerylens_model::time::Timestamp;

    use super::*;
    use crate::agent::board::ExporterState;

    fn wanted(stopped: Option<&str>, views: &[&str], exporters: &[&str]) -> Control {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Control {
            stopped: stopped.map(|reason| Stopped { reason: reason.to_owned(), since: Timestamp(0) }),
            views_off: names(views),
            exporters_off: names(exporters),
        }
    }

    #[test]
    fn each_change_is_told_once() {
        let mut state = ServerState::default();
        state.exporters.insert("otlp".to_owned(), ExporterState::default());
        let mut check = |wanted: &Control, changes: &[Change]| {
            assert_eq!(note(&mut state, wanted), changes);
            assert_eq!(note(&mut state, wanted), [], "a second time");
        };
        let name = |name: &str| name.to_owned();
        check(&wanted(Some("upgrade"), &[], &[]), &[Change::Stopped(name("upgrade"))]);
        check(&wanted(Some(""), &[], &[]), &[Change::Stopped(name(""))]);
        check(
            &wanted(None, &["a", "b"], &[]),
            &[Change::Resumed, Change::ViewOff(name("a")), Change::ViewOff(name("b"))],
        );
        check(
            &wanted(None, &["b"], &["otlp", "nobody"]),
            &[Change::ViewOn(name("a")), Change::ExporterOff(name("otlp"))],
        );
        check(&wanted(None, &[], &[]), &[Change::ViewOn(name("b")), Change::ExporterOn(name("otlp"))]);
    }

    #[test]
    fn an_exporter_that_is_switched_off_is_in_no_trouble() {
        let in_trouble = ExporterState { trouble: Some("503".to_owned()), ..ExporterState::default() };
        let exporters = BTreeMap::from([("otlp".to_owned(), in_trouble)]);
        let mut state = ServerState { exporters, ..ServerState::default() };
        note(&mut state, &wanted(None, &[], &["otlp"]));
        assert_eq!(state.exporters["otlp"], ExporterState { is_off: true, ..ExporterState::default() });
    }
}
