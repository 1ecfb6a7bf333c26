//! What a server and its add-ons bring along: system namespaces, default roles, priority levels,
//! API services, webhooks, the two custom resource definitions.
use serde_json::{Value, json};

use super::basic;
use super::deployment::{self, App};
use super::draft::{
    API_SERVICE, CLUSTER_ROLE, CLUSTER_ROLE_BINDING, CRD, FLOW_SCHEMA, INGRESS_CLASS,
    MUTATING_WEBHOOK, PRIORITY_CLASS, PRIORITY_LEVEL, RUNTIME_CLASS, SERVICE_CIDR, SIGNING_REQUEST,
    VALIDATING_WEBHOOK,
};
use super::extras::lease;
use super::machine;
use super::network::{self, Front, Reach};
use super::pod::Health;
use super::storage;
use super::world::{DAY, World};

const AGE: i64 = 120 * DAY;

/// Everything that is there before the first workload.
pub(super) fn system(world: &mut World) -> Vec<Value> {
    let mut objects = Vec::new();
    for name in ["default", "kube-node-lease", "kube-public", "kube-system"] {
        objects.extend(basic::namespace(world, name, "", AGE));
    }
    objects.extend(kubernetes_service(world));
    for (name, replicas) in [("coredns", 2), ("acme-operator", 1), ("csi-controller", 2)] {
        let app = App {
            namespace: "kube-system",
            name,
            age: AGE,
            replicas,
            health: Health::Running,
            healthy: replicas,
        };
        objects.extend(deployment::application(world, &app));
    }
    objects.extend(machine::daemons(world, AGE));
    objects.extend(storage::classes(world, AGE));
    for name in ["kube-controller-manager", "kube-scheduler"] {
        objects.push(lease(world, "kube-system", name, &format!("{name}-0"), AGE));
    }
    objects.extend(access(world));
    objects.extend(fairness(world));
    objects.extend(api_services(world));
    objects.extend(classes(world));
    objects.extend(webhooks(world));
    objects.extend(definitions(world));
    objects
}

fn kubernetes_service(world: &mut World) -> Vec<Value> {
    let front = Front {
        namespace: "default",
        name: "kubernetes",
        labels: json!({"component": "apiserver", "provider": "kubernetes"}),
        annotations: json!({}),
        selector: Value::Null,
        port: 443,
        target: 6443,
        reach: Reach::ClusterIp,
        age: AGE,
        balancer_ip: None,
    };
    network::service(world, &front, &[])
}

