//! `with_usage(start::end, [metrics])` made ready: which samples it is about. Reading them is the business of whoever
//! keeps them; what they come to is [`crate::usage`].
use jiff::Timestamp;
use stocktake_model::{Duration, Metric, parse_time};
use stocktake_query::{Query, WithUsage};

use crate::error::{EngineError, EngineErrorKind};
use crate::paths::unknown_metric;

/// The samples that one `with_usage` is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageWindow {
    /// Samples of this moment and later.
    pub start: Timestamp,
    /// Samples before this moment.
    pub end: Timestamp,
    /// What of them is asked for.
    pub metrics: Vec<Metric>,
}

impl UsageWindow {
    /// Reads what is asked; spans of time count back from `now`.
    pub fn read(asked: &WithUsage, now: Timestamp) -> Result<Self, EngineError> {
        let metric = |name: &String| Metric::named(name).ok_or_else(|| unknown_metric(name));
        let metrics: Result<Vec<Metric>, EngineError> = asked.metrics.iter().map(metric).collect();
        let start = moment(&asked.start, now)?;
        let end = asked.end.as_ref().map(|end| moment(end, now));
        let end = end.transpose()?.unwrap_or(now);
        if start >= end {
            let kind = EngineErrorKind::NoWindow(start.to_string(), end.to_string());
            let hint = "what is longer ago comes first, e.g. `with_usage(2w::1w, memory_bytes)`";
            return Err(EngineError::new(kind).hint(hint));
        }
        Ok(Self {
            start,
            end,
            metrics: metrics?,
        })
    }

    /// Every `with_usage` in a query and its sub-queries; the same one may be there more than once.
    pub fn all(query: &Query) -> Vec<&WithUsage> {
        let mut found = Vec::new();
        for part in &query.parts {
            found.extend(&part.with_usage);
            for merge in &part.merge {
                found.extend(Self::all(&merge.query));
            }
        }
        found
    }
}

/// A time, or a span before now.
fn moment(text: &str, now: Timestamp) -> Result<Timestamp, EngineError> {
    if let Ok(time) = parse_time(text) {
        return Ok(time);
    }
    let span = text.parse::<Duration>().ok();
    let before = |span: Duration| {
        let seconds = i64::try_from(span.seconds().unsigned_abs()).ok()?;
        Timestamp::from_second(now.as_second().checked_sub(seconds)?).ok()
    };
    span.and_then(before).ok_or_else(|| {
        EngineError::new(EngineErrorKind::NoMoment(text.to_owned()))
            .hint("write a span before now, e.g. `2w` or `90min`, or a time such as `2024-05-01T10:00:00Z`")
    })
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[track_caller]
    fn check(query: &str, expected: Expect) {
        let query = stocktake_query::parse(query).unwrap();
        let now = parse_time("2024-05-10T12:00:00Z").unwrap();
        let shown = |asked| match UsageWindow::read(asked, now) {
            Ok(window) => format!("{} {} {:?}\n", window.start, window.end, window.metrics),
            Err(error) => format!("{error}\n  {}\n", error.hint.clone().unwrap_or_default()),
        };
        let shown: String = UsageWindow::all(&query).into_iter().map(shown).collect();
        expected.assert_eq(&shown);
    }

    #[test]
    fn windows_are_read_wherever_they_stand() {
        check(
            "with_usage(2w::1w, [cpu_cores, memory_bytes]) is(a) {b: --> with_usage(2024-05-01, cpu_utilization) is(b)}",
            expect![[r"
                2024-04-26T12:00:00Z 2024-05-03T12:00:00Z [CpuCores, MemoryBytes]
                2024-05-01T00:00:00Z 2024-05-10T12:00:00Z [CpuUtilization]
            "]],
        );
    }

    #[test]
    fn what_is_no_window_is_told_with_the_way_out() {
        check(
            "with_usage(1w::2w, cpu_cores) is(a)",
            expect![[r"
            there is no time from 2024-05-03T12:00:00Z to 2024-04-26T12:00:00Z
              what is longer ago comes first, e.g. `with_usage(2w::1w, memory_bytes)`
        "]],
        );
        check(
            "with_usage(soon, cpu_cores) is(a)",
            expect![[r"
            `soon` is neither a time nor a span of time
              write a span before now, e.g. `2w` or `90min`, or a time such as `2024-05-01T10:00:00Z`
        "]],
        );
        check(
            "with_usage(1w, [memory_bytes, cpu]) is(a)",
            expect![[r"
            nothing is measured as `cpu`
              what is measured is `cpu_cores`, `cpu_utilization`, `memory_bytes`
        "]],
        );
    }
}
