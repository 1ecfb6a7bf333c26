//! The table of kinds: names, other names, bases. One line is one kind.
//!
//! Where the types of their fields come from is in `source`, what is added to them in `added`.

/// Kinds of the API itself: kind without prefix, plural, short names, bases beside `kubernetes_resource`.
pub(super) const KINDS: &str = "\
namespace namespaces ns region
node nodes no instance
pod pods po -
pod_template podtemplates - -
replication_controller replicationcontrollers rc -
replica_set replicasets rs -
deployment deployments deploy -
stateful_set statefulsets sts -
daemon_set daemonsets ds -
controller_revision controllerrevisions - -
job jobs - -
cron_job cronjobs cj -
horizontal_pod_autoscaler horizontalpodautoscalers hpa -
priority_class priorityclasses pc -
service services svc load_balancer
endpoint endpoints ep kubernetes_endpoints
endpoint_slice endpointslices - -
ingress ingresses ing load_balancer
ingress_class ingressclasses - -
network_policy networkpolicies netpol firewall
persistent_volume persistentvolumes pv volume
persistent_volume_claim persistentvolumeclaims pvc -
storage_class storageclasses sc -
volume_attachment volumeattachments - -
csi_driver csidrivers - -
csi_node csinodes - -
csi_storage_capacity csistoragecapacities - -
config_map configmaps cm -
secret secrets - -
service_account serviceaccounts sa iam_principal
cluster_role clusterroles - role
cluster_role_binding clusterrolebindings - -
role roles - role
role_binding rolebindings - -
limit_range limitranges limits -
resource_quota resourcequotas - quota
pod_disruption_budget poddisruptionbudgets pdb -
mutating_webhook_configuration mutatingwebhookconfigurations - -
validating_webhook_configuration validatingwebhookconfigurations - -
flow_schema flowschemas - -
priority_level_configuration prioritylevelconfigurations - -
runtime_class runtimeclasses - -
event events ev -
component_status componentstatuses cs -
lease leases - -
lease_candidate leasecandidates - -
certificate_signing_request certificatesigningrequests csr certificate
cluster_trust_bundle clustertrustbundles - certificate
pod_certificate_request podcertificaterequests - -
validating_admission_policy validatingadmissionpolicies - -
validating_admission_policy_binding validatingadmissionpolicybindings - -
mutating_admission_policy mutatingadmissionpolicies - -
mutating_admission_policy_binding mutatingadmissionpolicybindings - -
custom_resource_definition customresourcedefinitions crd,crds -
api_service apiservices - -
ip_address ipaddresses ip ip_address
service_cidr servicecidrs - network
resource_claim resourceclaims - -
resource_claim_template resourceclaimtemplates - -
resource_slice resourceslices - -
device_class deviceclasses - -
device_taint_rule devicetaintrules - -
volume_attributes_class volumeattributesclasses vac -
storage_version storageversions - -
storage_version_migration storageversionmigrations - -
workload workloads - -
pod_group podgroups - -
";

/// Kinds of well-known add-ons, in the same columns and what they are.
pub(super) const ADD_ONS: &str = "\
gateway_class gatewayclasses gc - A class of gateways and who runs them.
gateway gateways gtw load_balancer,gateway A place where traffic enters.
http_route httproutes - - How HTTP requests get from gateways to services.
grpc_route grpcroutes - - How gRPC calls get from gateways to services.
tls_route tlsroutes - - How TLS connections get from gateways to services.
tcp_route tcproutes - - How TCP connections get from gateways to services.
udp_route udproutes - - How UDP packets get from gateways to services.
reference_grant referencegrants refgrant - Which references across namespaces are allowed.
backend_tls_policy backendtlspolicies btlspolicy - How a gateway speaks TLS to a service.
listener_set listenersets lset - Listeners that are added to a gateway.
volume_snapshot volumesnapshots vs snapshot A snapshot of a volume, as a user asks for it.
volume_snapshot_content volumesnapshotcontents vsc,vscs - A snapshot of a volume, as storage has it.
volume_snapshot_class volumesnapshotclasses vsclass,vsclasses - A class of snapshots.
volume_group_snapshot volumegroupsnapshots vgs - Snapshots of several volumes at one time.
volume_group_snapshot_content volumegroupsnapshotcontents vgsc,vgscs - Snapshots of several volumes, as storage has them.
volume_group_snapshot_class volumegroupsnapshotclasses vgsclass,vgsclasses - A class of snapshots of several volumes.
admin_network_policy adminnetworkpolicies anp firewall Who may talk to whom, by the word of the administrator.
baseline_admin_network_policy baselineadminnetworkpolicies banp firewall Who may talk to whom where nobody else says so.
cluster_network_policy clusternetworkpolicies cnp firewall Who may talk to whom in the whole cluster.
vertical_pod_autoscaler verticalpodautoscalers vpa - What keeps requests of pods near their use.
vertical_pod_autoscaler_checkpoint verticalpodautoscalercheckpoints vpacheckpoint - What a vertical autoscaler has learned.
service_import serviceimports svcim - A service of other clusters.
service_export serviceexports svcex - A service that other clusters may use.
inference_pool inferencepools infpool - Pods that serve a model.
";

/// A line of a table.
pub(super) struct Row {
    /// Kind without prefix.
    pub(super) short: &'static str,
    /// Plural in the API.
    pub(super) plural: &'static str,
    /// Short names people type.
    pub(super) short_names: Vec<&'static str>,
    /// Bases beside `kubernetes_resource`.
    pub(super) bases: Vec<&'static str>,
    /// What it is; empty where the API itself says so.
    pub(super) about: &'static str,
}

/// The lines of a table.
pub(super) fn rows(table: &'static str) -> impl Iterator<Item = Row> {
    table.lines().map(|line| {
        let mut cells = line.splitn(5, ' ');
        let mut cell = || cells.next().unwrap_or_default();
        let words = |cell: &'static str| cell.split(',').filter(|word| *word != "-").collect();
        Row {
            short: cell(),
            plural: cell(),
            short_names: words(cell()),
            bases: words(cell()),
            about: cell(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_all_columns() {
        for line in KINDS.lines() {
            assert_eq!(line.split(' ').count(), 4, "{line}");
        }
        for line in ADD_ONS.lines() {
            assert!(line.split(' ').count() > 4, "{line}");
        }
    }
}
