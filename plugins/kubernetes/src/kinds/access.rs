//! Role bindings: the users and groups they name become nodes, since no API lists them.
use stocktake_model::Map;

use crate::convert::{Draft, field};

/// Kind of a subject in the API and the kind of its node.
const SUBJECTS: [(&str, &str); 2] = [
    ("User", "kubernetes_subject_user"),
    ("Group", "kubernetes_subject_group"),
];

pub(crate) fn finish_binding(draft: &mut Draft<'_>) {
    let found: Vec<(&str, &str, String)> = draft
        .list(&["subjects"])
        .iter()
        .filter_map(|subject| {
            let of = field(subject, "resource_kind")?;
            let (api_kind, kind) = SUBJECTS.iter().find(|(api_kind, _)| *api_kind == of)?;
            Some((*api_kind, *kind, field(subject, "name")?.to_owned()))
        })
        .collect();
    for (api_kind, kind, name) in found {
        let id = format!("{}/{api_kind}/{name}", draft.cluster_id);
        draft.share(kind, id, &name, Map::new());
    }
}
