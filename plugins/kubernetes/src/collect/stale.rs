//! What a group lacks whose aggregated server is down: its kinds, as far as they are known.
use stocktake_model::{Gap, GapReason};

use crate::discovery::Stale;

/// The gaps of a group whose server is down: the group, and the kinds it had when it was last heard of.
pub(super) fn gaps(stale: &Stale) -> Vec<Gap> {
    let gap = |kind: String| Gap {
        kind: Some(kind),
        namespace: None,
        except: Vec::new(),
        uid: None,
        reason: GapReason::NotServed,
        message: format!("`{}` is not served now: {}", stale.group_version, stale.why),
        hint: Some(format!(
            "see `kubectl get apiservices`, and why the service behind `{}` is down",
            stale.group_version
        )),
    };
    if stale.resources.is_empty() {
        return vec![gap(stale.group_version.clone())];
    }
    stale
        .resources
        .iter()
        .map(|resource| gap(crate::kind_name(resource)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discovery;

    #[test]
    fn a_group_that_is_down_is_a_gap_of_its_kinds_or_of_itself() {
        let mut stale = Stale {
            group_version: "acme.dev/v1".to_owned(),
            why: "no".to_owned(),
            resources: Vec::new(),
        };
        let kinds = |stale: &Stale| -> Vec<String> {
            gaps(stale).into_iter().filter_map(|gap| gap.kind).collect()
        };
        assert_eq!(kinds(&stale), ["acme.dev/v1"]);
        stale
            .resources
            .push(discovery::example("acme.dev", "examples"));
        assert_eq!(kinds(&stale), ["kubernetes_acme_dev_example"]);
    }
}
