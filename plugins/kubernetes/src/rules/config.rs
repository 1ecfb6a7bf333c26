//! Config maps and secrets: mounted, in the environment, to pull images with.
use stocktake_model::EdgeRule;
use stocktake_model::Relation::{self, Defines, Mounts, PullsWith, UsesEnv};

use super::form::{near, out};

const POD: &str = "kubernetes_pod";
const SECRET: &str = "kubernetes_secret";
const CONFIG_MAP: &str = "kubernetes_config_map";

/// Secrets that volumes of other makers are opened with.
const VOLUME_SECRETS: [&str; 9] = [
    "csi.node_publish_secret_ref.name",
    "cephfs.secret_ref.name",
    "rbd.secret_ref.name",
    "azure_file.secret_name",
    "flex_volume.secret_ref.name",
    "iscsi.secret_ref.name",
    "scale_io.secret_ref.name",
    "storageos.secret_ref.name",
    "cinder.secret_ref.name",
];

fn of_pod(each: &str, value: &str, kind: &str, relation: Relation) -> EdgeRule {
    out(POD, each, value, near(kind), relation)
}

fn env(list: &str) -> [EdgeRule; 2] {
    let each = format!("pod_spec.{list}[*].env[*].value_from");
    [
        of_pod(&each, "secret_key_ref.name", SECRET, UsesEnv),
        of_pod(&each, "config_map_key_ref.name", CONFIG_MAP, UsesEnv),
    ]
}

fn env_from(list: &str) -> [EdgeRule; 2] {
    let each = format!("pod_spec.{list}[*].env_from[*]");
    [
        of_pod(&each, "secret_ref.name", SECRET, UsesEnv),
        of_pod(&each, "config_map_ref.name", CONFIG_MAP, UsesEnv),
    ]
}

/// The references Resoto knew.
pub(super) fn first() -> Vec<EdgeRule> {
    let volumes = "pod_spec.volumes[*]";
    let projected = "pod_spec.volumes[*].projected.sources[*]";
    let mut rules = vec![
        of_pod(volumes, "config_map.name", CONFIG_MAP, Mounts),
        of_pod(volumes, "secret.secret_name", SECRET, Mounts),
        of_pod(projected, "config_map.name", CONFIG_MAP, Mounts),
        of_pod(projected, "secret.name", SECRET, Mounts),
    ];
    rules.extend(env("containers"));
    rules.push(out(
        "kubernetes_service_account",
        "secrets[*]",
        "name",
        near(SECRET),
        Mounts,
    ));
    rules
}

/// All others.
pub(super) fn more() -> Vec<EdgeRule> {
    let mut rules = Vec::new();
    rules.extend(env("init_containers"));
    rules.extend(env("ephemeral_containers"));
    for list in ["containers", "init_containers", "ephemeral_containers"] {
        rules.extend(env_from(list));
    }
    rules.push(of_pod(
        "pod_spec.image_pull_secrets[*]",
        "name",
        SECRET,
        PullsWith,
    ));
    for value in VOLUME_SECRETS {
        rules.push(of_pod("pod_spec.volumes[*]", value, SECRET, PullsWith));
    }
    rules.push(out(
        "kubernetes_service_account",
        "image_pull_secrets[*]",
        "name",
        near(SECRET),
        PullsWith,
    ));
    rules.push(out(
        "kubernetes_custom_resource",
        "references[*]",
        "",
        stocktake_model::Find::Object,
        Defines,
    ));
    rules
}
