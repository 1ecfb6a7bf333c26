//! What was measured of the nodes of an account: one packed block per kind and moment, beside the documents. It belongs
//! to no version, so that a number that changes makes nothing differ.
use std::collections::BTreeMap;
use std::ops::Range;

use jiff::Timestamp;
use sled::Batch;
use stocktake_model::{Measures, Metric, NodeId, UsageBlock};

use crate::seal::{pack, seal, unpack, unseal};
use crate::stage::PART;
use crate::{Damaged, Store, StoreError, key};

/// Bytes of an id.
const ID: usize = 16;
/// Longest form of a value.
const LONGEST: usize = 10;
/// Of older measurements one in so many seconds is kept.
const SPARSE: i64 = 4 * 60 * 60;

/// How long measurements are kept; the last one of a kind always is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeepUsage {
    /// Of measurements before this, the first in each four hours is kept.
    pub all_since: Timestamp,
    /// Measurements before this are dropped.
    pub some_since: Timestamp,
}

impl Store {
    /// Keeps what was measured. A measurement of the same kind and moment is replaced.
    pub fn put_usage(&self, account: &str, blocks: &[UsageBlock]) -> Result<(), StoreError> {
        key::check("an account", account)?;
        let _pass = self.enter();
        let graph = self.trees()?.graph;
        let mut batch = Batch::default();
        for block in blocks {
            key::check("a kind", &block.kind)?;
            batch.insert(key::usage_at(account, &block.kind, block.at), &[]);
            let prefix = key::usage_parts_at(account, &block.kind, block.at);
            for found in graph.scan_prefix(&prefix).keys() {
                batch.remove(found.map_err(|error| self.trouble(error))?);
            }
            for (at, piece) in (0_u32..).zip(to_bytes(block).chunks(PART)) {
                batch.insert([&prefix[..], &at.to_be_bytes()].concat(), piece);
            }
        }
        let done = graph.apply_batch(batch);
        done.map_err(|error| self.trouble(error))?;
        self.sync()
    }

    /// The last measurement of every kind, at this time or before if one is given. A damaged one is an error in its place.
    pub fn last_usage(
        &self,
        account: &str,
        until: Option<Timestamp>,
    ) -> Result<Vec<Result<UsageBlock, StoreError>>, StoreError> {
        let all = self.moments(account)?;
        let last = all.into_iter().filter_map(|(kind, moments)| {
            let is_over = |at: &&Timestamp| until.is_none_or(|until| **at <= until);
            Some((kind, *moments.iter().rev().find(is_over)?))
        });
        Ok(last
            .map(|(kind, at)| self.read_usage(account, &kind, at))
            .collect())
    }

    /// All measurements of an account from `moments.start` until before `moments.end`, by kind, oldest first, each read
    /// when its turn comes. A damaged one is an error in its place.
    pub fn usage(
        &self,
        account: &str,
        moments: Range<Timestamp>,
    ) -> Result<impl Iterator<Item = Result<UsageBlock, StoreError>>, StoreError> {
        let all = self.moments(account)?.into_iter();
        let inside = all.flat_map(move |(kind, all)| {
            let inside = all.into_iter().filter(|at| moments.contains(at));
            let inside: Vec<_> = inside.map(|at| (kind.clone(), at)).collect();
            inside
        });
        Ok(inside.map(|(kind, at)| self.read_usage(account, &kind, at)))
    }

    /// Drops old measurements of an account. Gives back how many.
    pub fn prune_usage(&self, account: &str, keep: KeepUsage) -> Result<u64, StoreError> {
        let _pass = self.enter();
        let graph = self.trees()?.graph;
        let mut batch = Batch::default();
        let mut dropped = 0;
        for (kind, moments) in self.moments(account)? {
            for at in superfluous(&moments, keep) {
                dropped += 1;
                batch.remove(key::usage_at(account, &kind, at));
                for found in (graph.scan_prefix(key::usage_parts_at(account, &kind, at))).keys() {
                    batch.remove(found.map_err(|error| self.trouble(error))?);
                }
            }
        }
        if dropped > 0 {
            let done = graph.apply_batch(batch);
            done.map_err(|error| self.trouble(error))?;
        }
        Ok(dropped)
    }

