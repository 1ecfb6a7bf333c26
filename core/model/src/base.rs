//! The base kinds every plugin maps its resources to, so that one question spans clouds.
//!
//! Units are fixed: sizes in GB (10^9 byte), memory in GiB (2^30 byte).
use crate::PropertyType::{AgeOf, Any, Boolean, Datetime, Double, Int32, Int64, String as Text};
use crate::{EXTERNAL_REFERENCES, Kind, Property, PropertyType};

/// Name, direct bases, phantom, sentence, properties.
type Row = (
    &'static str,
    &'static [&'static str],
    Life,
    &'static str,
    Vec<Property>,
);

#[derive(PartialEq)]
enum Life {
    Real,
    Phantom,
}
use Life::{Phantom, Real};

fn of(name: &str, of: PropertyType, about: &str) -> Property {
    Property::new(name, of, about)
}

/// Every base kind, the most general first.
pub fn base_kinds() -> Vec<Kind> {
    let mut rows = universal();
    rows.extend(compute());
    rows.extend(storage());
    rows.extend(network());
    rows.extend(access());
    rows.into_iter()
        .map(|(name, bases, life, about, properties)| Kind {
            name: name.to_owned(),
            bases: bases.iter().map(|&base| base.to_owned()).collect(),
            about: about.to_owned(),
            properties,
            phantom: life == Phantom,
            is_abstract: !matches!(name, "graph_root" | "cloud"),
            aliases: Vec::new(),
        })
        .collect()
}

fn resource() -> Vec<Property> {
    vec![
        of("kind", Text, "Concrete kind of the resource."),
        of("id", Text, "Id the resource has where it was found."),
        of("name", Text, "Name, or the id if it has none."),
        of(
            "tags",
            PropertyType::dictionary(Text),
            "What people wrote on it (annotations in Kubernetes).",
        ),
        of("ctime", Datetime, "When it was created."),
        of("mtime", Datetime, "When it changed last."),
        of("atime", Datetime, "When it was used last."),
        of("age", AgeOf("ctime".into()), "Time since it was created."),
        of(
            "last_update",
            AgeOf("mtime".into()),
            "Time since it changed.",
        ),
        of(
            "last_access",
            AgeOf("atime".into()),
            "Time since it was used.",
        ),
        of(
            EXTERNAL_REFERENCES,
            PropertyType::array(external_reference()),
            "Resources of other accounts it belongs to, by what is known of them. An edge joins those that were \
             collected.",
        ),
    ]
}

fn external_reference() -> PropertyType {
    PropertyType::Object(vec![
        of("kind", Text, "Kind of the other resource."),
        of("property", Text, "Property that tells it apart."),
        of("value", Text, "What stands there."),
        of(
            "also",
            PropertyType::dictionary(Text),
            "Further properties it must have.",
        ),
        of("account", Text, "Account it must be in."),
        of("zone", Text, "Zone it must be in."),
        of(
            "relation",
            Text,
            "What the edge means, if not `represents`.",
        ),
        of("edge_type", Text, "Type of the edge, if not `default`."),
        of("direction", Text, "`out` if the edge leaves the holder."),
    ])
}

/// What every plugin has, whatever it collects.
fn universal() -> Vec<Row> {
    vec![
        (
            "resource",
            &[],
            Real,
            "Anything that is in the inventory.",
            resource(),
        ),
        (
            "phantom_resource",
            &["resource"],
            Phantom,
            "A resource without a life of its own.",
            vec![],
        ),
        (
            "graph_root",
            &["phantom_resource"],
            Phantom,
            "The root of the graph.",
            vec![],
        ),
        (
            "cloud",
            &["phantom_resource"],
            Phantom,
            "A cloud, or Kubernetes as a whole.",
            vec![],
        ),
        (
            "account",
            &["resource"],
            Real,
            "An account of a cloud; a cluster in Kubernetes.",
            vec![],
        ),
        (
            "region",
            &["phantom_resource"],
            Phantom,
            "A region; a namespace in Kubernetes.",
            region(),
        ),
        (
            "zone",
            &["phantom_resource"],
            Phantom,
            "A zone of a region.",
            vec![of("long_name", Text, "Name for people.")],
        ),
        (
            "quota",
            &["phantom_resource"],
            Phantom,
            "A limit on what may be used.",
            quota(),
        ),
        (
            "type",
            &["quota"],
            Phantom,
            "A type of resource a cloud offers.",
            vec![],
        ),
    ]
}

fn region() -> Vec<Property> {
    vec![
        of("long_name", Text, "Name for people."),
        of("latitude", Double, "Degrees north."),
        of("longitude", Double, "Degrees east."),
        of("region_in_use", Boolean, "Whether anything runs in it."),
    ]
}

