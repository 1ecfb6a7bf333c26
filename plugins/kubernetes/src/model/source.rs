//! Which type of the API library describes a kind.
use k8s_openapi::api::{
    admissionregistration, apiserverinternal, apps, autoscaling, batch, certificates, coordination,
    core, discovery, events, flowcontrol, networking, node, policy, rbac, resource, scheduling,
    storage, storagemigration,
};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use k8s_openapi::kube_aggregator::pkg::apis::apiregistration::v1::APIService;

use super::schema::{Source, of};

/// Kind without prefix, and its schema.
pub(super) const SOURCES: [(&str, Source); 67] = [
    ("namespace", of::<core::v1::Namespace>),
    ("node", of::<core::v1::Node>),
    ("pod", of::<core::v1::Pod>),
    ("pod_template", of::<core::v1::PodTemplate>),
    (
        "replication_controller",
        of::<core::v1::ReplicationController>,
    ),
    ("replica_set", of::<apps::v1::ReplicaSet>),
    ("deployment", of::<apps::v1::Deployment>),
    ("stateful_set", of::<apps::v1::StatefulSet>),
    ("daemon_set", of::<apps::v1::DaemonSet>),
    ("controller_revision", of::<apps::v1::ControllerRevision>),
    ("job", of::<batch::v1::Job>),
    ("cron_job", of::<batch::v1::CronJob>),
    (
        "horizontal_pod_autoscaler",
        of::<autoscaling::v2::HorizontalPodAutoscaler>,
    ),
    ("priority_class", of::<scheduling::v1::PriorityClass>),
    ("service", of::<core::v1::Service>),
    ("endpoint", of::<core::v1::Endpoints>),
    ("endpoint_slice", of::<discovery::v1::EndpointSlice>),
    ("ingress", of::<networking::v1::Ingress>),
    ("ingress_class", of::<networking::v1::IngressClass>),
    ("network_policy", of::<networking::v1::NetworkPolicy>),
    ("persistent_volume", of::<core::v1::PersistentVolume>),
    (
        "persistent_volume_claim",
        of::<core::v1::PersistentVolumeClaim>,
    ),
    ("storage_class", of::<storage::v1::StorageClass>),
    ("volume_attachment", of::<storage::v1::VolumeAttachment>),
    ("csi_driver", of::<storage::v1::CSIDriver>),
    ("csi_node", of::<storage::v1::CSINode>),
    (
        "csi_storage_capacity",
        of::<storage::v1::CSIStorageCapacity>,
    ),
    ("config_map", of::<core::v1::ConfigMap>),
    ("secret", of::<core::v1::Secret>),
    ("service_account", of::<core::v1::ServiceAccount>),
    ("cluster_role", of::<rbac::v1::ClusterRole>),
    ("cluster_role_binding", of::<rbac::v1::ClusterRoleBinding>),
    ("role", of::<rbac::v1::Role>),
    ("role_binding", of::<rbac::v1::RoleBinding>),
    ("limit_range", of::<core::v1::LimitRange>),
    ("resource_quota", of::<core::v1::ResourceQuota>),
    (
        "pod_disruption_budget",
        of::<policy::v1::PodDisruptionBudget>,
    ),
    (
        "mutating_webhook_configuration",
        of::<admissionregistration::v1::MutatingWebhookConfiguration>,
    ),
    (
        "validating_webhook_configuration",
        of::<admissionregistration::v1::ValidatingWebhookConfiguration>,
    ),
    ("flow_schema", of::<flowcontrol::v1::FlowSchema>),
    (
        "priority_level_configuration",
        of::<flowcontrol::v1::PriorityLevelConfiguration>,
    ),
    ("runtime_class", of::<node::v1::RuntimeClass>),
    ("event", of::<events::v1::Event>),
    ("component_status", of::<core::v1::ComponentStatus>),
    ("lease", of::<coordination::v1::Lease>),
    (
        "lease_candidate",
        of::<coordination::v1beta1::LeaseCandidate>,
    ),
    (
        "certificate_signing_request",
        of::<certificates::v1::CertificateSigningRequest>,
    ),
    (
        "cluster_trust_bundle",
        of::<certificates::v1beta1::ClusterTrustBundle>,
    ),
    (
        "pod_certificate_request",
        of::<certificates::v1beta1::PodCertificateRequest>,
    ),
    (
        "validating_admission_policy",
        of::<admissionregistration::v1::ValidatingAdmissionPolicy>,
    ),
    (
        "validating_admission_policy_binding",
        of::<admissionregistration::v1::ValidatingAdmissionPolicyBinding>,
    ),
    (
        "mutating_admission_policy",
        of::<admissionregistration::v1::MutatingAdmissionPolicy>,
    ),
    (
        "mutating_admission_policy_binding",
        of::<admissionregistration::v1::MutatingAdmissionPolicyBinding>,
    ),
    ("custom_resource_definition", of::<CustomResourceDefinition>),
    ("api_service", of::<APIService>),
    ("ip_address", of::<networking::v1::IPAddress>),
    ("service_cidr", of::<networking::v1::ServiceCIDR>),
    ("resource_claim", of::<resource::v1::ResourceClaim>),
    (
        "resource_claim_template",
        of::<resource::v1::ResourceClaimTemplate>,
    ),
    ("resource_slice", of::<resource::v1::ResourceSlice>),
    ("device_class", of::<resource::v1::DeviceClass>),
    (
        "device_taint_rule",
        of::<resource::v1beta2::DeviceTaintRule>,
    ),
    (
        "volume_attributes_class",
        of::<storage::v1::VolumeAttributesClass>,
    ),
    (
        "storage_version",
        of::<apiserverinternal::v1alpha1::StorageVersion>,
    ),
    (
        "storage_version_migration",
        of::<storagemigration::v1beta1::StorageVersionMigration>,
    ),
    ("workload", of::<scheduling::v1alpha2::Workload>),
    ("pod_group", of::<scheduling::v1alpha2::PodGroup>),
];
