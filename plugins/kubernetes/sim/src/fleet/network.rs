//! Services and what controllers derive from them, and the other network objects of a workload.
//!
//! Which pods stand behind a service is decided by the caller.
use serde_json::{Value, json};

use super::draft::{
    AUTOSCALER, BUDGET, DEPLOYMENT, ENDPOINT_SLICE, ENDPOINTS, INGRESS, IP_ADDRESS, NETWORK_POLICY,
    SERVICE, object,
};
use super::pod::{Health, Pod};
use super::world::World;

/// How a service can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    ClusterIp,
    /// No address of its own, as stateful sets want it.
    Headless,
    LoadBalancer,
}

/// What is asked of [`service`].
#[derive(Debug)]
pub(super) struct Front<'a> {
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
    pub(super) labels: Value,
    pub(super) annotations: Value,
    /// Labels, or null where nothing is selected.
    pub(super) selector: Value,
    pub(super) port: u16,
    pub(super) target: u16,
    pub(super) reach: Reach,
    pub(super) age: i64,
    /// Instead of the next free address of the range for load balancers.
    pub(super) balancer_ip: Option<&'a str>,
}

/// A service, its endpoints, its endpoint slice and, where it has one, its address object.
pub(super) fn service(world: &mut World, front: &Front<'_>, pods: &[&Pod]) -> Vec<Value> {
    let addresses = world.addresses();
    let ip = match front.reach {
        Reach::Headless => "None",
        _ => addresses.cluster_ip.as_str(),
    };
    let mut port = json!({
        "name": "http", "protocol": "TCP", "port": front.port, "targetPort": front.target,
    });
    let mut spec = json!({
        "clusterIP": ip,
        "clusterIPs": [ip],
        "type": if front.reach == Reach::LoadBalancer { "LoadBalancer" } else { "ClusterIP" },
        "sessionAffinity": "None",
        "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "SingleStack",
        "internalTrafficPolicy": "Cluster",
    });
    if !front.selector.is_null() {
        spec["selector"] = front.selector.clone();
    }
    let mut status = json!({"loadBalancer": {}});
    let mut draft = world
        .draft(SERVICE, front.namespace, front.name, front.age)
        .labels(front.labels.clone())
        .annotations(front.annotations.clone());
    if front.reach == Reach::LoadBalancer {
        port["nodePort"] = addresses.node_port.into();
        spec["allocateLoadBalancerNodePorts"] = true.into();
        spec["externalTrafficPolicy"] = "Cluster".into();
        let ip = front.balancer_ip.unwrap_or(&addresses.balancer_ip);
        status = json!({"loadBalancer": {"ingress": [{"ip": ip, "ipMode": "VIP"}]}});
        draft = draft.meta(
            "finalizers",
            json!(["service.kubernetes.io/load-balancer-cleanup"]),
        );
    }
    spec["ports"] = json!([port]);
    let mut objects = vec![
        draft.field("spec", spec).field("status", status).done(),
        endpoints(world, front, pods),
        endpoint_slice(world, front, pods),
    ];
    if front.reach != Reach::Headless {
        objects.push(ip_address(world, front, ip));
    }
    objects
}

fn endpoints(world: &World, front: &Front<'_>, pods: &[&Pod]) -> Value {
    let (mut ready, mut not_ready) = (Vec::new(), Vec::new());
    for pod in pods {
        let Some(seat) = &pod.seat else { continue };
        let address = object([
            ("ip", seat.pod_ip.as_str().into()),
            ("nodeName", seat.node.as_str().into()),
            ("targetRef", target(front, pod)),
        ]);
        if pod.health == Health::Running {
            &mut ready
        } else {
            &mut not_ready
        }
        .push(address);
    }
    let mut subset = json!({"ports": [{"name": "http", "port": front.target, "protocol": "TCP"}]});
    if !ready.is_empty() {
        subset["addresses"] = ready.into();
    }
    if !not_ready.is_empty() {
        subset["notReadyAddresses"] = not_ready.into();
    }
    world
        .draft(ENDPOINTS, front.namespace, front.name, front.age)
        .labels(json!({"endpoints.kubernetes.io/managed-by": "endpoint-controller"}))
        .managed("kube-controller-manager", json!({"f:subsets": {}}))
        .field(
            "subsets",
            if pods.is_empty() {
                json!([])
            } else {
                json!([subset])
            },
        )
        .done()
}

fn endpoint_slice(world: &World, front: &Front<'_>, pods: &[&Pod]) -> Value {
    let service = world.owner(SERVICE, front.namespace, front.name);
    let endpoints: Vec<Value> = pods
        .iter()
        .filter_map(|pod| {
            let seat = pod.seat.as_ref()?;
            let ready = pod.health == Health::Running;
            Some(object([
                ("addresses", json!([seat.pod_ip])),
                (
                    "conditions",
                    json!({"ready": ready, "serving": ready, "terminating": false}),
                ),
                ("targetRef", target(front, pod)),
                ("nodeName", seat.node.as_str().into()),
                ("zone", seat.zone.as_str().into()),
            ]))
        })
        .collect();
    let suffix = world
        .dice(&["slice", front.namespace, front.name])
        .letters(5);
    world
        .draft(
            ENDPOINT_SLICE,
            front.namespace,
            &format!("{}-{suffix}", front.name),
            front.age,
        )
        .labels(json!({
            "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
            "kubernetes.io/service-name": front.name,
        }))
        .meta("generateName", format!("{}-", front.name).into())
        .controlled_by(&service)
        .managed(
            "kube-controller-manager",
            json!({"f:endpoints": {}, "f:ports": {}}),
        )
        .field("addressType", "IPv4".into())
        .field("endpoints", endpoints.into())
        .field(
            "ports",
            json!([{"name": "http", "protocol": "TCP", "port": front.target}]),
        )
        .done()
}

