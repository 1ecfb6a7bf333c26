//! Numbers over time: one record per series and moment, read slot by slot, thinned out with age.
//!
//! What is measured, and when, is decided by jobs and people.
use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use stocktake_command::{
    Aggregation, Chronicle, CommandError, Equality, Measured, SeriesEntry, SeriesOptions, SeriesRow,
};
use stocktake_store::{Records, StoreError};

use crate::core::{Core, now};

const TABLE: &str = "timeseries";
/// Digits of a moment in a key, so that text order is its order.
const DIGITS: usize = 14;
const HOUR: i64 = 60 * 60;
const DAY: i64 = 24 * HOUR;
/// From which age on one measurement is kept per so many seconds; oldest first.
const BUCKETS: [(i64, i64); 3] = [(180 * DAY, 3 * DAY), (30 * DAY, DAY), (2 * DAY, 4 * HOUR)];

type Group = BTreeMap<String, String>;

impl Core {
    fn measured(&self) -> Records {
        self.0
            .store
            .records(TABLE)
            .expect("the name is a constant that the store takes")
    }

    fn all_measured(&self, prefix: &str) -> Result<Vec<(String, Measured)>, CommandError> {
        let found: Result<Vec<_>, StoreError> = self.measured().list(prefix).collect();
        found.map_err(trouble)
    }

    fn thin_out(&self, now: Timestamp) -> Result<u64, CommandError> {
        let mut buckets: BTreeMap<(String, Timestamp), Vec<(String, Measured)>> = BTreeMap::new();
        for (key, measured) in self.all_measured("")? {
            if let Some(slot) = bucket(measured.at, now) {
                let name = series_of(&key).to_owned();
                buckets
                    .entry((name, slot))
                    .or_default()
                    .push((key, measured));
            }
        }
        let mut gone = 0;
        for ((name, slot), found) in buckets {
            if found.len() < 2 {
                continue;
            }
            gone += found.len() as u64 - 1;
            let merged = Measured {
                at: slot,
                entries: averaged(found.iter().map(|(_, measured)| measured)),
            };
            let kept = key(&name, slot);
            let mut changes: Vec<(&str, Option<&Measured>)> = found
                .iter()
                .filter(|(key, _)| *key != kept)
                .map(|(key, _)| (key.as_str(), None))
                .collect();
            changes.push((&kept, Some(&merged)));
            self.measured().write(&changes).map_err(trouble)?;
        }
        Ok(gone)
    }
}

impl Chronicle for Core {
    fn record_series(&self, name: &str, measured: &Measured) -> Result<(), CommandError> {
        let put = self.measured().put(&key(name, measured.at), measured);
        put.map_err(trouble)
    }

    fn series(&self, wanted: &SeriesOptions) -> Result<Vec<SeriesRow>, CommandError> {
        let found = self.all_measured(&format!("{}@", wanted.name))?;
        Ok(rows(
            found.into_iter().map(|(_, measured)| measured),
            wanted,
        ))
    }

    fn series_names(&self) -> Result<Vec<(String, u64)>, CommandError> {
        let mut names: BTreeMap<String, u64> = BTreeMap::new();
        for (key, _) in self.all_measured("")? {
            *names.entry(series_of(&key).to_owned()).or_default() += 1;
        }
        Ok(names.into_iter().collect())
    }

    fn downsample_series(&self) -> Result<u64, CommandError> {
        self.thin_out(now())
    }
}

/// Names hold no `@`.
fn key(name: &str, at: Timestamp) -> String {
    format!("{name}@{:0DIGITS$}", at.as_millisecond().max(0))
}

fn series_of(key: &str) -> &str {
    key.rsplit_once('@').map_or(key, |(name, _)| name)
}

/// The slot an old measurement falls into.
fn bucket(at: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let age = now.duration_since(at).as_secs();
    let (_, length) = BUCKETS.iter().find(|(oldest, _)| age >= *oldest)?;
    Some(beginning(at, Timestamp::UNIX_EPOCH, *length))
}

/// The beginning of the slot of this length that `at` is in, counted from `zero`.
fn beginning(at: Timestamp, zero: Timestamp, length: i64) -> Timestamp {
    let since = at.duration_since(zero).as_secs();
    let slot = since.div_euclid(length) * length;
    zero.checked_add(SignedDuration::from_secs(slot))
        .unwrap_or(at)
}

/// The average of each group over the moments it was measured at.
fn averaged<'m>(moments: impl Iterator<Item = &'m Measured>) -> Vec<SeriesEntry> {
    let mut groups: BTreeMap<&Group, Vec<f64>> = BTreeMap::new();
    for entry in moments.flat_map(|measured| &measured.entries) {
        groups.entry(&entry.group).or_default().push(entry.v);
    }
    let entry = |(group, values): (&Group, Vec<f64>)| SeriesEntry {
        group: group.clone(),
        v: reduced(&values, Aggregation::Avg),
    };
    groups.into_iter().map(entry).collect()
}

fn rows(moments: impl Iterator<Item = Measured>, wanted: &SeriesOptions) -> Vec<SeriesRow> {
    let mut slots: BTreeMap<(Timestamp, Group), Vec<f64>> = BTreeMap::new();
    let inside = |measured: &Measured| measured.at >= wanted.start && measured.at < wanted.end;
    for measured in moments.filter(inside) {
        let at = beginning(measured.at, wanted.start, wanted.slot_secs);
        // Groups that are left out are added up at each moment, before moments meet.
        let mut sums: BTreeMap<Group, f64> = BTreeMap::new();
        for entry in measured.entries.iter().filter(|entry| fits(entry, wanted)) {
            *sums.entry(kept(&entry.group, wanted)).or_default() += entry.v;
        }
        for (group, sum) in sums {
            slots.entry((at, group)).or_default().push(sum);
        }
    }
    let row = |((at, group), values): ((Timestamp, Group), Vec<f64>)| SeriesRow {
        at,
        group,
        v: reduced(&values, wanted.aggregation),
    };
    slots.into_iter().map(row).collect()
}