    /// When was measured, by kind, oldest first.
    fn moments(&self, account: &str) -> Result<BTreeMap<String, Vec<Timestamp>>, StoreError> {
        let prefix = key::usage(account);
        let mut moments: BTreeMap<String, Vec<Timestamp>> = BTreeMap::new();
        for found in self.trees()?.graph.scan_prefix(&prefix).keys() {
            let key = found.map_err(|error| self.trouble(error))?;
            let Some((kind, at)) = key::measured(&key[prefix.len()..]) else {
                continue;
            };
            moments.entry(kind.to_owned()).or_default().push(at);
        }
        Ok(moments)
    }

    fn read_usage(
        &self,
        account: &str,
        kind: &str,
        at: Timestamp,
    ) -> Result<UsageBlock, StoreError> {
        let mut bytes = Vec::new();
        let graph = self.trees()?.graph;
        for found in graph.scan_prefix(key::usage_parts_at(account, kind, at)) {
            let (_, piece) = found.map_err(|error| self.trouble(error))?;
            bytes.extend_from_slice(&piece);
        }
        let nodes = from_bytes(&bytes).map_err(|why| Damaged {
            what: format!("what `{kind}` used at {at}"),
            account: Some(account.to_owned()),
            kind: None,
            why,
        })?;
        Ok(UsageBlock {
            kind: kind.to_owned(),
            at,
            nodes,
        })
    }
}

/// Moments that need not be kept any longer.
fn superfluous(moments: &[Timestamp], keep: KeepUsage) -> Vec<Timestamp> {
    let mut last_slot = None;
    let older = moments.split_last().map_or(&[][..], |(_, older)| older);
    let mut gone = Vec::new();
    for at in older {
        let slot = Some(at.as_second().div_euclid(SPARSE));
        let is_first = slot != last_slot;
        if *at < keep.some_since || (*at < keep.all_since && !is_first) {
            gone.push(*at);
        } else {
            last_slot = slot;
        }
    }
    gone
}

/// ```text
/// block   = sealed (length u64, zstd (count u64, ids, a column per metric))
/// column  = a varint per node: zero if it was not measured, else one more than its steps
/// ```
fn to_bytes(block: &UsageBlock) -> Vec<u8> {
    let mut plain = (block.nodes.len() as u64).to_le_bytes().to_vec();
    for (id, _) in &block.nodes {
        plain.extend_from_slice(id.as_bytes());
    }
    for metric in Metric::ALL {
        for (_, measures) in &block.nodes {
            let steps = measures.steps(metric);
            put(steps.map_or(0, |steps| steps.saturating_add(1)), &mut plain);
        }
    }
    let mut payload = (plain.len() as u64).to_le_bytes().to_vec();
    payload.extend_from_slice(&pack(&plain));
    seal(&payload)
}

fn from_bytes(bytes: &[u8]) -> Result<Vec<(NodeId, Measures)>, &'static str> {
    let short = "it is too short";
    let (length, packed) = unseal(bytes)?.split_first_chunk().ok_or(short)?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| "it is too long")?;
    let plain = unpack(packed, length)?;
    let (count, rest) = plain.split_first_chunk().ok_or(short)?;
    let count = usize::try_from(u64::from_le_bytes(*count)).map_err(|_| "it is too long")?;
    let ids = count.checked_mul(ID).ok_or("it is too long")?;
    let (ids, mut columns) = rest.split_at_checked(ids).ok_or(short)?;
    let (ids, _) = ids.as_chunks::<ID>();
    let nodes = ids
        .iter()
        .map(|id| (NodeId::from_bytes(*id), Measures::default()));
    let mut nodes: Vec<_> = nodes.collect();
    for metric in Metric::ALL {
        for (_, measures) in &mut nodes {
            let value = take(&mut columns).ok_or(short)?;
            *measures = measures.with_steps(metric, value.checked_sub(1));
        }
    }
    Ok(nodes)
}

