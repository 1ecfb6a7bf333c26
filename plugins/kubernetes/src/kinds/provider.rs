//! Where a node runs, from the id its cloud gave it: `scheme://…` in as many forms as there are clouds.
//!
//! Nothing is asked of the cloud; an id of an unknown form gives its scheme and its last part.
use crate::convert::Draft;

/// What an id says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Place {
    name: String,
    instance: Option<String>,
    zone: Option<String>,
}

/// Ids of the plain form `scheme://id`, `scheme:///id` or `scheme:////id`, and what the cloud is called.
const PLAIN: [(&str, &str); 17] = [
    ("civo", "civo"),
    ("cloudstack", "cloudstack"),
    ("digitalocean", "digitalocean"),
    ("equinixmetal", "equinixmetal"),
    ("exoscale", "exoscale"),
    ("k3s", "k3s"),
    ("kubevirt", "kubevirt"),
    ("linode", "linode"),
    ("metal3", "metal3"),
    ("moid", "moid"),
    ("nutanix", "nutanix"),
    ("packet", "equinixmetal"),
    ("rke2", "rke2"),
    ("talos", "talos"),
    ("upcloud", "upcloud"),
    ("vsphere", "vsphere"),
    ("vultr", "vultr"),
];

/// Sets `provider_name`, `provider_instance_id` and `provider_zone` from `provider_id`, and the distribution
/// that the node betrays.
pub(crate) fn finish(draft: &mut Draft<'_>) {
    let place = draft.text(&["provider_id"]).and_then(parse);
    if let Some(distribution) = distribution(draft, place.as_ref()) {
        draft.set("distribution_hint", distribution);
    }
    let Some(place) = place else { return };
    draft.set("provider_name", place.name);
    draft.set_some("provider_instance_id", place.instance);
    draft.set_some("provider_zone", place.zone);
}

fn parse(id: &str) -> Option<Place> {
    let Some((scheme, rest)) = id.split_once("://") else {
        return bare(id);
    };
    let parts: Vec<&str> = rest.trim_start_matches('/').split('/').collect();
    let last = parts.last().copied().filter(|last| !last.is_empty());
    let (name, instance, zone) = match scheme {
        "aws" => return Some(aws(rest, last)),
        "eks-hybrid" => (
            "aws",
            last,
            parts.first().copied().filter(|_| parts.len() > 1),
        ),
        "azure" => ("azure", Some(rest), None),
        "gce" => ("gcp", last, parts.get(1).copied()),
        "hcloud" | "hrobot" => ("hetzner", last, None),
        "openstack" => ("openstack", last, region(rest)),
        "ibm" => ("ibm", last, None),
        "ibmpowervs" => ("ibm", last, parts.get(1).copied()),
        "oci" => ("oracle", last, None),
        "alicloud" => return bare(rest),
        "scaleway" => (
            "scaleway",
            last,
            parts.get(1).copied().filter(|_| parts.len() > 2),
        ),
        "kind" => ("kind", last, None),
        scheme => {
            let known = PLAIN.iter().find(|(plain, _)| *plain == scheme);
            (known.map_or(scheme, |(_, name)| *name), last, None)
        }
    };
    Some(place(name, instance, zone))
}

fn place(name: &str, instance: Option<&str>, zone: Option<&str>) -> Place {
    let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    Place {
        name: name.to_owned(),
        instance: text(instance),
        zone: text(zone),
    }
}

