//! The entries of a dictionary, some to a block. Each block is packed for itself, so that whoever asks for one entry
//! unpacks its neighbours and not the thousands of others.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::codec::{self, Stored};
use super::dictionary::Entry;

/// Entries of a block: enough to be packed well, few enough to be unpacked for the sake of one. With 16, forty entries from
/// all over a dictionary took twice the time.
const BLOCK_ENTRIES: usize = 8;

/// Entries by their places.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Blocks(Vec<Block>);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Block(#[serde(with = "serde_bytes")] Vec<u8>);

#[derive(Debug, Default, Serialize, Deserialize)]
struct Contents(Vec<Entry>);

impl Stored for Contents {
    const FORMAT: u16 = 1;
}

impl Blocks {
    /// Packs entries; the place of each is the one it has here.
    pub(super) fn of(entries: Vec<Entry>) -> Blocks {
        let mut entries = entries.into_iter().peekable();
        let mut blocks = Vec::new();
        while entries.peek().is_some() {
            let contents = Contents(entries.by_ref().take(BLOCK_ENTRIES).collect());
            blocks.push(Block(codec::encode(&contents)));
        }
        Blocks(blocks)
    }
}

/// What was unpacked of them so far.
#[derive(Debug)]
pub(super) struct Unpacked(Vec<OnceLock<Contents>>);

impl Unpacked {
    /// Begins with nothing.
    pub(super) fn none_of(blocks: &Blocks) -> Unpacked {
        Unpacked(blocks.0.iter().map(|_| OnceLock::new()).collect())
    }

    /// Returns the entry in a place of the same blocks.
    pub(super) fn get(&self, blocks: &Blocks, place: u32) -> Option<&Entry> {
        let place = usize::try_from(place).ok()?;
        let (at, within) = (place / BLOCK_ENTRIES, place % BLOCK_ENTRIES);
        let (Block(packed), unpacked) = (blocks.0.get(at)?, self.0.get(at)?);
        // The object around it has a checksum. If a block is wrong all the same, its statements have no text.
        let contents = unpacked.get_or_init(|| codec::decode(packed).unwrap_or_default());
        contents.0.get(within)
    }
}

#[cfg(test)]
mod tests {
    use pgquerylens_sql::{RawSql, analyse};

    use super::*;

    fn entries(count: usize) -> Vec<Entry> {
        let entry = |number| Entry::of(analyse(&RawSql::from(format!("select c{number}").as_str())), 100);
        (0..count).map(entry).collect()
    }

    #[test]
    fn each_entry_is_in_its_place_and_none_behind_the_last() {
        for count in [0, 1, BLOCK_ENTRIES, BLOCK_ENTRIES + 1, 5 * BLOCK_ENTRIES - 1] {
            let blocks = Blocks::of(entries(count));
            let unpacked = Unpacked::none_of(&blocks);
            let last = u32::try_from(count).unwrap();
            let found: Vec<Entry> =
                (0..last).filter_map(|place| unpacked.get(&blocks, place).cloned()).collect();
            assert_eq!(found, entries(count));
            assert_eq!(unpacked.get(&blocks, last), None);
        }
    }

    #[test]
    fn only_the_block_that_is_asked_for_is_unpacked() {
        let blocks = Blocks::of(entries(3 * BLOCK_ENTRIES));
        let unpacked = Unpacked::none_of(&blocks);
        unpacked.get(&blocks, 12).unwrap();
        let is_unpacked: Vec<bool> = unpacked.0.iter().map(|block| block.get().is_some()).collect();
        assert_eq!(is_unpacked, [false, true, false]);
    }

    #[test]
    fn a_block_that_is_wrong_costs_its_own_entries() {
        let mut blocks = Blocks::of(entries(2 * BLOCK_ENTRIES));
        blocks.0[0].0.truncate(20);
        let unpacked = Unpacked::none_of(&blocks);
        assert_eq!(unpacked.get(&blocks, 0), None);
        assert!(unpacked.get(&blocks, 8).is_some());
    }
}
