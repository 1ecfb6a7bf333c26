//! What every fleet must hold, mostly checked over the demo fleet.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde_json::Value;

use super::{Cluster, FleetShape, Trouble, basic, fleet};

fn text<'a>(object: &'a Value, path: &str) -> &'a str {
    object
        .pointer(path)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn list<'a>(object: &'a Value, path: &str) -> &'a [Value] {
    object
        .pointer(path)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// The demo fleet, made once for all tests.
fn demo() -> &'static [(Cluster, Vec<Value>)] {
    static DEMO: LazyLock<Vec<(Cluster, Vec<Value>)>> = LazyLock::new(|| {
        let clusters = fleet(&FleetShape::demo()).into_iter();
        clusters
            .map(|cluster| (cluster.clone(), cluster.objects().collect()))
            .collect()
    });
    &DEMO
}

/// The objects of one kind, by `apiVersion` and `kind`.
fn of<'a>(objects: &'a [Value], api_version: &str, kind: &str) -> Vec<&'a Value> {
    objects
        .iter()
        .filter(|o| text(o, "/apiVersion") == api_version && text(o, "/kind") == kind)
        .collect()
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_does_not() {
    let print = |seed: u64| {
        let shape = FleetShape {
            seed,
            clusters: 2,
            ..FleetShape::demo()
        };
        fleet(&shape)
            .iter()
            .flat_map(Cluster::objects)
            .map(|object| object.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(print(1), print(1));
    assert_ne!(print(1), print(2));
}

#[test]
fn a_cluster_has_as_many_objects_as_wished() {
    for size in [800, 1_667, 5_000, 20_000] {
        let shape = FleetShape {
            clusters: 1,
            objects_per_cluster: size,
            ..FleetShape::default()
        };
        assert_eq!(fleet(&shape)[0].objects().count(), size);
    }
}

#[test]
fn the_smallest_cluster_still_has_what_every_cluster_has() {
    let shape = FleetShape {
        clusters: 1,
        objects_per_cluster: 0,
        ..FleetShape::default()
    };
    let objects: Vec<Value> = fleet(&shape)[0].objects().collect();
    assert!(
        (250..350).contains(&objects.len()),
        "{} objects",
        objects.len()
    );
    assert_eq!(of(&objects, "v1", "Node").len(), 3);
}

#[test]
fn pods_are_about_a_quarter_of_all_objects() {
    let shape = FleetShape {
        clusters: 1,
        objects_per_cluster: 20_000,
        ..FleetShape::default()
    };
    let objects: Vec<Value> = fleet(&shape)[0].objects().collect();
    let mut counts = BTreeMap::<&str, usize>::new();
    for object in &objects {
        *counts.entry(text(object, "/kind")).or_default() += 1;
    }
    let percent = counts["Pod"] * 100 / objects.len();
    assert!((22..=30).contains(&percent), "{percent} % pods: {counts:?}");
}

#[test]
fn uids_are_unique_in_the_fleet_and_names_in_a_cluster() {
    let mut uids = BTreeSet::new();
    for (cluster, objects) in demo() {
        let mut names = BTreeSet::new();
        for object in objects {
            let group = text(object, "/apiVersion")
                .rsplit_once('/')
                .map_or("", |(group, _)| group);
            let name = [
                group,
                text(object, "/kind"),
                text(object, "/metadata/namespace"),
                text(object, "/metadata/name"),
            ]
            .join("/");
            assert!(
                uids.insert(text(object, "/metadata/uid").to_owned()),
                "uid of {name}"
            );
            assert!(
                names.insert(name.clone()),
                "{name} twice in {}",
                cluster.name
            );
        }
        assert!(names.contains("/Namespace//kube-system"));
    }
}

#[test]
fn every_owner_exists_but_one() {
    for (cluster, objects) in demo() {
        let uids: BTreeSet<&str> = objects.iter().map(|o| text(o, "/metadata/uid")).collect();
        let dangling: Vec<&str> = objects
            .iter()
            .filter(|object| {
                list(object, "/metadata/ownerReferences")
                    .iter()
                    .any(|owner| !uids.contains(text(owner, "/uid")))
            })
            .map(|object| text(object, "/metadata/name"))
            .collect();
        assert_eq!(dangling, ["orphan"], "{}", cluster.name);
    }
}

#[test]
fn every_reference_of_a_pod_leads_somewhere() {
    for (_, objects) in demo() {
        let names: BTreeSet<[&str; 3]> = objects
            .iter()
            .map(|o| {
                [
                    text(o, "/kind"),
                    text(o, "/metadata/namespace"),
                    text(o, "/metadata/name"),
                ]
            })
            .collect();
        for pod in of(objects, "v1", "Pod") {
            let namespace = text(pod, "/metadata/namespace");
            let mut wanted = vec![[
                "ServiceAccount",
                namespace,
                text(pod, "/spec/serviceAccountName"),
            ]];
            if let Some(node) = pod.pointer("/spec/nodeName").and_then(Value::as_str) {
                wanted.push(["Node", "", node]);
            }
            for volume in list(pod, "/spec/volumes") {
                for (kind, path) in [
                    ("ConfigMap", "/configMap/name"),
                    ("PersistentVolumeClaim", "/persistentVolumeClaim/claimName"),
                ] {
                    if let Some(name) = volume.pointer(path).and_then(Value::as_str) {
                        wanted.push([kind, namespace, name]);
                    }
                }
            }
            for container in list(pod, "/spec/containers") {
                for env in list(container, "/env") {
                    if let Some(name) = env.pointer("/valueFrom/secretKeyRef/name") {
                        wanted.push(["Secret", namespace, name.as_str().unwrap()]);
                    }
                }
            }
            for reference in wanted {
                assert!(names.contains(&reference), "{reference:?}");
            }
        }
    }
}

/// RBAC names may hold colons; every other name is a DNS subdomain (RFC 1123).
fn valid(kind: &str, name: &str) -> bool {
    if kind.ends_with("Role") || kind.ends_with("RoleBinding") {
        return !name.contains(['/', '%']);
    }
    let label = |label: &str| {
        let edge =
            |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        edge(label.chars().next())
            && edge(label.chars().last())
            && label
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    // The API service of the core group is called `v1.`.
    let name = if kind == "APIService" {
        name.trim_end_matches('.')
    } else {
        name
    };
    name.len() <= 253 && name.split('.').all(label)
}

#[test]
fn names_and_labels_are_valid() {
    for (_, objects) in demo() {
        for object in objects {
            let (kind, name) = (text(object, "/kind"), text(object, "/metadata/name"));
            assert!(valid(kind, name), "{kind} {name}");
            let labels = object
                .pointer("/metadata/labels")
                .and_then(Value::as_object);
            for (label, value) in labels.into_iter().flatten() {
                assert!(
                    value.as_str().is_some_and(|v| v.len() <= 63),
                    "{kind} {name} {label}"
                );
            }
        }
    }
}

#[test]
fn resource_versions_rise() {
    let clusters = fleet(&FleetShape::demo());
    let versions: Vec<u64> = clusters[0]
        .objects()
        .map(|object| text(&object, "/metadata/resourceVersion").parse().unwrap())
        .collect();
    assert!(versions.is_sorted_by(|a, b| a < b));
}

#[test]
fn every_cluster_has_its_trouble() {
    for (cluster, objects) in demo() {
        let waiting = |reason: &str| {
            of(objects, "v1", "Pod")
                .iter()
                .flat_map(|pod| list(pod, "/status/containerStatuses"))
                .any(|status| text(status, "/state/waiting/reason") == reason)
        };
        assert!(
            waiting("CrashLoopBackOff") && waiting("ImagePullBackOff"),
            "{}",
            cluster.name
        );
        let phases = |kind: &str, phase: &str| {
            of(objects, "v1", kind)
                .iter()
                .filter(|o| text(o, "/status/phase") == phase)
                .count()
        };
        assert!(phases("PersistentVolumeClaim", "Pending") >= 1);
        assert!(phases("PersistentVolume", "Released") >= 1);
        assert!(phases("Pod", "Pending") >= 1);
        assert!(phases("Pod", "Failed") >= 1);
        let custom: BTreeSet<&str> = of(objects, "serving.acme.dev/v1alpha1", "Service")
            .iter()
            .map(|o| text(o, "/metadata/name"))
            .collect();
        assert!(
            of(objects, "v1", "Service")
                .iter()
                .any(|o| custom.contains(text(o, "/metadata/name")))
        );
        let not_ready = of(objects, "v1", "Node")
            .iter()
            .filter(|node| {
                list(node, "/status/conditions")
                    .iter()
                    .any(|c| text(c, "/type") == "Ready" && text(c, "/status") != "True")
            })
            .count();
        assert_eq!(not_ready, 1);
        assert!(
            objects
                .iter()
                .any(|o| o.pointer("/metadata/deletionTimestamp").is_some())
        );
    }
}

#[test]
fn the_driver_pod_owns_the_service_that_selects_it() {
    let (_, objects) = &demo()[0];
    let find = |kind: &str, name: &str| {
        of(objects, "v1", kind)
            .into_iter()
            .find(|o| text(o, "/metadata/name") == name)
            .unwrap()
    };
    let (pod, service) = (find("Pod", "pi-driver"), find("Service", "pi-driver-svc"));
    assert_eq!(
        service["metadata"]["ownerReferences"][0]["uid"],
        pod["metadata"]["uid"]
    );
    for (label, value) in service["spec"]["selector"].as_object().unwrap() {
        assert_eq!(&pod["metadata"]["labels"][label], value);
    }
    let (egg, hen) = (find("ConfigMap", "egg"), find("ConfigMap", "hen"));
    assert_eq!(
        egg["metadata"]["ownerReferences"][0]["uid"],
        hen["metadata"]["uid"]
    );
    assert_eq!(
        hen["metadata"]["ownerReferences"][0]["uid"],
        egg["metadata"]["uid"]
    );
}

#[test]
fn the_same_names_are_in_many_namespaces_and_clusters() {
    let mut places = BTreeMap::<String, BTreeSet<String>>::new();
    for (cluster, objects) in demo() {
        for deployment in of(objects, "apps/v1", "Deployment") {
            let place = format!(
                "{}/{}",
                cluster.name,
                text(deployment, "/metadata/namespace")
            );
            places
                .entry(text(deployment, "/metadata/name").into())
                .or_default()
                .insert(place);
        }
    }
    let shared = places.values().filter(|places| places.len() >= 5).count();
    assert!(shared >= 5, "{places:?}");
}

#[test]
fn only_the_first_cluster_holds_the_release() {
    let names = |objects: &[Value], api_version: &str, kind: &str| -> Vec<String> {
        let mut names: Vec<String> = of(objects, api_version, kind)
            .into_iter()
            .filter(|o| text(o, "/metadata/namespace") == "resoto")
            .map(|o| text(o, "/metadata/name").to_owned())
            .collect();
        names.sort();
        names
    };
    let fleet = demo();
    let (_, first) = &fleet[0];
    assert_eq!(
        names(first, "v1", "Service"),
        [
            "resoto-graph-db",
            "resoto-resotocore",
            "resoto-resotometrics",
            "resoto-resotoworker"
        ]
    );
    assert_eq!(
        names(first, "apps/v1", "Deployment"),
        [
            "resoto-resotocore",
            "resoto-resotometrics",
            "resoto-resotoworker"
        ]
    );
    assert_eq!(
        names(first, "apps/v1", "StatefulSet"),
        ["resoto-graph-db-single"]
    );
    assert_eq!(names(first, "v1", "Pod").len(), 4);
    let core = of(first, "v1", "Service")
        .into_iter()
        .find(|o| text(o, "/metadata/name") == "resoto-resotocore")
        .unwrap();
    assert_eq!(
        text(core, "/status/loadBalancer/ingress/0/ip"),
        "203.0.113.10"
    );
    for (cluster, objects) in &fleet[1..] {
        assert!(
            objects
                .iter()
                .all(|o| text(o, "/metadata/namespace") != "resoto"),
            "{}",
            cluster.name
        );
    }
}

#[test]
fn bound_claims_and_volumes_name_each_other() {
    let (_, objects) = &demo()[0];
    let volumes: BTreeMap<&str, &Value> = of(objects, "v1", "PersistentVolume")
        .into_iter()
        .map(|volume| (text(volume, "/metadata/name"), volume))
        .collect();
    let mut bound = 0;
    for claim in of(objects, "v1", "PersistentVolumeClaim") {
        let Some(volume) = volumes.get(text(claim, "/spec/volumeName")) else {
            continue;
        };
        assert_eq!(volume["spec"]["claimRef"]["uid"], claim["metadata"]["uid"]);
        bound += 1;
    }
    assert!(bound >= 2);
    assert_eq!(bound + 1, volumes.len(), "all but the released one");
}

#[test]
fn values_of_secrets_are_canaries_and_one_leaks_through_an_annotation() {
    use base64::Engine;
    let (_, objects) = &demo()[0];
    let mut leaks = 0;
    for secret in of(objects, "v1", "Secret") {
        for value in secret["data"].as_object().unwrap().values() {
            let bytes = base64::engine::general_purpose::STANDARD
                .decode(value.as_str().unwrap())
                .unwrap();
            assert!(bytes.starts_with(basic::CANARY.as_bytes()));
        }
        let applied = secret["metadata"]["annotations"][basic::LAST_APPLIED].as_str();
        leaks += usize::from(applied.is_some_and(|text| text.contains(basic::CANARY)));
    }
    assert!(leaks >= 1);
}

#[test]
fn trouble_of_whole_clusters_is_dealt_from_the_last_one() {
    let troubles = |shape: &FleetShape| -> Vec<(String, Option<Trouble>)> {
        fleet(shape)
            .into_iter()
            .map(|cluster| (cluster.name, cluster.trouble))
            .collect()
    };
    let policies = Trouble::Forbidden {
        group: "networking.k8s.io".into(),
        resource: "networkpolicies".into(),
    };
    assert_eq!(
        troubles(&FleetShape::default()),
        [
            ("prod-eu".into(), None),
            ("prod-us".into(), None),
            ("staging".into(), Some(policies.clone())),
            ("prod-ap".into(), Some(Trouble::Unreachable)),
        ]
    );
    assert_eq!(
        troubles(&FleetShape::demo()),
        [
            ("prod-eu".into(), None),
            ("prod-us".into(), None),
            ("staging".into(), Some(policies))
        ]
    );
    assert_eq!(
        troubles(&FleetShape {
            clusters: 1,
            ..FleetShape::default()
        })[0]
            .1,
        None
    );
}
