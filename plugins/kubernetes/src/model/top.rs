//! The kinds above and beside the API's own: the common base, the cluster, containers, images, subjects.
use k8s_openapi::api::core::v1::{Container, ContainerStatus};
use stocktake_model::PropertyType::{
    Boolean, Datetime, Double, Int32, Int64, Object, String as Text,
};
use stocktake_model::{Kind, Property, PropertyType};

use super::schema::{Schemas, of};

pub(super) fn property(name: &str, of: PropertyType, about: &str) -> Property {
    Property::new(name, of, about)
}

pub(super) fn texts() -> PropertyType {
    PropertyType::array(Text)
}

pub(super) fn map() -> PropertyType {
    PropertyType::dictionary(Text)
}

/// Kinds that no list of the API returns.
pub(super) fn kinds(schemas: &mut Schemas) -> Vec<Kind> {
    let mut kinds = vec![
        base(
            "kubernetes_resource",
            &["resource"],
            "An object of a Kubernetes API.",
            common(),
        ),
        base(
            "kubernetes_custom_resource",
            &["kubernetes_resource"],
            "An object of a kind that is not part of Kubernetes.",
            vec![
                property("ready", Boolean, "Whether it says that it is ready."),
                property(
                    "references",
                    PropertyType::array(reference()),
                    "Objects that its spec names.",
                ),
                property(
                    "managed_objects",
                    PropertyType::array(reference()),
                    "Objects it says it made.",
                ),
                property("scale_target", reference(), "What it scales."),
            ],
        ),
        base(
            "kubernetes_derived",
            &["resource"],
            "Something that is seen in Kubernetes objects but is none itself.",
            vec![property("cluster_name", Text, "Name of its cluster.")],
        ),
        base(
            "kubernetes_endpoints",
            &["kubernetes_resource"],
            "Addresses behind a service, under the name the API gives the kind.",
            vec![],
        ),
        cluster(),
        container(schemas),
        image(),
    ];
    kinds.push(base(
        "kubernetes_subject",
        &["kubernetes_derived"],
        "A user or group that roles are granted to.",
        vec![],
    ));
    for (name, of, about) in [
        (
            "kubernetes_subject_user",
            "user",
            "A user that roles are granted to.",
        ),
        (
            "kubernetes_subject_group",
            "group",
            "A group that roles are granted to.",
        ),
    ] {
        kinds.push(concrete(name, &["kubernetes_subject", of], about, vec![]));
    }
    kinds
}

fn base(name: &str, bases: &[&str], about: &str, properties: Vec<Property>) -> Kind {
    Kind {
        is_abstract: true,
        ..concrete(name, bases, about, properties)
    }
}

fn concrete(name: &str, bases: &[&str], about: &str, properties: Vec<Property>) -> Kind {
    Kind {
        name: name.to_owned(),
        bases: bases.iter().map(|&base| base.to_owned()).collect(),
        about: about.to_owned(),
        properties,
        ..Kind::default()
    }
}

pub(super) fn reference() -> PropertyType {
    let names = [
        "resource_kind",
        "name",
        "namespace",
        "api_version",
        "api_group",
    ];
    Object(names.map(|name| property(name, Text, "")).into())
}

fn common() -> Vec<Property> {
    let owner = Object(vec![
        property("api_version", Text, ""),
        property("resource_kind", Text, ""),
        property("name", Text, ""),
        property("uid", Text, ""),
        property("controller", Boolean, ""),
        property("block_owner_deletion", Boolean, ""),
    ]);
    vec![
        property(
            "namespace",
            Text,
            "Namespace it is in; absent if cluster-scoped.",
        ),
        property("cluster_name", Text, "Name of its cluster."),
        property("labels", map(), "Labels."),
        property("api_version", Text, "Group and version it was listed in."),
        property("api_group", Text, "API group; empty for core."),
        property("api_kind", Text, "Kind in the API."),
        property("api_resource", Text, "Plural name in the API."),
        property("resource_version", Text, "Version of the object."),
        property("generation", Int64, "Version of its spec."),
        property("generate_name", Text, "What its name was made from."),
        property("self_link", Text, "Path of the object, on old servers."),
        property("deletion_timestamp", Datetime, "When it was asked to go."),
        property(
            "deletion_grace_period_seconds",
            Int64,
            "Seconds it gets to end.",
        ),
        property("finalizers", texts(), "What must happen before it can go."),
        property(
            "owner_references",
            PropertyType::array(owner),
            "Objects that own it.",
        ),
        property("managed_field_managers", texts(), "Who wrote its fields."),
    ]
}

