//! Files and what is wrong with them, by line.
use expect_test::{Expect, expect};

use super::*;

const KINDS: &str = "\
- define: aws_ec2_instance
  bases: [instance]
- define: aws_ec2_volume
  bases: [volume]
  properties:
    iops_burst: int64
    created_from: string[]
";

/// The mistakes of a YAML file that begins with [`KINDS`] (seven lines).
#[track_caller]
fn mistakes(text: &str, expected: Expect) {
    let found = check(Format::Yaml, &format!("{KINDS}{text}"));
    let lines = found.mistakes.iter().map(|mistake| {
        let hint = mistake.hint.as_deref().map(|hint| format!(" ({hint})"));
        let kept = format!(
            "{}/{}",
            mistake.kind.as_deref().unwrap_or("*"),
            mistake.id.as_deref().unwrap_or("*")
        );
        format!(
            "{}: {}{} [{kept}]\n",
            mistake.line,
            mistake.message,
            hint.unwrap_or_default()
        )
    });
    expected.assert_eq(&lines.collect::<String>());
}

#[test]
fn resources_become_nodes_with_edges_tags_and_parents() {
    let text = "\
- kind: aws_ec2_instance
  id: i-1
  name: web
  tags: {owner: ann, cost: 7}
  properties:
    instance_cores: 8
    launched_by: terraform
  edges:
    - {to: vol-1, relation: attaches}
    - {to: {kind: kubernetes_node, name: worker-1, account: prod}, relation: represents}
- kind: aws_ec2_volume
  id: vol-1
  parent: i-1
  properties: {ctime: '2026-03-01T10:00:00+01:00', volume_size: 8, created_from: [snap-1]}
";
    let found = check(Format::Yaml, &format!("{KINDS}{text}"));
    assert_eq!(found.mistakes, []);
    let nodes: Vec<(Value, &Parent)> = found
        .records
        .iter()
        .map(|node| (Value::Object(node.reported.clone()), &node.parent))
        .collect();
    expect![[r"
        - - edges:
            - edge_type: default
              relation: attaches
              to: vol-1
            external_references:
            - account: prod
              direction: out
              kind: kubernetes_node
              property: name
              value: worker-1
            id: i-1
            instance_cores: 8
            kind: aws_ec2_instance
            launched_by: terraform
            name: web
            tags:
              cost: '7'
              owner: ann
          - account
        - - created_from:
            - snap-1
            ctime: 2026-03-01T09:00:00Z
            id: vol-1
            kind: aws_ec2_volume
            name: vol-1
            volume_size: 8
          - !uid i-1
    "]]
    .assert_eq(&serde_yaml::to_string(&nodes).unwrap());
    let kinds: Vec<(&str, &[String])> = found
        .kinds
        .iter()
        .map(|kind| (kind.name.as_str(), kind.bases.as_slice()))
        .collect();
    expect![[r#"[["aws_ec2_instance",["instance","file_resource"]],["aws_ec2_volume",["volume","file_resource"]]]"#]].assert_eq(&serde_json::to_string(&kinds).unwrap());
}

#[test]
fn json_lines_say_the_same() {
    let text = r#"{"define": "disk", "bases": ["volume"]}
{"kind": "disk", "id": 7, "properties": {"volume_size": 1.5, "anything": {"at": "all"}}}
"#;
    let found = check(Format::Ndjson, text);
    assert_eq!(found.mistakes, []);
    assert_eq!(found.records[0].id(), "7");
    assert_eq!(found.records[0].name(), "7");
    assert!(!found.is_blank);
}

#[test]
fn a_resource_with_a_mistake_is_left_out_and_the_others_are_taken() {
    let text = "- {kind: aws_ec2_volume, id: a, properties: {volume_size: big}}\n\
                - {kind: aws_ec2_volume, id: b}\n\
                - {kind: aws_ec2_volume, id: c, nam: x}\n";
    let found = check(Format::Yaml, &format!("{KINDS}{text}"));
    let ids: Vec<&str> = found.records.iter().map(NodeRecord::id).collect();
    assert_eq!(ids, ["b"]);
    mistakes(
        text,
        expect![[r"
            8: `volume_size` must be double, not `big` [aws_ec2_volume/a]
            10: unknown field `nam`, expected one of `define`, `bases`, `about`, `kind`, `id`, `name`, `tags`, `properties`, `edges`, `parent` [*/*]
        "]],
    );
}

#[test]
fn values_are_of_their_types() {
    mistakes(
        "\
- kind: aws_ec2_volume
  id: a
  properties:
    volume_size: 8
    iops_burst: 1.5
- kind: aws_ec2_volume
  id: b
  properties:
    iops_brust: 1
- kind: aws_ec2_volume
  id: c
  properties: {created_from: [a, 1]}
- kind: aws_ec2_instance
  id: d
  properties: {ctime: soon}
- kind: aws_ec2_instance
  id: e
  properties: {name: x}
",
        expect![[r"
            12: `iops_burst` must be int64, not `1.5` [aws_ec2_volume/a]
            16: `aws_ec2_volume` has no property `iops_brust` (did you mean `iops_burst`?) [aws_ec2_volume/b]
            19: `created_from[1]` must be string, not `1` [aws_ec2_volume/c]
            22: `ctime` must be datetime, not `soon` [aws_ec2_instance/d]
            25: `name` cannot be set in `properties` (it stands beside `properties`, or is computed) [aws_ec2_instance/e]
        "]],
    );
}

#[test]
fn ids_kinds_and_edges_must_make_sense() {
    mistakes(
        "\
- kind: aws_ec2_instanc
  id: a
- kind: gcp_disk
  id: a
- id: b
- kind: aws_ec2_instance
- kind: aws_ec2_instance
  id: c
- kind: aws_ec2_instance
  name: twice
  id: c
- kind: aws_ec2_volume
  id: c
- kind: aws_ec2_instance
  id: d
  edges:
    - {to: nowhere, relation: attaches}
    - {to: c, relation: attaches}
- kind: aws_ec2_instance
  id: e
  edges: [{to: d, relation: ataches}]
- kind: aws_ec2_instance
  id: f
  edges: [{to: d, relation: owns, edge_type: iam}]
- kind: aws_ec2_instance
  id: g
  edges: [{to: {name: x}, relation: owns}]
- kind: aws_ec2_instance
  id: h
  edges: [{to: {kind: kubernetes_node}, relation: owns}]
- kind: aws_ec2_instance
  id: i
  parent: nowhere
- kind: aws_ec2_instance
  id: j
  bases: [instance]
",
        expect![[r"
            8: the kind `aws_ec2_instanc` is not declared (did you mean `aws_ec2_instance`?) [aws_ec2_instanc/a]
            10: the kind `gcp_disk` is not declared (declare it: `define: gcp_disk` with `bases`) [gcp_disk/a]
            12: neither `kind` nor `define` stands here (a resource needs `kind` and `id`, the declaration of a kind `define`) [*/*]
            13: the resource has no `id` [aws_ec2_instance/*]
            18: aws_ec2_instance `c` stands in line 14 already [aws_ec2_instance/c]
            23: edge to `c`: the id `c` is that of a aws_ec2_instance and of a aws_ec2_volume (a resource elsewhere is named by its kind: `to: {kind: …, id: …}`) [aws_ec2_instance/d]
            23: edge to `nowhere`: no resource of this file has the id `nowhere` (a resource elsewhere is named by its kind: `to: {kind: …, id: …}`) [aws_ec2_instance/d]
            28: `ataches` is no relation (did you mean `attaches`?) [aws_ec2_instance/e]
            31: `iam` is no edge_type (it is one of default, delete) [aws_ec2_instance/f]
            34: the other end of an edge has no `kind` (e.g. `to: {kind: kubernetes_node, name: worker-1, account: prod}`) [aws_ec2_instance/g]
            37: nothing tells the other end of an edge apart (e.g. `to: {kind: kubernetes_node, name: worker-1, account: prod}`) [aws_ec2_instance/h]
            40: no resource of this file has the id `nowhere` [aws_ec2_instance/i]
            43: `bases` has no place in a resource [aws_ec2_instance/j]
        "]],
    );
}

#[test]
fn declarations_of_kinds_are_checked_too() {
    mistakes(
        "\
- define: Disk
- define: kubernetes_pod
- define: instance
- define: aws_ec2_volume
- define: a
  id: 7
- define: b
  properties: {size: number}
- define: c
  properties: {id: string}
- define: d
  bases: [volum]
- define: e
  bases: [f]
- define: f
- define: g
  bases: [g]
",
        expect![[r"
            8: `Disk` is no name for a kind (small letters, digits and `_`, e.g. `aws_ec2_instance`) [Disk/*]
            9: the kind `kubernetes_pod` is known already (choose another name, and name what it is like in `bases`) [kubernetes_pod/*]
            10: the kind `instance` is known already (choose another name, and name what it is like in `bases`) [instance/*]
            11: `aws_ec2_volume` is declared in line 3 already [aws_ec2_volume/*]
            13: `id` has no place in the declaration of a kind [a/*]
            15: `size` has the type `number`, which is none (types are any, boolean, date, datetime, double, duration, float, int32, int64, string, `…[]` and `dictionary[string, …]`) [b/*]
            17: `id` cannot be set in `properties` [c/*]
            19: `d` has the base `volum`, which is no kind (did you mean `volume`?) [d/*]
            24: `g` has the base `g`, which is no kind (`kinds` lists the base kinds, e.g. `instance`, `volume`) [g/*]
        "]],
    );
}

#[test]
fn an_empty_file_is_told_apart_from_one_without_resources() {
    assert!(check(Format::Yaml, "# nothing\n").is_blank);
    assert!(check(Format::Ndjson, "\n\n").is_blank);
    assert!(!check(Format::Yaml, KINDS).is_blank);
}