fn target(front: &Front<'_>, pod: &Pod) -> Value {
    json!({
        "kind": "Pod",
        "namespace": front.namespace,
        "name": pod.owner.name,
        "uid": pod.owner.uid,
    })
}

fn ip_address(world: &World, front: &Front<'_>, ip: &str) -> Value {
    world
        .draft(IP_ADDRESS, "", ip, front.age)
        .labels(json!({
            "ipaddress.kubernetes.io/ip-family": "IPv4",
            "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
        }))
        .managed("kube-apiserver", json!({"f:spec": {}}))
        .field(
            "spec",
            json!({"parentRef": {
                "resource": "services", "namespace": front.namespace, "name": front.name,
            }}),
        )
        .done()
}

/// An ingress with one host, a path to the service and a certificate in the secret `<name>-tls`.
pub(super) fn ingress(world: &World, namespace: &str, name: &str, age: i64) -> Value {
    let host = format!("{name}.{namespace}.example.com");
    world
        .draft(INGRESS, namespace, name, age)
        .meta("generation", 1.into())
        .labels(json!({"app": name}))
        .field(
            "spec",
            json!({
                "ingressClassName": "nginx",
                "tls": [{"hosts": [host], "secretName": format!("{name}-tls")}],
                "rules": [{"host": host, "http": {"paths": [{
                    "path": "/",
                    "pathType": "Prefix",
                    "backend": {"service": {"name": name, "port": {"number": 80}}},
                }]}}],
            }),
        )
        .field(
            "status",
            json!({"loadBalancer": {"ingress": [{"ip": "203.0.113.200"}]}}),
        )
        .done()
}

/// A policy that lets only pods of the namespace reach the workload.
pub(super) fn network_policy(world: &World, namespace: &str, name: &str, age: i64) -> Value {
    world
        .draft(NETWORK_POLICY, namespace, name, age)
        .meta("generation", 1.into())
        .field(
            "spec",
            json!({
                "podSelector": {"matchLabels": {"app": name}},
                "ingress": [{"from": [{"podSelector": {}}]}],
                "policyTypes": ["Ingress"],
            }),
        )
        .done()
}

/// A budget that allows one pod of the workload to be away.
pub(super) fn budget(world: &World, namespace: &str, name: &str, pods: &[Pod], age: i64) -> Value {
    let healthy = pods
        .iter()
        .filter(|pod| pod.health == Health::Running)
        .count();
    let allowed = (healthy + 1).saturating_sub(pods.len());
    world
        .draft(BUDGET, namespace, name, age)
        .meta("generation", 1.into())
        .field(
            "spec",
            json!({"maxUnavailable": 1, "selector": {"matchLabels": {"app": name}}}),
        )
        .field(
            "status",
            json!({
                "observedGeneration": 1,
                "disruptionsAllowed": allowed,
                "currentHealthy": healthy,
                "desiredHealthy": pods.len().saturating_sub(1),
                "expectedPods": pods.len(),
                "conditions": [{
                    "type": "DisruptionAllowed",
                    "status": if allowed > 0 { "True" } else { "False" },
                    "observedGeneration": 1,
                    "lastTransitionTime": world.ago(age),
                    "reason": if allowed > 0 { "SufficientPods" } else { "InsufficientPods" },
                    "message": "",
                }],
            }),
        )
        .done()
}

/// An autoscaler on the deployment of the same name.
pub(super) fn autoscaler(
    world: &World,
    namespace: &str,
    name: &str,
    replicas: usize,
    age: i64,
) -> Value {
    let cpu = |value: usize| json!({"type": "Utilization", "averageUtilization": value});
    world
        .draft(AUTOSCALER, namespace, name, age)
        .field(
            "spec",
            json!({
                "scaleTargetRef": {
                    "apiVersion": DEPLOYMENT.api_version, "kind": DEPLOYMENT.kind, "name": name,
                },
                "minReplicas": 1,
                "maxReplicas": 10,
                "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": cpu(80)}}],
            }),
        )
        .field(
            "status",
            json!({
                "currentReplicas": replicas,
                "desiredReplicas": replicas,
                "currentMetrics": [{
                    "type": "Resource",
                    "resource": {"name": "cpu", "current": {
                        "averageUtilization": 63, "averageValue": "31m",
                    }},
                }],
                "conditions": [{
                    "type": "ScalingActive",
                    "status": "True",
                    "lastTransitionTime": world.ago(age / 2),
                    "reason": "ValidMetricFound",
                    "message": "the HPA was able to successfully calculate a replica count",
                }],
            }),
        )
        .done()
}
