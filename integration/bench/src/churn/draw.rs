//! Which statement runs next: drawn by rank from a Zipf distribution, the same in every run.

/// Draws ranks from 0 up: rank `k` has the weight `(k + 1)^-z`.
pub(super) struct Draw {
    cumulated: Vec<f64>,
    state: u64,
}

/// The beginning of every sequence.
const SEED: u64 = 20_260_101;

impl Draw {
    /// Prepares draws from so many ranks with this exponent.
    pub(super) fn new(ranks: usize, exponent: f64) -> Draw {
        let mut sum = 0.0;
        let mut cumulate = |rank: usize| {
            sum += (rank as f64).powf(-exponent);
            sum
        };
        Draw { cumulated: (1..=ranks).map(&mut cumulate).collect(), state: SEED }
    }

    /// Returns the next rank.
    pub(super) fn next(&mut self) -> usize {
        let total = self.cumulated.last().copied().unwrap_or(0.0);
        let place = self.uniform() * total;
        self.cumulated.partition_point(|sum| *sum <= place).min(self.cumulated.len().saturating_sub(1))
    }

    /// A number from 0 up to 1, by splitmix64.
    fn uniform(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        (mixed >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::Draw;

    #[test]
    fn the_first_ranks_come_most_often_and_all_come() {
        let mut draw = Draw::new(10, 1.0);
        let mut counts = [0; 10];
        (0..10_000).for_each(|_| counts[draw.next()] += 1);
        assert!(counts[0] > 3_000 && counts[0] < 3_800, "{counts:?}");
        assert!(counts.is_sorted_by(|a, b| *a + 100 > *b) && counts[9] > 200, "{counts:?}");
    }
}
