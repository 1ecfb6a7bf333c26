//! What never leaves the converter: the one list of suspicious names, and what stands in for a value.
//!
//! It decides by name alone. Which places hold env variables, arguments or certificates is known to the walk.
use blake2::digest::consts::{U16, U64};
use blake2::digest::generic_array::GenericArray;
use blake2::digest::{FixedOutput as _, KeyInit as _, Update as _};
use blake2::{Blake2b512, Blake2bMac, Digest as _};

use crate::names::snake_owned;

/// What stands where a value was taken away.
pub(crate) const REDACTED: &str = "redacted";

/// Annotations that hold copies of objects or values; they are dropped before anything else sees the object.
pub(crate) const DROPPED_ANNOTATIONS: [&str; 2] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    "openshift.io/token-secret.value",
];

/// Headers that carry credentials although their names are not suspicious.
const SECRET_HEADERS: [&str; 4] = ["authorization", "proxy_authorization", "cookie", "x_auth"];

/// Decides which names are suspicious, and hashes what is replaced by a hash.
pub(crate) struct Redactor {
    /// Names added by the configuration, in `snake_case`.
    extra: Vec<String>,
    key: GenericArray<u8, U64>,
}

impl Redactor {
    /// `key` may have any length: it is digested first.
    pub(crate) fn new(extra: &[String], key: &[u8]) -> Self {
        Self {
            extra: extra.iter().map(|name| words(name)).collect(),
            key: Blake2b512::digest(key),
        }
    }

    /// Whether the value of a field with this `snake_case` name is taken away: its last word tells.
    pub(crate) fn is_suspicious(&self, snake: &str) -> bool {
        is_secret_word(snake)
            || self.extra.iter().any(|name| {
                snake
                    .strip_suffix(name.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.ends_with('_'))
            })
    }

    /// As [`Self::is_suspicious`], for a name in any spelling (`DB_PASSWORD`, `db.password`, `--db-password`).
    pub(crate) fn is_suspicious_name(&self, name: &str) -> bool {
        self.is_suspicious(&words(name))
    }

    /// Whether the value that belongs to this name in a `{name, value}` pair is taken away.
    pub(crate) fn is_suspicious_pair(&self, name: &str) -> bool {
        let name = words(name);
        self.is_suspicious(&name) || SECRET_HEADERS.contains(&name.as_str())
    }

    /// A keyed hash, so that equal values can be found without being known.
    pub(crate) fn hash(&self, value: &str) -> String {
        let mut mac = Blake2bMac::<U16>::new(&self.key);
        mac.update(value.as_bytes());
        hex(&mac.finalize_fixed())
    }

    /// An argument without the secrets in it; `None` if it may stay as it is.
    ///
    /// Looks at every word of the argument, because a whole shell script may be one.
    pub(crate) fn argument(&self, text: &str) -> Option<String> {
        if !text.contains('=') && !text.contains("://") && !text.contains(' ') {
            return None;
        }
        let mut out = String::with_capacity(text.len());
        let mut hide_next = false;
        for word in text.split_inclusive(char::is_whitespace) {
            let body = word.trim_end_matches(char::is_whitespace);
            if hide_next && !body.is_empty() && !body.starts_with('-') {
                out.push_str(REDACTED);
            } else if let Some(shown) = self.word(body) {
                out.push_str(&shown);
            } else {
                out.push_str(body);
            }
            if !body.is_empty() {
                hide_next = self.announces_secret(body);
            }
            out.push_str(&word[body.len()..]);
        }
        (out != text).then_some(out)
    }

    /// Whether the argument after this one is a secret: `--password` on its own.
    pub(crate) fn announces_secret(&self, argument: &str) -> bool {
        argument.starts_with('-') && !argument.contains('=') && self.is_suspicious_name(argument)
    }

    /// `name=value` with a suspicious name, or a URL with a password.
    fn word(&self, word: &str) -> Option<String> {
        if let Some((name, value)) = word.split_once('=')
            && !value.is_empty()
            && self.is_suspicious_name(name)
        {
            return Some(format!("{name}={REDACTED}"));
        }
        let (before, rest) = word.split_once("://")?;
        let host = rest.split(['/', '?']).next().unwrap_or(rest);
        let (user, _) = host.rsplit_once('@')?;
        let (user, _password) = user.split_once(':')?;
        let after = &rest[host.rfind('@')?..];
        Some(format!("{before}://{user}:{REDACTED}{after}"))
    }
}

/// A name of any spelling as words joined by `_`.
fn words(name: &str) -> String {
    let plain: String = name
        .trim_start_matches('-')
        .chars()
        .map(|c| if c.is_alphanumeric() { c } else { '_' })
        .collect();
    snake_owned(&plain).to_lowercase()
}

fn is_secret_word(snake: &str) -> bool {
    let mut words = snake.rsplit('_').filter(|word| !word.is_empty());
    match words.next().unwrap_or_default() {
        "password" | "passwd" | "passphrase" | "pwd" | "token" | "secret" | "credential"
        | "credentials" | "apikey" | "privatekey" | "secretkey" | "accesskey" => true,
        "key" => matches!(
            words.next().unwrap_or_default(),
            "private" | "api" | "secret" | "access"
        ),
        word => word.ends_with("password") || word.ends_with("passwd"),
    }
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).expect("a nibble is below 16");
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor() -> Redactor {
        Redactor::new(&["licenseText".to_owned()], b"key")
    }

    #[test]
    fn the_last_word_makes_a_name_suspicious() {
        for name in [
            "password",
            "dbPassword",
            "DB_PASSWD",
            "db.password",
            "client-secret",
            "token",
            "apiKey",
            "API_KEY",
            "tls_private_key",
            "privateKey",
            "credentials",
            "awsCredential",
            "rootpassword",
            "licenseText",
            "product_license_text",
        ] {
            assert!(redactor().is_suspicious_name(name), "{name}");
        }
        for name in [
            "secretName",
            "passwordRef",
            "tokenName",
            "secret_ref",
            "key",
            "sort_key",
            "tokens_per_second",
            "text",
            "",
        ] {
            assert!(!redactor().is_suspicious_name(name), "{name}");
        }
    }

    #[test]
    fn arguments_lose_their_secrets_and_nothing_else() {
        for (argument, shown) in [
            ("--db-password=hunter2", Some("--db-password=redacted")),
            ("--token=abc=def", Some("--token=redacted")),
            ("-apiKey=x", Some("-apiKey=redacted")),
            ("DB_PASSWORD=hunter2", Some("DB_PASSWORD=redacted")),
            (
                "set -e; export TOKEN=x\nrun --password  hunter2 -v",
                Some("set -e; export TOKEN=redacted\nrun --password  redacted -v"),
            ),
            (
                "postgres://app:hunter2@db/x?a=b",
                Some("postgres://app:redacted@db/x?a=b"),
            ),
            ("--url=https://u:p@h", Some("--url=https://u:redacted@h")),
            ("--verbose=2", None),
            ("--token", None),
            ("--secret-name=x", None),
            ("https://host/a@b", None),
        ] {
            assert_eq!(
                redactor().argument(argument).as_deref(),
                shown,
                "{argument}"
            );
        }
    }

    #[test]
    fn hashes_depend_on_the_key() {
        let other = Redactor::new(&[], b"other");
        assert_eq!(redactor().hash("x"), redactor().hash("x"));
        assert_ne!(redactor().hash("x"), redactor().hash("y"));
        assert_ne!(redactor().hash("x"), other.hash("x"));
        assert_eq!(redactor().hash("x").len(), 32);
    }
}
