//! What nodes use, beside their documents: the last sample of a node, or what all samples of a span of time come to.
//! Tables of their own, so that nodes without samples cost nothing; where samples are kept is not known here.
use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use serde_json::{Value, json};
use stocktake_model::{
    Duration, Map, Measures, Metric, NodeId, UsageBlock, UsageSample, normalise,
};

use crate::document::{Cursor, Item};
use crate::graph::{Graph, Spot};
use crate::namespaces::Namespaces;
use crate::partition::{Partition, Row};
use crate::value::Num;
use crate::view::View;
use crate::window::UsageWindow;

/// What some nodes use. Immutable; lookups compare ids.
#[derive(Debug, Default)]
pub struct Usage {
    /// When the time it is about begins.
    start: String,
    /// How long that is.
    duration: String,
    /// Sorted.
    ids: Vec<NodeId>,
    figures: Figures,
}

#[derive(Debug)]
enum Figures {
    /// Of one moment: smallest, greatest and average are the same.
    Once(Vec<Measures>),
    /// Of several.
    Over(Vec<Span>),
}

impl Default for Figures {
    fn default() -> Self {
        Self::Once(Vec::new())
    }
}

/// What the samples of one node come to.
#[derive(Debug, Clone, Copy, Default)]
struct Span {
    entries: u32,
    metrics: [Range; Metric::ALL.len()],
}

/// Of one metric.
#[derive(Debug, Clone, Copy, Default)]
struct Range {
    count: u32,
    min: f64,
    max: f64,
    sum: f64,
}

impl Range {
    fn add(&mut self, value: f64) {
        let is_first = self.count == 0;
        self.min = if is_first { value } else { self.min.min(value) };
        self.max = if is_first { value } else { self.max.max(value) };
        self.sum += value;
        self.count += 1;
    }
}

impl Usage {
    /// What was measured at one moment.
    pub fn last(block: &UsageBlock) -> Self {
        let (ids, measures) = block.nodes.iter().copied().unzip();
        Self {
            start: normalise(block.at),
            duration: Duration::from_seconds(0).to_string(),
            ids,
            figures: Figures::Once(measures),
        }
    }

    /// What the samples of a window come to for each node, in the metrics it asks for.
    pub fn over(window: &UsageWindow, blocks: impl IntoIterator<Item = UsageBlock>) -> Self {
        let mut spans: HashMap<NodeId, Span> = HashMap::new();
        for (id, measures) in blocks.into_iter().flat_map(|block| block.nodes) {
            let measured = window.metrics.iter().filter_map(|metric| {
                let value = measures.get(*metric)?;
                Some((*metric, value))
            });
            let mut measured = measured.peekable();
            if measured.peek().is_none() {
                continue;
            }
            let span = spans.entry(id).or_default();
            span.entries += 1;
            for (metric, value) in measured {
                span.metrics[metric as usize].add(value);
            }
        }
        let mut spans: Vec<(NodeId, Span)> = spans.into_iter().collect();
        spans.sort_unstable_by_key(|(id, _)| *id);
        let (ids, spans) = spans.into_iter().unzip();
        let seconds = window.end.as_second() - window.start.as_second();
        Self {
            start: normalise(window.start),
            duration: Duration::from_seconds(seconds).to_string(),
            ids,
            figures: Figures::Over(spans),
        }
    }

    /// What is known of a node.
    pub(crate) fn of(&self, id: &NodeId) -> Option<Used<'_>> {
        let at = self.ids.binary_search(id).ok()?;
        Some(Used { usage: self, at })
    }

    fn memory_bytes(&self) -> usize {
        let figures = match &self.figures {
            Figures::Once(measures) => size_of::<Measures>() * measures.capacity(),
            Figures::Over(spans) => size_of::<Span>() * spans.capacity(),
        };
        size_of::<NodeId>() * self.ids.capacity() + figures
    }
}

/// What one node uses: the section `usage` of its document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Used<'a> {
    usage: &'a Usage,
    at: usize,
}

/// The names in an entry of a metric.
pub(crate) const FIGURES: [&str; 3] = ["avg", "max", "min"];
/// The names in the section beside the metrics.
pub(crate) const BESIDE: [&str; 3] = ["duration", "entries", "start"];