/// `///zone/i-…`; of Fargate the last part is the name of a host, which is no instance.
fn aws(rest: &str, last: Option<&str>) -> Place {
    let is_instance = |last: &&str| {
        last.strip_prefix("i-")
            .is_some_and(|hex| !hex.is_empty() && hex.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    let zone = rest.trim_start_matches('/').split_once('/');
    place("aws", last.filter(is_instance), zone.map(|(zone, _)| zone))
}

/// `openstack://region/uuid`; with three slashes there is no region.
fn region(rest: &str) -> Option<&str> {
    rest.split_once('/').map(|(region, _)| region)
}

/// Oracle and Alibaba write no scheme.
fn bare(id: &str) -> Option<Place> {
    if id.starts_with("ocid1.instance.") {
        return Some(place("oracle", Some(id), None));
    }
    let (region, instance) = id.split_once('.')?;
    instance
        .starts_with("i-")
        .then(|| place("alibaba", Some(instance), Some(region)))
}

/// Labels only one distribution sets, by their beginning.
const LABELS: [(&str, &str); 10] = [
    ("cloud.google.com/gke-", "gke"),
    ("doks.digitalocean.com/", "doks"),
    ("eks.amazonaws.com/", "eks"),
    ("alpha.eksctl.io/", "eks"),
    ("kubernetes.azure.com/cluster", "aks"),
    ("minikube.k8s.io/", "minikube"),
    ("node.openshift.io/", "openshift"),
    ("k3s.io/", "k3s"),
    ("rke2.io/", "rke2"),
    ("extensions.talos.dev/", "talos"),
];

fn distribution(draft: &Draft<'_>, place: Option<&Place>) -> Option<&'static str> {
    let labels = draft
        .reported
        .get("labels")
        .and_then(|labels| labels.as_object());
    let labelled = LABELS.iter().find(|(start, _)| {
        let mut names = labels.into_iter().flat_map(|labels| labels.keys());
        names.any(|name| name.starts_with(start))
    });
    if let Some((_, name)) = labelled {
        return Some(name);
    }
    ["kind", "k3s", "rke2", "talos"]
        .into_iter()
        .find(|name| place.is_some_and(|place| place.name == *name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Id, cloud, instance, zone; `-` for none.
    const IDS: [(&str, &str, &str, &str); 22] = [
        (
            "aws:///eu-central-1a/i-0abc",
            "aws",
            "i-0abc",
            "eu-central-1a",
        ),
        ("aws:////i-0abc", "aws", "i-0abc", "-"),
        (
            "aws:///eu-central-1a/8f/fargate-ip-10-0-0-1.x",
            "aws",
            "-",
            "eu-central-1a",
        ),
        (
            "eks-hybrid:///eu-west-1/prod/mi-1",
            "aws",
            "mi-1",
            "eu-west-1",
        ),
        (
            "azure:///subscriptions/s/vm",
            "azure",
            "/subscriptions/s/vm",
            "-",
        ),
        (
            "gce://project/europe-west1-b/vm-1",
            "gcp",
            "vm-1",
            "europe-west1-b",
        ),
        ("digitalocean://123", "digitalocean", "123", "-"),
        ("hcloud://123", "hetzner", "123", "-"),
        ("openstack:///u-1", "openstack", "u-1", "-"),
        ("openstack://region/u-1", "openstack", "u-1", "region"),
        ("vsphere://u-1", "vsphere", "u-1", "-"),
        ("upcloud:////u-1", "upcloud", "u-1", "-"),
        ("ibm://account///cluster/worker", "ibm", "worker", "-"),
        ("ibmpowervs://eu-de/eu-de-1/s/vm", "ibm", "vm", "eu-de-1"),
        (
            "ocid1.instance.oc1.x",
            "oracle",
            "ocid1.instance.oc1.x",
            "-",
        ),
        (
            "oci://ocid1.instance.oc1.x",
            "oracle",
            "ocid1.instance.oc1.x",
            "-",
        ),
        ("cn-beijing.i-abc", "alibaba", "i-abc", "cn-beijing"),
        (
            "alicloud://cn-beijing.i-abc",
            "alibaba",
            "i-abc",
            "cn-beijing",
        ),
        ("packet://u-1", "equinixmetal", "u-1", "-"),
        (
            "scaleway://instance/fr-par-1/u-1",
            "scaleway",
            "u-1",
            "fr-par-1",
        ),
        ("kind://docker/c/c-worker", "kind", "c-worker", "-"),
        ("new://x/y", "new", "y", "-"),
    ];

    #[test]
    fn ids_of_every_cloud_are_read() {
        for (id, name, instance, zone) in IDS {
            let optional = |text: &str| (text != "-").then(|| text.to_owned());
            let expected = Place {
                name: name.to_owned(),
                instance: optional(instance),
                zone: optional(zone),
            };
            assert_eq!(parse(id), Some(expected), "{id}");
        }
        assert_eq!(parse("nonsense"), None);
        assert_eq!(parse("a.b"), None);
    }

    #[test]
    fn labels_and_ids_betray_the_distribution() {
        for (node, expected) in [
            (
                json!({"labels": {"cloud.google.com/gke-nodepool": "a"}}),
                Some("gke"),
            ),
            (
                json!({"labels": {"kubernetes.azure.com/cluster": "a"}}),
                Some("aks"),
            ),
            (json!({"provider_id": "kind://docker/c/n"}), Some("kind")),
            (
                json!({"provider_id": "aws:///z/i-1", "labels": {"a": "b"}}),
                None,
            ),
        ] {
            let reported = node.as_object().unwrap().clone();
            let mut draft = Draft::new("c", "c", reported);
            finish(&mut draft);
            assert_eq!(draft.text(&["distribution_hint"]), expected, "{node}");
        }
    }
}