fn fits(entry: &SeriesEntry, wanted: &SeriesOptions) -> bool {
    wanted.filters.iter().all(|filter| {
        let equal = entry.group.get(&filter.name) == Some(&filter.value);
        equal == (filter.equality == Equality::Equal)
    })
}

fn kept(group: &Group, wanted: &SeriesOptions) -> Group {
    let keep = |name: &String| wanted.groups.as_ref().is_none_or(|all| all.contains(name));
    let kept = group.iter().filter(|(name, _)| keep(name));
    kept.map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Of at least one number.
fn reduced(values: &[f64], aggregation: Aggregation) -> f64 {
    let sum: f64 = values.iter().sum();
    match aggregation {
        Aggregation::Sum => sum,
        Aggregation::Min => values.iter().copied().fold(f64::INFINITY, f64::min),
        Aggregation::Max => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        #[expect(clippy::cast_precision_loss, reason = "nobody measures 2^52 times")]
        Aggregation::Avg => sum / values.len() as f64,
    }
}

fn trouble(error: StoreError) -> CommandError {
    CommandError::world(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use expect_test::expect;
    use stocktake_command::SeriesFilter;

    use super::*;
    use crate::{Options, Schedule};

    fn measured(at: &str, entries: &[(&str, &str, f64)]) -> Measured {
        let entry = |(kind, place, v): &(&str, &str, f64)| SeriesEntry {
            group: BTreeMap::from([
                ("kind".to_owned(), (*kind).to_owned()),
                ("place".to_owned(), (*place).to_owned()),
            ]),
            v: *v,
        };
        Measured {
            at: at.parse().unwrap(),
            entries: entries.iter().map(entry).collect(),
        }
    }

    fn shown(rows: &[SeriesRow]) -> String {
        let mut text = String::new();
        for row in rows {
            let group: Vec<&str> = row.group.values().map(String::as_str).collect();
            writeln!(text, "{} {} {}", row.at, group.join("/"), row.v).unwrap();
        }
        text
    }

    fn options() -> SeriesOptions {
        SeriesOptions {
            name: "kinds".into(),
            start: "2026-03-01T00:00:00Z".parse().unwrap(),
            end: "2026-03-02T00:00:00Z".parse().unwrap(),
            groups: Some(vec!["kind".into()]),
            filters: Vec::new(),
            slot_secs: 12 * HOUR,
            aggregation: Aggregation::Avg,
        }
    }

    #[test]
    fn groups_are_added_up_and_moments_averaged() {
        let moments = [
            measured("2026-02-28T23:00:00Z", &[("pod", "a", 100.0)]),
            measured(
                "2026-03-01T01:00:00Z",
                &[("pod", "a", 1.0), ("pod", "b", 2.0)],
            ),
            measured(
                "2026-03-01T02:00:00Z",
                &[("pod", "a", 5.0), ("job", "a", 1.0)],
            ),
            measured("2026-03-01T13:00:00Z", &[("pod", "b", 7.0)]),
        ];
        let rows = |options| shown(&rows(moments.iter().cloned(), &options));
        expect![[r"
            2026-03-01T00:00:00Z job 1
            2026-03-01T00:00:00Z pod 4
            2026-03-01T12:00:00Z pod 7
        "]]
        .assert_eq(&rows(options()));
        let filter = SeriesFilter {
            name: "place".into(),
            value: "a".into(),
            equality: Equality::Different,
        };
        expect![[r"
            2026-03-01T00:00:00Z pod/b 2
            2026-03-01T12:00:00Z pod/b 7
        "]]
        .assert_eq(&rows(SeriesOptions {
            filters: vec![filter],
            groups: None,
            aggregation: Aggregation::Max,
            ..options()
        }));
    }

    #[tokio::test]
    async fn what_is_old_is_thinned_out_once() {
        let dir = tempfile::tempdir().unwrap();
        let core = Core::open(Options {
            data_dir: dir.path().to_owned(),
            contexts: Vec::new(),
            schedule: Schedule::Ignore,
        });
        let core = core.await.unwrap();
        for (at, v) in [
            ("2026-03-01T00:30:00Z", 1.0),
            ("2026-03-01T01:30:00Z", 3.0),
            ("2026-03-01T04:30:00Z", 9.0),
            ("2026-03-05T00:30:00Z", 5.0),
            ("2026-03-05T01:30:00Z", 5.0),
        ] {
            core.record_series("kinds", &measured(at, &[("pod", "a", v)]))
                .unwrap();
        }
        core.record_series("kin", &measured("2026-03-01T00:30:00Z", &[("x", "y", 1.0)]))
            .unwrap();
        let now = "2026-03-05T12:00:00Z".parse().unwrap();
        assert_eq!(core.thin_out(now).unwrap(), 1);
        assert_eq!(core.thin_out(now).unwrap(), 0);
        let names = [("kin".to_owned(), 1), ("kinds".to_owned(), 4)];
        assert_eq!(core.series_names().unwrap(), names);
        let rows = core
            .series(&SeriesOptions {
                slot_secs: HOUR,
                ..options()
            })
            .unwrap();
        expect![[r"
            2026-03-01T00:00:00Z pod 2
            2026-03-01T04:00:00Z pod 9
        "]]
        .assert_eq(&shown(&rows));
    }
}
