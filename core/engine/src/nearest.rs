//! The nearest node of some kinds above (or below) every row, found once for a whole partition and kept.
//! One breadth-first sweep from all nodes of the kinds at once; ties go to the smallest node id.
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use stocktake_model::{EdgeType, NodeId};

use crate::partition::{NO_ROW, Partition, Row, row_number};

/// Instead of a row: the cloud of the account.
pub(crate) const CLOUD: Row = NO_ROW - 1;
/// Instead of a row: the root of the graph.
pub(crate) const ROOT: Row = NO_ROW - 2;

/// Which nodes are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// By kind of the partition.
    pub(crate) kinds: Vec<bool>,
    /// Whether the cloud counts.
    pub(crate) cloud: bool,
    /// Whether the root counts.
    pub(crate) root: bool,
    /// Against the edges, or along them.
    pub(crate) above: bool,
}

/// Sweeps that were done already; a partition keeps the last few.
#[derive(Debug, Default)]
pub(crate) struct Nearest {
    kept: RwLock<Vec<(Wanted, Arc<Answers>)>>,
}

/// For every row the nearest wanted one: a row, [`CLOUD`], [`ROOT`] or [`NO_ROW`].
#[derive(Debug)]
pub(crate) struct Answers {
    pub(crate) rows: Box<[Row]>,
    /// By kind of the rows; made when it is asked for.
    tallies: Box<[OnceLock<Tallies>]>,
}

/// How often each number occurs, by number.
pub(crate) type Tallies = Box<[(u32, u32)]>;

/// Counts numbers.
pub(crate) fn tallies(mut numbers: Vec<u32>) -> Tallies {
    numbers.sort_unstable();
    let same = numbers.chunk_by(|a, b| a == b);
    same.map(|same| (same[0], row_number(same.len()))).collect()
}

impl Answers {
    /// How often each answer is given to the rows of a kind.
    pub(crate) fn of_kind(&self, partition: &Partition, kind: usize) -> &[(Row, u32)] {
        self.tallies[kind].get_or_init(|| {
            let rows = &partition.kinds[kind].rows;
            tallies(self.rows[rows.start as usize..rows.end as usize].to_vec())
        })
    }
}

/// More than this many different kinds are rarely asked for between two collections.
const KEPT: usize = 8;

impl Nearest {
    pub(crate) fn memory_bytes(&self) -> usize {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        let tallies = |answers: &Answers| {
            let made = answers.tallies.iter().filter_map(OnceLock::get);
            made.map(|tallies| 8 * tallies.len()).sum::<usize>()
        };
        let bytes = |answers: &Answers| 4 * answers.rows.len() + tallies(answers);
        kept.iter().map(|(_, answers)| bytes(answers)).sum()
    }

    /// The nearest wanted rows.
    pub(crate) fn answers(
        &self,
        partition: &Partition,
        cloud: NodeId,
        wanted: &Wanted,
    ) -> Arc<Answers> {
        let known = |kept: &[(Wanted, Arc<Answers>)]| {
            let found = kept.iter().find(|(known, _)| known == wanted)?;
            Some(Arc::clone(&found.1))
        };
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(answers) = known(&kept) {
            return answers;
        }
        drop(kept);
        let answers = Arc::new(Answers {
            rows: sweep(partition, cloud, wanted).into(),
            tallies: partition.kinds.iter().map(|_| OnceLock::new()).collect(),
        });
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if known(&kept).is_none() {
            if kept.len() == KEPT {
                kept.remove(0);
            }
            kept.push((wanted.clone(), Arc::clone(&answers)));
        }
        answers
    }
}

fn sweep(partition: &Partition, cloud: NodeId, wanted: &Wanted) -> Vec<Row> {
    let rows = partition.len();
    let id = |row: Row| match row {
        CLOUD => cloud,
        ROOT => NodeId::ROOT,
        row => partition.id(row),
    };
    let is_wanted = |row: Row| wanted.kinds[partition.kind_code(row)];
    let edges = &partition.edges[EdgeType::Default as usize];
    let mut answer = vec![NO_ROW; rows];
    let mut depth = vec![u32::MAX; rows];
    // What each node of the frontier passes on: itself if it is wanted, else its own answer.
    let mut frontier: Vec<(Row, Row)> = (0..row_number(rows))
        .filter(|row| is_wanted(*row))
        .map(|row| (row, row))
        .collect();
    let late = above_account(partition, wanted);
    let mut level = 0;
    while !frontier.is_empty() || late.is_some_and(|(at, _)| at >= level) {
        let here = late.filter(|(at, _)| *at == level);
        frontier.extend(here.map(|(_, passed)| (CLOUD, passed)));
        level += 1;
        let mut reached = Vec::new();
        for (row, passed) in frontier {
            let mut reach = |next: Row| {
                let at = next as usize;
                if depth[at] == u32::MAX {
                    depth[at] = level;
                    answer[at] = passed;
                    if !is_wanted(next) {
                        reached.push(next);
                    }
                } else if depth[at] == level && id(passed) < id(answer[at]) {
                    answer[at] = passed;
                }
            };
            match row {
                CLOUD => reach(partition.account_row),
                _ if wanted.above => edges.out(row).for_each(|(next, _)| reach(next)),
                _ => edges.inbound(row).for_each(|(next, _)| reach(next)),
            }
        }
        frontier = reached
            .into_iter()
            .map(|row| (row, answer[row as usize]))
            .collect();
    }
    answer
}

/// Level at which the cloud passes on what is above the account, and what that is: the cloud itself, or the
/// root one level later.
fn above_account(partition: &Partition, wanted: &Wanted) -> Option<(u32, Row)> {
    if !wanted.above || partition.account_row == NO_ROW {
        None
    } else if wanted.cloud {
        Some((0, CLOUD))
    } else {
        wanted.root.then_some((1, ROOT))
    }
}
