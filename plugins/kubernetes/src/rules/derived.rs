//! Properties that other objects decide: who is behind a service, how much a cluster has.
use stocktake_model::Relation::{Routes, Targets};
use stocktake_model::{Condition, Derive, Over, Relation, Take};

use super::form::path;

const POD: &str = "kubernetes_pod";
const NODE: &str = "kubernetes_node";
const DEFINITION: &str = "kubernetes_custom_resource_definition";

/// Every derived property.
pub(crate) fn derived() -> Vec<Derive> {
    let mut all = vec![
        backends("kubernetes_service", &[Targets]),
        backends("kubernetes_ingress", &[Routes, Targets]),
        backends("kubernetes_gateway", &[Routes, Routes, Targets]),
        Derive {
            on: "kubernetes_namespace".to_owned(),
            property: "region_in_use".to_owned(),
            over: Over::Region {
                kind: POD.to_owned(),
            },
            take: Take::Any,
        },
    ];
    let sum = |at: &str| Take::Sum(path(at));
    all.extend([
        of_cluster("node_count", NODE, Take::Count),
        of_cluster("pod_count", POD, Take::Count),
        of_cluster("allocatable_cores", NODE, sum("allocatable_cores")),
        of_cluster("allocatable_memory", NODE, sum("allocatable_memory")),
        // What finished pods once asked for is free again.
        of_cluster("requested_cores", POD, sum("reserved_cores")),
        of_cluster("requested_memory", POD, sum("reserved_memory")),
        of_cluster(
            "cluster_details.region",
            NODE,
            Take::MostFrequent(path("topology_region")),
        ),
        of_cluster(
            "cluster_details.distribution",
            NODE,
            Take::MostFrequent(path("distribution_hint")),
        ),
        Derive {
            on: DEFINITION.to_owned(),
            property: "instance_count".to_owned(),
            over: Over::KindAt {
                path: path("instance_kind"),
            },
            take: Take::Count,
        },
    ]);
    all.extend(owner("owner_kind", "controller_kind", "api_kind"));
    all.extend(owner("owner_name", "controller_name", "name"));
    all
}

/// The controller the pod itself names, unless the chain of owners is known to its end: then what stands there.
fn owner(property: &str, told: &str, of_top: &str) -> [Derive; 2] {
    let derive = |over: Over, take: &str| Derive {
        on: POD.to_owned(),
        property: property.to_owned(),
        over,
        take: Take::First(path(take)),
    };
    let top = Over::Top {
        each: path("owner_references[*]"),
        when: vec![Condition {
            path: path("controller"),
            equals: true.into(),
        }],
        uid: path("uid"),
    };
    [derive(Over::Itself, told), derive(top, of_top)]
}

fn backends(on: &str, relations: &[Relation]) -> Derive {
    Derive {
        on: on.to_owned(),
        property: "backends".to_owned(),
        over: Over::Walk {
            relations: relations.to_vec(),
            kind: POD.to_owned(),
        },
        take: Take::Names,
    }
}

fn of_cluster(property: &str, kind: &str, take: Take) -> Derive {
    Derive {
        on: "kubernetes_cluster".to_owned(),
        property: property.to_owned(),
        over: Over::Account {
            kind: kind.to_owned(),
        },
        take,
    }
}
