//! A plan against one node: which values a path leads to, and whether a test holds. Reads compact documents in
//! place; nothing becomes JSON for a node that does not match.
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering as Atomic};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use jiff::Timestamp;
use serde_json::Value;
use stocktake_model::parse_time;

use crate::builder::OWN_KEYS;
use crate::error::{EngineError, EngineErrorKind};
use crate::graph::{Graph, Outbound, Spot};
use crate::nearest::{Answers, CLOUD, ROOT, Wanted};
use crate::partition::{NO_ROW, Partition, Row};
use crate::plan::{From, PathPlan, Plan, Section, Step};
use crate::turns::Turn;
use crate::usage::Used;
use crate::verdicts::Slot;
use crate::view::View;

/// A plan on its graph, with what stops it.
#[derive(Debug)]
pub(crate) struct Search {
    pub(crate) graph: Graph,
    pub(crate) plan: Plan,
    pub(crate) now: Timestamp,
    pub(crate) with_edges: bool,
    pub(crate) deadline: Option<Instant>,
    pub(crate) cancel: Arc<AtomicBool>,
    pub(crate) turn: Turn,
    bound: Vec<OnceLock<Bound>>,
}

/// The tables of the plan in the numbers of one partition.
#[derive(Debug)]
pub(crate) struct Bound {
    keys: Vec<Option<u32>>,
    /// By set, by kind of the partition.
    pub(crate) kinds: Vec<Vec<bool>>,
    /// By set and direction.
    nearest: Vec<OnceLock<Arc<Answers>>>,
    /// The kinds of a node of each kind, itself first.
    lineages: OnceLock<Vec<Value>>,
    /// By comparison, by kind of the partition.
    pub(crate) slots: Vec<Slot>,
}

impl Bound {
    /// Numbers of the keys of the plan.
    pub(crate) fn keys(&self) -> &[Option<u32>] {
        &self.keys
    }
}

/// The node a test is about, and what is around it.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    pub(crate) spot: Spot,
    pub(crate) partition: &'a Partition,
    pub(crate) bound: &'a Bound,
    pub(crate) merged: Option<&'a Value>,
    pub(crate) element: Option<View<'a>>,
    pub(crate) element_keys: &'a [Option<u32>],
}

impl<'a> At<'a> {
    pub(crate) fn with_merged(self, merged: Option<&'a Value>) -> Self {
        Self { merged, ..self }
    }
}

/// Called with each value a path leads to; `None` where a property is missing.
type Found<'f, 'a> = &'f mut dyn FnMut(Option<View<'a>>) -> ControlFlow<()>;

impl Search {
    pub(crate) fn new(
        graph: Graph,
        plan: Plan,
        now: Timestamp,
        deadline: Option<Instant>,
        cancel: Arc<AtomicBool>,
    ) -> Self {
        let bound = graph.partitions.iter().map(|_| OnceLock::new()).collect();
        Self {
            graph,
            plan,
            now,
            with_edges: false,
            deadline,
            cancel,
            turn: Turn::default(),
            bound,
        }
    }

