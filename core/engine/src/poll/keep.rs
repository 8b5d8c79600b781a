//! What a poller keeps between polls, and its way to and from the store. While a poll runs it is unpacked; between two
//! it is as small as in the store, as most of the time a server is not polled, and there may be hundreds.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use pgquerylens_model::breaker::SERVER;
use pgquerylens_model::capabilities::Provider;
use pgquerylens_model::probe::Probe;
use pgquerylens_model::report::{Notice, ViewMetrics};
use pgquerylens_model::rows::Rows;
use pgquerylens_model::statements::StatementKey;
use pgquerylens_model::time::Timestamp;
use pgquerylens_model::vectors::{VectorTable, VectorUse, vector_use};
use pgquerylens_model::views::{roles, statements, vector_tables};

use crate::state::codec::{self, CodecError, MAX_PACKED_BYTES, Stored};
use crate::state::contents::State;
use crate::state::dictionary::{Dictionary, OpenDictionary};
use crate::state::plans::{Plan, Plans};
use crate::state::{Look, Object, ObjectName, StateStore, StoreError, Version};

/// Role names kept for naming statements: more roles than this are shown by their oid.
const MAX_ROLE_NAMES: usize = 2_000;

/// Tables with vectors that are kept of one database, and of all.
const MAX_VECTOR_TABLES: usize = 200;
const MAX_VECTOR_TABLES_IN_ALL: usize = 2_000;
/// Utility statements that are kept.
const MAX_UTILITIES: usize = 2_000;

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

/// Both objects, as small as they are in the store.
#[derive(Clone, Default)]
pub(super) struct Kept {
    state: Option<Arc<Object>>,
    dictionary: Arc<Dictionary>,
    dictionary_version: Option<Version>,
}

impl Kept {
    /// Reads the state from the store, if it is not the one that is known, and the dictionary, if the state names another
    /// one; where there is none, it begins anew. Returns the state unpacked, too.
    pub(super) async fn load(
        store: &impl StateStore,
        known: Option<Kept>,
    ) -> Result<(Kept, Held), StateTrouble> {
        let mut kept = known.unwrap_or_default();
        let version = kept.state.as_ref().map(|object| &object.version);
        if let Look::Changed(object) = look(store, ObjectName::Baseline, version).await? {
            kept.state = object.map(Arc::new);
        }
        let state: State = unpack(kept.state.as_deref(), ObjectName::Baseline)?;
        if state.dictionary.as_ref() != kept.dictionary_version.as_ref().map(|version| &version.0) {
            let object = store.read(ObjectName::Dictionary).await.map_err(StateTrouble::Store)?;
            kept.dictionary = Arc::new(unpack(object.as_ref(), ObjectName::Dictionary)?);
            kept.dictionary_version = object.map(|object| object.version);
        }
        let held = kept.hold(state);
        Ok((kept, held))
    }

    async fn commit_state(&mut self, store: &impl StateStore, bytes: Vec<u8>) -> Result<(), StoreError> {
        let before = self.state.as_ref().map(|object| &object.version);
        let version = store.commit(ObjectName::Baseline, &bytes, before).await?;
        self.state = Some(Arc::new(Object { bytes, version }));
        Ok(())
    }

    async fn commit_dictionary(
        &mut self,
        store: &impl StateStore,
        dictionary: Arc<Dictionary>,
    ) -> Result<(), StoreError> {
        // Whoever died before its state was committed may have left another one than that which the state names.
        let before = match store.look(ObjectName::Dictionary, self.dictionary_version.as_ref()).await? {
            Look::Unchanged => self.dictionary_version.take(),
            Look::Changed(object) => object.map(|object| object.version),
        };
        let bytes = codec::encode(&*dictionary);
        let version = store.commit(ObjectName::Dictionary, &bytes, before.as_ref()).await?;
        (self.dictionary, self.dictionary_version) = (dictionary, Some(version));
        Ok(())
    }

    /// Unpacks the state and opens the dictionary for a poll.
    pub(super) fn unpack(&self) -> Result<Held, StateTrouble> {
        Ok(self.hold(unpack(self.state.as_deref(), ObjectName::Baseline)?))
    }

    fn hold(&self, state: State) -> Held {
        Held {
            state,
            dictionary: OpenDictionary::of(self.dictionary.clone()),
            next_dictionary: None,
            plans: Vec::new(),
        }
    }
}

/// State and dictionary during a poll.
pub(super) struct Held {
    state: State,
    dictionary: OpenDictionary,
    /// The one to be committed in its place.
    next_dictionary: Option<Arc<Dictionary>>,
    /// What this poll found, for the object that they are added to.
    plans: Vec<Plan>,
}

impl Held {
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

    pub(super) fn dictionary(&self) -> &OpenDictionary {
        &self.dictionary
    }

    pub(super) fn replace_dictionary(&mut self, dictionary: Dictionary) {
        if dictionary != *self.dictionary.dictionary() {
            let dictionary = Arc::new(dictionary);
            self.dictionary = OpenDictionary::of(dictionary.clone());
            self.next_dictionary = Some(dictionary);
        }
    }

