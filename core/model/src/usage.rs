//! What resources use, as it is measured: samples beside the nodes. Never part of a document, because a number that is
//! different each time would make every node different each time.
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::NodeId;

/// What is measured of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// Cores in use.
    CpuCores,
    /// Percent of the cores it has, or may use.
    CpuUtilization,
    /// Bytes of memory in use.
    MemoryBytes,
}

impl Metric {
    /// All of them, by name.
    pub const ALL: [Self; 3] = [Self::CpuCores, Self::CpuUtilization, Self::MemoryBytes];

    /// Its name in queries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CpuCores => "cpu_cores",
            Self::CpuUtilization => "cpu_utilization",
            Self::MemoryBytes => "memory_bytes",
        }
    }

    /// The metric of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.as_str() == name)
    }

    /// How many of the smallest differences that are kept make one: a ten-thousandth of a core, a hundredth of a
    /// percent, a byte.
    fn steps(self) -> f64 {
        match self {
            Self::CpuCores => 10_000.0,
            Self::CpuUtilization => 100.0,
            Self::MemoryBytes => 1.0,
        }
    }
}

/// What was measured of one node at one moment: a value for some metrics.
#[derive(Clone, Copy)]
pub struct Measures([f64; Metric::ALL.len()]);

impl Measures {
    /// The value of a metric, if it was measured.
    pub fn get(&self, metric: Metric) -> Option<f64> {
        Some(self.0[metric as usize]).filter(|value| !value.is_nan())
    }

    /// The same with a value, rounded to what is kept; one that cannot be a measurement (below zero, infinite) is none.
    #[must_use]
    pub fn with(mut self, metric: Metric, value: Option<f64>) -> Self {
        let value = value.filter(|value| value.is_finite() && *value >= 0.0);
        let rounded = value.map(|value| (value * metric.steps()).round() / metric.steps());
        self.0[metric as usize] = rounded.unwrap_or(f64::NAN);
        self
    }

    /// Whether nothing was measured.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|value| value.is_nan())
    }

    /// A value as a whole number of the smallest differences that are kept.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "values are not negative, and cut to what fits"
    )]
    pub fn steps(&self, metric: Metric) -> Option<u64> {
        let value = self.get(metric)?;
        Some((value * metric.steps()).round() as u64)
    }

    /// The same with a value given by [`Measures::steps`].
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "it was made of a number with that precision"
    )]
    pub fn with_steps(self, metric: Metric, steps: Option<u64>) -> Self {
        let value = steps.map(|steps| steps as f64 / metric.steps());
        self.with(metric, value)
    }
}

impl Default for Measures {
    fn default() -> Self {
        Self([f64::NAN; Metric::ALL.len()])
    }
}

impl PartialEq for Measures {
    fn eq(&self, other: &Self) -> bool {
        let same = |metric| self.get(metric) == other.get(metric);
        Metric::ALL.into_iter().all(same)
    }
}

impl fmt::Debug for Measures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let measured = Metric::ALL.into_iter();
        let measured = measured.filter_map(|metric| Some((metric.as_str(), self.get(metric)?)));
        f.debug_map().entries(measured).finish()
    }
}

/// A measurement of one resource, as the collector reads it: by name, since who measures knows no uids.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct UsageSample {
    /// Concrete kind of the resource.
    pub kind: String,
    /// Its namespace, if it is in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// Cores in use; absent if they could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_cores: Option<f64>,
    /// Bytes of memory in use; absent if they could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<f64>,
}

/// What the nodes of one kind of an account used at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct UsageBlock {
    /// Their concrete kind.
    pub kind: String,
    /// When it was measured, to the millisecond.
    pub at: Timestamp,
    /// Sorted by id, each once; not every node of the kind needs to be there.
    pub nodes: Vec<(NodeId, Measures)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_rounded_once_and_nonsense_is_none() {
        for metric in Metric::ALL {
            assert_eq!(Metric::named(metric.as_str()), Some(metric));
            for (value, kept) in [
                (Some(0.0), Some(0.0)),
                (Some(-1.0), None),
                (Some(f64::NAN), None),
                (Some(f64::INFINITY), None),
                (Some(7.0), Some(7.0)),
                (None, None),
            ] {
                let measures = Measures::default().with(metric, value);
                assert_eq!(measures.get(metric), kept, "{metric:?} {value:?}");
                assert_eq!(measures.is_empty(), kept.is_none());
                let again = Measures::default().with_steps(metric, measures.steps(metric));
                assert_eq!(again, measures);
            }
        }
        let cores = Measures::default().with(Metric::CpuCores, Some(0.123_456_7));
        assert_eq!(cores.get(Metric::CpuCores), Some(0.1235));
        assert_eq!(cores.steps(Metric::CpuCores), Some(1235));
    }
}
