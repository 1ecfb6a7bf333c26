//! Every relationship of the catalogue, in one hand-written cluster, asked for by its relation.
//!
//! Not edges, and why: a definition and its objects (a count and `api_group` instead: it would be half the graph), a
//! topology constraint and a label, an image and its registry (properties: no object has them), cloud resources (no
//! plugin collects them yet).
mod objects;
mod policies;

use objects::objects;

use crate::cluster;

const PROGRAM: &str = env!("CARGO_BIN_EXE_stocktake-under-test");

/// From, relation, to: `kind name`, without `kubernetes_`.
const EDGES: [(&str, &str, &str); 88] = [
    ("cluster one", "contains", "namespace shop"),
    ("namespace shop", "contains", "pod web-1-a"),
    ("cluster one", "contains", "node n1"),
    ("deployment web", "owns", "replica_set web-1"),
    ("replica_set web-1", "owns", "pod web-1-a"),
    ("deployment web", "selects", "replica_set web-1"),
    ("api_service v1.x.dev", "validates", "service web"),
    (
        "secret sh.helm.release.v1.shop.v2",
        "owns",
        "deployment web",
    ),
    ("argoproj_io_application shop", "owns", "stateful_set db"),
    (
        "kustomize_toolkit_fluxcd_io_kustomization shop",
        "owns",
        "config_map kustomized",
    ),
    (
        "helm_toolkit_fluxcd_io_helm_release shop",
        "owns",
        "config_map released",
    ),
    ("node n1", "runs", "pod web-1-a"),
    ("pod web-1-a", "defines", "priority_class high"),
    ("pod web-1-a", "defines", "runtime_class gvisor"),
    ("pod web-1-a", "runs_as", "service_account web"),
    ("node n1", "owns", "lease n1"),
    ("node n1", "owns", "csi_node n1"),
    ("pod web-1-a", "allocates", "resource_claim web-1-a-gpu"),
    (
        "resource_claim_template gpus",
        "allocates",
        "resource_claim web-1-a-gpu",
    ),
    (
        "resource_claim web-1-a-gpu",
        "allocates",
        "device_class gpu",
    ),
    (
        "resource_claim web-1-a-gpu",
        "allocates",
        "resource_slice n1-slice",
    ),
    ("node n1", "allocates", "resource_slice n1-slice"),
    ("pod web-1-a", "mounts", "persistent_volume_claim data"),
    (
        "pod web-1-a",
        "mounts",
        "persistent_volume_claim web-1-a-scratch",
    ),
    (
        "persistent_volume_claim data",
        "backs",
        "persistent_volume pv1",
    ),
    ("storage_class fast", "provisions", "persistent_volume pv1"),
    (
        "storage_class fast",
        "provisions",
        "persistent_volume_claim data",
    ),
    (
        "csi_driver ebs.csi.aws.com",
        "provisions",
        "storage_class fast",
    ),
    (
        "csi_driver ebs.csi.aws.com",
        "provisions",
        "persistent_volume pv1",
    ),
    ("volume_attachment va1", "attaches", "persistent_volume pv1"),
    ("node n1", "attaches", "volume_attachment va1"),
    (
        "persistent_volume_claim data",
        "backs",
        "volume_snapshot snap",
    ),
    (
        "volume_snapshot snap",
        "backs",
        "volume_snapshot_content content",
    ),
    (
        "volume_snapshot_content content",
        "backs",
        "volume_snapshot_class class",
    ),
    (
        "stateful_set db",
        "owns",
        "persistent_volume_claim disk-db-0",
    ),
    ("pod web-1-a", "mounts", "config_map conf"),
    ("pod web-1-a", "mounts", "secret key"),
    ("pod web-1-a", "mounts", "config_map projected"),
    ("pod web-1-a", "mounts", "secret projected"),
    ("pod web-1-a", "uses_env", "config_map env"),
    ("pod web-1-a", "uses_env", "secret env"),
    ("pod web-1-a", "uses_env", "config_map from"),
    ("pod web-1-a", "uses_env", "secret from"),
    ("pod web-1-a", "pulls_with", "secret pull"),
    ("pod web-1-a", "pulls_with", "secret publish"),
    ("service_account web", "mounts", "secret sa"),
    ("service_account web", "pulls_with", "secret pull"),
    ("ingress web", "mounts", "secret tls"),
    ("gateway edge", "mounts", "secret tls"),
    (
        "validating_webhook_configuration hook",
        "mounts",
        "cert_manager_io_certificate serving",
    ),
    ("cert_manager_io_issuer ca", "defines", "secret issuer"),
    ("service web", "targets", "pod web-1-a"),
    ("service web", "defines", "endpoint_slice web-x"),
    ("service web", "defines", "endpoint web"),
    ("endpoint web", "targets", "pod web-1-a"),
    ("endpoint_slice web-x", "targets", "pod web-1-a"),
    ("endpoint_slice web-x", "targets", "node n1"),
    ("stateful_set db", "targets", "service web"),
    ("ingress web", "routes", "service web"),
    ("ingress_class nginx", "defines", "ingress web"),
    ("gateway_class envoy", "routes", "gateway edge"),
    ("gateway edge", "routes", "http_route web"),
    ("http_route web", "routes", "service web"),
    ("network_policy web", "selects", "pod web-1-a"),
    ("network_policy web", "iam routes", "pod web-1-a"),
    ("network_policy web", "iam routes", "namespace other"),
    ("network_policy web", "iam routes", "pod guest"),
    (
        "validating_webhook_configuration hook",
        "validates",
        "service web",
    ),
    ("horizontal_pod_autoscaler web", "scales", "deployment web"),
    ("vertical_pod_autoscaler web", "scales", "deployment web"),
    ("keda_sh_scaled_object web", "scales", "deployment web"),
    ("pod_disruption_budget web", "protects", "pod web-1-a"),
    ("role_binding readers", "grants", "role reader"),
    ("cluster_role_binding admins", "grants", "cluster_role all"),
    ("role_binding readers", "binds", "service_account web"),
    ("role_binding readers", "binds", "subject_group devs"),
    ("cluster_role_binding admins", "binds", "subject_user jane"),
    ("cluster_role all", "grants", "cluster_role part"),
    ("service_account web", "iam grants", "namespace shop"),
    ("subject_user jane", "iam grants", "cluster one"),
    (
        "validating_admission_policy_binding b",
        "binds",
        "validating_admission_policy p",
    ),
    (
        "validating_admission_policy_binding b",
        "binds",
        "config_map limits",
    ),
    (
        "mutating_admission_policy_binding m",
        "binds",
        "acme_dev_limit most",
    ),
    (
        "flow_schema flow",
        "defines",
        "priority_level_configuration mid",
    ),
    ("pod web-1-a", "contains", "container main"),
    ("container main", "runs", "image nginx:1.25"),
    ("node n1", "owns", "certificate_signing_request csr"),
    ("subject_group devs", "iam grants", "namespace shop"),
];

