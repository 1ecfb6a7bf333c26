//! The API resources a plain Kubernetes 1.36 serves, as a table of facts.
//!
//! What the columns mean is said in `builtin`.

use super::{
    Builtin, CONNECT, CREATE, GET, NO_COLLECTION_DELETE, PROXY, READ, REVISE, SCALE, STATUS,
    UPDATE, cluster, namespaced, sub,
};

/// Every built-in resource; groups in the order of their priority, versions most preferred first.
pub(crate) const BUILTIN: &[Builtin] = &[
    // core/v1
    namespaced("", "v1", "bindings", "Binding").verbs(CREATE),
    cluster("", "v1", "componentstatuses", "ComponentStatus")
        .verbs(READ)
        .short(&["cs"]),
    namespaced("", "v1", "configmaps", "ConfigMap").short(&["cm"]),
    namespaced("", "v1", "endpoints", "Endpoints").short(&["ep"]),
    namespaced("", "v1", "events", "Event").short(&["ev"]),
    namespaced("", "v1", "limitranges", "LimitRange").short(&["limits"]),
    cluster("", "v1", "namespaces", "Namespace")
        .verbs(NO_COLLECTION_DELETE)
        .short(&["ns"])
        .subs(&[sub("finalize", "", UPDATE), STATUS]),
    cluster("", "v1", "nodes", "Node")
        .short(&["no"])
        .subs(&[sub("proxy", "NodeProxyOptions", PROXY), STATUS]),
    namespaced("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim")
        .short(&["pvc"])
        .with_status(),
    cluster("", "v1", "persistentvolumes", "PersistentVolume")
        .short(&["pv"])
        .with_status(),
    namespaced("", "v1", "pods", "Pod")
        .short(&["po"])
        .in_all()
        .subs(&[
            sub("attach", "PodAttachOptions", CONNECT),
            sub("binding", "Binding", CREATE),
            sub("ephemeralcontainers", "", REVISE),
            sub("eviction", "Eviction", CREATE).of("policy", "v1"),
            sub("exec", "PodExecOptions", CONNECT),
            sub("log", "", GET),
            sub("portforward", "PodPortForwardOptions", CONNECT),
            sub("proxy", "PodProxyOptions", PROXY),
            sub("resize", "", REVISE),
            STATUS,
        ]),
    namespaced("", "v1", "podtemplates", "PodTemplate"),
    namespaced("", "v1", "replicationcontrollers", "ReplicationController")
        .short(&["rc"])
        .in_all()
        .subs(&[SCALE, STATUS]),
    namespaced("", "v1", "resourcequotas", "ResourceQuota")
        .short(&["quota"])
        .with_status(),
    namespaced("", "v1", "secrets", "Secret"),
    namespaced("", "v1", "serviceaccounts", "ServiceAccount")
        .short(&["sa"])
        .subs(&[sub("token", "TokenRequest", CREATE).of("authentication.k8s.io", "v1")]),
    namespaced("", "v1", "services", "Service")
        .short(&["svc"])
        .in_all()
        .subs(&[sub("proxy", "ServiceProxyOptions", PROXY), STATUS]),
    // apiregistration.k8s.io/v1
    cluster("apiregistration.k8s.io", "v1", "apiservices", "APIService")
        .in_api_extensions()
        .with_status(),
    // apps/v1
    namespaced("apps", "v1", "controllerrevisions", "ControllerRevision"),
    namespaced("apps", "v1", "daemonsets", "DaemonSet")
        .short(&["ds"])
        .in_all()
        .with_status(),
    namespaced("apps", "v1", "deployments", "Deployment")
        .short(&["deploy"])
        .in_all()
        .subs(&[SCALE, STATUS]),
    namespaced("apps", "v1", "replicasets", "ReplicaSet")
        .short(&["rs"])
        .in_all()
        .subs(&[SCALE, STATUS]),
    namespaced("apps", "v1", "statefulsets", "StatefulSet")
        .short(&["sts"])
        .in_all()
        .subs(&[SCALE, STATUS]),
    // events.k8s.io/v1
    namespaced("events.k8s.io", "v1", "events", "Event").short(&["ev"]),
    // authentication.k8s.io/v1
    cluster(
        "authentication.k8s.io",
        "v1",
        "selfsubjectreviews",
        "SelfSubjectReview",
    )
    .verbs(CREATE),
    cluster("authentication.k8s.io", "v1", "tokenreviews", "TokenReview").verbs(CREATE),
    // authorization.k8s.io/v1
    namespaced(
        "authorization.k8s.io",
        "v1",
        "localsubjectaccessreviews",
        "LocalSubjectAccessReview",
    )
    .verbs(CREATE),
    cluster(
        "authorization.k8s.io",
        "v1",
        "selfsubjectaccessreviews",
        "SelfSubjectAccessReview",
    )
    .verbs(CREATE),
    cluster(
        "authorization.k8s.io",
        "v1",
        "selfsubjectrulesreviews",
        "SelfSubjectRulesReview",
    )
    .verbs(CREATE),
    cluster(
        "authorization.k8s.io",
        "v1",
        "subjectaccessreviews",
        "SubjectAccessReview",
    )
    .verbs(CREATE),
    // autoscaling/v2
    namespaced(
        "autoscaling",
        "v2",
        "horizontalpodautoscalers",
        "HorizontalPodAutoscaler",
    )
    .short(&["hpa"])
    .in_all()
    .with_status(),
    // autoscaling/v1
    namespaced(
        "autoscaling",
        "v1",
        "horizontalpodautoscalers",
        "HorizontalPodAutoscaler",
    )
    .short(&["hpa"])
    .in_all()
    .with_status(),
    // batch/v1
    namespaced("batch", "v1", "cronjobs", "CronJob")
        .short(&["cj"])
        .in_all()
        .with_status(),
    namespaced("batch", "v1", "jobs", "Job")
        .in_all()
        .with_status(),
    // certificates.k8s.io/v1
    cluster(
        "certificates.k8s.io",
        "v1",
        "certificatesigningrequests",
        "CertificateSigningRequest",
    )
    .short(&["csr"])
    .subs(&[sub("approval", "", REVISE), STATUS]),
    // networking.k8s.io/v1
    cluster("networking.k8s.io", "v1", "ingressclasses", "IngressClass"),
    namespaced("networking.k8s.io", "v1", "ingresses", "Ingress")
        .short(&["ing"])
        .with_status(),
    cluster("networking.k8s.io", "v1", "ipaddresses", "IPAddress").short(&["ip"]),
    namespaced(
        "networking.k8s.io",
        "v1",
        "networkpolicies",
        "NetworkPolicy",
    )
    .short(&["netpol"]),
    cluster("networking.k8s.io", "v1", "servicecidrs", "ServiceCIDR").with_status(),
    // policy/v1
    namespaced(
        "policy",
        "v1",
        "poddisruptionbudgets",
        "PodDisruptionBudget",
    )
    .short(&["pdb"])
    .with_status(),
    // rbac.authorization.k8s.io/v1
    cluster(
        "rbac.authorization.k8s.io",
        "v1",
        "clusterrolebindings",
        "ClusterRoleBinding",
    ),
    cluster(
        "rbac.authorization.k8s.io",
        "v1",
        "clusterroles",
        "ClusterRole",
    ),
    namespaced(
        "rbac.authorization.k8s.io",
        "v1",
        "rolebindings",
        "RoleBinding",
    ),
    namespaced("rbac.authorization.k8s.io", "v1", "roles", "Role"),
    // storage.k8s.io/v1
    cluster("storage.k8s.io", "v1", "csidrivers", "CSIDriver"),
    cluster("storage.k8s.io", "v1", "csinodes", "CSINode"),
    namespaced(
        "storage.k8s.io",
        "v1",
        "csistoragecapacities",
        "CSIStorageCapacity",
    ),
    cluster("storage.k8s.io", "v1", "storageclasses", "StorageClass").short(&["sc"]),
    cluster(
        "storage.k8s.io",
        "v1",
        "volumeattachments",
        "VolumeAttachment",
    )
    .with_status(),
    cluster(
        "storage.k8s.io",
        "v1",
        "volumeattributesclasses",
        "VolumeAttributesClass",
    )
    .short(&["vac"]),
    // admissionregistration.k8s.io/v1
    cluster(
        "admissionregistration.k8s.io",
        "v1",
        "mutatingadmissionpolicies",
        "MutatingAdmissionPolicy",
    )
    .in_api_extensions(),
    cluster(
        "admissionregistration.k8s.io",
        "v1",
        "mutatingadmissionpolicybindings",
        "MutatingAdmissionPolicyBinding",
    )
    .in_api_extensions(),
    cluster(
        "admissionregistration.k8s.io",
        "v1",
        "mutatingwebhookconfigurations",
        "MutatingWebhookConfiguration",
    )
    .in_api_extensions(),
    cluster(
        "admissionregistration.k8s.io",
        "v1",
        "validatingadmissionpolicies",
        "ValidatingAdmissionPolicy",
    )
    .in_api_extensions()
    .with_status(),
    cluster(
        "admissionregistration.k8s.io",
        "v1",
        "validatingadmissionpolicybindings",
        "ValidatingAdmissionPolicyBinding",
    )
    .in_api_extensions(),
    cluster(
        "admissionregistration.k8s.io",
        "v1",
        "validatingwebhookconfigurations",
        "ValidatingWebhookConfiguration",
    )
    .in_api_extensions(),
    // apiextensions.k8s.io/v1
    cluster(
        "apiextensions.k8s.io",
        "v1",
        "customresourcedefinitions",
        "CustomResourceDefinition",
    )
    .short(&["crd", "crds"])
    .in_api_extensions()
    .with_status(),
    // scheduling.k8s.io/v1
    cluster(
        "scheduling.k8s.io",
        "v1",
        "priorityclasses",
        "PriorityClass",
    )
    .short(&["pc"]),
    // coordination.k8s.io/v1
    namespaced("coordination.k8s.io", "v1", "leases", "Lease"),
    // node.k8s.io/v1
    cluster("node.k8s.io", "v1", "runtimeclasses", "RuntimeClass"),
    // discovery.k8s.io/v1
    namespaced("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice"),
    // resource.k8s.io/v1
    cluster("resource.k8s.io", "v1", "deviceclasses", "DeviceClass"),
    namespaced("resource.k8s.io", "v1", "resourceclaims", "ResourceClaim").with_status(),
    namespaced(
        "resource.k8s.io",
        "v1",
        "resourceclaimtemplates",
        "ResourceClaimTemplate",
    ),
    cluster("resource.k8s.io", "v1", "resourceslices", "ResourceSlice"),
    // flowcontrol.apiserver.k8s.io/v1
    cluster(
        "flowcontrol.apiserver.k8s.io",
        "v1",
        "flowschemas",
        "FlowSchema",
    )
    .with_status(),
    cluster(
        "flowcontrol.apiserver.k8s.io",
        "v1",
        "prioritylevelconfigurations",
        "PriorityLevelConfiguration",
    )
    .with_status(),
];
