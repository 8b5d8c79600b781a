//! What an operator wants: stop, or do without a view or an exporter. One object beside the state of a server, and one
//! above the states of all; both are honoured at the next poll, by every runtime.

use pgquerylens_model::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::codec::{self, CodecError, Stored};
use super::{Look, ObjectName, StateStore, StoreError, Version};

/// The longest reason that is kept, in bytes.
pub const MAX_REASON_BYTES: usize = 500;
/// The most names that are switched off, views and exporters together.
pub const MAX_NAMES: usize = 100;

/// What an operator wants.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    /// Nothing is polled; why and since when.
    pub stopped: Option<Stopped>,
    /// Views that are not read, by name.
    pub views_off: Vec<String>,
    /// Exporters that get nothing, by name.
    pub exporters_off: Vec<String>,
}

impl Stored for Control {
    const FORMAT: u16 = 2;
}

/// Why and since when nothing is polled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    /// The operator's own words.
    pub reason: String,
    /// By the operator's clock.
    pub since: Timestamp,
}

/// Why control was not read or written.
#[derive(Debug)]
pub enum ControlError {
    /// The store failed, or somebody else wrote at the same time.
    Store(StoreError),
    /// It is not what we wrote.
    Unreadable(CodecError),
    /// It would have more names than [`MAX_NAMES`], so many.
    TooManyNames(usize),
}

impl std::fmt::Display for ControlError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ControlError::Store(error) => write!(f, "{error}"),
            ControlError::Unreadable(error) => write!(f, "read the control object: {error}"),
            ControlError::TooManyNames(names) => {
                write!(f, "switch {names} views and exporters off: at most {MAX_NAMES} can be")
            }
        }
    }
}

impl std::error::Error for ControlError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ControlError::Store(error) => Some(error),
            ControlError::Unreadable(error) => Some(error),
            ControlError::TooManyNames(_) => None,
        }
    }
}

impl Control {
    /// Returns what is wanted, and the version for a change of it; nothing is wanted where there is no object.
    pub async fn read(store: &impl StateStore) -> Result<(Control, Option<Version>), ControlError> {
        match store.read(ObjectName::Control).await.map_err(ControlError::Store)? {
            None => Ok((Control::default(), None)),
            Some(object) => {
                let control = codec::decode(&object.bytes).map_err(ControlError::Unreadable)?;
                Ok((control, Some(object.version)))
            }
        }
    }

    /// Reads, changes and writes what is wanted; a change by somebody else in between is a conflict. Nothing is written
    /// where names were added and there are more than [`MAX_NAMES`] of them then.
    pub async fn change(
        store: &impl StateStore,
        change: impl FnOnce(&mut Control),
    ) -> Result<Control, ControlError> {
        let (mut control, version) = match Control::read(store).await {
            // What cannot be read is replaced: an operator has to be able to stop.
            Err(ControlError::Unreadable(_)) => {
                let object = store.read(ObjectName::Control).await.map_err(ControlError::Store)?;
                (Control::default(), object.map(|object| object.version))
            }
            read => read?,
        };
        let before = control.name_count();
        change(&mut control);
        // Of too many, however they came there, some can be taken back.
        if control.name_count() > MAX_NAMES.max(before) {
            return Err(ControlError::TooManyNames(control.name_count()));
        }
        let bytes = codec::encode(&control);
        store.commit(ObjectName::Control, &bytes, version.as_ref()).await.map_err(ControlError::Store)?;
        Ok(control)
    }

    /// Returns what of this another does not want.
    pub fn without(&self, other: &Control) -> Control {
        let left = |mine: &[String], theirs: &[String]| {
            mine.iter().filter(|name| !theirs.contains(name)).cloned().collect()
        };
        Control {
            stopped: self.stopped.clone().filter(|_| other.stopped.is_none()),
            views_off: left(&self.views_off, &other.views_off),
            exporters_off: left(&self.exporters_off, &other.exporters_off),
        }
    }

    fn name_count(&self) -> usize {
        self.views_off.len() + self.exporters_off.len()
    }

    /// Returns what is wanted by this and another together.
    pub fn and(self, other: Control) -> Control {
        let joined = |mut mine: Vec<String>, theirs: Vec<String>| {
            mine.extend(theirs);
            mine.sort();
            mine.dedup();
            mine
        };
        Control {
            stopped: self.stopped.or(other.stopped),
            views_off: joined(self.views_off, other.views_off),
            exporters_off: joined(self.exporters_off, other.exporters_off),
        }
    }
}