    /// Keeps plans for the commit.
    pub(super) fn keep_plans(&mut self, plans: Vec<Plan>) {
        self.plans = plans;
    }

    /// Tells whether our own statements can be told from others': once texts were read.
    pub(super) fn knows_own(&self) -> bool {
        !self.dictionary.is_empty()
    }

    pub(super) fn is_own(&self, key: &StatementKey) -> bool {
        self.dictionary.known(key.dbid, key.queryid).is_some_and(|known| known.own)
    }

    /// Tells whether a statement was known for a utility when the baseline was committed: what was learned since might be
    /// forgotten with a window that is delivered again.
    pub(super) fn is_utility(&self, key: &StatementKey) -> bool {
        self.state.utilities.binary_search(&(key.dbid, key.queryid)).is_ok()
    }

    /// Keeps which of a reading's statements are utilities, as far as their texts are known by now.
    fn remember_utilities(&mut self, statements: &Rows) {
        let keys = (0..statements.len()).filter_map(|row| StatementKey::of(statements, row));
        let utilities = keys
            .filter(|key| self.dictionary.known(key.dbid, key.queryid).is_some_and(|known| known.utility));
        let mut kept: Vec<(i64, i64)> = utilities.map(|key| (key.dbid, key.queryid)).collect();
        kept.sort_unstable();
        kept.dedup();
        kept.truncate(MAX_UTILITIES);
        self.state.utilities = kept;
    }

    pub(super) fn role_name(&self, userid: i64) -> Option<&str> {
        self.state.roles.iter().find(|(oid, _)| *oid == userid).map(|(_, name)| name.as_str())
    }

    /// Keeps what polls need that do not read it.
    pub(super) fn remember(&mut self, views: &[ViewMetrics], provider: Provider) {
        self.remember_roles(views);
        self.remember_vector_tables(views);
        let statements = views.iter().find(|metrics| metrics.view.name == statements::VIEW.name);
        if let (Provider::Aurora, Some(metrics)) = (provider, statements) {
            self.remember_utilities(&metrics.snapshot.rows);
        }
    }