fn quota() -> Vec<Property> {
    vec![
        of("quota", Double, "How much may be used."),
        of("usage", Double, "How much is used."),
        of("quota_type", Text, "What is limited."),
    ]
}

fn compute() -> Vec<Row> {
    let instance = vec![
        of("instance_cores", Double, "Number of cores."),
        of("instance_memory", Double, "Memory in GiB."),
        of("instance_type", Text, "Type the provider sells it as."),
        of(
            "instance_status",
            Text,
            "running, stopped, terminated, busy or unknown.",
        ),
    ];
    let cluster = vec![
        of("version", Text, "Version of Kubernetes."),
        of("endpoint", Text, "URL of the API server."),
    ];
    let provider = "managed_kubernetes_cluster_provider";
    vec![
        (
            "instance",
            &["resource"],
            Real,
            "A machine that runs something.",
            instance,
        ),
        (
            "database",
            &["resource"],
            Real,
            "A managed database.",
            vec![],
        ),
        (
            provider,
            &["resource"],
            Real,
            "A cluster as its cloud provider sees it.",
            cluster,
        ),
    ]
}

fn storage() -> Vec<Row> {
    let volume = vec![
        of("volume_size", Double, "Size in GB."),
        of("volume_type", Text, "Class of storage."),
        of(
            "volume_status",
            Text,
            "in-use, available, busy, error, deleted or unknown.",
        ),
        of(
            "volume_iops",
            Int64,
            "Operations per second it is promised.",
        ),
        of(
            "volume_throughput",
            Int64,
            "Bytes per second it is promised.",
        ),
        of(
            "volume_encrypted",
            Boolean,
            "Whether it is encrypted at rest.",
        ),
    ];
    let snapshot = vec![
        of("snapshot_status", Text, "ready, pending or error."),
        of("volume_id", Text, "Volume it was taken of."),
        of("volume_size", Double, "Size in GB."),
    ];
    vec![
        (
            "volume",
            &["resource"],
            Real,
            "Storage that can be attached.",
            volume,
        ),
        (
            "snapshot",
            &["resource"],
            Real,
            "A copy of a volume at a time.",
            snapshot,
        ),
        ("bucket", &["resource"], Real, "An object store.", vec![]),
    ]
}

fn network() -> Vec<Row> {
    let balancer = vec![
        of("lb_type", Text, "What kind of balancer it is."),
        of("public_ip_address", Text, "Address it is reached at."),
        of(
            "backends",
            PropertyType::array(Text),
            "Names of what it sends traffic to.",
        ),
    ];
    let address = vec![
        of("ip_address", Text, "The address."),
        of("ip_address_family", Text, "ipv4 or ipv6."),
    ];
    let cidrs = vec![of(
        "cidr_blocks",
        PropertyType::array(Text),
        "Address ranges.",
    )];
    vec![
        (
            "load_balancer",
            &["resource"],
            Real,
            "Something that spreads traffic.",
            balancer,
        ),
        ("network", &["resource"], Real, "A network.", cidrs),
        (
            "firewall",
            &["resource"],
            Real,
            "Rules on who may talk to whom.",
            vec![],
        ),
        (
            "gateway",
            &["resource"],
            Real,
            "A way in or out of a network.",
            vec![],
        ),
        (
            "endpoint",
            &["resource"],
            Real,
            "A place where something answers.",
            vec![],
        ),
        ("ip_address", &["resource"], Real, "An address.", address),
    ]
}

fn access() -> Vec<Row> {
    let certificate = vec![
        of("expires", Datetime, "When it stops being valid."),
        of(
            "dns_names",
            PropertyType::array(Text),
            "Names it is valid for.",
        ),
        of("sha1_fingerprint", Text, "Fingerprint."),
    ];
    let scaling = vec![
        of("min_size", Int32, "Least number of instances."),
        of("max_size", Int32, "Greatest number of instances."),
    ];
    let stack = vec![of(
        "stack_parameters",
        PropertyType::dictionary(Any),
        "What it was made with.",
    )];
    vec![
        (
            "iam_principal",
            &["resource"],
            Real,
            "Somebody or something that can be allowed to act.",
            vec![],
        ),
        (
            "user",
            &["iam_principal"],
            Real,
            "A person or program.",
            vec![],
        ),
        ("group", &["iam_principal"], Real, "Several users.", vec![]),
        (
            "role",
            &["iam_principal"],
            Real,
            "A set of permissions.",
            vec![],
        ),
        (
            "policy",
            &["resource"],
            Real,
            "Rules on what is allowed.",
            vec![],
        ),
        (
            "certificate",
            &["resource"],
            Real,
            "A certificate.",
            certificate,
        ),
        (
            "autoscaling_group",
            &["resource"],
            Real,
            "Instances that come and go.",
            scaling,
        ),
        (
            "stack",
            &["resource"],
            Real,
            "Resources made from one description.",
            stack,
        ),
    ]
}