/// What is wanted, as it was when it was last read. Looked at again, it is read only if it changed.
#[derive(Debug, Default)]
pub struct Watched {
    control: Control,
    version: Option<Version>,
}

impl Watched {
    /// Looks whether something else is wanted now. What cannot be read is not wanted; where the store failed, what was
    /// wanted before still is.
    pub async fn look(&mut self, store: &impl StateStore) -> Result<(), ControlError> {
        let look = store.look(ObjectName::Control, self.version.as_ref()).await;
        match look.map_err(ControlError::Store)? {
            Look::Unchanged => {}
            Look::Changed(None) => *self = Watched::default(),
            Look::Changed(Some(object)) => {
                *self = Watched::default();
                self.control = codec::decode(&object.bytes).map_err(ControlError::Unreadable)?;
                self.version = Some(object.version);
            }
        }
        Ok(())
    }

    /// Returns what is wanted.
    pub fn control(&self) -> &Control {
        &self.control
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::memory::MemoryStore;

    #[tokio::test(flavor = "current_thread")]
    async fn what_is_stopped_stays_so_until_it_is_resumed() {
        let store = MemoryStore::default();
        assert_eq!(Control::read(&store).await.unwrap().0, Control::default());
        let stopped = Stopped { reason: "maintenance".to_owned(), since: Timestamp(1) };
        Control::change(&store, |control| control.stopped = Some(stopped.clone())).await.unwrap();
        Control::change(&store, |control| control.views_off.push("pg_locks".to_owned())).await.unwrap();
        let (control, _) = Control::read(&store).await.unwrap();
        assert_eq!((control.stopped, control.views_off), (Some(stopped), vec!["pg_locks".to_owned()]));
        Control::change(&store, |control| control.stopped = None).await.unwrap();
        assert_eq!(Control::read(&store).await.unwrap().0.stopped, None);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn names_are_counted_over_all_changes_and_too_many_change_nothing() {
        let store = MemoryStore::default();
        let names = |count: usize| (0..count).map(|number| number.to_string());
        Control::change(&store, |control| control.views_off.extend(names(MAX_NAMES - 1))).await.unwrap();
        Control::change(&store, |control| control.exporters_off.extend(names(1))).await.unwrap();
        let one_more = Control::change(&store, |control| control.exporters_off.extend(names(1))).await;
        assert!(matches!(one_more, Err(ControlError::TooManyNames(101))), "{one_more:?}");
        let (control, _) = Control::read(&store).await.unwrap();
        assert_eq!(control.name_count(), MAX_NAMES);
        Control::change(&store, |control| control.views_off.clear()).await.unwrap();
    }

    #[tokio::test(flavor = "current_thread")]
    async fn what_is_watched_follows_every_change() {
        let (store, mut watched) = (MemoryStore::default(), Watched::default());
        watched.look(&store).await.unwrap();
        assert_eq!(*watched.control(), Control::default());
        for views in [&["pg_locks"][..], &[]] {
            let views: Vec<String> = views.iter().map(|view| (*view).to_owned()).collect();
            Control::change(&store, |control| control.views_off.clone_from(&views)).await.unwrap();
            for _again in 0..2 {
                watched.look(&store).await.unwrap();
                assert_eq!(watched.control().views_off, views);
            }
        }
        let version = store.read(ObjectName::Control).await.unwrap().unwrap().version;
        store.commit(ObjectName::Control, b"not ours", Some(&version)).await.unwrap();
        for _again in 0..2 {
            assert!(matches!(watched.look(&store).await, Err(ControlError::Unreadable(_))));
            assert_eq!(*watched.control(), Control::default());
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_damaged_object_can_still_be_overruled() {
        let store = MemoryStore::default();
        store.commit(ObjectName::Control, b"not ours", None).await.unwrap();
        assert!(matches!(Control::read(&store).await, Err(ControlError::Unreadable(_))));
        let stopped = Stopped { reason: String::new(), since: Timestamp(1) };
        let control = Control::change(&store, |control| control.stopped = Some(stopped)).await.unwrap();
        assert!(control.stopped.is_some());
    }
}
