//! The objects of the double's bucket, each with the generation that the next write is compared with.

use std::collections::BTreeMap;

use bytes::Bytes;

/// Objects by name.
#[derive(Debug, Default)]
pub(super) struct Bucket {
    objects: BTreeMap<String, Stored>,
    last_generation: u64,
}

/// One object.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) bytes: Bytes,
    pub(super) generation: u64,
}

impl Stored {
    /// Google's own is a hash; that it differs between generations is all that counts.
    pub(super) fn tag(&self) -> String {
        format!("\"tag-{}\"", self.generation)
    }
}

impl Bucket {
    pub(super) fn get(&self, name: &str) -> Option<&Stored> {
        self.objects.get(name)
    }

    /// Writes an object if its generation is the one that is expected: 0 for none, nothing for any.
    pub(super) fn put(&mut self, name: &str, bytes: Bytes, expected: Option<u64>) -> Option<Stored> {
        let current = self.objects.get(name).map_or(0, |stored| stored.generation);
        if expected.is_some_and(|expected| expected != current) {
            return None;
        }
        self.last_generation += 1;
        let stored = Stored { bytes, generation: self.last_generation };
        self.objects.insert(name.to_owned(), stored.clone());
        Some(stored)
    }

    pub(super) fn remove(&mut self, name: &str) -> bool {
        self.objects.remove(name).is_some()
    }

    pub(super) fn below<'b>(&'b self, prefix: &'b str) -> impl Iterator<Item = (&'b String, &'b Stored)> {
        self.objects.iter().filter(move |(name, _)| name.starts_with(prefix))
    }
}