    /// Keeps role names.
    fn remember_roles(&mut self, views: &[ViewMetrics]) {
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

    /// Keeps which tables have vectors, of each database that was looked through.
    fn remember_vector_tables(&mut self, views: &[ViewMetrics]) {
        let (schema, table) =
            (vector_tables::VIEW.column_index("schemaname"), vector_tables::VIEW.column_index("relname"));
        let (Some(schema), Some(table)) = (schema, table) else { return };
        let kept = &mut self.state.vector_tables;
        for metrics in views.iter().filter(|metrics| metrics.view.name == vector_tables::VIEW.name) {
            let Some(database) = metrics.snapshot.database.map(i64::from) else { continue };
            let rows = &metrics.snapshot.rows;
            let label = |column, row| rows.label(column, row).map(str::to_owned);
            let found =
                |row| Some(VectorTable { database, schema: label(schema, row)?, table: label(table, row)? });
            kept.retain(|table| table.database != database);
            kept.extend((0..rows.len()).filter_map(found).take(MAX_VECTOR_TABLES));
        }
        kept.truncate(MAX_VECTOR_TABLES_IN_ALL);
    }

    /// Tells whether any table has vectors: most servers have none, and their statements need not be looked through.
    pub(super) fn knows_vectors(&self) -> bool {
        !self.state.vector_tables.is_empty()
    }

    /// Returns what a statement does with vectors, as far as its text is known.
    pub(super) fn vector_use(&self, key: &StatementKey) -> Option<VectorUse> {
        let known = self.dictionary.known(key.dbid, key.queryid)?;
        if known.own || !known.may_use_vectors {
            return None;
        }
        let entry = self.dictionary.entry(key.dbid, key.queryid)?;
        let tables = &self.state.vector_tables;
        vector_use(tables, key.dbid, entry.distance.as_deref(), entry.written.as_deref())
    }

    /// Keeps that the server could not be read, where there is a clock to know until when it rests. What was read
    /// before stays as it was. Returns what is kept, or nothing if it has to be read again.
    pub(super) async fn remember_failure(
        mut self,
        mut kept: Kept,
        store: &impl StateStore,
        clock: Option<Timestamp>,
    ) -> Option<Kept> {
        self.state.breaker.failed(clock?, &SERVER);
        let (bytes, _) = encode(&mut self.state).ok()?;
        kept.commit_state(store, bytes).await.ok()?;
        Some(kept)
    }

    /// Commits what changed, the baseline last: it never speaks of texts that are not there, nor says that a log was read
    /// whose plans are not there.
    pub(super) async fn commit(
        mut self,
        mut kept: Kept,
        store: &impl StateStore,
        (target, clock): (&str, Option<Timestamp>),
        system_identifier: Option<i64>,
        notices: &mut Vec<Notice>,
    ) -> Result<Kept, StateTrouble> {
        if let Some(dictionary) = self.next_dictionary {
            kept.commit_dictionary(store, dictionary).await.map_err(StateTrouble::Store)?;
        }
        if !self.plans.is_empty() {
            commit_plans(self.plans, store).await?;
        }
        target.clone_into(&mut self.state.target);
        self.state.system_identifier = system_identifier;
        self.state.polls += 1;
        self.state.polled_at = clock.or(self.state.polled_at);
        self.state.dictionary = kept.dictionary_version.as_ref().map(|version| version.0.clone());
        let (bytes, given_up) = encode(&mut self.state)?;
        if given_up > 0 {
            notices.push(Notice {
                degrades: true,
                message: format!(
                    "the state would not fit its budget; {given_up} baselines of databases were given up"
                ),
                mend: Some("poll fewer databases with one state".to_owned()),
            });
        }
        kept.commit_state(store, bytes).await.map_err(StateTrouble::Store)?;
        Ok(kept)
    }
}

/// Packs the state within its budget; returns how many baselines were given up for it, too.
fn encode(state: &mut State) -> Result<(Vec<u8>, usize), StateTrouble> {
    let (bytes, given_up) = state.encode_within(MAX_PACKED_BYTES);
    match bytes.len() > MAX_PACKED_BYTES {
        true => Err(StateTrouble::OverBudget { bytes: bytes.len(), budget: MAX_PACKED_BYTES }),
        false => Ok((bytes, given_up)),
    }
}

async fn look(
    store: &impl StateStore,
    name: ObjectName,
    known: Option<&Version>,
) -> Result<Look, StateTrouble> {
    store.look(name, known).await.map_err(StateTrouble::Store)
}

/// Adds plans to those that are in the store. They are seldom, so that nobody keeps the others in between.
async fn commit_plans(found: Vec<Plan>, store: &impl StateStore) -> Result<(), StateTrouble> {
    let before = store.read(ObjectName::Plans).await.map_err(StateTrouble::Store)?;
    let mut plans: Plans = unpack(before.as_ref(), ObjectName::Plans)?;
    plans.add(found);
    let version = before.as_ref().map(|object| &object.version);
    let committed = store.commit(ObjectName::Plans, &codec::encode(&plans), version).await;
    committed.map(drop).map_err(StateTrouble::Store)
}

fn unpack<T: Default + Stored>(object: Option<&Object>, name: ObjectName) -> Result<T, StateTrouble> {
    let Some(object) = object else { return Ok(T::default()) };
    match codec::decode(&object.bytes) {
        // An update of ours costs one window, and the next commit replaces the object.
        Err(CodecError::OlderFormat { .. }) => Ok(T::default()),
        read => read.map_err(|error| StateTrouble::Unreadable { object: name, error }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::memory::MemoryStore;

    #[tokio::test(flavor = "current_thread")]
    async fn what_is_known_and_did_not_change_is_not_read_again() {
        let store = MemoryStore::default();
        let bytes = codec::encode(&Dictionary::default());
        let version = store.commit(ObjectName::Dictionary, &bytes, None).await.unwrap();
        let names = |version: &Version| {
            let mut state = State::default();
            state.dictionary = Some(version.0.clone());
            codec::encode(&state)
        };
        let state = store.commit(ObjectName::Baseline, &names(&version), None).await.unwrap();
        let load = async |known| Kept::load(&store, known).await.ok().unwrap().0;
        let known = load(None).await;
        let again = load(Some(known.clone())).await;
        let is_same_state =
            |a: &Kept, b: &Kept| Arc::ptr_eq(a.state.as_ref().unwrap(), b.state.as_ref().unwrap());
        assert!(is_same_state(&again, &known) && Arc::ptr_eq(&again.dictionary, &known.dictionary));
        let next = store.commit(ObjectName::Dictionary, &bytes, Some(&version)).await.unwrap();
        let unnamed = load(Some(known.clone())).await;
        assert!(Arc::ptr_eq(&unnamed.dictionary, &known.dictionary), "the state names the one that is known");
        let state = store.commit(ObjectName::Baseline, &names(&next), Some(&state)).await.unwrap();
        let changed = load(Some(known.clone())).await;
        assert!(!is_same_state(&changed, &known) && !Arc::ptr_eq(&changed.dictionary, &known.dictionary));
        let damaged = store.commit(ObjectName::Dictionary, b"not ours", Some(&next)).await.unwrap();
        store.commit(ObjectName::Baseline, &names(&damaged), Some(&state)).await.unwrap();
        let refused = Kept::load(&store, Some(known)).await.err();
        assert!(matches!(refused, Some(StateTrouble::Unreadable { object: ObjectName::Dictionary, .. })));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_dictionary_that_was_left_without_a_state_is_in_nobodys_way() {
        let store = MemoryStore::default();
        store.commit(ObjectName::Dictionary, &codec::encode(&Dictionary::default()), None).await.unwrap();
        let (mut kept, _) = Kept::load(&store, None).await.ok().unwrap();
        kept.commit_dictionary(&store, Arc::default()).await.unwrap();
        kept.commit_dictionary(&store, Arc::default()).await.unwrap();
    }
}
