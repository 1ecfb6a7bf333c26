//! Every form in which an object names what it is in its cloud.
use serde_json::{Value, json};

use super::*;
use crate::convert::ClusterFacts;

/// `kind property=value`, with what narrows it down; several are joined by ` | `.
fn shown(found: &[ExternalReference]) -> String {
    let one = |reference: &ExternalReference| {
        let of = |(name, value): (&str, &str)| format!(" {name}={value}");
        let also = reference
            .also
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let account = reference
            .account
            .as_deref()
            .map(|account| ("account", account));
        let zone = reference.zone.as_deref().map(|zone| ("zone", zone));
        let told = [(reference.property.as_str(), reference.value.as_str())].into_iter();
        let told = told.chain(also).chain(account).chain(zone).map(of);
        reference.kind.clone() + &told.collect::<String>()
    };
    found.iter().map(one).collect::<Vec<_>>().join(" | ")
}

/// What is found on an object of the cluster with this name.
#[track_caller]
fn check(cluster: &str, finish: fn(&mut Draft<'_>), reported: Value, expected: &str) {
    let mut draft = Draft::new("id", cluster, reported.as_object().unwrap().clone());
    finish(&mut draft);
    let found = draft.reported.get(EXTERNAL_REFERENCES).cloned();
    let found: Vec<ExternalReference> = serde_json::from_value(found.unwrap_or(json!([]))).unwrap();
    assert_eq!(shown(&found), expected, "{reported}");
}

#[test]
fn provider_ids_name_machines() {
    let vm = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute";
    let set = format!("azure://{vm}/virtualMachineScaleSets/set/virtualMachines/3");
    let set_vm = format!(
        "azure_compute_virtual_machine_scale_set_instance id={vm}/virtualMachineScaleSets/set/virtualMachines/3"
    );
    let single = format!("azure://{vm}/virtualMachines/a");
    let single_vm = format!("azure_compute_virtual_machine id={vm}/virtualMachines/a");
    for (id, expected) in [
        ("aws:///eu-central-1a/i-0abc", "aws_ec2_instance id=i-0abc"),
        ("aws:////i-0abc", "aws_ec2_instance id=i-0abc"),
        (
            "aws:///eu-central-1a/8f/fargate-ip-10-0-0-1.eu-central-1.compute.internal",
            "",
        ),
        ("eks-hybrid:///eu-west-1/prod/mi-1", ""),
        (set.as_str(), set_vm.as_str()),
        (single.as_str(), single_vm.as_str()),
        ("azure:///subscriptions/s/else", ""),
        ("digitalocean://123", "digitalocean_droplet id=123"),
        (
            "gce://project/europe-west1-b/vm-1",
            "gcp_instance name=vm-1 account=project zone=europe-west1-b",
        ),
        ("gce://vm-1", ""),
    ] {
        check("c", finish_node, json!({"provider_id": id}), expected);
    }
}

#[test]
fn provider_ids_of_smaller_clouds_name_machines_and_local_ones_do_not() {
    for (id, expected) in [
        ("hcloud://123", "hcloud_server id=123"),
        ("hcloud://bm-123", "hrobot_server id=123"),
        ("hrobot://123", "hrobot_server id=123"),
        ("openstack:///u-1", "openstack_server id=u-1"),
        ("openstack://region/u-1", "openstack_server id=u-1"),
        ("vsphere://u-1", "vsphere_instance id=u-1"),
        ("linode://1", "linode_instance id=1"),
        ("vultr://1", "vultr_instance id=1"),
        ("civo://1", "civo_instance id=1"),
        ("exoscale://1", "exoscale_instance id=1"),
        ("upcloud:////u-1", "upcloud_server id=u-1"),
        ("ibm://account///cluster/worker", "ibm_worker id=worker"),
        ("ibmpowervs://eu-de/eu-de-1/s/vm", "ibm_pvm_instance id=vm"),
        (
            "ocid1.instance.oc1.x",
            "oci_instance id=ocid1.instance.oc1.x",
        ),
        (
            "oci://ocid1.instance.oc1.x",
            "oci_instance id=ocid1.instance.oc1.x",
        ),
        ("cn-beijing.i-abc", "alibaba_ecs_instance id=i-abc"),
        (
            "alicloud://cn-beijing.i-abc",
            "alibaba_ecs_instance id=i-abc",
        ),
        ("equinixmetal://u-1", "equinixmetal_device id=u-1"),
        ("packet://u-1", "equinixmetal_device id=u-1"),
        (
            "scaleway://instance/fr-par-1/u-1",
            "scaleway_instance id=u-1",
        ),
        ("nutanix://u-1", "nutanix_vm id=u-1"),
        ("cloudstack:///u-1", "cloudstack_instance id=u-1"),
        (
            "kubevirt://vm-1",
            "kubernetes_kubevirt_io_virtual_machine name=vm-1",
        ),
        ("metal3://u-1", ""),
        ("kind://docker/c/c-worker", ""),
        ("k3s://a", ""),
        ("rke2://a", ""),
        ("talos://a", ""),
        ("moid://a", ""),
        ("aws://", ""),
        ("nonsense", ""),
    ] {
        check("c", finish_node, json!({"provider_id": id}), expected);
    }
}

#[test]
fn labels_name_the_pool_of_a_node() {
    let group = json!({"labels": {"eks.amazonaws.com/nodegroup": "workers"}});
    check(
        "c",
        finish_node,
        group.clone(),
        "aws_eks_nodegroup id=workers",
    );
    check(
        "arn:aws-cn:eks:cn-north-1:123456789012:cluster/prod",
        finish_node,
        group,
        "aws_eks_nodegroup id=workers cluster_name=prod account=123456789012",
    );
    check(
        "c",
        finish_node,
        json!({"labels": {"eks.amazonaws.com/nodegroup": "w", "alpha.eksctl.io/cluster-name": "prod"}}),
        "aws_eks_nodegroup id=w cluster_name=prod",
    );
    check(
        "c",
        finish_node,
        json!({"provider_id": "gce://p/z/vm", "labels": {"cloud.google.com/gke-nodepool": "pool"}}),
        "gcp_instance name=vm account=p zone=z | gcp_container_node_pool name=pool account=p",
    );
}

const DISK: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/disks/d";

/// Driver, handle, and what that is; `DISK` is the ARM id of a disk, `-` is nothing.
const HANDLES: &str = "\
ebs.csi.aws.com vol-0abc aws_ec2_volume id=vol-0abc
efs.csi.aws.com fs-1 aws_efs_file_system id=fs-1
efs.csi.aws.com fs-1:/data aws_efs_file_system id=fs-1
efs.csi.aws.com fs-1:/data:fsap-2 aws_efs_file_system id=fs-1 | aws_efs_access_point id=fsap-2
efs.csi.aws.com fs-1::fsap-2 aws_efs_file_system id=fs-1 | aws_efs_access_point id=fsap-2
fsx.csi.aws.com fs-1 aws_fsx_file_system id=fs-1
disk.csi.azure.com DISK azure_compute_disk id=DISK
file.csi.azure.com g#store#share#disk#u#ns#sub azure_storage_account name=store | azure_storage_file_share name=share
blob.csi.azure.com g#store#box azure_storage_account name=store | azure_storage_blob_container name=box
dobs.csi.digitalocean.com u-1 digitalocean_volume id=u-1
pd.csi.storage.gke.io projects/p/zones/z/disks/d gcp_disk name=d account=p zone=z
pd.csi.storage.gke.io projects/p/regions/r/disks/d gcp_disk name=d account=p
pd.csi.storage.gke.io projects/UNSPECIFIED/zones/UNSPECIFIED/disks/d gcp_disk name=d
pd.csi.storage.gke.io d -
filestore.csi.storage.gke.io modeInstance/z/nfs/share gcp_filestore_instance name=nfs zone=z
gcsfuse.csi.storage.gke.io bucket gcp_bucket name=bucket
cinder.csi.openstack.org u-1 openstack_volume id=u-1
csi.vsphere.vmware.com file:u-1 vsphere_volume id=file:u-1
linodebs.csi.linode.com 7-pvc1 linode_volume id=7
csi.hetzner.cloud 7 hcloud_volume id=7
rancher.io/local-path x -
";

/// A line of a table: words, and the rest.
fn words(line: &str) -> (&str, &str, String) {
    let (first, rest) = line.split_once(' ').unwrap();
    let (second, rest) = rest.split_once(' ').unwrap();
    let rest = rest.replace("DISK", DISK);
    (
        first,
        second,
        if rest == "-" { String::new() } else { rest },
    )
}

#[test]
fn handles_name_disks_shares_and_buckets() {
    for line in HANDLES.lines() {
        let (driver, handle, expected) = words(line);
        let source = json!({"driver": driver, "volume_handle": handle.replace("DISK", DISK)});
        let reported = json!({"persistent_volume_spec": {"csi": source}});
        check("c", finish_volume, reported, &expected);
    }
    let attributes = json!({"bucketName": "b"});
    let bucket =
        json!({"driver": "s3.csi.aws.com", "volume_handle": "x", "volume_attributes": attributes});
    let reported = json!({"persistent_volume_spec": {"csi": bucket}});
    check("c", finish_volume, reported, "aws_s3_bucket id=b");
}

/// Source and field, value, and what that is.
const IN_TREE: &str = "\
aws_elastic_block_store.volume_id vol-1 aws_ec2_volume id=vol-1
aws_elastic_block_store.volume_id aws://eu-1a/vol-1 aws_ec2_volume id=vol-1
azure_disk.disk_uri DISK azure_compute_disk id=DISK
gce_persistent_disk.pd_name d gcp_disk name=d
cinder.volume_id u-1 openstack_volume id=u-1
host_path.path /data -
";

#[test]
fn volumes_of_the_time_before_drivers_are_known_too() {
    for line in IN_TREE.lines() {
        let (path, value, expected) = words(line);
        let (source, field) = path.split_once('.').unwrap();
        let value = value.replace("DISK", DISK);
        let reported = json!({"persistent_volume_spec": {source: {field: value}}});
        check("c", finish_volume, reported, &expected);
    }
}

/// What an object with these annotations, hosts and addresses stands behind.
fn behind(cluster: &str, tags: Value, hosts: &[&str], addresses: &[&str]) -> String {
    let owned = |texts: &[&str]| {
        texts
            .iter()
            .map(|&text| text.to_owned())
            .collect::<Vec<_>>()
    };
    let reported = json!({"tags": tags}).as_object().unwrap().clone();
    let draft = Draft::new("id", cluster, reported);
    shown(&balancer(&draft, &owned(hosts), &owned(addresses)))
}

#[test]
fn hosts_name_balancers() {
    for host in [
        "a1b2-123.eu-central-1.elb.amazonaws.com",
        "internal-a1b2-123.eu-central-1.elb.amazonaws.com",
        "k8s-shop-web-0abc.elb.eu-central-1.amazonaws.com",
        "a1b2-123.cn-north-1.elb.amazonaws.com.cn",
        "dualstack.a1b2-123.eu-central-1.elb.amazonaws.com",
    ] {
        let both = format!("aws_elb id={host} | aws_alb alb_dns_name={host}");
        assert_eq!(behind("c", json!({}), &[host], &[]), both);
    }
    let others = [
        "web.example.com",
        "elb.amazonaws.com",
        "s3.eu-1.amazonaws.com",
    ];
    assert_eq!(behind("c", json!({}), &others, &[]), "");
}

#[test]
fn addresses_name_balancers_of_the_clouds_they_may_be_in() {
    let address = ["34.1.2.3"];
    let gcp = "gcp_forwarding_rule ip_address=34.1.2.3";
    let azure = "azure_network_load_balancer aks_public_ip_address=34.1.2.3 | \
                 azure_network_public_ip_address ip_address=34.1.2.3";
    let of_project = format!("{gcp} account=proj");
    assert_eq!(
        behind("gke_proj_eu_prod", json!({}), &[], &address),
        of_project
    );
    let tags = json!({"cloud.google.com/neg": "{}"});
    assert_eq!(behind("c", tags, &[], &address), gcp);
    let tags = json!({"service.beta.kubernetes.io/azure-load-balancer-internal": "true"});
    assert_eq!(behind("c", tags, &[], &address), azure);
    assert_eq!(
        behind("c", json!({}), &[], &address),
        format!("{gcp} | {azure}")
    );
    let private = [
        "10.0.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "203.0.113.9",
        "fd00::1",
        "no address",
    ];
    assert_eq!(behind("c", json!({}), &[], &private), "");
    let own = json!({"kubernetes.digitalocean.com/load-balancer-id": "u-1"});
    assert_eq!(
        behind("c", own, &[], &address),
        "digitalocean_load_balancer id=u-1"
    );
}

#[test]
fn annotations_name_who_a_service_account_is() {
    for (annotation, value, expected) in [
        (
            "eks.amazonaws.com/role-arn",
            "arn:aws:iam::1:role/r",
            "aws_iam_role arn=arn:aws:iam::1:role/r",
        ),
        (
            "azure.workload.identity/client-id",
            "u-1",
            "azure_managed_identity client_id=u-1",
        ),
        (
            "iam.gke.io/gcp-service-account",
            "a@p.iam",
            "gcp_service_account email=a@p.iam",
        ),
        ("eks.amazonaws.com/role-arn", "", ""),
    ] {
        check(
            "c",
            finish_service_account,
            json!({"tags": {annotation: value}}),
            expected,
        );
    }
}

#[test]
fn clusters_are_known_to_their_providers() {
    let arn = "arn:aws-us-gov:eks:us-gov-west-1:123456789012:cluster/prod";
    let gke = "gcp_container_cluster name=prod account=my-project";
    let eks = "https://ABC.gr7.eu-central-1.eks.amazonaws.com";
    let aks = "prod-1a2b.hcp.westeurope.azmk8s.io";
    let by_fqdn = format!(
        "azure_container_service_managed_cluster fqdn={aks} | azure_container_service_managed_cluster private_fqdn={aks}"
    );
    let by_arn = format!("aws_eks_cluster arn={arn}");
    let by_endpoint = format!("aws_eks_cluster endpoint={eks}");
    let aks_url = format!("https://{aks}:443");
    for (context, external, url, version, expected) in [
        (arn, "", "https://x", "", by_arn.as_str()),
        ("prod", arn, "https://x", "", by_arn.as_str()),
        ("prod", "", eks, "", by_endpoint.as_str()),
        (
            "gke_my-project_europe-west1_prod",
            "",
            "https://34.1.2.3",
            "",
            gke,
        ),
        (
            "prod",
            "",
            "https://34.1.2.3",
            "v1.31.1-gke.1846000",
            "gcp_container_cluster endpoint=34.1.2.3",
        ),
        ("prod", "", "https://34.1.2.3", "v1.31.1", ""),
        ("prod", "", aks_url.as_str(), "", by_fqdn.as_str()),
        (
            "prod",
            "",
            "https://u-1.k8s.ondigitalocean.com",
            "",
            "digitalocean_kubernetes_cluster id=u-1",
        ),
        (
            "prod",
            "arn:aws:iam::1:role/r",
            "https://[::1]:6443",
            "",
            "",
        ),
        ("prod", "", "", "", ""),
    ] {
        let facts = ClusterFacts {
            context: context.to_owned(),
            external_id: Some(external.to_owned()),
            server_url: url.to_owned(),
            version: json!({"gitVersion": version}),
            ..ClusterFacts::default()
        };
        assert_eq!(
            shown(&cluster(&facts)),
            expected,
            "{context} {external} {url}"
        );
    }
}
