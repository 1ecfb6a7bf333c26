//! Names: `camelCase` field names to `snake_case`, and the kind a discovered resource gets.
//!
//! Keys of maps are data and never come here; which places are maps is decided while converting.
use crate::Resource;

/// Words with capitals in the middle that are one word all the same.
const WHOLE_WORDS: [&str; 15] = [
    "IPv4", "IPv6", "OAuth", "vSphere", "VSphere", "macOS", "MacOS", "iSCSI", "KiB", "MiB", "GiB",
    "TiB", "PiB", "EiB", "eBPF",
];

/// Groups whose kinds have bare names, the well-known add-ons included.
const BARE_GROUPS: [&str; 28] = [
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "autoscaling",
    "autoscaling.k8s.io",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "extensions",
    "flowcontrol.apiserver.k8s.io",
    "gateway.networking.k8s.io",
    "groupsnapshot.storage.k8s.io",
    "inference.networking.k8s.io",
    "internal.apiserver.k8s.io",
    "multicluster.x-k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "policy.networking.k8s.io",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "snapshot.storage.k8s.io",
    "storage.k8s.io",
];

/// As [`BARE_GROUPS`], for the one group that sorts behind them.
const MIGRATION_GROUP: &str = "storagemigration.k8s.io";

/// A field name in `snake_case`; `None` if it is that already, so that the caller keeps its text.
///
/// A name with anything but letters, digits, `_` and `-` is data and stays as it is.
pub(crate) fn snake(name: &str) -> Option<String> {
    let bytes = name.as_bytes();
    if !bytes
        .iter()
        .any(|byte| byte.is_ascii_uppercase() || *byte == b'-')
    {
        return None;
    }
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !bytes.iter().all(plain) {
        return None;
    }
    let mut out = String::with_capacity(name.len() + 8);
    let mut at = 0;
    while at < bytes.len() {
        let end = word_end(name, at);
        if !out.is_empty() && !out.ends_with('_') && bytes[at] != b'_' && bytes[at] != b'-' {
            out.push('_');
        }
        for byte in &bytes[at..end] {
            out.push(if *byte == b'-' {
                '_'
            } else {
                char::from(byte.to_ascii_lowercase())
            });
        }
        at = end;
    }
    Some(out)
}

/// Where the word that begins at `at` ends: a separator with what follows it, a whole word, a run of
/// capitals, or a capital and its lower-case tail.
fn word_end(name: &str, at: usize) -> usize {
    let bytes = name.as_bytes();
    if let Some(word) = WHOLE_WORDS.iter().find(|word| is_word(name, at, word)) {
        return at + word.len();
    }
    let capitals = run(bytes, at, u8::is_ascii_uppercase);
    match capitals - at {
        0 | 1 => tail(bytes, capitals.max(at + 1)),
        _ if is_plural(bytes, capitals) => capitals + 1,
        // The last capital belongs to the next word if that goes on in lower case.
        _ if bytes.get(capitals).is_some_and(u8::is_ascii_lowercase) => capitals - 1,
        _ => tail(bytes, capitals),
    }
}

/// A single `s` after a run of capitals that ends the word: `IPs`, `CIDRs`.
fn is_plural(bytes: &[u8], at: usize) -> bool {
    bytes.get(at) == Some(&b's') && bytes.get(at + 1).is_none_or(u8::is_ascii_uppercase)
}

fn is_word(name: &str, at: usize, word: &str) -> bool {
    let (rest, word) = (&name.as_bytes()[at..], word.as_bytes());
    // Nearly all differ in the first byte, and this is asked fifteen times for each word of each field.
    rest[0] == word[0]
        && rest.starts_with(word)
        && !rest.get(word.len()).is_some_and(u8::is_ascii_lowercase)
}

/// The end of the lower-case letters, digits and separators from `at` on.
fn tail(bytes: &[u8], at: usize) -> usize {
    run(bytes, at, |byte| !byte.is_ascii_uppercase())
}

fn run(bytes: &[u8], at: usize, holds: impl Fn(&u8) -> bool) -> usize {
    bytes[at..]
        .iter()
        .position(|byte| !holds(byte))
        .map_or(bytes.len(), |length| at + length)
}

/// A name in `snake_case`, as a text of its own.
pub(crate) fn snake_owned(name: &str) -> String {
    snake(name).unwrap_or_else(|| name.to_owned())
}

/// The concrete kind of the nodes made from a resource: bare in the groups of Kubernetes and its well-known
/// add-ons, qualified by the group everywhere else, so that one object has one name in every cluster.
pub(crate) fn kind_name(resource: &Resource) -> String {
    let short = short_name(resource);
    if is_bare(&resource.group) {
        return format!("kubernetes_{short}");
    }
    let group = resource.group.replace(['.', '-'], "_").to_lowercase();
    format!("kubernetes_{group}_{short}")
}

