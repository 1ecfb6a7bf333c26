//! What a watch leaves in the header of its account: versions to resume from, and what is missing now. Nodes and edges
//! are not its business.
use std::collections::{BTreeMap, BTreeSet};

use stocktake_model::{Complete, Gap, GapReason};
use stocktake_store::AccountHeader;

use crate::batch::{Listing, Opened};

/// Key of a header below which it stands what gaps a watch opened: kinds, or kinds with a namespace.
const WATCH_GAPS: &str = "watch_gaps";

/// Notes the versions to resume from.
pub(super) fn note_versions(
    header: &mut AccountHeader,
    versions: BTreeMap<Listing, Option<String>>,
) {
    for ((kind, namespace), version) in versions {
        match namespace {
            Some(namespace) => note_part(header, kind, namespace, version),
            None => note_whole(header, kind, version),
        }
    }
}

/// What is told of a whole kind is told of its parts.
fn note_whole(header: &mut AccountHeader, kind: String, version: Option<String>) {
    header.parts.remove(&kind);
    let known = header.complete.iter_mut().find(|known| known.kind == kind);
    match known {
        Some(known) => known.resource_version = version,
        None if version.is_none() => {}
        None => header.complete.push(Complete {
            kind,
            resource_version: version,
            ..Complete::default()
        }),
    }
}

/// A part without a version is one of a namespace that is gone: nothing stays of it.
fn note_part(header: &mut AccountHeader, kind: String, namespace: String, version: Option<String>) {
    let mut parts = header.parts.remove(&kind).unwrap_or_default();
    match version {
        Some(version) => parts.insert(namespace, version),
        None => parts.remove(&namespace),
    };
    if !parts.is_empty() {
        header.parts.insert(kind, parts);
    }
}

/// Notes what is missing, and what is no longer.
pub(super) fn note_gaps(header: &mut AccountHeader, gaps: Vec<Opened>) {
    let mut own: BTreeSet<String> = header
        .more
        .get(WATCH_GAPS)
        .and_then(|kinds| kinds.as_array())
        .into_iter()
        .flatten()
        .filter_map(|kind| kind.as_str().map(str::to_owned))
        .collect();
    for gap in gaps {
        match gap {
            Opened::Gap(gap) => {
                let is_known = header.gaps.iter().any(|known| place(known) == place(&gap));
                if is_known {
                    continue;
                }
                if gap.uid.is_none() {
                    let kind = gap.kind.as_deref().unwrap_or_default();
                    own.insert(named(kind, gap.namespace.as_deref()));
                }
                header.gaps.push(gap);
            }
            Opened::Mended { kind, namespace } => {
                if own.remove(&named(&kind, namespace.as_deref())) {
                    header.gaps.retain(|gap| {
                        gap.kind.as_ref() != Some(&kind)
                            || gap.namespace != namespace
                            || gap.uid.is_some()
                            || gap.reason == GapReason::NotCollected
                    });
                }
            }
        }
    }
    if own.is_empty() {
        header.more.remove(WATCH_GAPS);
    } else {
        let own: Vec<String> = own.into_iter().collect();
        header.more.insert(WATCH_GAPS.to_owned(), own.into());
    }
}

/// What a gap holds: kind, namespace, namespaces that are not in it, object.
type Place<'g> = (
    Option<&'g str>,
    Option<&'g str>,
    &'g [String],
    Option<&'g str>,
);

fn place(gap: &Gap) -> Place<'_> {
    (
        gap.kind.as_deref(),
        gap.namespace.as_deref(),
        &gap.except,
        gap.uid.as_deref(),
    )
}

/// What the gap of a watch is remembered by.
fn named(kind: &str, namespace: Option<&str>) -> String {
    match namespace {
        Some(namespace) => format!("{kind} {namespace}"),
        None => kind.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;

    /// Notes what was told of pods in these places, one after the other; what is in the header after each.
    fn noted(told: &[&[(Option<&str>, Option<&str>)]]) -> Vec<serde_json::Value> {
        let account = json!({"reported": {"kind": "kubernetes_cluster", "id": "c", "name": "c"}});
        let begin =
            json!({"plugin": "k8s", "cloud": "k8s", "identity": "strong", "account": account});
        let begin = serde_json::from_value(begin).unwrap();
        let mut header = AccountHeader::new(begin, Timestamp::UNIX_EPOCH);
        let batch = |places: &[(Option<&str>, Option<&str>)]| {
            let text = |text: Option<&str>| text.map(str::to_owned);
            let listing = |place| ("pod".to_owned(), text(place));
            let versions = places
                .iter()
                .map(|&(place, version)| (listing(place), text(version)));
            versions.collect()
        };
        let mut shown = Vec::new();
        for places in told {
            note_versions(&mut header, batch(places));
            let whole = header
                .complete
                .iter()
                .map(|known| known.resource_version.clone());
            let whole: Vec<_> = whole.collect();
            shown.push(json!([whole, header.parts]));
        }
        shown
    }

    #[test]
    fn versions_are_those_of_namespaces_that_are_there() {
        let (db, web) = (Some("db"), Some("web"));
        let told: [&[_]; 4] = [
            &[(db, Some("1")), (web, Some("2"))],
            &[(db, Some("3"))],
            &[(web, None)],
            &[(db, None), (web, None)],
        ];
        let expected = [
            json!([[], {"pod": {"db": "1", "web": "2"}}]),
            json!([[], {"pod": {"db": "3", "web": "2"}}]),
            json!([[], {"pod": {"db": "3"}}]),
            json!([[], {}]),
        ];
        assert_eq!(noted(&told), expected);
    }

    #[test]
    fn the_version_of_a_whole_kind_is_that_of_its_parts() {
        let web = Some("web");
        let told: [&[_]; 4] = [
            &[(web, Some("2"))],
            &[(None, Some("3"))],
            &[(web, Some("4"))],
            &[(None, None)],
        ];
        let expected = [
            json!([[], {"pod": {"web": "2"}}]),
            json!([["3"], {}]),
            json!([["3"], {"pod": {"web": "4"}}]),
            json!([[null], {}]),
        ];
        assert_eq!(noted(&told), expected);
    }
}
