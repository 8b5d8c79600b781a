//! Every view that is read, one file each with its `.sql` beside it. The number in `checkpointer.17.sql` is the
//! first version it fits: the server's major, or the minor of pg_stat_statements for `statements.*`.

use crate::view::View;

pub mod archiver;
pub mod statements;

/// All views, in the order in which they are read and shown.
pub const ALL: &[&View] = &[&statements::INFO, &statements::VIEW, &statements::TEXTS, &archiver::VIEW];

/// Returns the view of that name.
pub fn by_name(name: &str) -> Option<&'static View> {
    ALL.iter().copied().find(|view| view.name == name)
}