/// `search` for the far end of an edge.
fn question((from, relation, to): (&str, &str, &str)) -> String {
    let node = |text: &str| {
        let (kind, name) = text.split_once(' ').expect("kind and name");
        format!("is(kubernetes_{kind}) and name = \"{name}\"")
    };
    let (of_type, relation) = match relation.strip_prefix("iam ") {
        Some(relation) => ("iam", relation),
        None => ("", relation),
    };
    format!(
        "search {} -{of_type}[1:1]{{relation={relation}}}-> {} | list name",
        node(from),
        node(to)
    )
}

#[test]
fn every_relationship_of_the_catalogue_is_an_edge() {
    let (place, _sim) = cluster::of(PROGRAM, objects());
    let questions: Vec<String> = EDGES.into_iter().map(question).collect();
    let first = "config set stocktake.worker k8s.collect_iam=true\n";
    let answers = cluster::answers(&place, first, &questions);
    let missing: Vec<_> = EDGES
        .into_iter()
        .zip(answers)
        .filter(|((_, _, to), answer)| {
            let name = to.split_once(' ').expect("kind and name").1;
            *answer != format!("name={name}\n")
        })
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn parameters_of_a_policy_are_where_its_binding_says() {
    let (place, _sim) = cluster::of(PROGRAM, objects());
    let questions = policies::PARAMETERS.map(|(binding, _)| {
        format!(
            "search is(kubernetes_validating_admission_policy_binding) and name = \"{binding}\" \
             -[1:1]{{relation=binds}}-> kind != kubernetes_validating_admission_policy \
             sort namespace | list namespace, name"
        )
    });
    let answers = cluster::answers(&place, "", &questions);
    for ((binding, expected), answer) in policies::PARAMETERS.into_iter().zip(answers) {
        assert_eq!(answer, expected, "{binding}");
    }
}

#[test]
fn what_other_objects_decide_is_a_property() {
    let (place, _sim) = cluster::of(PROGRAM, objects());
    let rows = [
        // The top-most controller, two references up.
        (
            "search is(kubernetes_pod) and name = \"web-1-a\" | list owner_kind, owner_name",
            "owner_kind=Deployment, owner_name=web\n",
        ),
        (
            "search is(kubernetes_custom_resource_definition) and name = \"issuers.cert-manager.io\" | list instance_count",
            "instance_count=1\n",
        ),
        (
            "search is(kubernetes_cluster) | list cluster_details.distribution, cluster_details.region",
            "distribution=gke, region=europe-west1\n",
        ),
        (
            "search is(kubernetes_node) | list provider_name, provider_instance_id, provider_zone, node_pool",
            "provider_name=gcp, provider_instance_id=n1, provider_zone=europe-west1-b, node_pool=a\n",
        ),
        // The payload of an edge, in a filter and in an answer.
        (
            "search is(kubernetes_pod) -[1:1]{mounts[*].mount_path=\"/etc/conf\"}-> is(kubernetes_config_map) | list name",
            "name=conf\n",
        ),
        (
            "search is(kubernetes_pod) -[1:1]{mounts[*].mount_path=\"/etc/other\"}-> is(kubernetes_config_map) | list name",
            "",
        ),
    ];
    let questions: Vec<String> = rows.iter().map(|(line, _)| (*line).to_owned()).collect();
    let answers = cluster::answers(&place, "", &questions);
    for ((line, expected), answer) in rows.into_iter().zip(answers) {
        assert_eq!(answer, expected, "{line}");
    }
    let line = "search --with-edges is(kubernetes_pod) and name = \"web-1-a\" -[0:1]-> is(kubernetes_config_map) | format --ndjson";
    let answer = cluster::answers(&place, "", &[line.to_owned()]).remove(0);
    assert!(
        answer.contains(r#""mounts":[{"container":"main","mount_path":"/etc/conf","read_only":true,"sub_path":"app.yaml","volume":"conf"}]"#),
        "{answer}"
    );
}
