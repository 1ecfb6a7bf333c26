//! Continue tokens: where the next page of a list starts, and at which version the list is read.
//!
//! Written as a real server writes them, so that a client that looks inside sees what it would see there.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use crate::object::ObjectKey;
use crate::status::Status;

/// A decoded token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Continue {
    /// `None`: whatever is there now, which makes the list inconsistent.
    pub(crate) version: Option<u64>,
    /// The last key of the page before.
    pub(crate) after: ObjectKey,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    v: String,
    rv: i64,
    start: String,
}

/// As Go reads it: bits left over at the end do not matter.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);
const FORMAT: &str = "meta.k8s.io/v1";

impl Continue {
    pub(crate) fn encode(&self) -> String {
        let key = &self.after;
        let path = if key.namespace.is_empty() {
            key.name.to_string()
        } else {
            format!("{}/{}", key.namespace, key.name)
        };
        let rv = self
            .version
            .map_or(-1, |version| i64::try_from(version).unwrap_or(i64::MAX));
        let wire = Wire {
            v: FORMAT.to_owned(),
            rv,
            start: format!("{path}\0"),
        };
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&wire).expect("two strings and a number"))
    }

    /// The same place, read from whatever is there now.
    pub(crate) fn unversioned(self) -> Self {
        Self {
            version: None,
            ..self
        }
    }

    /// Reads a token of a list; `namespaced` says what its start consists of.
    pub(crate) fn decode(token: &str, namespaced: bool) -> Result<Self, Status> {
        let refused = |why: &str| {
            Status::bad_request(format!(
                "invalid continue token: continue key is not valid: {why}"
            ))
        };
        let bytes = LENIENT
            .decode(token)
            .map_err(|_| refused("illegal base64 data"))?;
        let wire: Wire =
            serde_json::from_slice(&bytes).map_err(|_| refused(&json_trouble(&bytes)))?;
        if wire.v != FORMAT {
            return Err(refused(&format!(
                "server does not recognize this encoded version \"{}\"",
                wire.v
            )));
        }
        let start = wire.start.trim_start_matches('/').trim_end_matches('\0');
        let after = match start.split_once('/') {
            Some((namespace, name)) if namespaced => ObjectKey::new(namespace, name),
            _ => ObjectKey::new("", start),
        };
        Ok(Self {
            version: u64::try_from(wire.rv).ok(),
            after,
        })
    }
}

/// What Go's decoder says about the bytes, in the cases a broken token leads to.
fn json_trouble(bytes: &[u8]) -> String {
    match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None | Some(b'{') => "unexpected end of JSON input".to_owned(),
        Some(&byte) => {
            let shown = if byte.is_ascii_graphic() {
                char::from(byte).to_string()
            } else {
                format!("\\u{byte:04x}")
            };
            format!("invalid character '{shown}' looking for beginning of value")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_back_as_it_went() {
        for (namespace, version) in [("team-0", Some(7)), ("", Some(1)), ("team-0", None)] {
            let token = Continue {
                version,
                after: ObjectKey::new(namespace, "web"),
            };
            assert_eq!(
                Continue::decode(&token.encode(), !namespace.is_empty()),
                Ok(token)
            );
        }
    }

    #[test]
    fn the_text_inside_is_that_of_a_real_server() {
        let token = Continue {
            version: Some(1191),
            after: ObjectKey::new("team-000", "web"),
        };
        let bytes = URL_SAFE_NO_PAD.decode(token.encode()).unwrap();
        let inside = String::from_utf8(bytes).unwrap();
        assert_eq!(
            inside,
            r#"{"v":"meta.k8s.io/v1","rv":1191,"start":"team-000/web\u0000"}"#
        );
    }
}
