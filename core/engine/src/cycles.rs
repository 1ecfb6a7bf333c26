//! Which edges may be inserted, in order, without closing a cycle. Knows nothing but numbers.
//!
//! Checking every edge with a search would be quadratic. Instead the strongly connected components of all
//! candidates are found first (linear): an edge between two components can never be part of a cycle. Only the
//! few edges inside a component are checked one by one, by a search from both ends that stays in the component
//! and stops as soon as the smaller side is exhausted.
use rustc_hash::FxHashMap;

use crate::partition::Row;
use crate::relations::Relations;

/// An edge that somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) from: Row,
    pub(crate) to: Row,
    pub(crate) relations: Relations,
}

/// What became of the wanted edges.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    /// Places of the edges that would close a cycle, in order.
    pub(crate) refused: Vec<usize>,
    /// Nodes visited while checking one by one.
    pub(crate) steps: usize,
}

/// Decides on `wanted`, first come first served, between nodes below `nodes`.
pub(crate) fn check(nodes: usize, wanted: &[Wanted]) -> Checked {
    let component = components(nodes, wanted);
    let mut inside = Inside::default();
    let mut refused = Vec::new();
    for (at, edge) in wanted.iter().enumerate() {
        if component[edge.from as usize] != component[edge.to as usize] {
            continue;
        }
        if inside.leads(edge.to, edge.from) {
            refused.push(at);
        } else {
            inside.out.entry(edge.from).or_default().push(edge.to);
            inside.back.entry(edge.to).or_default().push(edge.from);
        }
    }
    Checked {
        refused,
        steps: inside.steps,
    }
}

/// Appends the neighbours of a node.
pub(crate) type Neighbours<'n> = &'n dyn Fn(Row, &mut Vec<Row>);

/// Whether there is a path from `start` to `goal`: one step forward, one step backward, in turn, so that the smaller
/// side decides how long it takes.
pub(crate) fn leads(start: Row, goal: Row, out: Neighbours<'_>, back: Neighbours<'_>) -> bool {
    if start == goal {
        return true;
    }
    let mut seen = FxHashMap::from_iter([(start, 0), (goal, 1)]);
    let mut queues = [vec![start], vec![goal]];
    let mut next = [0, 0];
    let mut found = Vec::new();
    for turn in 0.. {
        let side = turn % 2;
        let Some(here) = queues[side].get(next[side]).copied() else {
            return false;
        };
        next[side] += 1;
        found.clear();
        [out, back][side](here, &mut found);
        for neighbour in &found {
            match seen.insert(*neighbour, side) {
                Some(other) if other != side => return true,
                Some(_) => {}
                None => queues[side].push(*neighbour),
            }
        }
    }
    unreachable!("a finite graph exhausts one side")
}

/// Accepted edges inside components.
#[derive(Default)]
struct Inside {
    out: FxHashMap<Row, Vec<Row>>,
    back: FxHashMap<Row, Vec<Row>>,
    steps: usize,
}

impl Inside {
    /// Whether there is a path from `start` to `goal`: one edge forward, one edge backward, in turn.
    fn leads(&mut self, start: Row, goal: Row) -> bool {
        if start == goal {
            return true;
        }
        let mut sides = [Side::new(start, &self.out), Side::new(goal, &self.back)];
        let mut seen = FxHashMap::from_iter([(start, 0), (goal, 1)]);
        for turn in 0.. {
            let side = turn % 2;
            let Some(neighbour) = sides[side].step() else {
                return false;
            };
            self.steps += 1;
            match seen.insert(neighbour, side) {
                Some(found) if found != side => return true,
                Some(_) => {}
                None => sides[side].queue.push(neighbour),
            }
        }
        unreachable!("a finite graph exhausts one side")
    }
}

/// A search from one end, one edge at a time.
struct Side<'e> {
    queue: Vec<Row>,
    edges: &'e FxHashMap<Row, Vec<Row>>,
    node: usize,
    edge: usize,
}

impl<'e> Side<'e> {
    fn new(start: Row, edges: &'e FxHashMap<Row, Vec<Row>>) -> Self {
        Self {
            queue: vec![start],
            edges,
            node: 0,
            edge: 0,
        }
    }

    /// The node the next edge leads to; `None` once all edges were followed.
    fn step(&mut self) -> Option<Row> {
        while let Some(here) = self.queue.get(self.node) {
            if let Some(next) = self.edges.get(here).and_then(|next| next.get(self.edge)) {
                self.edge += 1;
                return Some(*next);
            }
            self.node += 1;
            self.edge = 0;
        }
        None
    }
}

