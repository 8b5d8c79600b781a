//! What a poller holds between polls, and its way to and from the store.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use pgquerylens_model::breaker::SERVER;
use pgquerylens_model::probe::Probe;
use pgquerylens_model::report::{Notice, ViewMetrics};
use pgquerylens_model::statements::StatementKey;
use pgquerylens_model::time::Timestamp;
use pgquerylens_model::views::roles;

use crate::state::codec::{self, CodecError, MAX_PACKED_BYTES, Stored};
use crate::state::contents::State;
use crate::state::dictionary::Dictionary;
use crate::state::{Look, Object, ObjectName, StateStore, StoreError, Version};

/// Role names kept for naming statements: more roles than this are shown by their oid.
const MAX_ROLE_NAMES: usize = 2_000;

/// Why the state cannot be used, or was not kept. Nothing that was committed is ever overwritten by these.
#[derive(Debug)]
pub enum StateTrouble {
    /// The store failed, or another poll committed first.
    Store(StoreError),
    /// An object is not what we wrote.
    Unreadable {
        /// Which object.
        object: ObjectName,
        /// Why.
        error: CodecError,
    },
    /// The state is of another server.
    OtherServer {
        /// The target it was kept for.
        kept_for: String,
        /// The target that was polled.
        polled: String,
    },
    /// The state is larger than its budget, even without what can be given up.
    OverBudget {
        /// Its size.
        bytes: usize,
        /// The budget.
        budget: usize,
    },
}

impl fmt::Display for StateTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StateTrouble::Store(error) => write!(f, "{error}"),
            StateTrouble::Unreadable { object, error } => {
                write!(f, "read the state's {}: {error}", object.as_str())
            }
            StateTrouble::OtherServer { kept_for, polled } => {
                write!(f, "the state was kept for {kept_for}, and {polled} is another server")
            }
            StateTrouble::OverBudget { bytes, budget } => {
                write!(f, "the state has {bytes} bytes, its budget is {budget}")
            }
        }
    }
}

impl std::error::Error for StateTrouble {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            StateTrouble::Store(error) => Some(error),
            StateTrouble::Unreadable { error, .. } => Some(error),
            StateTrouble::OtherServer { .. } | StateTrouble::OverBudget { .. } => None,
        }
    }
}

impl StateTrouble {
    /// Returns what to do about it.
    pub fn advice(&self) -> &'static str {
        match self {
            StateTrouble::Store(error) => error.advice(),
            StateTrouble::Unreadable { error: CodecError::NewerFormat { .. }, .. } => {
                "poll with the newer pgquerylens, or name another place with --state"
            }
            StateTrouble::Unreadable {
                error: CodecError::Damaged | CodecError::OlderFormat { .. }, ..
            } => {
                "restore it, or remove it by pgquerylens state forget; the next poll then starts anew with a first reading"
            }
            StateTrouble::OtherServer { .. } => "name a place of its own for each server with --state",
            StateTrouble::OverBudget { .. } => "poll fewer databases with one state",
        }
    }
}

/// The dictionary, and the version at which the store has it.
#[derive(Clone, Default)]
pub(super) struct Words {
    dictionary: Arc<Dictionary>,
    version: Option<Version>,
}

/// State and dictionary, and the versions they were read at.
pub(super) struct Held {
    state: State,
    version: Option<Version>,
    words: Words,
    words_changed: bool,
}

impl Held {
    /// Reads both objects, or begins anew where there are none. The dictionary is read only if it is not the one that is
    /// known.
    pub(super) async fn load(store: &impl StateStore, known: &Words) -> Result<Held, StateTrouble> {
        let baseline = store.read(ObjectName::Baseline).await.map_err(StateTrouble::Store)?;
        let (state, version) = contents(ObjectName::Baseline, baseline)?;
        let look = store.look(ObjectName::Dictionary, known.version.as_ref()).await;
        let words = match look.map_err(StateTrouble::Store)? {
            Look::Unchanged => known.clone(),
            Look::Changed(object) => {
                let (dictionary, version) = contents(ObjectName::Dictionary, object)?;
                Words { dictionary: Arc::new(dictionary), version }
            }
        };
        Ok(Held { state, version, words, words_changed: false })
    }

    /// Returns the dictionary as it was last read or committed.
    pub(super) fn words(&self) -> Words {
        self.words.clone()
    }

    /// Refuses a state that was kept for another server. A server that was rebuilt or upgraded under the same name
    /// is the same target: its windows show the gap.
    pub(super) fn check_server(&self, target: &str, probe: &Probe) -> Result<(), StateTrouble> {
        let other_target = self.state.polls > 0 && self.state.target != target;
        let kept = self.state.system_identifier;
        let other_system = kept.is_some() && kept != probe.identity.system_identifier;
        if other_target && other_system {
            return Err(StateTrouble::OtherServer {
                kept_for: self.state.target.clone(),
                polled: target.to_owned(),
            });
        }
        Ok(())
    }

    pub(super) fn state(&self) -> &State {
        &self.state
    }

    pub(super) fn state_mut(&mut self) -> &mut State {
        &mut self.state
    }

    /// Returns the id of the windows that start from the baseline held now.
    pub(super) fn window_id(&mut self, target: &str, now: Timestamp) -> String {
        let lineage = *self.state.lineage.get_or_insert_with(|| {
            let mut hasher = DefaultHasher::new();
            (target, now).hash(&mut hasher);
            hasher.finish()
        });
        format!("{lineage:016x}-{}", self.state.polls)
    }

    pub(super) fn dictionary(&self) -> &Dictionary {
        &self.words.dictionary
    }

    pub(super) fn replace_dictionary(&mut self, dictionary: Dictionary) {
        self.words_changed = dictionary != *self.words.dictionary;
        self.words.dictionary = Arc::new(dictionary);
    }