    /// Whether to go on.
    pub(crate) fn go_on(&self) -> Result<(), EngineError> {
        self.turn.go_on();
        if self.cancel.load(Atomic::Relaxed) {
            return Err(EngineError::new(EngineErrorKind::Cancelled));
        }
        match self.deadline {
            Some(deadline) if Instant::now() > deadline => {
                Err(EngineError::new(EngineErrorKind::Timeout)
                    .hint("refine the search, add `limit`, or allow more time"))
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn bound(&self, part: u32) -> &Bound {
        self.bound[part as usize].get_or_init(|| {
            let partition = &self.graph.partitions[part as usize];
            let tables = &self.plan.tables;
            let keys = tables
                .keys
                .iter()
                .map(|key| number_of(partition, key))
                .collect();
            let in_set = |set: &crate::plan::KindSet| {
                let mut wanted = vec![false; partition.kinds.len()];
                for name in &set.concrete {
                    let found = partition.kinds.binary_search_by(|kind| kind.name.cmp(name));
                    if let Ok(kind) = found {
                        wanted[kind] = true;
                    }
                }
                wanted
            };
            Bound {
                keys,
                kinds: tables.kinds.iter().map(in_set).collect(),
                nearest: (0..2 * tables.kinds.len())
                    .map(|_| OnceLock::new())
                    .collect(),
                lineages: OnceLock::new(),
                slots: (0..tables.comparisons * partition.kinds.len())
                    .map(|_| Slot::default())
                    .collect(),
            }
        })
    }

    pub(crate) fn at(&self, spot: Spot) -> At<'_> {
        At {
            spot,
            partition: self.graph.part(spot),
            bound: self.bound(spot.part),
            merged: None,
            element: None,
            element_keys: &[],
        }
    }

    /// A place inside of JSON, such as an edge.
    pub(crate) fn at_json<'a>(&'a self, spot: Spot, value: &'a Value) -> At<'a> {
        At {
            element: Some(View::Json(value)),
            ..self.at(spot)
        }
    }

    /// Calls `found` for every value of a path, as long as it says so.
    pub(crate) fn each<'a>(
        &'a self,
        at: At<'a>,
        path: &PathPlan,
        found: Found<'_, 'a>,
    ) -> ControlFlow<()> {
        let (start, keys) = self.start(at, path);
        if !path.age {
            return self.walk(start, keys, &path.steps, found);
        }
        self.walk(start, keys, &path.steps, &mut |stamp| {
            let time = stamp
                .and_then(View::text)
                .and_then(|text| parse_time(&text).ok());
            found(time.map(|time| View::Seconds(self.now.as_second() - time.as_second())))
        })
    }

    /// The first value of a path.
    pub(crate) fn first<'a>(&'a self, at: At<'a>, path: &PathPlan) -> Option<View<'a>> {
        let mut first = None;
        let _ = self.each(at, path, &mut |view| {
            first = view;
            ControlFlow::Break(())
        });
        first
    }

    /// Where a path starts, and the numbers of the keys there.
    pub(crate) fn start<'a>(
        &'a self,
        at: At<'a>,
        path: &PathPlan,
    ) -> (Option<View<'a>>, &'a [Option<u32>]) {
        let other = match path.from {
            From::Node => Some(at.spot),
            From::Stored(stored) => self.graph.ancestor(at.spot, stored),
            From::Nearest(set, outbound) => self.nearest(at, set, outbound),
            From::Merged => return (at.merged.map(View::Json), &[]),
            From::Element => return (at.element, at.element_keys),
        };
        let Some(spot) = other else {
            return (None, &[]);
        };
        let bound = if spot.part == at.spot.part {
            at.bound
        } else {
            self.bound(spot.part)
        };
        (self.section(spot, path.section), &bound.keys)
    }