impl<'a> Used<'a> {
    /// The member with this key.
    pub(crate) fn member(self, key: &str) -> Option<View<'a>> {
        match key {
            "start" => Some(View::Text(&self.usage.start)),
            "duration" => Some(View::Text(&self.usage.duration)),
            "entries" => Some(View::Seconds(self.entries().into())),
            _ => {
                let metric = Metric::named(key)?;
                self.range(metric).map(|_| View::Metric(self, metric))
            }
        }
    }

    /// The member of a metric with this key.
    pub(crate) fn figure(self, metric: Metric, key: &str) -> Option<View<'a>> {
        let (min, avg, max) = self.range(metric)?;
        let figure = match key {
            "min" => min,
            "avg" => avg,
            "max" => max,
            _ => return None,
        };
        Some(View::Number(figure))
    }

    fn entries(self) -> u32 {
        match &self.usage.figures {
            Figures::Once(_) => 1,
            Figures::Over(spans) => spans[self.at].entries,
        }
    }

    /// Smallest, average and greatest value.
    fn range(self, metric: Metric) -> Option<(f64, f64, f64)> {
        match &self.usage.figures {
            Figures::Once(measures) => {
                let value = measures[self.at].get(metric)?;
                Some((value, value, value))
            }
            Figures::Over(spans) => {
                let range = spans[self.at].metrics[metric as usize];
                let avg = range.sum / f64::from(range.count);
                (range.count > 0).then_some((range.min, avg, range.max))
            }
        }
    }

    /// A metric as JSON.
    pub(crate) fn metric(self, metric: Metric) -> Option<Value> {
        let (min, avg, max) = self.range(metric)?;
        let [min, avg, max] = [min, avg, max].map(|figure| Num::Float(figure).to_value());
        Some(json!({"min": min, "avg": avg, "max": max}))
    }

    /// The section as JSON.
    pub(crate) fn to_value(self) -> Value {
        let metrics = Metric::ALL.into_iter();
        let metrics = metrics.filter_map(|metric| {
            let value = self.metric(metric)?;
            Some((metric.as_str().to_owned(), value))
        });
        let mut section: Map = metrics.collect();
        section.insert("entries".to_owned(), self.entries().into());
        section.insert("start".to_owned(), self.usage.start.as_str().into());
        section.insert("duration".to_owned(), self.usage.duration.as_str().into());
        section.into()
    }
}

/// By account and kind.
pub(crate) type Usages = BTreeMap<String, BTreeMap<String, std::sync::Arc<Usage>>>;

impl Graph {
    /// With the last sample of some kinds of an account, instead of those that were known of these kinds.
    #[must_use]
    pub fn with_usage<'b>(
        &self,
        account: &str,
        blocks: impl IntoIterator<Item = &'b UsageBlock>,
    ) -> Self {
        let mut usage = Usages::clone(&self.usage);
        for block in blocks {
            let kinds = usage.entry(account.to_owned()).or_default();
            kinds.insert(block.kind.clone(), Usage::last(block).into());
        }
        Self {
            usage: usage.into(),
            ..self.clone()
        }
    }

    /// What a node used when it was last measured.
    pub(crate) fn used(&self, spot: Spot) -> Option<Used<'_>> {
        let partition = self.part(spot);
        let kinds = self.usage.get(&partition.account)?;
        let usage = kinds.get(partition.kind(spot.row))?;
        usage.of(&partition.id(spot.row))
    }

    /// Bytes that samples take in memory.
    pub(crate) fn usage_bytes(&self) -> usize {
        let all = self.usage.values().flat_map(BTreeMap::values);
        all.map(|usage| usage.memory_bytes()).sum()
    }
}

impl Partition {
    /// Finds the nodes of samples, which are all of one kind, by namespace and name. Percent of cores are those of the
    /// first of the properties `cores` that a node has; a sample of no node is left out.
    pub fn measured(
        &self,
        kind: &str,
        at: Timestamp,
        samples: &[UsageSample],
        cores: &[&str],
    ) -> UsageBlock {
        let code = self.kind_named(kind);
        let namespaces = Namespaces::of(self);
        let node = |sample: &UsageSample| {
            let mut rows = self.rows_named(code?, &sample.name);
            let namespace = sample.namespace.as_deref();
            let row = rows.find(|row| namespaces.get(*row) == namespace)?;
            let cores = cores.iter().find_map(|cores| self.number(row, cores));
            let percent = |used: f64| Some(used / cores.filter(|cores| *cores > 0.0)? * 100.0);
            let measures = Measures::default()
                .with(Metric::CpuCores, sample.cpu_cores)
                .with(Metric::CpuUtilization, sample.cpu_cores.and_then(percent))
                .with(Metric::MemoryBytes, sample.memory_bytes);
            (!measures.is_empty()).then(|| (self.id(row), measures))
        };
        // What comes twice was read twice: the later one counts.
        let nodes: BTreeMap<NodeId, Measures> = samples.iter().filter_map(node).collect();
        UsageBlock {
            kind: kind.to_owned(),
            at,
            nodes: nodes.into_iter().collect(),
        }
    }

    /// A property at the top of a node, if it is a number.
    fn number(&self, row: Row, property: &str) -> Option<f64> {
        match self.reported(row).member(property).map(Cursor::item)? {
            Item::Float(float) => Some(float),
            #[expect(clippy::cast_precision_loss, reason = "nobody has 2^53 cores")]
            Item::Int(int) => Some(int as f64),
            _ => None,
        }
    }
}
