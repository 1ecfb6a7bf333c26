//! Inventories of other tools beside real clusters: the sample that ships with the plugin, joined to the demo's nodes and
//! volumes; and files that are mended, broken and taken away.
use std::collections::BTreeMap;

use expect_test::expect_file;
use serde_json::Value;
use stocktake_kubernetes_sim::fleet::{Cluster, FleetShape, fleet};
use stocktake_tests::{Place, run};

const PROGRAM: &str = env!("CARGO_BIN_EXE_stocktake-under-test");

/// The cluster of the demo that the sample knows the machines of.
fn cluster() -> Cluster {
    fleet(&FleetShape::demo()).remove(0)
}

const HEAD: &str = "\
# What another tool knows of the cloud under the demo's cluster `prod-eu`: its machines and disks, and two that no cluster
# knows. docs/file.md explains every word.
- define: aws_region
  bases: [region]
  about: A region of AWS.
- define: aws_ec2_instance
  bases: [instance]
  about: A virtual machine in EC2.
- define: aws_ec2_volume
  bases: [volume]
  about: A disk in EC2.
- kind: aws_region
  id: eu-central-1
- kind: aws_ec2_instance
  id: i-00000000000forgotten
  name: bastion
  parent: eu-central-1
  tags: {owner: nobody}
  properties: {instance_type: t3.small, instance_cores: 2, instance_memory: 2, instance_status: stopped}
- kind: aws_ec2_volume
  id: vol-0000000000forgotten
  parent: eu-central-1
  properties: {volume_size: 500, volume_type: gp3, volume_status: available}
";

/// The sample as it has to be, from the objects of the cluster.
fn sample() -> String {
    let objects: Vec<Value> = cluster().objects().collect();
    let of = |kind: &'static str| objects.iter().filter(move |object| object["kind"] == kind);
    let text = |object: &Value, path: &str| {
        let found = object.pointer(path).and_then(Value::as_str);
        found.unwrap_or_default().to_owned()
    };
    let disks: BTreeMap<String, String> = of("PersistentVolume")
        .map(|volume| {
            (
                text(volume, "/metadata/name"),
                text(volume, "/spec/csi/volumeHandle"),
            )
        })
        .collect();
    let mut attached: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for attachment in of("VolumeAttachment") {
        let disk = &disks[&text(attachment, "/spec/source/persistentVolumeName")];
        let node = text(attachment, "/spec/nodeName");
        attached.entry(node).or_default().push(disk.clone());
    }
    let mut sample = vec![HEAD.to_owned()];
    for node in of("Node") {
        let name = text(node, "/metadata/name");
        let id = text(node, "/spec/providerID");
        let id = id.rsplit('/').next().unwrap_or_default();
        sample.push(format!(
            "- kind: aws_ec2_instance\n  id: {id}\n  name: {name}\n  parent: eu-central-1\n  \
             properties: {{instance_type: m6i.2xlarge, instance_cores: 8, instance_memory: 32, instance_status: running}}\n"
        ));
        if let Some(disks) = attached.get(&name) {
            sample.push("  edges:\n".to_owned());
            for disk in disks {
                sample.push(format!("    - {{to: {disk}, relation: attaches}}\n"));
            }
        }
    }
    for volume in of("PersistentVolume") {
        let disk = text(volume, "/spec/csi/volumeHandle");
        let size = text(volume, "/spec/capacity/storage");
        let size: u32 = size.trim_end_matches("Gi").parse().unwrap_or_default();
        sample.push(format!(
            "- kind: aws_ec2_volume\n  id: {disk}\n  parent: eu-central-1\n  \
             properties: {{volume_size: {size}, volume_type: gp3, volume_status: in-use}}\n"
        ));
    }
    sample.concat()
}

#[test]
fn the_sample_knows_the_machines_of_the_demo() {
    expect_file!["../../plugins/file/samples/aws.yaml"].assert_eq(&sample());
}

/// A place whose only cluster is the first of the demo.
fn place() -> Place {
    let shape = FleetShape {
        clusters: 1,
        troubles: Vec::new(),
        ..FleetShape::demo()
    };
    Place::new(PROGRAM, &shape)
}

