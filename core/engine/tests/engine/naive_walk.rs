//! Walking the plain way: one breadth-first search per start, type and direction, over a list of edges.
use stocktake_model::EdgeType;
use stocktake_query::{EdgeType as Written, Filter, Navigation, Walk};

use crate::naive::{Naive, Way};
use crate::naive_filter::edge_fulfils;

impl Naive {
    /// One walk for every start, type and direction; all united, in document order.
    pub(crate) fn navigate(
        &self,
        starts: &[usize],
        way: &Navigation,
        edge_type: Option<Written>,
    ) -> Vec<usize> {
        let types = |types: &[Written]| -> Vec<EdgeType> {
            let default = [edge_type.unwrap_or(Written::Default)];
            let types = if types.is_empty() {
                &default[..]
            } else {
                types
            };
            types.iter().map(|written| plain(*written)).collect()
        };
        let (mut out, mut back) = (way.types.clone(), way.inbound_types.clone());
        if way.direction == Walk::Both {
            if out.is_empty() {
                out.clone_from(&back);
            }
            if back.is_empty() {
                back.clone_from(&out);
            }
        } else {
            back.clone_from(&out);
        }
        let mut reached = vec![false; self.docs.len()];
        for start in starts {
            if way.direction != Walk::In {
                for edge_type in types(&out) {
                    self.walk(*start, edge_type, Way::Out, way, &mut reached);
                }
            }
            if way.direction != Walk::Out {
                for edge_type in types(&back) {
                    self.walk(*start, edge_type, Way::In, way, &mut reached);
                }
            }
        }
        (0..self.docs.len()).filter(|node| reached[*node]).collect()
    }

    fn walk(
        &self,
        start: usize,
        edge_type: EdgeType,
        way: Way,
        nav: &Navigation,
        reached: &mut [bool],
    ) {
        for (node, depth) in self.depths(start, edge_type, way, nav.edge_filter.as_ref()) {
            if (nav.min..=nav.max).contains(&depth) {
                reached[node] = true;
            }
        }
    }

    /// Every node that can be reached, with its least distance.
    fn depths(
        &self,
        start: usize,
        edge_type: EdgeType,
        way: Way,
        filter: Option<&Filter>,
    ) -> Vec<(usize, u32)> {
        let mut found = vec![(start, 0)];
        let mut next = 0;
        while let Some((node, depth)) = found.get(next).copied() {
            next += 1;
            for edge in &self.edges {
                let (from, to) = match way {
                    Way::Out => (edge.from, edge.to),
                    Way::In => (edge.to, edge.from),
                };
                let passes =
                    filter.is_none_or(|filter| edge_fulfils(&edge.relations, edge_type, filter));
                if from == node
                    && edge.of == edge_type
                    && passes
                    && !found.iter().any(|(known, _)| *known == to)
                {
                    found.push((to, depth + 1));
                }
            }
        }
        found
    }

    /// The nearest node of a kind; of several the one with the smallest id.
    pub(crate) fn nearest(&self, node: usize, kind: &str, way: Way) -> Option<usize> {
        let id = |node: usize| {
            self.docs[node]["id"]
                .as_str()
                .unwrap()
                .parse::<stocktake_model::NodeId>()
                .unwrap()
        };
        self.depths(node, EdgeType::Default, way, None)
            .into_iter()
            .filter(|(other, _)| {
                *other != node && self.kinds(*other).iter().any(|known| known == kind)
            })
            .min_by_key(|(other, depth)| (*depth, id(*other)))
            .map(|(other, _)| other)
    }

    /// The node or the first one it is contained in that is of this kind.
    pub(crate) fn hierarchy(&self, node: usize, kind: &str) -> Option<usize> {
        let mut here = node;
        loop {
            if self.kinds(here).iter().any(|known| known == kind) {
                return Some(here);
            }
            let parent = self.edges.iter().find(|edge| {
                edge.to == here && edge.relations.iter().any(|relation| relation == "contains")
            });
            here = parent?.from;
        }
    }
}

fn plain(written: Written) -> EdgeType {
    match written {
        Written::Default => EdgeType::Default,
        Written::Delete => EdgeType::Delete,
        Written::Iam => EdgeType::Iam,
    }
}