    fn section(&self, spot: Spot, section: Section) -> Option<View<'_>> {
        let partition = self.graph.part(spot);
        let overlay = || self.graph.overlay.get(&partition.id(spot.row));
        match section {
            Section::Reported => Some(View::Doc(partition.reported(spot.row))),
            Section::Desired => {
                let desired = overlay().map(|overlay| &overlay.desired)?;
                (!desired.is_empty()).then_some(View::Layered {
                    over: desired,
                    under: None,
                })
            }
            Section::Metadata => {
                let under = partition.sections(spot.row).metadata;
                Some(match overlay() {
                    Some(overlay) => View::Layered {
                        over: &overlay.metadata,
                        under: Some(under),
                    },
                    None => View::Doc(under),
                })
            }
            Section::Id => Some(View::Id(partition.id(spot.row))),
            Section::Type => Some(View::Text("node")),
            Section::Kinds => {
                let lineages = self.bound(spot.part).lineages.get_or_init(|| {
                    let model = &self.graph.catalog.model;
                    let kinds = partition.kinds.iter();
                    kinds.map(|kind| model.lineage(&kind.name).into()).collect()
                });
                Some(View::Json(&lineages[partition.kind_code(spot.row)]))
            }
            Section::Usage(joined) => self.used(spot, joined).map(View::Usage),
            Section::Nothing => None,
        }
    }

    /// What a node uses: joined by the part it is asked in, or else as it was last measured.
    pub(crate) fn used(&self, spot: Spot, joined: Option<usize>) -> Option<Used<'_>> {
        match joined {
            Some(joined) => self.plan.tables.usages[joined].of(&self.graph.id(spot)),
            None => self.graph.used(spot),
        }
    }

    /// The nearest node of a set of kinds above or below; never the node itself.
    fn nearest(&self, at: At<'_>, set: usize, outbound: Outbound) -> Option<Spot> {
        if at.spot.part == 0 {
            return self.nearest_at_top(at.spot, set, outbound);
        }
        let answers = self.nearest_rows(at, set, outbound);
        let found = self.nearest_spot(at.spot, answers.rows[at.spot.row as usize]);
        // In the own account first: the others are asked only if they hold such kinds at all.
        if found.is_none() && self.leaves(at.spot.part, set, outbound) {
            return self.nearest_at_top(at.spot, set, outbound);
        }
        found
    }

    /// Whether nodes of a set of kinds may be above (or below) an account, in accounts that edges lead to.
    pub(crate) fn leaves(&self, part: u32, set: usize, outbound: Outbound) -> bool {
        let mut reached = self.graph.crossings.reached(part, outbound);
        reached.any(|other| other != part && self.bound(other).kinds[set].contains(&true))
    }

    /// The nearest nodes of all rows of the partition of `at`, which is an account's.
    pub(crate) fn nearest_rows<'a>(
        &self,
        at: At<'a>,
        set: usize,
        outbound: Outbound,
    ) -> &'a Answers {
        let above = outbound == Outbound::No;
        at.bound.nearest[2 * set + usize::from(above)].get_or_init(|| {
            let concrete = &self.plan.tables.kinds[set].concrete;
            let wanted = Wanted {
                kinds: at.bound.kinds[set].clone(),
                cloud: concrete.contains("cloud"),
                root: concrete.contains("graph_root"),
                above,
            };
            let cloud = nearest_cloud(&self.graph, at.spot);
            at.partition.nearest.answers(at.partition, cloud, &wanted)
        })
    }

    /// What a number of [`Search::nearest_rows`] means for a node of that partition.
    pub(crate) fn nearest_spot(&self, spot: Spot, row: Row) -> Option<Spot> {
        match row {
            NO_ROW => None,
            CLOUD => self.graph.cloud_of(spot),
            ROOT => Some(self.graph.root()),
            row => Some(Spot { row, ..spot }),
        }
    }

    /// For what sees other accounts: level by level, smallest id first.
    fn nearest_at_top(&self, from: Spot, set: usize, outbound: Outbound) -> Option<Spot> {
        let mut seen = std::collections::BTreeSet::from([from]);
        let mut level = vec![from];
        while !level.is_empty() {
            let mut next = Vec::new();
            for spot in level {
                let default = stocktake_model::EdgeType::Default;
                self.graph
                    .neighbours(spot, default, outbound, &mut |to, _| {
                        if seen.insert(to) {
                            next.push(to);
                        }
                    });
            }
            let is_wanted = |spot: &&Spot| self.is_in(**spot, set);
            let found = next
                .iter()
                .filter(is_wanted)
                .min_by_key(|spot| self.graph.id(**spot));
            if found.is_some() {
                return found.copied();
            }
            level = next;
        }
        None
    }

    pub(crate) fn is_in(&self, spot: Spot, set: usize) -> bool {
        self.bound(spot.part).kinds[set][self.graph.part(spot).kind_code(spot.row)]
    }

    pub(crate) fn walk<'a>(
        &self,
        start: Option<View<'a>>,
        keys: &[Option<u32>],
        steps: &[Step],
        found: Found<'_, 'a>,
    ) -> ControlFlow<()> {
        let mut here = start;
        for (at, step) in steps.iter().enumerate() {
            let Some(view) = here else {
                // A missing list has no elements; anything else that is missing is a missing value.
                return if steps[at..].contains(&Step::Any) {
                    ControlFlow::Continue(())
                } else {
                    found(None)
                };
            };
            here = match step {
                Step::Key(key) => {
                    let number = keys.get(*key).copied().flatten();
                    view.member(&self.plan.tables.keys[*key], number)
                }
                Step::At(at) => view.elements().and_then(|mut elements| elements.nth(*at)),
                Step::Any => {
                    for element in view.elements().into_iter().flatten() {
                        self.walk(Some(element), keys, &steps[at + 1..], found)?;
                    }
                    return ControlFlow::Continue(());
                }
            };
        }
        found(here)
    }

    /// Follows the steps behind an element that a loop of an aggregate is at.
    pub(crate) fn behind<'a>(
        &'a self,
        at: At<'a>,
        element: View<'a>,
        path: &PathPlan,
        skip: usize,
        found: Found<'_, 'a>,
    ) -> ControlFlow<()> {
        let (_, keys) = self.start(at, path);
        self.walk(Some(element), keys, &path.steps[skip..], found)
    }
}

/// The number of a key in a partition. The engine's own keys have the same one everywhere.
fn number_of(partition: &Partition, key: &str) -> Option<u32> {
    let own = OWN_KEYS.iter().position(|own| *own == key);
    match own.and_then(|at| u32::try_from(at).ok()) {
        Some(number) => Some(number),
        None => partition.strings.find(key),
    }
}

fn nearest_cloud(graph: &Graph, spot: Spot) -> stocktake_model::NodeId {
    let cloud = graph.cloud_of(spot).expect("every account is in a cloud");
    graph.id(cloud)
}