/// The strongly connected component of every node (Tarjan, without recursion).
fn components(nodes: usize, wanted: &[Wanted]) -> Vec<u32> {
    let mut starts = vec![0_u32; nodes + 1];
    for edge in wanted {
        starts[edge.from as usize + 1] += 1;
    }
    for node in 0..nodes {
        starts[node + 1] += starts[node];
    }
    let mut fill = starts.clone();
    let mut targets = vec![0; wanted.len()];
    for edge in wanted {
        targets[fill[edge.from as usize] as usize] = edge.to;
        fill[edge.from as usize] += 1;
    }
    Tarjan {
        next: starts.clone(),
        starts,
        targets,
        index: vec![UNSEEN; nodes],
        low: vec![0; nodes],
        component: vec![UNSEEN; nodes],
        open: Vec::new(),
        count: 0,
        found: 0,
    }
    .run()
}

const UNSEEN: u32 = u32::MAX;

struct Tarjan {
    starts: Vec<u32>,
    targets: Vec<Row>,
    /// The next edge to follow from each node.
    next: Vec<u32>,
    index: Vec<u32>,
    low: Vec<u32>,
    component: Vec<u32>,
    open: Vec<Row>,
    count: u32,
    found: u32,
}

impl Tarjan {
    fn run(mut self) -> Vec<u32> {
        for root in (0..).take(self.index.len()) {
            if self.index[root as usize] == UNSEEN {
                self.visit(root);
            }
        }
        self.component
    }

    fn visit(&mut self, root: Row) {
        let mut path = vec![root];
        self.open(root);
        while let Some(&node) = path.last() {
            let here = node as usize;
            if self.next[here] < self.starts[here + 1] {
                let target = self.targets[self.next[here] as usize];
                self.next[here] += 1;
                if self.index[target as usize] == UNSEEN {
                    self.open(target);
                    path.push(target);
                } else if self.component[target as usize] == UNSEEN {
                    self.low[here] = self.low[here].min(self.index[target as usize]);
                }
                continue;
            }
            path.pop();
            if let Some(&parent) = path.last() {
                let parent = parent as usize;
                self.low[parent] = self.low[parent].min(self.low[here]);
            }
            if self.low[here] == self.index[here] {
                self.close(node);
            }
        }
    }

    fn open(&mut self, node: Row) {
        self.index[node as usize] = self.count;
        self.low[node as usize] = self.count;
        self.count += 1;
        self.open.push(node);
    }

    /// Everything opened since `root` is one component.
    fn close(&mut self, root: Row) {
        while let Some(node) = self.open.pop() {
            self.component[node as usize] = self.found;
            if node == root {
                break;
            }
        }
        self.found += 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wanted(edges: &[(Row, Row)]) -> Vec<Wanted> {
        edges
            .iter()
            .map(|&(from, to)| Wanted {
                from,
                to,
                relations: Relations::default(),
            })
            .collect()
    }

    /// The obvious way: a search before every edge.
    fn one_by_one(nodes: usize, edges: &[(Row, Row)]) -> Vec<usize> {
        let mut out = vec![Vec::new(); nodes];
        let mut refused = Vec::new();
        for (at, &(from, to)) in edges.iter().enumerate() {
            let mut seen = vec![to];
            let mut next = 0;
            while let Some(&here) = seen.get(next) {
                next += 1;
                for &neighbour in &out[here as usize] {
                    if !seen.contains(&neighbour) {
                        seen.push(neighbour);
                    }
                }
            }
            if seen.contains(&from) {
                refused.push(at);
            } else {
                out[from as usize].push(to);
            }
        }
        refused
    }

    #[test]
    fn the_edge_that_comes_last_is_refused() {
        let edges = wanted(&[(0, 1), (1, 2), (2, 0), (2, 3), (3, 3), (1, 0)]);
        assert_eq!(check(4, &edges).refused, [2, 4, 5]);
    }

    #[test]
    fn edges_outside_of_cycles_cost_nothing() {
        let edges: Vec<(Row, Row)> = (0..9_999).map(|at| (at, at + 1)).collect();
        let checked = check(10_000, &wanted(&edges));
        assert!(checked.refused.is_empty());
        assert_eq!(checked.steps, 0);
    }

    #[test]
    fn many_edges_back_to_one_parent_are_linear() {
        let children = 1..5_000;
        let edges: Vec<(Row, Row)> = children
            .clone()
            .map(|child| (0, child))
            .chain(children.clone().map(|child| (child, 0)))
            .collect();
        let checked = check(5_000, &wanted(&edges));
        assert_eq!(checked.refused.len(), children.len());
        assert!(checked.steps <= 10 * edges.len(), "{}", checked.steps);
    }

    proptest! {
        #[test]
        fn the_answer_is_that_of_a_search_before_every_edge(
            edges in prop::collection::vec((0_u32..8, 0_u32..8), 0..40)
        ) {
            prop_assert_eq!(check(8, &wanted(&edges)).refused, one_by_one(8, &edges));
        }
    }
}
