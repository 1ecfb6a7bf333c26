//! Signing requests and trust bundles: who asks for what and until when it is valid, without the bytes.
use serde_json::Value;

use crate::convert::{Draft, certificate_bundle, field};
use crate::raw::{Raw, RawMap};

/// Fields of a pod certificate request that are key material.
const KEY_MATERIAL: [&str; 3] = ["pkixPublicKey", "proofOfPossession", "stubPKCS10Request"];

/// Drops the request itself.
pub(crate) fn prepare_request(object: &mut RawMap<'_>) {
    if let Some(Raw::Map(spec)) = object.get_mut("spec") {
        spec.remove("request");
    }
}

/// Replaces the bundle by what is in it.
pub(crate) fn prepare_trust_bundle(object: &mut RawMap<'_>) {
    let bundle = object
        .get_mut("spec")
        .and_then(|spec| spec.get_mut("trustBundle"));
    if let Some(bundle) = bundle {
        *bundle = Value::from(certificate_bundle(bundle.as_str().unwrap_or_default())).into();
    }
}

/// Drops the key material.
pub(crate) fn prepare_pod_request(object: &mut RawMap<'_>) {
    if let Some(Raw::Map(spec)) = object.get_mut("spec") {
        spec.retain(|key| !KEY_MATERIAL.contains(&key));
    }
}

pub(crate) fn finish_request(draft: &mut Draft<'_>) {
    let certificate = draft.find(&["certificate_signing_request_status", "certificate"]);
    let expires = certificate
        .and_then(|certificate| field(certificate, "not_after"))
        .map(str::to_owned);
    let names = certificate
        .and_then(|certificate| certificate.get("dns_names"))
        .cloned();
    draft.set_some("expires", expires);
    draft.set_some("dns_names", names);
    let node = draft
        .text(&["certificate_signing_request_spec", "username"])
        .and_then(|user| user.strip_prefix("system:node:"))
        .map(str::to_owned);
    draft.set_some("node_name", node);
}

/// The whole bundle is as good as the certificate in it that ends first.
pub(crate) fn finish_trust_bundle(draft: &mut Draft<'_>) {
    let expires = draft
        .list(&["cluster_trust_bundle_spec", "trust_bundle"])
        .iter()
        .filter_map(|certificate| field(certificate, "not_after"))
        .min()
        .map(str::to_owned);
    draft.set_some("expires", expires);
    draft.copy("signer_name", &["cluster_trust_bundle_spec", "signer_name"]);
}