fn put(mut number: u64, into: &mut Vec<u8>) {
    while number >= 0x80 {
        into.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    into.push(number.to_le_bytes()[0]);
}

fn take(from: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for (at, byte) in from.iter().enumerate().take(LONGEST) {
        number |= u64::from(byte & 0x7f).checked_shl(7 * u32::try_from(at).ok()?)?;
        if byte & 0x80 == 0 {
            *from = &from[at + 1..];
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn ago(now: Timestamp, hours: i64) -> Timestamp {
        now.checked_sub(SignedDuration::from_hours(hours)).unwrap()
    }

    fn block(nodes: Vec<(NodeId, Measures)>) -> UsageBlock {
        UsageBlock {
            kind: "pod".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            nodes,
        }
    }

    #[test]
    fn a_block_comes_back_and_a_damaged_one_does_not() {
        let measures = Measures::default();
        let nodes = vec![
            (NodeId::ROOT, measures),
            (
                NodeId::of("pod", "k8s", "a", "1"),
                measures
                    .with(Metric::CpuCores, Some(1.25))
                    .with(Metric::MemoryBytes, Some(9e15)),
            ),
            (
                NodeId::of("pod", "k8s", "a", "2"),
                measures.with(Metric::CpuUtilization, Some(0.0)),
            ),
        ];
        let bytes = to_bytes(&block(nodes.clone()));
        assert_eq!(from_bytes(&bytes).unwrap(), nodes);
        assert_eq!(from_bytes(&to_bytes(&block(Vec::new()))).unwrap(), []);
        for at in 0..bytes.len() {
            let mut broken = bytes.clone();
            broken[at] ^= 1;
            assert!(from_bytes(&broken).is_err(), "{at}");
            assert!(from_bytes(&bytes[..at]).is_err(), "{at}");
        }
    }

    #[test]
    fn a_node_costs_little_more_than_its_id() {
        let measures = |number: u32| {
            let number = f64::from(number);
            Measures::default()
                .with(Metric::CpuCores, Some((number * 0.37).fract()))
                .with(
                    Metric::CpuUtilization,
                    Some((number * 0.73).fract() * 100.0),
                )
                .with(Metric::MemoryBytes, Some(number * 1_234_567.0))
        };
        let pod = |number: u32| NodeId::of("pod", "k8s", "a", &number.to_string());
        let mut nodes: Vec<_> = (0..1_000).map(|at| (pod(at), measures(at))).collect();
        nodes.sort_unstable_by_key(|(id, _)| *id);
        let bytes = to_bytes(&block(nodes)).len() / 1_000;
        assert!((ID..=ID + 9).contains(&bytes), "{bytes}");
    }

    #[test]
    fn old_moments_are_thinned_and_the_last_one_stays() {
        let now = "2026-03-01T00:00:00Z".parse().unwrap();
        let moments: Vec<_> = (0..240).rev().map(|hours| ago(now, hours)).collect();
        let keep = KeepUsage {
            all_since: ago(now, 48),
            some_since: ago(now, 96),
        };
        let gone = superfluous(&moments, keep);
        let left: Vec<_> = moments.iter().filter(|at| !gone.contains(at)).collect();
        assert_eq!(left.len(), 49 + 12);
        // What is thin already stays as it is.
        let left: Vec<_> = left.into_iter().copied().collect();
        assert!(superfluous(&left, keep).is_empty());
        assert_eq!(superfluous(&[ago(now, 9_999)], keep), []);
        assert_eq!(superfluous(&[], keep), []);
    }
}