fn cluster() -> Kind {
    let fields = |names: &[&str]| -> Vec<Property> {
        names.iter().map(|name| property(name, Text, "")).collect()
    };
    let mut details = fields(&[
        "git_version",
        "git_commit",
        "git_tree_state",
        "go_version",
        "compiler",
        "distribution",
        "external_id",
        "context",
        "user",
        "region",
    ]);
    details.push(property("build_date", Datetime, ""));
    details.push(property("contexts", texts(), ""));
    let mut group = fields(&["group", "preferred_version"]);
    group.push(property("versions", texts(), ""));
    let bools = |names: [&str; 2]| Object(names.map(|name| property(name, Boolean, "")).into());
    let mut properties = vec![
        property(
            "cluster_info",
            // In this order: it is what `list cluster_info` prints.
            Object(fields(&["major", "minor", "platform", "server_url"])),
            "Version and address.",
        ),
        property(
            "cluster_details",
            Object(details),
            "How it is reached and built.",
        ),
        property(
            "health",
            bools(["ready", "live"]),
            "What its probes answer.",
        ),
        property(
            "access",
            bools(["connected", "auth_required"]),
            "How its server meets strangers.",
        ),
        property(
            "api_groups",
            PropertyType::array(Object(group)),
            "API groups.",
        ),
    ];
    properties.extend(totals());
    concrete(
        "kubernetes_cluster",
        &["account"],
        "A Kubernetes cluster.",
        properties,
    )
}

/// What the core adds up over the whole cluster.
fn totals() -> Vec<Property> {
    vec![
        property("node_count", Int64, "Number of nodes."),
        property("pod_count", Int64, "Number of pods."),
        property("allocatable_cores", Double, "Cores of all nodes for pods."),
        property(
            "allocatable_memory",
            Double,
            "Memory of all nodes for pods, in GiB.",
        ),
        property(
            "requested_cores",
            Double,
            "Cores that unfinished pods ask for.",
        ),
        property(
            "requested_memory",
            Double,
            "Memory that unfinished pods ask for, in GiB.",
        ),
        property(
            "collect_errors",
            PropertyType::array(Object(vec![
                property("api_version", Text, ""),
                property("resource", Text, ""),
                property("resource_kind", Text, ""),
                property("namespace", Text, ""),
                property("status", Int32, ""),
                property("reason", Text, ""),
                property("message", Text, ""),
            ])),
            "What could not be read when it was collected last.",
        ),
    ]
}

fn container(schemas: &mut Schemas) -> Kind {
    let mut properties = vec![
        property("namespace", Text, "Namespace of the pod."),
        property("labels", map(), "Labels of the pod."),
        property(
            "container_type",
            Text,
            "init, sidecar, container or ephemeral.",
        ),
        property("pod_uid", Text, "Id of the pod."),
        property("pod_name", Text, "Name of the pod."),
        property("node_name", Text, "Node the pod is on."),
        property("image", Text, "Image as the pod names it."),
        property("image_pull_policy", Text, "When the image is pulled."),
        property("image_node_id", Text, "Id of the image."),
    ];
    properties.extend(image_parts());
    properties.extend([
        property("status_image_id", Text, "Image as the runtime names it."),
        property("status_image_sha", Text, "Digest of the running image."),
        property("status_ready", Boolean, "Whether it is ready."),
        property("status_started", Boolean, "Whether it has started."),
        property("status_state", Text, "running, waiting or terminated."),
        property("status_state_reason", Text, "Why it is in this state."),
        property("status_exit_code", Int32, "Exit code, if terminated."),
        property("status_last_reason", Text, "Why it ended last."),
        property(
            "status_last_exit_code",
            Int32,
            "Exit code when it ended last.",
        ),
        property("restart_count", Int32, "How often it was restarted."),
        property("started_at", Datetime, "When it started."),
    ]);
    properties.extend(super::added::requests());
    properties.extend([
        property(
            "privileged",
            Boolean,
            "Whether it has all rights of its node.",
        ),
        property("run_as_root", Boolean, "Whether it may run as root."),
        property(
            "container_spec",
            schemas.part(of::<Container>),
            "All of its spec.",
        ),
        property(
            "container_status",
            schemas.part(of::<ContainerStatus>),
            "All of its status.",
        ),
    ]);
    Kind {
        aliases: vec!["containers".to_owned()],
        ..concrete(
            "kubernetes_container",
            &["kubernetes_derived"],
            "A container of a pod.",
            properties,
        )
    }
}

fn image() -> Kind {
    Kind {
        aliases: vec!["images".to_owned()],
        ..concrete(
            "kubernetes_image",
            &["kubernetes_derived"],
            "A container image that something in the cluster uses.",
            image_parts(),
        )
    }
}

fn image_parts() -> Vec<Property> {
    vec![
        property(
            "image_registry",
            Text,
            "Registry, with the default filled in.",
        ),
        property(
            "image_repository",
            Text,
            "Repository, with the default filled in.",
        ),
        property("image_tag", Text, "Tag, with the default filled in."),
        property("image_digest", Text, "Digest."),
    ]
}
