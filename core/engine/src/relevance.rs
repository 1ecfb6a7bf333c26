//! How well documents match one phrase (BM25). With a single phrase its rarity is the same for all, so only how
//! often it occurs and how long the document is decide.
use crate::text::Occurrence;

const SATURATION: f64 = 1.2;
const LENGTH_WEIGHT: f64 = 0.75;

/// A score for each document, greater is better.
pub(crate) fn scores(occurrences: &[Occurrence]) -> Vec<f64> {
    let words: f64 = occurrences.iter().map(|one| f64::from(one.words)).sum();
    let documents = u32::try_from(occurrences.len()).unwrap_or(u32::MAX);
    let average = (words / f64::from(documents)).max(1.0);
    let score = |one: &Occurrence| {
        let times = f64::from(one.times);
        let length = 1.0 - LENGTH_WEIGHT + LENGTH_WEIGHT * f64::from(one.words) / average;
        times * (SATURATION + 1.0) / (times + SATURATION * length)
    };
    occurrences.iter().map(score).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_often_and_in_fewer_words_is_better() {
        let [few, often, long] =
            [(1, 10), (3, 10), (1, 90)].map(|(times, words)| Occurrence { times, words });
        let scores = scores(&[few, often, long]);
        assert!(scores[1] > scores[0] && scores[0] > scores[2], "{scores:?}");
    }
}
