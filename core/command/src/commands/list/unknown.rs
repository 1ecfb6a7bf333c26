//! Columns that no node has a value for and no kind of these nodes declares: another name was probably meant.
//!
//! It is a hint, not an error: nodes may carry more than their kinds declare.
use std::collections::BTreeSet;

use futures::{StreamExt as _, future, stream};
use serde_json::Value;
use stocktake_model::near;

use crate::reader::{Reader, is_edge, is_node};
use crate::{Call, Elements};

/// Names that a hint offers at most.
const OFFERED: usize = 3;

/// The same elements; after the last one it is told which columns may have been meant otherwise.
pub(super) fn told(elements: Elements, readers: Vec<Reader>, call: &Call) -> Elements {
    let missing: Vec<(String, Reader)> = readers
        .into_iter()
        .filter_map(|reader| Some((property(&reader)?, reader)))
        .collect();
    if missing.is_empty() {
        return elements;
    }
    let mut watch = Watch {
        missing,
        kinds: BTreeSet::new(),
    };
    let call = call.clone();
    let ends = stream::once(future::ready(None));
    (elements.map(Some).chain(ends))
        .filter_map(move |element| {
            match &element {
                Some(Ok(element)) => watch.see(element),
                Some(Err(_)) => watch.missing.clear(),
                None => {
                    for hint in watch.hints(&call) {
                        call.side.note(hint);
                    }
                }
            }
            future::ready(element)
        })
        .boxed()
}

/// The top-level property a column reads; `None` if it is none of what was reported.
fn property(reader: &Reader) -> Option<String> {
    match reader.path().segments.as_slice() {
        [section, property, ..] if section.name == "reported" => Some(property.name.clone()),
        _ => None,
    }
}

struct Watch {
    /// Columns without a value so far.
    missing: Vec<(String, Reader)>,
    /// Kinds of the nodes so far.
    kinds: BTreeSet<String>,
}

impl Watch {
    fn see(&mut self, element: &Value) {
        if self.missing.is_empty() || is_edge(element) {
            return;
        }
        if !is_node(element) {
            // What `jq` and the like have made has the names they gave it.
            self.missing.clear();
            return;
        }
        self.missing
            .retain(|(_, reader)| reader.value(element).is_none());
        if let Some(kind) = element["reported"]["kind"].as_str()
            && !self.kinds.contains(kind)
        {
            self.kinds.insert(kind.to_owned());
        }
    }

    fn hints(&self, call: &Call) -> Vec<String> {
        if self.kinds.is_empty() {
            return Vec::new(); // nothing was found: any property may be one
        }
        let model = &call.scene.model;
        let kinds: Vec<&str> = self.kinds.iter().map(String::as_str).collect();
        let declared = kinds.iter().flat_map(|kind| model.properties(kind));
        let declared: BTreeSet<&str> = declared.map(|known| known.name.as_str()).collect();
        let missing = self.missing.iter().map(|(name, _)| name);
        let unknown = missing.filter(|name| !declared.contains(name.as_str()));
        unknown
            .filter_map(|name| {
                let mut meant = model.paths_to(name, &kinds);
                if meant.is_empty() {
                    let names = near(name, declared.iter().copied());
                    meant = names.into_iter().map(str::to_owned).collect();
                }
                meant.truncate(OFFERED);
                let meant: Vec<String> = meant.iter().map(|path| format!("`{path}`")).collect();
                let hint = || {
                    let meant = meant.join(" or ");
                    format!("no node here has a property `{name}`; did you mean {meant}?")
                };
                (!meant.is_empty()).then(hint)
            })
            .collect()
    }
}
