//! Numbers that look random and are the same in every run with the same seed.

/// A linear congruential generator with the constants of Knuth's MMIX.
#[derive(Debug, Clone)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        let mut chance = Self(seed);
        // Neighbouring seeds start alike; a few steps drive them apart.
        (0..4).for_each(|_| {
            chance.below(2);
        });
        chance
    }

    /// Returns a number from 0 up to, not including, `limit`.
    pub(super) fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let upper_half = self.0 >> 32;
        u32::try_from((upper_half * u64::from(limit)) >> 32).unwrap_or_default()
    }

    /// Returns a number from 1 to `limit`, as an id.
    pub(super) fn id(&mut self, limit: u32) -> i64 {
        i64::from(self.below(limit)) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::Chance;

    #[test]
    fn same_seed_same_numbers_within_bounds() {
        let numbers = |seed| {
            let mut chance = Chance::new(seed);
            (0..1000).map(|_| chance.below(10)).collect::<Vec<_>>()
        };
        assert_eq!(numbers(1), numbers(1));
        assert_ne!(numbers(1), numbers(2));
        assert!((0..10).all(|wanted| numbers(3).contains(&wanted)));
    }
}