/// What the sections of a kind begin with: the kind without group, `service` in `service_spec`.
pub(crate) fn short_name(resource: &Resource) -> String {
    if resource.group.is_empty() && resource.kind == "Endpoints" {
        // Singular ever since Resoto; `kubernetes_endpoints` is its alias.
        return "endpoint".to_owned();
    }
    snake_owned(&resource.kind)
}

/// Whether kinds of the group have bare names and unprefixed top-level properties.
pub(crate) fn is_bare(group: &str) -> bool {
    group == MIGRATION_GROUP || BARE_GROUPS.binary_search(&group).is_ok()
}

/// The abstract kind that spans all groups which serve a kind of this name.
pub(crate) fn alias_name(resource: &Resource) -> String {
    format!("kubernetes_{}", snake_owned(&resource.kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_names_become_snake_case() {
        for (camel, expected) in [
            ("clusterIPs", "cluster_ips"),
            ("externalIPs", "external_ips"),
            ("podIPs", "pod_ips"),
            ("hostIPs", "host_ips"),
            ("podCIDRs", "pod_cidrs"),
            ("nonResourceURLs", "non_resource_urls"),
            ("targetWWNs", "target_wwns"),
            ("podIPsReady", "pod_ips_ready"),
            ("hostIPC", "host_ipc"),
            ("hostPID", "host_pid"),
            ("setHostnameAsFQDN", "set_hostname_as_fqdn"),
            ("downwardAPI", "downward_api"),
            ("scaleIO", "scale_io"),
            ("providerID", "provider_id"),
            ("bootID", "boot_id"),
            ("systemUUID", "system_uuid"),
            (
                "targetCPUUtilizationPercentage",
                "target_cpu_utilization_percentage",
            ),
            ("seLinuxOptions", "se_linux_options"),
            ("fsGroup", "fs_group"),
            ("clientIP", "client_ip"),
            ("x509", "x509"),
            ("HTTPRoute", "http_route"),
            ("CSIDriver", "csi_driver"),
            ("CSINode", "csi_node"),
            ("APIService", "api_service"),
            ("ServiceCIDR", "service_cidr"),
            ("Port", "port"),
            ("volumeID", "volume_id"),
            ("fsType", "fs_type"),
            ("storageos", "storageos"),
            ("clusterIP", "cluster_ip"),
            ("IPv4Address", "ipv4_address"),
            ("podIPv6", "pod_ipv6"),
            ("sizeGiB", "size_gib"),
            ("OAuthClient", "oauth_client"),
            ("vSphereVolume", "vsphere_volume"),
            ("macOSVersion", "macos_version"),
            ("iSCSIPortal", "iscsi_portal"),
            ("already_snake", "already_snake"),
            ("kebab-case", "kebab_case"),
            ("Mixed_Case-Name", "mixed_case_name"),
            ("_private", "_private"),
            ("A", "a"),
            ("AB", "ab"),
            ("ABc", "a_bc"),
            ("aB", "a_b"),
            ("v1Beta", "v1_beta"),
            ("ipAddressS3", "ip_address_s3"),
            ("", ""),
        ] {
            assert_eq!(snake_owned(camel), expected, "{camel}");
        }
    }

    #[test]
    fn names_that_are_data_stay() {
        for name in ["app.kubernetes.io/Name", "$patch", "f:spec", "ÄpfelKuchen"] {
            assert_eq!(snake(name), None, "{name}");
        }
    }

    fn resource(group: &str, kind: &str) -> Resource {
        Resource {
            group: group.into(),
            version: "v1".into(),
            kind: kind.into(),
            plural: kind.to_lowercase(),
            singular: String::new(),
            short_names: Vec::new(),
            namespaced: true,
            verbs: Vec::new(),
        }
    }

    #[test]
    fn kinds_outside_of_kubernetes_are_qualified_by_their_group() {
        for (group, kind, expected) in [
            ("", "Pod", "kubernetes_pod"),
            ("", "Endpoints", "kubernetes_endpoint"),
            ("apps", "ReplicaSet", "kubernetes_replica_set"),
            (
                "gateway.networking.k8s.io",
                "HTTPRoute",
                "kubernetes_http_route",
            ),
            (
                "storagemigration.k8s.io",
                "StorageVersionMigration",
                "kubernetes_storage_version_migration",
            ),
            (
                "cert-manager.io",
                "Certificate",
                "kubernetes_cert_manager_io_certificate",
            ),
            (
                "serving.knative.dev",
                "Service",
                "kubernetes_serving_knative_dev_service",
            ),
            ("new.k8s.io", "Endpoints", "kubernetes_new_k8s_io_endpoints"),
        ] {
            assert_eq!(kind_name(&resource(group, kind)), expected);
        }
        assert!(BARE_GROUPS.is_sorted());
    }
}
