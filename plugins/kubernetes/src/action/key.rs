//! Which keys and values the API takes for annotations and labels; checked before it is asked.
use stocktake_plugin_api::Change;

/// Bytes all annotations of an object may have together.
const ANNOTATION_BYTES: usize = 256 << 10;
/// Characters of the name part of a key, and of the value of a label.
const NAME_CHARS: usize = 63;
/// Characters of the prefix of a key.
const PREFIX_CHARS: usize = 253;

/// Why a change can not be made, if it can not.
pub(super) fn objection(change: &Change) -> Option<String> {
    if change.tags.is_empty() {
        return Some("there is nothing to change".to_owned());
    }
    for (key, value) in &change.tags {
        if !is_qualified(key) {
            return Some(format!(
                "`{key}` is no key the API takes: expected letters, digits, `-`, `_`, `.`, at most \
                 {NAME_CHARS} of them, after an optional `prefix.example.com/`"
            ));
        }
        let value = value.as_deref().unwrap_or_default();
        if change.labels && !(value.is_empty() || is_name(value)) {
            return Some(format!(
                "`{value}` is no value of a label: expected letters, digits, `-`, `_`, `.`, at most {NAME_CHARS}"
            ));
        }
    }
    let bytes: usize = change
        .tags
        .iter()
        .map(|(key, value)| key.len() + value.as_ref().map_or(0, String::len))
        .sum();
    (bytes > ANNOTATION_BYTES).then(|| {
        format!("{bytes} bytes are too much: all annotations of an object have {ANNOTATION_BYTES}")
    })
}

/// `[prefix "/"] name`, the prefix a DNS subdomain.
fn is_qualified(key: &str) -> bool {
    match key.split_once('/') {
        None => is_name(key),
        Some((prefix, name)) => is_name(name) && is_subdomain(prefix),
    }
}

fn is_name(text: &str) -> bool {
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    bytes.len() <= NAME_CHARS
        && ends(bytes.first())
        && ends(bytes.last())
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

fn is_subdomain(text: &str) -> bool {
    let is_label = |label: &str| {
        let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let bytes = label.as_bytes();
        ends(bytes.first())
            && ends(bytes.last())
            && bytes
                .iter()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-')
    };
    text.len() <= PREFIX_CHARS && text.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(key: &str, value: Option<&str>, labels: bool) -> Change {
        Change {
            tags: [(key.to_owned(), value.map(str::to_owned))].into(),
            labels,
            dry_run: false,
        }
    }

    #[test]
    fn keys_follow_the_rules_of_the_api() {
        let long = "a".repeat(63);
        let too_long = "a".repeat(64);
        for (key, fine) in [
            ("owner", true),
            ("Owner_1.x-y", true),
            ("example.com/owner", true),
            (&long, true),
            (&too_long, false),
            ("", false),
            ("bad key!", false),
            ("-owner", false),
            ("owner.", false),
            ("fix:owner", false),
            ("/owner", false),
            ("example.com/", false),
            ("Example.com/owner", false),
            ("a..b/owner", false),
            ("a/b/c", false),
            ("größe", false),
        ] {
            assert_eq!(
                objection(&change(key, Some("any value"), false)).is_none(),
                fine,
                "{key}"
            );
            assert_eq!(
                objection(&change(key, None, false)).is_none(),
                fine,
                "{key}"
            );
        }
    }

    #[test]
    fn values_have_limits() {
        assert!(objection(&change("a", Some(&"x".repeat(ANNOTATION_BYTES)), false)).is_some());
        assert!(objection(&change("a", Some("with space"), true)).is_some());
        assert!(objection(&change("a", Some(""), true)).is_none());
        assert!(objection(&Change::default()).is_some());
    }
}
