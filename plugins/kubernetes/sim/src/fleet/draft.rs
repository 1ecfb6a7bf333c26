//! Building one API object: type, metadata, then the fields of its own.
//!
//! It knows what every object has in common, and nothing of any kind.
use serde_json::{Map, Value, json};

/// A type of the API: what `apiVersion` and `kind` say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Type {
    pub(super) api_version: &'static str,
    pub(super) kind: &'static str,
}

const fn of(api_version: &'static str, kind: &'static str) -> Type {
    Type { api_version, kind }
}

pub(super) const NAMESPACE: Type = of("v1", "Namespace");
pub(super) const NODE: Type = of("v1", "Node");
pub(super) const POD: Type = of("v1", "Pod");
pub(super) const SERVICE: Type = of("v1", "Service");
pub(super) const ENDPOINTS: Type = of("v1", "Endpoints");
pub(super) const CONFIG_MAP: Type = of("v1", "ConfigMap");
pub(super) const SECRET: Type = of("v1", "Secret");
pub(super) const SERVICE_ACCOUNT: Type = of("v1", "ServiceAccount");
pub(super) const EVENT: Type = of("v1", "Event");
pub(super) const CLAIM: Type = of("v1", "PersistentVolumeClaim");
pub(super) const VOLUME: Type = of("v1", "PersistentVolume");
pub(super) const RESOURCE_QUOTA: Type = of("v1", "ResourceQuota");
pub(super) const LIMIT_RANGE: Type = of("v1", "LimitRange");
pub(super) const DEPLOYMENT: Type = of("apps/v1", "Deployment");
pub(super) const REPLICA_SET: Type = of("apps/v1", "ReplicaSet");
pub(super) const STATEFUL_SET: Type = of("apps/v1", "StatefulSet");
pub(super) const DAEMON_SET: Type = of("apps/v1", "DaemonSet");
pub(super) const REVISION: Type = of("apps/v1", "ControllerRevision");
pub(super) const JOB: Type = of("batch/v1", "Job");
pub(super) const CRON_JOB: Type = of("batch/v1", "CronJob");
pub(super) const AUTOSCALER: Type = of("autoscaling/v2", "HorizontalPodAutoscaler");
pub(super) const BUDGET: Type = of("policy/v1", "PodDisruptionBudget");
pub(super) const ENDPOINT_SLICE: Type = of("discovery.k8s.io/v1", "EndpointSlice");
pub(super) const LEASE: Type = of("coordination.k8s.io/v1", "Lease");
pub(super) const INGRESS: Type = of("networking.k8s.io/v1", "Ingress");
pub(super) const INGRESS_CLASS: Type = of("networking.k8s.io/v1", "IngressClass");
pub(super) const NETWORK_POLICY: Type = of("networking.k8s.io/v1", "NetworkPolicy");
pub(super) const IP_ADDRESS: Type = of("networking.k8s.io/v1", "IPAddress");
pub(super) const SERVICE_CIDR: Type = of("networking.k8s.io/v1", "ServiceCIDR");
pub(super) const STORAGE_CLASS: Type = of("storage.k8s.io/v1", "StorageClass");
pub(super) const CSI_DRIVER: Type = of("storage.k8s.io/v1", "CSIDriver");
pub(super) const CSI_NODE: Type = of("storage.k8s.io/v1", "CSINode");
pub(super) const ATTACHMENT: Type = of("storage.k8s.io/v1", "VolumeAttachment");
pub(super) const ROLE: Type = of("rbac.authorization.k8s.io/v1", "Role");
pub(super) const ROLE_BINDING: Type = of("rbac.authorization.k8s.io/v1", "RoleBinding");
pub(super) const CLUSTER_ROLE: Type = of("rbac.authorization.k8s.io/v1", "ClusterRole");
pub(super) const CLUSTER_ROLE_BINDING: Type =
    of("rbac.authorization.k8s.io/v1", "ClusterRoleBinding");
