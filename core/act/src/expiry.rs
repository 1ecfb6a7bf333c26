//! When an object may go by its own annotations: ours, Resoto's and kube-janitor's. Marks nothing.
use jiff::{SignedDuration, Timestamp};
use stocktake_model::{Duration, Map, parse_time};

/// How the value of an annotation is read.
type Read = fn(&str, Option<Timestamp>) -> Option<Expires>;

/// When something expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expires {
    At(Timestamp),
    Never,
}

/// The annotations that say so; of several the first counts.
const TAGS: [(&str, Read); 5] = [
    ("stocktake/expires", |text, _| at(text)),
    ("stocktake/ttl", after),
    ("expiration", |text, created| {
        after(text, created).or_else(|| at(text))
    }),
    ("janitor/expires", |text, _| at(text)),
    ("janitor/ttl", after),
];

/// An annotation that says when an object expires, but can not be read. The object never expires.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("its annotation `{key}: {value}` can not be read, so it never expires")]
pub struct Unreadable {
    /// The annotation.
    pub key: &'static str,
    /// Its value.
    pub value: String,
}

/// When an object with these tags expires, created at the time given. One value that can not be read spoils the others:
/// nobody knows what was meant.
pub fn expiry(tags: &Map, created: Option<Timestamp>) -> Result<Option<Timestamp>, Unreadable> {
    let mut first = None;
    for (key, read) in TAGS {
        let Some(value) = tags.get(key) else { continue };
        let text = value.as_str().map(str::trim);
        let expires = text.and_then(|text| read(text, created));
        let Some(expires) = expires else {
            let value = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            return Err(Unreadable { key, value });
        };
        first = first.or(Some(expires));
    }
    Ok(match first {
        Some(Expires::At(at)) => Some(at),
        Some(Expires::Never) | None => None,
    })
}

/// A time; without a zone it is UTC.
fn at(text: &str) -> Option<Expires> {
    parse_time(text).ok().map(Expires::At)
}

/// A duration from the creation on, or `forever`.
fn after(text: &str, created: Option<Timestamp>) -> Option<Expires> {
    if text == "forever" {
        return Some(Expires::Never);
    }
    let seconds = text.parse::<Duration>().ok()?.seconds();
    let span = SignedDuration::from_secs((seconds > 0).then_some(seconds)?);
    Some(Expires::At(created?.checked_add(span).ok()?))
}
