//! Figures taken again and again: their middle, their spread, and the ratio to others taken in the same rounds.

/// Figures of one kind, in the order of the rounds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Samples(Vec<f64>);

/// The middle of some figures and the quarter of them on either side of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) low: f64,
    pub(crate) median: f64,
    pub(crate) high: f64,
}

impl Samples {
    /// Adds the figure of one more round.
    pub(crate) fn push(&mut self, figure: f64) {
        self.0.push(figure);
    }

    /// Returns the sum.
    pub(crate) fn sum(&self) -> f64 {
        self.0.iter().sum()
    }

    /// Returns the mean.
    pub(crate) fn mean(&self) -> f64 {
        self.sum() / self.0.len() as f64
    }

    /// Returns the largest.
    pub(crate) fn largest(&self) -> f64 {
        self.0.iter().copied().fold(0.0, f64::max)
    }

    /// Returns median and quartiles.
    pub(crate) fn spread(&self) -> Spread {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let at = |share: f64| -> f64 {
            let place = share * sorted.len().saturating_sub(1) as f64;
            let (below, above) = (place.floor() as usize, place.ceil() as usize);
            let value = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
            value(below) + (value(above) - value(below)) * (place - place.floor())
        };
        Spread { low: at(0.25), median: at(0.5), high: at(0.75) }
    }

    /// Returns the median.
    pub(crate) fn median(&self) -> f64 {
        self.spread().median
    }

    /// Returns the ratios to others of the same rounds.
    pub(crate) fn over(&self, others: &Samples) -> Samples {
        Samples(self.0.iter().zip(&others.0).map(|(ours, theirs)| ours / theirs).collect())
    }
}

impl FromIterator<f64> for Samples {
    fn from_iter<I: IntoIterator<Item = f64>>(figures: I) -> Samples {
        Samples(figures.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_its_neighbours() {
        let spread = [5.0, 1.0, 3.0, 2.0, 4.0].into_iter().collect::<Samples>().spread();
        assert_eq!(spread, Spread { low: 2.0, median: 3.0, high: 4.0 });
    }

    #[test]
    fn ratios_are_of_the_same_round() {
        let ours: Samples = [2.0, 20.0].into_iter().collect();
        let theirs: Samples = [1.0, 10.0].into_iter().collect();
        assert_eq!(ours.over(&theirs).median(), 2.0);
    }
}
