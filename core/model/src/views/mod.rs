//! Every view that is read, one file each with its `.sql` beside it. The number in `checkpointer.17.sql` is the
//! first version it fits: the server's major, or the minor of pg_stat_statements for `statements.*`.

use crate::view::View;

pub mod activity;
pub mod archiver;
pub mod available_extensions;
pub mod bgwriter;
pub mod blocking;
pub mod checkpointer;
pub mod database;
pub mod database_sizes;
pub mod databases;
pub mod extensions;
pub mod functions;
pub mod index_duplicates;
pub mod index_sizes;
pub mod indexes;
pub mod io;
pub mod lock_relations;
pub mod locks;
pub mod prepared_xacts;
pub mod progress_analyze;
pub mod progress_basebackup;
pub mod progress_cluster;
pub mod progress_copy;
pub mod progress_create_index;
pub mod progress_vacuum;
pub mod recovery;
pub mod recovery_prefetch;
pub mod replication;
pub mod replication_slots;
pub mod roles;
pub mod sequence_values;
pub mod sequences;
pub mod settings;
pub mod slru;
pub mod statements;
pub mod subscription;
pub mod subscription_stats;
pub mod table_sizes;
pub mod tables;
pub mod wal;
pub mod wal_receiver;

/// All views, in the order in which they are read and shown.
pub const ALL: &[&View] = &[
    &statements::INFO,
    &statements::VIEW,
    &statements::TEXTS,
    &activity::VIEW,
    &blocking::VIEW,
    &database::VIEW,
    &bgwriter::VIEW,
    &checkpointer::VIEW,
    &wal::VIEW,
    &archiver::VIEW,
    &io::VIEW,
    &slru::VIEW,
    &replication::VIEW,
    &replication_slots::VIEW,
    &wal_receiver::VIEW,
    &recovery::VIEW,
    &recovery_prefetch::VIEW,
    &subscription::VIEW,
    &subscription_stats::VIEW,
    &progress_vacuum::VIEW,
    &progress_analyze::VIEW,
    &progress_create_index::VIEW,
    &progress_cluster::VIEW,
    &progress_copy::VIEW,
    &progress_basebackup::VIEW,
    &locks::VIEW,
    &lock_relations::VIEW,
    &prepared_xacts::VIEW,
    &tables::VIEW,
    &table_sizes::VIEW,
    &indexes::VIEW,
    &index_sizes::VIEW,
    &index_duplicates::VIEW,
    &functions::VIEW,
    &sequences::VIEW,
    &sequence_values::VIEW,
    &databases::VIEW,
    &database_sizes::VIEW,
    &settings::VIEW,
    &roles::VIEW,
    &extensions::VIEW,
    &available_extensions::VIEW,
];

/// Returns the view of that name.
pub fn by_name(name: &str) -> Option<&'static View> {
    ALL.iter().copied().find(|view| view.name == name)
}
