//! What edges stand for: a set of relations each. The same few sets come again and again, so an edge has the number of one.
use std::ops::Range;

use stocktake_model::Relation;

/// A set of relations: bit n is the n-th of [`Relation::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Relations(pub(crate) u32);

impl Relations {
    pub(crate) fn of(relation: Relation) -> Self {
        Self(1 << relation as u32)
    }

    pub(crate) fn contains(self, relation: Relation) -> bool {
        self.0 & Self::of(relation).0 != 0
    }

    pub(crate) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Relation> {
        Relation::ALL
            .into_iter()
            .filter(move |relation| self.contains(*relation))
    }
}

impl FromIterator<Relation> for Relations {
    fn from_iter<I: IntoIterator<Item = Relation>>(relations: I) -> Self {
        relations
            .into_iter()
            .fold(Self::default(), |all, one| all.with(Self::of(one)))
    }
}

/// The sets of many edges, by place.
#[derive(Debug, Clone)]
pub(crate) enum Sets {
    /// As long as there are no more different ones than a byte can name.
    Few {
        known: Vec<Relations>,
        codes: Vec<u8>,
    },
    /// Each as it is.
    Many(Vec<Relations>),
}

impl Default for Sets {
    fn default() -> Self {
        Self::Few {
            known: Vec::new(),
            codes: Vec::new(),
        }
    }
}

impl Sets {
    /// None yet, but those of `other` are known; room for so many.
    pub(crate) fn like(other: &Self, room: usize) -> Self {
        match other {
            Self::Few { known, .. } => Self::Few {
                known: known.clone(),
                codes: Vec::with_capacity(room),
            },
            Self::Many(_) => Self::Many(Vec::with_capacity(room)),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Few { codes, .. } => codes.len(),
            Self::Many(sets) => sets.len(),
        }
    }

    /// The set at a place.
    pub(crate) fn get(&self, at: usize) -> Relations {
        match self {
            Self::Few { known, codes } => known[usize::from(codes[at])],
            Self::Many(sets) => sets[at],
        }
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Relations> {
        (0..self.len()).map(|at| self.get(at))
    }

    pub(crate) fn push(&mut self, set: Relations) {
        let code = match self {
            Self::Few { known, .. } => code(known, set),
            Self::Many(_) => None,
        };
        match (self, code) {
            (Self::Few { codes, .. }, Some(code)) => codes.push(code),
            (Self::Many(sets), _) => sets.push(set),
            (few, None) => {
                let mut sets: Vec<Relations> = few.iter().collect();
                sets.push(set);
                *few = Self::Many(sets);
            }
        }
    }

    /// Appends some of what this was made [`Sets::like`].
    pub(crate) fn extend_from(&mut self, other: &Self, places: Range<usize>) {
        match (self, other) {
            (Self::Few { codes, .. }, Self::Few { codes: others, .. }) => {
                codes.extend_from_slice(&others[places]);
            }
            (Self::Many(sets), others) => sets.extend(places.map(|at| others.get(at))),
            (few, others) => places.for_each(|at| few.push(others.get(at))),
        }
    }

    /// The same sets in another order: `place` tells, one after the other, where each goes; no two to the same place.
    pub(crate) fn placed(&self, place: impl Iterator<Item = usize>) -> Self {
        fn placed<T: Copy + Default>(from: &[T], place: impl Iterator<Item = usize>) -> Vec<T> {
            let mut to = vec![T::default(); from.len()];
            from.iter().zip(place).for_each(|(one, at)| to[at] = *one);
            to
        }
        match self {
            Self::Few { known, codes } => Self::Few {
                known: known.clone(),
                codes: placed(codes, place),
            },
            Self::Many(sets) => Self::Many(placed(sets, place)),
        }
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        match self {
            Self::Few { known, codes } => 4 * known.capacity() + codes.capacity(),
            Self::Many(sets) => 4 * sets.capacity(),
        }
    }
}

impl FromIterator<Relations> for Sets {
    fn from_iter<I: IntoIterator<Item = Relations>>(all: I) -> Self {
        let all = all.into_iter();
        let mut sets = Self::like(&Self::default(), all.size_hint().0);
        all.for_each(|set| sets.push(set));
        sets
    }
}

/// The number of a set, a new one if it has none; `None` if there are too many.
fn code(known: &mut Vec<Relations>, set: Relations) -> Option<u8> {
    let found = known.iter().position(|one| *one == set);
    let code = u8::try_from(found.unwrap_or(known.len())).ok()?;
    if found.is_none() {
        known.push(set);
    }
    Some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_different_sets_are_as_good_as_few() {
        for count in [0, 1, 256, 257, 700] {
            let all = (0..count).map(|at| Relations(at * 7 % 300));
            let sets: Sets = all.clone().collect();
            assert_eq!(matches!(sets, Sets::Few { .. }), count <= 256);
            assert!(sets.iter().eq(all.clone()), "{count}");
            let mut more = Sets::like(&sets, 3);
            more.push(Relations(1_000));
            more.extend_from(&sets, 0..sets.len());
            let expected = [Relations(1_000)].into_iter().chain(all.clone());
            assert!(more.iter().eq(expected), "{count}");
            let turned = sets.placed((0..sets.len()).rev());
            assert!(turned.iter().eq(all.rev()), "{count}");
        }
    }
}
