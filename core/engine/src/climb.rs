//! The way up from what is owned to what owns it, by uid, as far as it goes. Follows references in documents, not edges.
use std::borrow::Cow;

use rustc_hash::FxHashMap;
use serde_json::Value;
use stocktake_model::{Condition, Path};

use crate::partition::{Partition, Row};
use crate::steps::Steps;
use crate::value::equal;
use crate::view::View;

/// The way up from owned to owner, by uid.
pub(crate) struct Climb<'p> {
    partition: &'p Partition,
    each: Steps,
    when: Vec<(Steps, &'p Value)>,
    uid: Steps,
    /// Not there if it is not worth making.
    by_uid: Option<FxHashMap<&'p str, Row>>,
}

/// Of several with one uid the first counts, as with edges.
pub(crate) fn first_by_uid(partition: &Partition) -> FxHashMap<&str, Row> {
    let rows = partition.rows().rev();
    rows.map(|row| (partition.uid(row), row)).collect()
}

impl<'p> Climb<'p> {
    /// Longest chain that is followed: references may go round.
    const STEPS: usize = 32;

    pub(crate) fn new(
        partition: &'p Partition,
        (each, when, uid): (&Path, &'p [Condition], &Path),
        by_uid: Option<FxHashMap<&'p str, Row>>,
    ) -> Self {
        let strings = &partition.strings;
        Self {
            partition,
            each: Steps::bind(each, strings),
            when: when
                .iter()
                .map(|condition| (Steps::bind(&condition.path, strings), &condition.equals))
                .collect(),
            uid: Steps::bind(uid, strings),
            by_uid,
        }
    }

    /// The last node on the way; `None` if there is none, or somebody on it is not there.
    pub(crate) fn top(&self, row: Row) -> Option<Row> {
        let mut here = row;
        for _ in 0..Self::STEPS {
            let Some(uid) = self.next(here) else {
                return (here != row).then_some(here);
            };
            here = match &self.by_uid {
                Some(by_uid) => by_uid.get(uid.as_str()).copied()?,
                None => self.partition.rows_with_uid(&uid).first().copied()?,
            };
        }
        None
    }

    /// The uid of the node above, whether it is there or not.
    fn next(&self, row: Row) -> Option<String> {
        let mut next = None;
        self.each
            .each(self.partition.reported(row), &mut |element| {
                let holds = self.when.iter().all(|(steps, expected)| {
                    let found = steps.first(element);
                    found.is_some_and(|value| equal(View::Doc(value), expected))
                });
                if holds && next.is_none() {
                    let uid = self.uid.first(element);
                    next = uid.and_then(|uid| View::Doc(uid).text().map(Cow::into_owned));
                }
            });
        next
    }
}
