//! Whole conversions of small objects: one golden per family, canaries for secrets, and recorded lists.
mod canary;
mod golden;
mod recorded;
pub(crate) use recorded::lists as recorded_lists;

use serde_json::Value;
use stocktake_config::{ConfigMapData, K8sConfig};
use stocktake_model::NodeRecord;

use crate::Resource;
use crate::convert::{ConvertError, Converter};

fn resource(group: &str, kind: &str) -> Resource {
    Resource {
        group: group.into(),
        version: "v1".into(),
        kind: kind.into(),
        plural: format!("{}s", kind.to_lowercase()),
        singular: String::new(),
        short_names: Vec::new(),
        namespaced: true,
        verbs: Vec::new(),
    }
}

fn converter() -> Converter {
    Converter::new(&K8sConfig::default(), "cluster-uid", "prod", b"key")
}

fn convert(group: &str, kind: &str, object: Value) -> Result<Vec<NodeRecord>, ConvertError> {
    converter().convert(&resource(group, kind), object.into())
}

mod broken {
    use serde_json::json;
    use stocktake_model::Parent;

    use super::*;

    #[track_caller]
    fn check(object: Value, message: &str) {
        let error = convert("", "Pod", object).unwrap_err();
        assert_eq!(error.to_string(), message);
    }

    #[test]
    fn an_object_nothing_is_known_by_is_refused() {
        check(
            json!(7),
            "an item of the list of `kubernetes_pod` is not an object",
        );
        check(
            json!({"spec": {}}),
            "an object of kind `kubernetes_pod` has no metadata",
        );
        check(
            json!({"metadata": {"name": "web"}}),
            "the kubernetes_pod `web` has no uid",
        );
    }

    #[test]
    fn values_that_do_not_parse_lose_only_themselves() {
        let node = json!({
            "metadata": {"uid": "u", "name": "n", "creationTimestamp": "soon"},
            "status": {"capacity": {"cpu": "many", "memory": "16Gi"}, "allocatable": 7},
        });
        let records = convert("", "Node", node).unwrap();
        let reported = &records[0].reported;
        assert_eq!(reported.get("instance_cores"), None);
        assert_eq!(reported.get("ctime"), None);
        assert_eq!(reported["instance_memory"], 16.0);
        assert_eq!(reported["node_status"]["capacity"]["cpu"], "many");
        let unreadable = json!(["ctime", "node_status.capacity.cpu"]);
        assert_eq!(records[0].metadata["unreadable"], unreadable);
    }

    #[test]
    fn what_could_not_be_read_is_said_where_it_is_missing() {
        for (group, kind, object, expected) in [
            (
                "",
                "PersistentVolume",
                json!({"spec": {"capacity": {"storage": "big"}}}),
                json!(["persistent_volume_spec.capacity.storage"]),
            ),
            (
                "",
                "PersistentVolumeClaim",
                json!({"spec": {"resources": {"requests": {"storage": "big"}}}}),
                json!(["persistent_volume_claim_spec.resources.requests.storage"]),
            ),
            (
                "",
                "ResourceQuota",
                json!({"spec": {"hard": {"pods": "few", "cpu": "1"}}}),
                json!(["quota_items.pods"]),
            ),
            (
                "snapshot.storage.k8s.io",
                "VolumeSnapshot",
                json!({"status": {"restoreSize": "big"}}),
                json!(["volume_snapshot_status.restore_size"]),
            ),
        ] {
            let mut object = object;
            object["metadata"] = json!({"uid": "u", "name": "n"});
            let records = convert(group, kind, object).unwrap();
            assert_eq!(records[0].metadata["unreadable"], expected, "{kind}");
        }
        let pod = json!({"metadata": {"uid": "u", "name": "n", "namespace": "web"}, "spec": {"containers": [
            {"name": "a", "resources": {"requests": {"cpu": "much"}, "limits": {"cpu": "1", "memory": "1Gi"}}},
            {"name": "b"}]}});
        let records = convert("", "Pod", pod).unwrap();
        let of = |name: &str| {
            let of_name = records.iter().find(|record| record.name() == name);
            of_name.unwrap().metadata.get("unreadable")
        };
        let expected = json!(["container_spec.resources.requests.cpu"]);
        assert_eq!((of("a"), of("b"), of("n")), (Some(&expected), None, None));
    }

