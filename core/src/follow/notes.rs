//! What a watch leaves in the header of its account: versions to resume from, and what is missing now. Nodes and edges
//! are not its business.
use std::collections::{BTreeMap, BTreeSet};

use stocktake_model::{Complete, Gap, GapReason};
use stocktake_store::AccountHeader;

use crate::batch::Opened;

/// Key of a header below which it stands what gaps a watch opened: kinds, or kinds with a namespace.
const WATCH_GAPS: &str = "watch_gaps";

/// Notes the versions to resume from.
pub(super) fn note_versions(header: &mut AccountHeader, versions: BTreeMap<String, String>) {
    for (kind, version) in versions {
        let known = header.complete.iter_mut().find(|known| known.kind == kind);
        match known {
            Some(known) => known.resource_version = Some(version),
            None => header.complete.push(Complete {
                kind,
                count: 0,
                resource_version: Some(version),
            }),
        }
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