/// The default cluster roles, with bindings for those that have subjects.
fn access(world: &World) -> Vec<Value> {
    let every = json!([{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]);
    let read = json!([{
        "verbs": ["get", "list", "watch"],
        "apiGroups": ["", "apps", "batch"],
        "resources": ["pods", "services", "deployments", "jobs"],
    }]);
    let group = |name: &str| json!({"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": name});
    let account =
        |name: &str| json!({"kind": "ServiceAccount", "name": name, "namespace": "kube-system"});
    let user = json!({
        "kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "jane@example.com",
    });
    let roles = [
        ("admin", &read, None),
        ("cluster-admin", &every, Some(group("system:masters"))),
        ("edit", &read, None),
        ("node-agent", &read, Some(account("node-agent"))),
        ("support", &read, Some(user)),
        (
            "system:controller:deployment-controller",
            &read,
            Some(account("deployment-controller")),
        ),
        ("system:coredns", &read, Some(account("coredns"))),
        (
            "system:discovery",
            &read,
            Some(group("system:authenticated")),
        ),
        ("system:kube-scheduler", &read, None),
        ("system:node", &read, None),
        ("view", &read, None),
    ];
    let mut objects = Vec::new();
    for (name, rules, subject) in roles {
        let labels = json!({"kubernetes.io/bootstrapping": "rbac-defaults"});
        objects.push(
            world
                .draft(CLUSTER_ROLE, "", name, AGE)
                .labels(labels.clone())
                .field("rules", rules.clone())
                .done(),
        );
        let Some(subject) = subject else { continue };
        let reference = json!({
            "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name,
        });
        objects.push(
            world
                .draft(CLUSTER_ROLE_BINDING, "", name, AGE)
                .labels(labels)
                .field("subjects", json!([subject]))
                .field("roleRef", reference)
                .done(),
        );
    }
    objects
}

/// Priority levels and the flow schemas that lead to them.
fn fairness(world: &World) -> Vec<Value> {
    let mut objects = Vec::new();
    for name in [
        "catch-all",
        "exempt",
        "global-default",
        "leader-election",
        "system",
        "workload-low",
    ] {
        let spec = if name == "exempt" {
            json!({"type": "Exempt", "exempt": {"nominalConcurrencyShares": 0}})
        } else {
            json!({"type": "Limited", "limited": {
                "nominalConcurrencyShares": 20,
                "lendablePercent": 50,
                "limitResponse": {"type": "Reject"},
            }})
        };
        let note = json!({"apf.kubernetes.io/autoupdate-spec": "true"});
        objects.push(
            world
                .draft(PRIORITY_LEVEL, "", name, AGE)
                .annotations(note.clone())
                .field("spec", spec)
                .field("status", json!({}))
                .done(),
        );
        let subject = json!({"kind": "Group", "group": {"name": "system:authenticated"}});
        objects.push(
            world
                .draft(FLOW_SCHEMA, "", name, AGE)
                .annotations(note)
                .field(
                    "spec",
                    json!({
                        "priorityLevelConfiguration": {"name": name},
                        "matchingPrecedence": 9_900,
                        "distinguisherMethod": {"type": "ByUser"},
                        "rules": [{"subjects": [subject], "nonResourceRules": [
                            {"verbs": ["*"], "nonResourceURLs": ["*"]},
                        ]}],
                    }),
                )
                .field(
                    "status",
                    json!({"conditions": [{"type": "Dangling", "status": "False"}]}),
                )
                .done(),
        );
    }
    objects
}

/// One API service per group and version the cluster serves.
fn api_services(world: &World) -> Vec<Value> {
    let served = [
        ("", "v1"),
        ("acme.example.com", "v1"),
        ("admissionregistration.k8s.io", "v1"),
        ("apiextensions.k8s.io", "v1"),
        ("apps", "v1"),
        ("autoscaling", "v1"),
        ("autoscaling", "v2"),
        ("batch", "v1"),
        ("certificates.k8s.io", "v1"),
        ("coordination.k8s.io", "v1"),
        ("discovery.k8s.io", "v1"),
        ("events.k8s.io", "v1"),
        ("flowcontrol.apiserver.k8s.io", "v1"),
        ("networking.k8s.io", "v1"),
        ("node.k8s.io", "v1"),
        ("policy", "v1"),
        ("rbac.authorization.k8s.io", "v1"),
        ("scheduling.k8s.io", "v1"),
        ("serving.acme.dev", "v1alpha1"),
        ("storage.k8s.io", "v1"),
    ];
    served
        .map(|(group, version)| {
            world
                .draft(API_SERVICE, "", &format!("{version}.{group}"), AGE)
                .labels(json!({"kube-aggregator.kubernetes.io/automanaged": "onstart"}))
                .field(
                    "spec",
                    json!({
                        "group": group,
                        "version": version,
                        "groupPriorityMinimum": 16_700,
                        "versionPriority": 15,
                    }),
                )
                .field(
                    "status",
                    json!({"conditions": [{
                        "type": "Available",
                        "status": "True",
                        "lastTransitionTime": world.ago(AGE),
                        "reason": "Local",
                        "message": "Local APIServices are always available",
                    }]}),
                )
                .done()
        })
        .into()
}

/// Priority, runtime and ingress classes, the service range, and a request for a certificate.
fn classes(world: &World) -> Vec<Value> {
    let priority = |name: &str, value: u32| {
        world
            .draft(PRIORITY_CLASS, "", name, AGE)
            .field("value", value.into())
            .field("description", "Used for pods that must run.".into())
            .field("preemptionPolicy", "PreemptLowerPriority".into())
            .done()
    };
    vec![
        priority("business-critical", 1_000_000),
        priority("system-cluster-critical", 2_000_000_000),
        priority("system-node-critical", 2_000_001_000),
        world
            .draft(RUNTIME_CLASS, "", "gvisor", AGE)
            .field("handler", "runsc".into())
            .done(),
        world
            .draft(INGRESS_CLASS, "", "nginx", AGE)
            .field("spec", json!({"controller": "k8s.io/ingress-nginx"}))
            .done(),
        world
            .draft(SERVICE_CIDR, "", "kubernetes", AGE)
            .meta(
                "finalizers",
                json!(["networking.k8s.io/service-cidr-finalizer"]),
            )
            .field("spec", json!({"cidrs": ["10.96.0.0/12"]}))
            .field(
                "status",
                json!({"conditions": [{"type": "Ready", "status": "True"}]}),
            )
            .done(),
        world
            .draft(SIGNING_REQUEST, "", "csr-7q4mz", 3_600)
            .field(
                "spec",
                json!({
                    "request": "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0K",
                    "signerName": "kubernetes.io/kubelet-serving",
                    "usages": ["digital signature", "server auth"],
                    "username": format!("system:node:{}", World::node_name(0)),
                    "groups": ["system:nodes", "system:authenticated"],
                }),
            )
            .field("status", json!({}))
            .done(),
    ]
}

/// One mutating and one validating webhook, both served by the operator.
fn webhooks(world: &World) -> Vec<Value> {
    [MUTATING_WEBHOOK, VALIDATING_WEBHOOK]
        .map(|of| {
            world
                .draft(of, "", "acme-operator", AGE)
                .field(
                    "webhooks",
                    json!([{
                        "name": "widgets.acme.example.com",
                        "clientConfig": {"service": {
                            "namespace": "kube-system",
                            "name": "acme-operator",
                            "path": "/admit",
                            "port": 80,
                        }},
                        "rules": [{
                            "operations": ["CREATE"],
                            "apiGroups": ["acme.example.com"],
                            "apiVersions": ["v1"],
                            "resources": ["widgets"],
                            "scope": "Namespaced",
                        }],
                        "failurePolicy": "Ignore",
                        "matchPolicy": "Equivalent",
                        "sideEffects": "None",
                        "timeoutSeconds": 10,
                        "admissionReviewVersions": ["v1"],
                    }]),
                )
                .done()
        })
        .into()
}

/// The definitions of `Widget` and of the other `Service`.
fn definitions(world: &World) -> Vec<Value> {
    let define = |group: &str, version: &str, plural: &str, kind: &str, short: &str| {
        let names = json!({
            "plural": plural,
            "singular": kind.to_lowercase(),
            "shortNames": [short],
            "kind": kind,
            "listKind": format!("{kind}List"),
        });
        let condition = |kind: &str| json!({"type": kind, "status": "True", "lastTransitionTime": world.ago(AGE)});
        world
            .draft(CRD, "", &format!("{plural}.{group}"), AGE)
            .meta("generation", 1.into())
            .field(
                "spec",
                json!({
                    "group": group,
                    "names": names,
                    "scope": "Namespaced",
                    "conversion": {"strategy": "None"},
                    "versions": [{
                        "name": version,
                        "served": true,
                        "storage": true,
                        "schema": {"openAPIV3Schema": {
                            "type": "object", "x-kubernetes-preserve-unknown-fields": true,
                        }},
                    }],
                }),
            )
            .field(
                "status",
                json!({
                    "acceptedNames": names,
                    "storedVersions": [version],
                    "conditions": [condition("NamesAccepted"), condition("Established")],
                }),
            )
            .done()
    };
    vec![
        define("acme.example.com", "v1", "widgets", "Widget", "wd"),
        define(
            "serving.acme.dev",
            "v1alpha1",
            "services",
            "Service",
            "ksvc",
        ),
    ]
}
