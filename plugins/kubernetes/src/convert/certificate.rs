//! Certificates are replaced by what people ask of them: digest, subject, end of validity, names.
//!
//! The bytes themselves are not kept, and nothing is verified.
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use stocktake_model::{Map, normalise};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::pem::Pem;
use x509_parser::prelude::FromDer as _;

use crate::redact::{REDACTED, hex};

/// Whether a text is PEM, or base64 of PEM.
pub(crate) fn is_pem(text: &str) -> bool {
    text.starts_with("-----BEGIN ") || text.starts_with("LS0tLS1CRUdJTi")
}

/// Whether a text is a private key in PEM.
pub(crate) fn is_private_key(text: &str) -> bool {
    text.trim_start().starts_with("-----BEGIN ") && text.contains("PRIVATE KEY-----")
}

/// What stands for a certificate, or a bundle of them, given as PEM or base64 of PEM.
pub(crate) fn summary(text: &str) -> Value {
    let decoded = STANDARD.decode(text.trim());
    let bytes = decoded.as_deref().unwrap_or(text.as_bytes());
    if is_private_key(&String::from_utf8_lossy(bytes)) {
        return Value::from(REDACTED);
    }
    let mut found = certificates(bytes);
    let mut out = if found.is_empty() {
        Map::new()
    } else {
        found.remove(0)
    };
    out.insert("sha256".to_owned(), hex(&Sha256::digest(bytes)).into());
    out.insert("size".to_owned(), bytes.len().into());
    if !found.is_empty() {
        out.insert("count".to_owned(), (found.len() + 1).into());
    }
    Value::Object(out)
}

/// Every certificate of a PEM text, in its order.
pub(crate) fn bundle(text: &str) -> Vec<Value> {
    certificates(text.as_bytes())
        .into_iter()
        .map(Value::Object)
        .collect()
}

fn certificates(pem: &[u8]) -> Vec<Map> {
    Pem::iter_from_buffer(pem)
        .map_while(Result::ok)
        .filter_map(|pem| {
            let (_, certificate) = X509Certificate::from_der(&pem.contents).ok()?;
            let mut facts = facts(&certificate);
            facts.insert(
                "sha256".to_owned(),
                hex(&Sha256::digest(&pem.contents)).into(),
            );
            Some(facts)
        })
        .collect()
}

fn facts(certificate: &X509Certificate<'_>) -> Map {
    let mut facts = Map::new();
    facts.insert(
        "subject".to_owned(),
        certificate.subject().to_string().into(),
    );
    let end = certificate.validity().not_after.timestamp();
    if let Ok(time) = jiff::Timestamp::from_second(end) {
        facts.insert("not_after".to_owned(), normalise(time).into());
    }
    let names = certificate.subject_alternative_name().ok().flatten();
    let dns: Vec<Value> = names
        .iter()
        .flat_map(|names| &names.value.general_names)
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(json!(name)),
            _ => None,
        })
        .collect();
    if !dns.is_empty() {
        facts.insert("dns_names".to_owned(), dns.into());
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_has_a_digest_all_the_same() {
        let summary = summary("bm90IGEgY2VydGlmaWNhdGU=");
        assert_eq!(summary["size"], 17);
        assert_eq!(summary["sha256"].as_str().map(str::len), Some(64));
        assert_eq!(summary.as_object().map(Map::len), Some(2));
        assert!(bundle("nonsense").is_empty());
    }
}
