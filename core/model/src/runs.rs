//! How the values of a column are kept: each run of equal values as its length and its value where that is shorter, as
//! most counters of most statements stay zero; else one by one.

use serde::de::Error;
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::rows::{RawText, Series};
use crate::time::Timestamp;

/// A series as a baseline keeps it.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Series")]
pub(crate) enum Packed {
    Int(#[serde(with = "self")] Vec<Option<i64>>),
    Float(#[serde(with = "self")] Vec<Option<f64>>),
    Flag(#[serde(with = "self")] Vec<Option<bool>>),
    Label(#[serde(with = "self")] Vec<Option<Box<str>>>),
    Time(#[serde(with = "self")] Vec<Option<Timestamp>>),
    IntList(#[serde(with = "self")] Vec<Option<Box<[i64]>>>),
    #[serde(skip)]
    Text(Vec<Option<RawText>>),
}

/// The most values of a column that are read back, whatever its runs say.
const MAX_VALUES: usize = 1 << 22;
/// Runs have to be so long on average to be shorter than their values.
const WORTH_LENGTH: usize = 2;

#[derive(Serialize)]
enum Kept<'v, T> {
    Runs(Vec<(usize, &'v Option<T>)>),
    /// None of them is NULL.
    Whole(Whole<'v, T>),
    Each(&'v [Option<T>]),
}

struct Whole<'v, T>(&'v [Option<T>]);

impl<T: Serialize> Serialize for Whole<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut sequence = serializer.serialize_seq(Some(self.0.len()))?;
        for value in self.0.iter().flatten() {
            sequence.serialize_element(value)?;
        }
        sequence.end()
    }
}

#[derive(Deserialize)]
enum Found<T> {
    Runs(Vec<(usize, Option<T>)>),
    Whole(Vec<T>),
    Each(Vec<Option<T>>),
}

/// Writes the values of a column.
fn serialize<T: Serialize + PartialEq, S: Serializer>(
    values: &[Option<T>],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let runs = || values.chunk_by(|a, b| a == b);
    let most = values.len() / WORTH_LENGTH;
    let kept = if runs().take(most + 1).count() <= most {
        Kept::Runs(runs().map(|run| (run.len(), &run[0])).collect())
    } else if values.iter().all(Option::is_some) {
        Kept::Whole(Whole(values))
    } else {
        Kept::Each(values)
    };
    kept.serialize(serializer)
}

/// Reads them back.
fn deserialize<'de, T: Deserialize<'de> + Clone, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Option<T>>, D::Error> {
    match Found::deserialize(deserializer)? {
        Found::Runs(runs) => spread(runs).ok_or_else(|| D::Error::custom("more values than a column has")),
        Found::Whole(values) => Ok(values.into_iter().map(Some).collect()),
        Found::Each(values) => Ok(values),
    }
}

fn spread<T: Clone>(runs: Vec<(usize, Option<T>)>) -> Option<Vec<Option<T>>> {
    let count = runs.iter().try_fold(0_usize, |count, (length, _)| count.checked_add(*length))?;
    if count > MAX_VALUES {
        return None;
    }
    let mut values = Vec::with_capacity(count);
    for (length, value) in runs {
        values.resize(values.len() + length, value);
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::{Deserialize, Serialize};

    use super::{MAX_VALUES, Packed, spread};
    use crate::rows::Series;
    use crate::time::Timestamp;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Column(#[serde(with = "super")] Vec<Option<i64>>);

    fn written(values: &[Option<i64>]) -> String {
        serde_json::to_string(&Column(values.to_vec())).unwrap()
    }

    #[test]
    fn the_shortest_of_three_ways_is_taken() {
        assert_eq!(written(&[]), r#"{"Runs":[]}"#);
        assert_eq!(written(&[Some(0); 5_000]), r#"{"Runs":[[5000,0]]}"#);
        assert_eq!(written(&[None, None, Some(7), Some(7)]), r#"{"Runs":[[2,null],[2,7]]}"#);
        assert_eq!(written(&[Some(1), Some(1), Some(2)]), r#"{"Whole":[1,1,2]}"#);
        assert_eq!(written(&[Some(1), None, Some(2)]), r#"{"Each":[1,null,2]}"#);
    }

    #[test]
    fn runs_longer_than_any_column_are_refused() {
        assert_eq!(spread(vec![(MAX_VALUES, None::<i64>)]).map(|values| values.len()), Some(MAX_VALUES));
        assert_eq!(spread(vec![(MAX_VALUES, None::<i64>), (1, Some(1))]), None);
        assert_eq!(spread(vec![(usize::MAX, None::<i64>), (2, Some(1))]), None);
        let hostile = r#"{"Runs":[[18446744073709551615,null],[2,1]]}"#;
        assert!(serde_json::from_str::<Column>(hostile).is_err());
    }

    #[test]
    fn series_of_every_kind_stay_what_they_are() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Stored(#[serde(with = "Packed")] Series);
        for series in [
            Series::Int(vec![None, Some(i64::MIN), Some(i64::MAX)]),
            Series::Float(vec![Some(0.1), Some(0.1), Some(0.1)]),
            Series::Flag(vec![Some(true), None, None, None]),
            Series::Label(vec![Some("a".into()), Some("b".into())]),
            Series::Time(vec![Some(Timestamp(1)), Some(Timestamp(2))]),
            Series::IntList(vec![Some([1, 2].into()), None, Some([].into())]),
        ] {
            let stored = Stored(series);
            let text = serde_json::to_string(&stored).unwrap();
            assert_eq!(serde_json::from_str::<Stored>(&text).unwrap(), stored, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(runs in prop::collection::vec((1usize..4, prop::option::of(-2i64..3)), 0..40)) {
            let column = Column(spread(runs).unwrap());
            let text = serde_json::to_string(&column).unwrap();
            prop_assert_eq!(serde_json::from_str::<Column>(&text).unwrap(), column);
        }
    }
}
