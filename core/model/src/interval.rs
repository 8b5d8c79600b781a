//! Mean and standard deviation of an interval, from two cumulative readings of them.
//!
//! pg_stat_statements keeps count, total and population standard deviation since an entry began. The parallel
//! form of Welford's update (Chan, Golub, LeVeque 1979) can be solved for the second part; unlike differences of
//! sums of squares it does not cancel when the mean is large against the deviation.

/// Cumulative moments of one statement: how often, how long in all, and the population standard deviation.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    /// Executions.
    pub count: i64,
    /// Their sum, in milliseconds.
    pub total: f64,
    /// Population standard deviation, in milliseconds.
    pub stddev: f64,
}

impl Moments {
    fn sum_of_squared_deviations(self) -> f64 {
        self.count as f64 * self.stddev * self.stddev
    }

    fn mean(self) -> f64 {
        self.total / self.count as f64
    }
}

/// Returns the moments of what happened between two readings, or nothing if nothing happened.
pub fn between(before: Moments, after: Moments) -> Option<Moments> {
    let count = after.count - before.count;
    if count <= 0 {
        return None;
    }
    if before.count <= 0 {
        return Some(after);
    }
    let inside = Moments { count, total: after.total - before.total, stddev: 0.0 };
    let shift = inside.mean() - before.mean();
    let between_groups = shift * shift * before.count as f64 * count as f64 / after.count as f64;
    let squared = after.sum_of_squared_deviations() - before.sum_of_squared_deviations() - between_groups;
    // Rounding alone can bring the difference below zero.
    Some(Moments { stddev: (squared.max(0.0) / count as f64).sqrt(), ..inside })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn moments(values: &[f64]) -> Moments {
        let count = values.len() as f64;
        let total: f64 = values.iter().sum();
        let mean = total / count;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
        Moments { count: values.len() as i64, total, stddev: variance.sqrt() }
    }

    #[test]
    fn nothing_happened() {
        let same = moments(&[1.0, 2.0]);
        assert_eq!(between(same, same), None);
    }

    proptest! {
        #[test]
        fn equals_the_moments_of_the_interval_alone(
            before in prop::collection::vec(0.001f64..1e5, 1..200),
            inside in prop::collection::vec(0.001f64..1e5, 1..200),
        ) {
            let all: Vec<f64> = before.iter().chain(&inside).copied().collect();
            let got = between(moments(&before), moments(&all)).unwrap();
            let want = moments(&inside);
            prop_assert_eq!(got.count, want.count);
            let scale = moments(&all).total.max(1.0);
            prop_assert!((got.total - want.total).abs() <= scale * 1e-12);
            // The deviation is a root: an error of 1e-12 of the squares is one of 1e-6 of itself at worst.
            let tolerance = (1e-12f64).sqrt() * scale / (want.count as f64).sqrt();
            prop_assert!((got.stddev - want.stddev).abs() <= tolerance.max(1e-6), "{} {}", got.stddev, want.stddev);
        }
    }
}