pub(super) const PRIORITY_CLASS: Type = of("scheduling.k8s.io/v1", "PriorityClass");
pub(super) const RUNTIME_CLASS: Type = of("node.k8s.io/v1", "RuntimeClass");
pub(super) const FLOW_SCHEMA: Type = of("flowcontrol.apiserver.k8s.io/v1", "FlowSchema");
pub(super) const PRIORITY_LEVEL: Type = of(
    "flowcontrol.apiserver.k8s.io/v1",
    "PriorityLevelConfiguration",
);
pub(super) const API_SERVICE: Type = of("apiregistration.k8s.io/v1", "APIService");
pub(super) const CRD: Type = of("apiextensions.k8s.io/v1", "CustomResourceDefinition");
pub(super) const MUTATING_WEBHOOK: Type = of(
    "admissionregistration.k8s.io/v1",
    "MutatingWebhookConfiguration",
);
pub(super) const VALIDATING_WEBHOOK: Type = of(
    "admissionregistration.k8s.io/v1",
    "ValidatingWebhookConfiguration",
);
pub(super) const SIGNING_REQUEST: Type = of("certificates.k8s.io/v1", "CertificateSigningRequest");
pub(super) const WIDGET: Type = of("acme.example.com/v1", "Widget");
/// The custom resource whose kind is also called `Service`.
pub(super) const SERVING_SERVICE: Type = of("serving.acme.dev/v1alpha1", "Service");

/// An object of these fields. Unlike `json!`, it moves what it is given; pods are made of much.
pub(super) fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Object(
        fields
            .map(|(name, value)| (name.to_owned(), value))
            .into_iter()
            .collect(),
    )
}

/// One object named as an owner.
#[derive(Debug, Clone)]
pub(super) struct Owner {
    pub(super) of: Type,
    pub(super) name: String,
    pub(super) uid: String,
}

impl Owner {
    /// The reference a controller puts on what it manages.
    pub(super) fn controller(&self) -> Value {
        let mut reference = self.plain();
        reference["controller"] = true.into();
        reference["blockOwnerDeletion"] = true.into();
        reference
    }

    /// A reference that neither controls nor blocks deletion.
    pub(super) fn plain(&self) -> Value {
        json!({
            "apiVersion": self.of.api_version,
            "kind": self.of.kind,
            "name": self.name,
            "uid": self.uid,
        })
    }
}

/// An object in the making.
#[derive(Debug)]
pub(super) struct Draft {
    object: Map<String, Value>,
    metadata: Map<String, Value>,
}

impl Draft {
    /// Starts an object. An empty namespace means cluster-scoped.
    pub(super) fn new(of: Type, namespace: &str, name: &str, uid: String, created: String) -> Self {
        let mut object = Map::new();
        object.insert("apiVersion".into(), of.api_version.into());
        object.insert("kind".into(), of.kind.into());
        let mut metadata = Map::new();
        metadata.insert("name".into(), name.into());
        if !namespace.is_empty() {
            metadata.insert("namespace".into(), namespace.into());
        }
        metadata.insert("uid".into(), uid.into());
        metadata.insert("creationTimestamp".into(), created.into());
        Self { object, metadata }
    }

    pub(super) fn labels(self, labels: Value) -> Self {
        self.meta("labels", labels)
    }

    pub(super) fn annotations(self, annotations: Value) -> Self {
        self.meta("annotations", annotations)
    }

    /// Owned and controlled by one object.
    pub(super) fn controlled_by(self, owner: &Owner) -> Self {
        self.meta("ownerReferences", Value::Array(vec![owner.controller()]))
    }

    /// Sets any field of `metadata`.
    pub(super) fn meta(mut self, field: &str, value: Value) -> Self {
        self.metadata.insert(field.into(), value);
        self
    }

    /// Says who wrote it, and which fields, in the form of `fieldsV1`.
    pub(super) fn managed(self, manager: &str, fields: Value) -> Self {
        let entry = object([
            ("manager", manager.into()),
            ("operation", "Update".into()),
            ("apiVersion", self.object["apiVersion"].clone()),
            ("time", self.metadata["creationTimestamp"].clone()),
            ("fieldsType", "FieldsV1".into()),
            ("fieldsV1", fields),
        ]);
        self.meta("managedFields", Value::Array(vec![entry]))
    }

    /// Sets a field beside `metadata`, such as `spec`.
    pub(super) fn field(mut self, field: &str, value: Value) -> Self {
        self.object.insert(field.into(), value);
        self
    }

    /// The finished object, still without `resourceVersion`.
    pub(super) fn done(mut self) -> Value {
        if !self.metadata.contains_key("managedFields") {
            self = self.managed("kubectl", json!({"f:metadata": {}}));
        }
        self.object
            .insert("metadata".into(), Value::Object(self.metadata));
        Value::Object(self.object)
    }
}