/// Runs lines after a file was configured, and collects before them.
fn collected(place: &Place, file: &str, lines: &str) -> stocktake_tests::Ran {
    let section = format!("[{{\"path\": \"{file}\", \"cloud\": \"aws\", \"name\": \"aws-prod\"}}]");
    let lines =
        format!("config set stocktake.worker file.files={section}\nworkflows run collect\n{lines}");
    run(&mut place.program(), &lines)
}

#[test]
fn machines_and_nodes_are_one_inventory() {
    let place = place();
    place.write("aws.yaml", &sample());
    let ran = collected(
        &place,
        "aws.yaml",
        "search is(instance) | count kind\n\
         search is(volume) | count kind\n\
         search is(aws_ec2_instance) with(empty, --> is(kubernetes_node)) | list name, tags.owner\n\
         search is(aws_ec2_volume) and volume_status = available with(empty, --> is(kubernetes_persistent_volume)) | list id\n\
         search is(kubernetes_pod) and name ~ resotocore <-- is(kubernetes_node) <-- is(aws_ec2_instance) | count kind\n\
         search is(kubernetes_node) and external_references[*].kind = aws_ec2_instance | count kind\n\
         search is(kubernetes_pod) and /ancestors.aws_ec2_instance.reported.instance_type = m6i.2xlarge limit 1 | list kind\n\
         search is(aws_ec2_instance) and name = bastion | list /ancestors.cloud.reported.name, /ancestors.account.reported.name, /ancestors.region.reported.name\n\
         search is(aws_ec2_instance) and name = bastion | tag update owner ann\n",
    );
    let told = format!("{}\n{}", ran.out, ran.err);
    for line in [
        "aws_ec2_instance: 14",
        "kubernetes_node: 13",
        "name=bastion, owner=nobody",
        "id=vol-0000000000forgotten",
        "kind=kubernetes_pod",
        "name=aws, account_name=aws-prod, region_name=eu-central-1",
        "no object stands behind it",
        "edges between accounts",
    ] {
        assert!(told.contains(line), "`{line}` is missing:\n{told}");
    }
}

#[test]
fn a_file_that_breaks_keeps_what_is_known_of_it() {
    let shape = FleetShape {
        clusters: 0,
        ..FleetShape::default()
    };
    let place = Place::new(PROGRAM, &shape);
    let kind = "- define: disk\n  bases: [volume]\n";
    let disks = |ids: &[&str]| -> String {
        let disk = |id: &&str| format!("- {{kind: disk, id: {id}}}\n");
        kind.to_owned() + &ids.iter().map(disk).collect::<String>()
    };
    let asks = "search is(disk) | list id\nclusters gaps aws-prod\n";
    let found = |text: Option<String>, expected: &[&str], told: &str| {
        match text {
            Some(text) => drop(place.write("disks.yaml", &text)),
            None => std::fs::remove_file(place.home().join("disks.yaml")).unwrap(),
        }
        let ran = collected(&place, "disks.yaml", asks);
        let ids: Vec<&str> = ran
            .out
            .lines()
            .filter_map(|line| line.strip_prefix("id="))
            .collect();
        assert_eq!(ids, expected, "{}\n{}", ran.out, ran.err);
        assert!(ran.out.contains(told), "{}\n{}", ran.out, ran.err);
    };
    found(Some(disks(&["a", "b", "c"])), &["a", "b", "c"], "");
    let bad = disks(&["a", "c"]) + "- {kind: disk, id: b, properties: {volume_size: big}}\n";
    found(
        Some(bad),
        &["a", "b", "c"],
        "disks.yaml:5: `volume_size` must be double, not `big`",
    );
    found(
        Some(disks(&["a"]) + "- {\n"),
        &["a", "b", "c"],
        "disks.yaml:",
    );
    found(None, &["a", "b", "c"], "not_found");
    found(Some(String::new()), &["a", "b", "c"], "holds nothing");
    found(Some(disks(&["a", "d"])), &["a", "d"], "");
}