    /// Tells whether our own statements can be told from others': once texts were read.
    pub(super) fn knows_own(&self) -> bool {
        !self.dictionary().is_empty()
    }

    pub(super) fn is_own(&self, key: &StatementKey) -> bool {
        self.dictionary().get(key.dbid, key.queryid).is_some_and(|entry| entry.own)
    }

    pub(super) fn role_name(&self, userid: i64) -> Option<&str> {
        self.state.roles.iter().find(|(oid, _)| *oid == userid).map(|(_, name)| name.as_str())
    }

    /// Keeps role names for the polls that do not read them.
    pub(super) fn remember_roles(&mut self, views: &[ViewMetrics]) {
        let Some(metrics) = views.iter().find(|metrics| metrics.view.name == roles::VIEW.name) else {
            return;
        };
        let rows = &metrics.snapshot.rows;
        let (Some(oid), Some(name)) =
            (roles::VIEW.column_index("roleid"), roles::VIEW.column_index("rolname"))
        else {
            return;
        };
        let named = |row| Some((rows.int(oid, row)?, rows.label(name, row)?.to_owned()));
        self.state.roles = (0..rows.len()).filter_map(named).take(MAX_ROLE_NAMES).collect();
    }

    /// Keeps that the server could not be read, where there is a clock to know until when it rests. What was read
    /// before stays as it was. Returns what is held on, or nothing if it has to be read again.
    pub(super) async fn remember_failure(
        mut self,
        store: &impl StateStore,
        clock: Option<Timestamp>,
    ) -> Option<Held> {
        self.state.breaker.failed(clock?, &SERVER);
        let (bytes, _) = self.encode_state().ok()?;
        let committed = store.commit(ObjectName::Baseline, &bytes, self.version.as_ref()).await;
        self.version = Some(committed.ok()?);
        Some(self)
    }

    /// Commits what changed, the dictionary first: a baseline never speaks of texts that are not there.
    pub(super) async fn commit(
        mut self,
        store: &impl StateStore,
        target: &str,
        system_identifier: Option<i64>,
        notices: &mut Vec<Notice>,
    ) -> Result<Held, StateTrouble> {
        if self.words_changed {
            let bytes = codec::encode(&*self.words.dictionary);
            let version = self.words.version.as_ref();
            let committed =
                store.commit(ObjectName::Dictionary, &bytes, version).await.map_err(StateTrouble::Store)?;
            self.words.version = Some(committed);
            self.words_changed = false;
        }
        target.clone_into(&mut self.state.target);
        self.state.system_identifier = system_identifier;
        self.state.polls += 1;
        let (bytes, given_up) = self.encode_state()?;
        if given_up > 0 {
            notices.push(Notice {
                degrades: true,
                message: format!(
                    "the state would not fit its budget; {given_up} baselines of databases were given up"
                ),
                mend: Some("poll fewer databases with one state".to_owned()),
            });
        }
        let committed = store.commit(ObjectName::Baseline, &bytes, self.version.as_ref()).await;
        self.version = Some(committed.map_err(StateTrouble::Store)?);
        Ok(self)
    }

    /// Packs the state within its budget; returns how many baselines were given up for it, too.
    fn encode_state(&mut self) -> Result<(Vec<u8>, usize), StateTrouble> {
        let (bytes, given_up) = self.state.encode_within(MAX_PACKED_BYTES);
        match bytes.len() > MAX_PACKED_BYTES {
            true => Err(StateTrouble::OverBudget { bytes: bytes.len(), budget: MAX_PACKED_BYTES }),
            false => Ok((bytes, given_up)),
        }
    }
}

/// Returns what an object holds, and its version; of none nothing.
fn contents<T: Default + Stored>(
    object: ObjectName,
    stored: Option<Object>,
) -> Result<(T, Option<Version>), StateTrouble> {
    let Some(stored) = stored else { return Ok((T::default(), None)) };
    let contents = match codec::decode(&stored.bytes) {
        // An update of ours costs one window, and the next commit replaces the object.
        Err(CodecError::OlderFormat { .. }) => T::default(),
        read => read.map_err(|error| StateTrouble::Unreadable { object, error })?,
    };
    Ok((contents, Some(stored.version)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::memory::MemoryStore;

    /// A store of which the dictionary is never read whole, only looked at.
    #[derive(Default)]
    struct Sparing(MemoryStore);

    impl StateStore for Sparing {
        async fn read(&self, name: ObjectName) -> Result<Option<Object>, StoreError> {
            assert_ne!(name, ObjectName::Dictionary, "it is known");
            self.0.read(name).await
        }

        async fn commit(
            &self,
            name: ObjectName,
            bytes: &[u8],
            expected: Option<&Version>,
        ) -> Result<Version, StoreError> {
            self.0.commit(name, bytes, expected).await
        }

        async fn look(&self, name: ObjectName, known: Option<&Version>) -> Result<Look, StoreError> {
            self.0.look(name, known).await
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_dictionary_that_is_known_is_not_read_again() {
        let store = Sparing::default();
        let first = store.commit(ObjectName::Dictionary, &codec::encode(&Dictionary::default()), None).await;
        let known = Held::load(&store, &Words::default()).await.ok().unwrap().words();
        assert_eq!(known.version.as_ref(), first.as_ref().ok());
        let again = Held::load(&store, &known).await.ok().unwrap().words();
        assert!(Arc::ptr_eq(&again.dictionary, &known.dictionary));
        store.commit(ObjectName::Dictionary, b"not ours", known.version.as_ref()).await.unwrap();
        assert!(matches!(Held::load(&store, &known).await, Err(StateTrouble::Unreadable { .. })));
    }
}
