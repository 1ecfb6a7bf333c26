//! What comes back is what went in, and broken arrays are refused.
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};
use stocktake_model::{EdgeRecord, EdgeType, Map, Model, NodeId, NodeRecord, Parent, Relation};

use crate::text::Phrase;
use crate::{Partition, PartitionBuilder};

fn map(value: Value) -> Map {
    value.as_object().cloned().unwrap_or_default()
}

/// Things in regions, some of them made up, with edges that the collector sent.
fn partition(things: &[(u8, String)]) -> Partition {
    let mut builder = PartitionBuilder::empty(Arc::new(Model::default()), "cloud", "a", "name");
    let account = NodeRecord {
        reported: map(json!({"kind": "account", "id": "a", "name": "a"})),
        ..NodeRecord::default()
    };
    builder.account_id = account.node_id("cloud", "a");
    builder.node(&account);
    let mut last: Option<NodeId> = None;
    for (number, text) in things {
        let record = NodeRecord {
            reported: map(json!({
                "kind": format!("kind_{}", number % 3), "id": format!("uid-{number}"), "name": text,
                "labels": {"app": text, "n": number}, "list": [text, number, null, 1.5],
            })),
            metadata: map(json!({"source": "test"})),
            parent: match number % 4 {
                0 => Parent::Account,
                1 => Parent::Uid(format!("uid-{}", number / 2)),
                _ => Parent::Region {
                    kind: "space".to_owned(),
                    name: format!("space-{}", number % 5),
                },
            },
        };
        let id = record.node_id("cloud", "a");
        builder.node(&record);
        if let Some(from) = last.replace(id) {
            builder.edge(EdgeRecord {
                from,
                to: id,
                edge_type: EdgeType::ALL[usize::from(number % 3)],
                relations: vec![Relation::Owns],
            });
        }
    }
    builder.resolve(&[], &[])
}

/// Everything a search can see of it.
fn seen(partition: &Partition) -> Vec<String> {
    let phrase = Phrase::new("uid-7");
    let mut seen: Vec<String> = (partition.rows())
        .map(|row| {
            let below = [
                partition.parent[row as usize],
                partition.region[row as usize],
            ];
            let (kind, name, uid) = (partition.kind(row), partition.name(row), partition.uid(row));
            let by = (
                partition.by_id[row as usize],
                partition.by_uid[row as usize],
            );
            let record = partition.record(row);
            let inbound: Vec<_> = (partition.edges.iter())
                .flat_map(|edges| edges.inbound(row))
                .collect();
            format!("{kind} {name} {uid} {below:?} {by:?} {inbound:?} {record:?}")
        })
        .collect();
    seen.extend(partition.edges().map(|edge| format!("{edge:?}")));
    seen.extend(partition.skipped_edges().map(|edge| format!("{edge:?}")));
    seen.push(format!("{:?}", partition.word_candidates(&phrase)));
    seen.push(format!(
        "{:?} {:?} {:?} {} {:?} {:?}",
        partition.stubs,
        partition.counted(),
        partition.explicit,
        partition.had_loops,
        partition.region_kinds,
        partition.resolved_by
    ));
    seen
}

fn arrays(partition: &Arc<Partition>) -> Vec<Vec<u8>> {
    let mut arrays = Vec::new();
    let put = |array: &[u8]| {
        arrays.push(array.to_vec());
        Ok::<_, std::convert::Infallible>(())
    };
    let Ok(()) = partition.to_arrays(put);
    arrays
}

fn things() -> impl Strategy<Value = Vec<(u8, String)>> {
    prop::collection::vec((any::<u8>(), "[a-c]{1,3}|\\PC{0,12}"), 0..40)
}

proptest! {
    #[test]
    fn what_comes_back_is_what_went_in(things in things()) {
        let partition = Arc::new(partition(&things));
        let written = arrays(&partition);
        let back = Arc::new(Partition::from_arrays(written.clone().into_iter()).unwrap());
        prop_assert_eq!(seen(&back), seen(&partition));
        prop_assert_eq!(arrays(&back), written);
    }

    /// Bytes are known to be whole before they get here; arrays that do not fit together are of another program.
    #[test]
    fn arrays_that_do_not_fit_are_refused(
        things in things(), at in any::<prop::sample::Index>(), cut in any::<prop::sample::Index>(),
    ) {
        let mut arrays = arrays(&Arc::new(partition(&things)));
        let at = at.index(arrays.len());
        let cut = cut.index(arrays[at].len().max(1));
        // Documents are not looked at; bytes behind the last one are nobody's.
        prop_assume!(!arrays[at].is_empty() && at != 7);
        arrays[at].truncate(cut);
        prop_assert!(Partition::from_arrays(arrays.clone().into_iter()).is_none(), "{at} {cut}");
        arrays.truncate(at);
        prop_assert!(Partition::from_arrays(arrays.into_iter()).is_none());
    }
}

#[test]
fn another_version_is_refused() {
    let partition = Arc::new(partition(&[(1, "a".to_owned())]));
    let mut arrays = arrays(&partition);
    let head = String::from_utf8(std::mem::take(&mut arrays[0])).unwrap();
    let other = head.replace(super::VERSION, "0.0.0");
    assert_ne!(head, other);
    arrays[0] = other.into_bytes();
    assert!(Partition::from_arrays(arrays.into_iter()).is_none());
}

#[test]
fn an_empty_partition_has_no_arrays() {
    let builder = PartitionBuilder::empty(Arc::new(Model::default()), "c", "a", "a");
    assert_eq!(arrays(&Arc::new(builder.lay_out())).len(), 0);
}