    #[test]
    fn any_shape_of_any_part_is_survived() {
        let parts = [
            json!(null),
            json!(1),
            json!("x"),
            json!([]),
            json!([[1]]),
            json!({"a": [1]}),
        ];
        for (group, kind) in [
            ("", "Pod"),
            ("", "Node"),
            ("", "Service"),
            ("", "PersistentVolume"),
            ("", "PersistentVolumeClaim"),
            ("", "ConfigMap"),
            ("", "Secret"),
            ("", "ResourceQuota"),
            ("", "Endpoints"),
            ("apps", "StatefulSet"),
            ("autoscaling", "HorizontalPodAutoscaler"),
            ("certificates.k8s.io", "CertificateSigningRequest"),
            ("certificates.k8s.io", "ClusterTrustBundle"),
            ("apiextensions.k8s.io", "CustomResourceDefinition"),
            ("rbac.authorization.k8s.io", "RoleBinding"),
            ("snapshot.storage.k8s.io", "VolumeSnapshot"),
            ("gateway.networking.k8s.io", "Gateway"),
            ("example.com", "Widget"),
        ] {
            for part in &parts {
                let object = json!({"metadata": {"uid": "u", "name": part, "labels": part,
                    "annotations": part, "ownerReferences": part, "managedFields": part},
                    "spec": part, "status": part, "data": part, "subjects": part, "subsets": part});
                let records = convert(group, kind, object).unwrap();
                assert_eq!(records[0].id(), "u", "{kind} {part}");
            }
        }
    }

    #[test]
    fn what_an_object_is_contained_in_is_known() {
        let parent = |metadata: Value| {
            let records = convert("", "Pod", json!({"metadata": metadata}));
            records.unwrap().remove(0).parent
        };
        assert_eq!(parent(json!({"uid": "u"})), Parent::Account);
        let expected = Parent::Region {
            kind: "kubernetes_namespace".into(),
            name: "shop".into(),
        };
        assert_eq!(parent(json!({"uid": "u", "namespace": "shop"})), expected);
    }

    #[test]
    fn images_are_brought_once() {
        let converter = converter();
        let brought = |uid: &str| {
            let pod = json!({"metadata": {"uid": uid, "name": uid},
                "spec": {"containers": [{"name": "a", "image": "nginx"}, {"name": "b", "image": "nginx"}]}});
            let records = converter.convert(&resource("", "Pod"), pod.into()).unwrap();
            records
                .iter()
                .map(|record| record.kind().to_owned())
                .collect::<Vec<_>>()
        };
        let container = "kubernetes_container";
        assert_eq!(
            brought("1"),
            ["kubernetes_pod", container, container, "kubernetes_image"]
        );
        assert_eq!(brought("2"), ["kubernetes_pod", container, container]);
    }

    #[test]
    fn a_long_value_of_a_config_map_is_cut_and_marked() {
        let object = json!({"metadata": {"uid": "u"},
            "data": {"long": "ä".repeat(40_000), "short": "x"}});
        let reported = convert("", "ConfigMap", object).unwrap().remove(0).reported;
        let length = |key: &str| reported["data"][key].as_str().map(str::len);
        assert_eq!((length("long"), length("short")), (Some(65_536), Some(1)));
        assert_eq!(reported["data_truncated"], true);
    }

    #[test]
    fn the_configuration_says_what_is_kept_of_config_maps() {
        let kept = |keep| {
            let config = K8sConfig {
                config_map_data: keep,
                ..K8sConfig::default()
            };
            let object = json!({"metadata": {"uid": "u"}, "data": {"a": "x"}});
            let converter = Converter::new(&config, "c", "c", b"key");
            let records = converter.convert(&resource("", "ConfigMap"), object.into());
            let reported = records.unwrap().remove(0).reported;
            (
                reported.contains_key("data"),
                reported.contains_key("data_keys"),
            )
        };
        assert_eq!(kept(ConfigMapData::Full), (true, true));
        assert_eq!(kept(ConfigMapData::Keys), (false, true));
        assert_eq!(kept(ConfigMapData::None), (false, false));
    }
}
