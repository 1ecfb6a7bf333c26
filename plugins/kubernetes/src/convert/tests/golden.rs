//! One small object per family, written out as it is stored.
mod keep;
mod reach;
mod run;

use expect_test::Expect;
use serde_json::Value;
use stocktake_model::Map;

use super::*;

/// What is in every golden and says nothing about the family.
const EVERYWHERE: [&str; 6] = [
    "api_group",
    "api_kind",
    "api_resource",
    "api_version",
    "cluster_name",
    "id",
];

/// The object and everything it brings along.
#[track_caller]
fn check(group: &str, kind: &str, object: Value, expected: &Expect) {
    show(&reported(group, kind, object), expected);
}

/// The object alone.
#[track_caller]
fn check_own(group: &str, kind: &str, object: Value, expected: &Expect) {
    show(&reported(group, kind, object)[..1], expected);
}

/// What the object brings along.
#[track_caller]
fn check_parts(group: &str, kind: &str, object: Value, expected: &Expect) {
    show(&reported(group, kind, object)[1..], expected);
}

fn reported(group: &str, kind: &str, mut object: Value) -> Vec<Map> {
    let metadata = object["metadata"].as_object_mut().unwrap();
    metadata.insert("uid".into(), "uid-1".into());
    let mut nodes = convert(group, kind, object).unwrap();
    for node in &mut nodes {
        node.reported
            .retain(|key, _| !EVERYWHERE.contains(&key.as_str()));
    }
    nodes.into_iter().map(|node| node.reported).collect()
}

#[track_caller]
fn show(nodes: &[Map], expected: &Expect) {
    expected.assert_eq(&serde_yaml::to_string(nodes).unwrap());
}
