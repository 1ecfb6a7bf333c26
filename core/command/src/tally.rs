//! How far the deletions of a plan are, cluster by cluster, for whoever watches.
use std::collections::BTreeMap;

use crate::Progress;

/// Counts what is done, against what there is to do.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    parts: BTreeMap<String, Part>,
}

#[derive(Debug, Clone, Default)]
struct Part {
    total: u64,
    done: u64,
    /// How many came to what.
    fates: BTreeMap<String, u64>,
}

impl Tally {
    /// Nothing is done of so many objects by cluster.
    pub fn new(totals: &BTreeMap<String, u64>) -> Self {
        let part = |(name, total): (&String, &u64)| {
            let part = Part {
                total: *total,
                ..Part::default()
            };
            (name.clone(), part)
        };
        Self {
            parts: totals.iter().map(part).collect(),
        }
    }

    /// One more object of a cluster is done with; how far the cluster is now.
    pub fn count(&mut self, cluster: &str, fate: &str) -> Progress {
        let part = self.parts.entry(cluster.to_owned()).or_default();
        part.done += 1;
        *part.fates.entry(fate.to_owned()).or_default() += 1;
        let total = part.total.max(part.done);
        let fates = part.fates.iter();
        let fates: Vec<String> = fates
            .map(|(fate, count)| format!("{count} {fate}"))
            .collect();
        Progress {
            step: "cleanup".to_owned(),
            part: cluster.to_owned(),
            message: format!("{} of {total} objects: {}", part.done, fates.join(", ")),
            done: part.done,
            total,
            objects: part.done,
            ..Progress::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cluster_is_counted_for_itself() {
        let mut tally = Tally::new(&BTreeMap::from([("a".to_owned(), 3), ("b".to_owned(), 1)]));
        let said = [
            ("a", "deleted", "1 of 3 objects: 1 deleted"),
            ("b", "refused", "1 of 1 objects: 1 refused"),
            ("a", "changed", "2 of 3 objects: 1 changed, 1 deleted"),
            // More than was planned is no reason to be wrong.
            ("b", "deleted", "2 of 2 objects: 1 deleted, 1 refused"),
        ];
        for (cluster, fate, message) in said {
            let progress = tally.count(cluster, fate);
            assert_eq!((&*progress.part, &*progress.message), (cluster, message));
        }
    }
}
