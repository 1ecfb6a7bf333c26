//! The disk, share or bucket behind a persistent volume, by the handle its driver gave it.
use serde_json::Value;
use stocktake_model::ExternalReference;

use crate::convert::{Draft, field};

const SPEC: &str = "persistent_volume_spec";
/// What a migrated volume has in the place of a project or zone nobody knows.
const UNSPECIFIED: &str = "UNSPECIFIED";

/// Drivers whose handle is the id of the resource.
const BY_ID: [(&str, &str); 8] = [
    ("cinder.csi.openstack.org", "openstack_volume"),
    ("csi.hetzner.cloud", "hcloud_volume"),
    ("csi.vsphere.vmware.com", "vsphere_volume"),
    ("disk.csi.azure.com", "azure_compute_disk"),
    ("dobs.csi.digitalocean.com", "digitalocean_volume"),
    ("ebs.csi.aws.com", "aws_ec2_volume"),
    ("exoscale.csi", "exoscale_volume"),
    ("fsx.csi.aws.com", "aws_fsx_file_system"),
];

pub(crate) fn references(draft: &Draft<'_>) -> Vec<ExternalReference> {
    let found = draft.find(&[SPEC, "csi"]).map(csi);
    found.unwrap_or_else(|| in_tree(draft))
}

fn one(kind: &str, property: &str, value: &str) -> Vec<ExternalReference> {
    if value.is_empty() {
        return Vec::new();
    }
    vec![ExternalReference::new(kind, property, value)]
}

fn csi(source: &Value) -> Vec<ExternalReference> {
    let driver = field(source, "driver").unwrap_or_default();
    let handle = field(source, "volume_handle").unwrap_or_default();
    if let Some((_, kind)) = BY_ID.iter().find(|(known, _)| *known == driver) {
        return one(kind, "id", handle);
    }
    match driver {
        "efs.csi.aws.com" => efs(handle),
        "s3.csi.aws.com" => {
            let attributes = source.get("volume_attributes");
            let bucket = attributes.and_then(|attributes| field(attributes, "bucketName"));
            one("aws_s3_bucket", "id", bucket.unwrap_or_default())
        }
        "file.csi.azure.com" => azure_share(handle, "azure_storage_file_share"),
        "blob.csi.azure.com" => azure_share(handle, "azure_storage_blob_container"),
        "pd.csi.storage.gke.io" => gcp_disk(handle),
        "filestore.csi.storage.gke.io" => filestore(handle),
        "gcsfuse.csi.storage.gke.io" => one("gcp_bucket", "name", handle),
        // The label follows the number.
        "linodebs.csi.linode.com" => {
            let (number, _) = handle.split_once('-').unwrap_or((handle, ""));
            one("linode_volume", "id", number)
        }
        _ => Vec::new(),
    }
}

/// `fs-…[:path][:fsap-…]`
fn efs(handle: &str) -> Vec<ExternalReference> {
    let mut parts = handle.split(':');
    let system = parts.next().filter(|system| system.starts_with("fs-"));
    let mut found = one("aws_efs_file_system", "id", system.unwrap_or_default());
    if let Some(access) = parts.find(|part| part.starts_with("fsap-")) {
        found.extend(one("aws_efs_access_point", "id", access));
    }
    found
}

/// `group#account#share[#…]`
fn azure_share(handle: &str, kind: &str) -> Vec<ExternalReference> {
    let mut parts = handle.split('#').skip(1);
    let account = parts.next().unwrap_or_default();
    let share = parts.next().unwrap_or_default();
    let mut found = one("azure_storage_account", "name", account);
    found.extend(one(kind, "name", share));
    found
}

/// `projects/p/zones/z/disks/d` or `projects/p/regions/r/disks/d`
fn gcp_disk(handle: &str) -> Vec<ExternalReference> {
    let parts: Vec<&str> = handle.split('/').collect();
    let [
        "projects",
        project,
        area @ ("zones" | "regions"),
        place,
        "disks",
        name,
    ] = parts.as_slice()
    else {
        return Vec::new();
    };
    let mut disk = ExternalReference::new("gcp_disk", "name", *name);
    if *project != UNSPECIFIED {
        disk = disk.in_account(*project);
    }
    if *area == "zones" && *place != UNSPECIFIED {
        disk = disk.in_zone(*place);
    }
    vec![disk]
}

/// `modeInstance/zone/instance/share`
fn filestore(handle: &str) -> Vec<ExternalReference> {
    let parts: Vec<&str> = handle.split('/').collect();
    let [_, zone, instance, _] = parts.as_slice() else {
        return Vec::new();
    };
    let instance = ExternalReference::new("gcp_filestore_instance", "name", *instance);
    vec![instance.in_zone(*zone)]
}

/// Volumes of the time before drivers.
fn in_tree(draft: &Draft<'_>) -> Vec<ExternalReference> {
    let text = |source: &str, name: &str| draft.text(&[SPEC, source, name]).unwrap_or_default();
    // `aws://zone/vol-…` or the bare id.
    let ebs = text("aws_elastic_block_store", "volume_id");
    let ebs = ebs.rsplit('/').next().unwrap_or_default();
    let mut found = one("aws_ec2_volume", "id", ebs);
    found.extend(one(
        "azure_compute_disk",
        "id",
        text("azure_disk", "disk_uri"),
    ));
    found.extend(one(
        "gcp_disk",
        "name",
        text("gce_persistent_disk", "pd_name"),
    ));
    found.extend(one("openstack_volume", "id", text("cinder", "volume_id")));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drivers_are_sorted() {
        assert!(BY_ID.is_sorted_by(|a, b| a.0 < b.0));
    }
}
