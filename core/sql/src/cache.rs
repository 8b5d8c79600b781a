//! Keeps analyses, so that a text that comes with every poll is analysed once. Bounded by entries and by bytes.

use std::sync::Arc;

use lru::LruCache;
use sha2::{Digest, Sha256};

use crate::analysis::{Analysis, analyse};
use crate::raw::RawSql;

/// What an entry takes besides its texts: the two structures, list links and the hash table's share.
const ENTRY_OVERHEAD_BYTES: usize = 320;

/// Analyses by the hash of the raw text; the raw text itself is not kept.
#[derive(Debug)]
pub struct AnalysisCache {
    analyses: LruCache<[u8; 16], Arc<Analysis>>,
    max_entries: usize,
    max_bytes: usize,
    size_bytes: usize,
    hits: u64,
    misses: u64,
}

impl AnalysisCache {
    /// Makes an empty cache that holds at most so many analyses and so many bytes.
    pub fn new(max_entries: usize, max_bytes: usize) -> AnalysisCache {
        AnalysisCache {
            analyses: LruCache::unbounded(),
            max_entries,
            max_bytes,
            size_bytes: 0,
            hits: 0,
            misses: 0,
        }
    }

    /// Returns the analysis of a text, from the cache if it is there.
    pub fn analyse(&mut self, sql: &RawSql) -> Arc<Analysis> {
        let key = key(sql);
        if let Some(known) = self.analyses.get(&key) {
            self.hits += 1;
            return Arc::clone(known);
        }
        self.misses += 1;
        let analysis = Arc::new(analyse(sql));
        self.insert(key, Arc::clone(&analysis));
        analysis
    }

    /// Returns the number of analyses held.
    pub fn len(&self) -> usize {
        self.analyses.len()
    }

    /// Returns whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.analyses.is_empty()
    }

    /// Returns about how many bytes are held.
    pub fn size_bytes(&self) -> usize {
        self.size_bytes
    }

    /// Returns how many texts were found.
    pub fn hits(&self) -> u64 {
        self.hits
    }

    /// Returns how many texts were analysed.
    pub fn misses(&self) -> u64 {
        self.misses
    }

    fn insert(&mut self, key: [u8; 16], analysis: Arc<Analysis>) {
        self.size_bytes += size_bytes(&analysis);
        self.analyses.push(key, analysis);
        while self.analyses.len() > self.max_entries || self.size_bytes > self.max_bytes {
            let Some((_, dropped)) = self.analyses.pop_lru() else { break };
            self.size_bytes -= size_bytes(&dropped);
        }
    }
}

/// Two texts with one key would share an analysis, so the key is a cryptographic hash, cut to 128 bits.
fn key(sql: &RawSql) -> [u8; 16] {
    let mut hasher = Sha256::new();
    hasher.update([u8::from(sql.cut())]);
    hasher.update(sql.as_str());
    let mut key = [0; 16];
    key.iter_mut().zip(hasher.finalize()).for_each(|(to, from)| *to = from);
    key
}

fn size_bytes(analysis: &Analysis) -> usize {
    let string = size_of::<String>();
    let tables: usize = analysis.tables.iter().map(|table| string + table.len()).sum();
    let tags: usize = analysis.tags.iter().map(|(key, value)| 2 * string + key.len() + value.len()).sum();
    ENTRY_OVERHEAD_BYTES + analysis.normalized.as_str().len() + tables + tags
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::AnalysisCache;
    use crate::analysis::analyse;
    use crate::raw::RawSql;

    fn statement(number: usize) -> RawSql {
        RawSql::from(format!("select c{number} from t where a = 's3cr3t-canary'").as_str())
    }

    #[test]
    fn a_known_text_is_not_analysed_again() {
        let mut cache = AnalysisCache::new(10, 1 << 20);
        let first = cache.analyse(&statement(1));
        assert!(Arc::ptr_eq(&first, &cache.analyse(&statement(1))));
        assert_eq!(*first, analyse(&statement(1)));
        assert_eq!((cache.hits(), cache.misses(), cache.len()), (1, 1, 1));
    }

    #[test]
    fn the_least_used_goes_first() {
        let mut cache = AnalysisCache::new(2, 1 << 20);
        for number in [1, 2, 1, 3, 1, 2] {
            cache.analyse(&statement(number));
        }
        assert_eq!((cache.hits(), cache.misses(), cache.len()), (2, 4, 2));
    }

    #[test]
    fn bytes_are_bounded() {
        let mut cache = AnalysisCache::new(1_000, 2_000);
        (0..100).for_each(|number| drop(cache.analyse(&statement(number))));
        assert!(cache.size_bytes() <= 2_000 && cache.len() > 1, "{} entries", cache.len());
        let mut none = AnalysisCache::new(0, 0);
        none.analyse(&statement(1));
        assert!(none.is_empty() && none.size_bytes() == 0);
    }

    #[test]
    fn the_raw_text_is_not_kept() {
        let mut cache = AnalysisCache::new(10, 1 << 20);
        cache.analyse(&statement(1));
        assert!(!format!("{cache:?}").contains("canary"));
    }
}
