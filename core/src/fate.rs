//! What became of the objects of a plan, in words.
use std::collections::BTreeMap;

use stocktake_act::{Entry, Fate, Holding, Refusal};
use stocktake_model::ObjectRef;
use stocktake_plugin_api::Outcome;

/// What became of one object of a plan.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Done {
    /// What the plan says about it.
    pub(crate) entry: Entry,
    /// What became of it.
    pub(crate) fate: Fate,
    /// What was said about it.
    pub(crate) message: String,
}

/// An outcome as a fate, and what was said.
pub(crate) fn fate_of(outcome: &Outcome) -> (Fate, String) {
    match outcome {
        Outcome::Deleted => (Fate::Deleted, String::new()),
        Outcome::Vanished => (Fate::Deleted, "it was gone already".to_owned()),
        Outcome::Terminating { finalizers } if finalizers.is_empty() => {
            (Fate::Terminating, "it takes its time".to_owned())
        }
        Outcome::Terminating { finalizers } => {
            let held = finalizers.join("`, `");
            (Fate::Terminating, format!("held by `{held}`"))
        }
        Outcome::Changed { message } => (Fate::Changed, message.clone()),
        Outcome::WouldSucceed => (Fate::WouldDelete, "dry run".to_owned()),
        Outcome::Refused { message } => (Fate::Refused, message.clone()),
        Outcome::Failed { message } => (Fate::Failed, message.clone()),
        Outcome::Tagged(_) | Outcome::Kept(_) | Outcome::Restored { .. } => {
            unreachable!("a deletion neither tags nor creates")
        }
    }
}

/// Refusals in one line, each with its guard and the setting that would open it.
pub(crate) fn told_refusals(refusals: &[Refusal]) -> String {
    let told = refusals.iter().map(|refusal| {
        format!(
            "guard `{}`: {} (setting: {})",
            refusal.guard, refusal.why, refusal.setting
        )
    });
    told.collect::<Vec<_>>().join("; ")
}

/// What whoever reviews an entry that may go should know: its warnings, and how much goes with it. Dependants with data
/// have a warning each, and are not counted again.
pub(crate) fn told_warnings(entry: &Entry) -> Vec<String> {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for one in &entry.takes {
        if one.holding != Holding::Data {
            *kinds.entry(&one.kind).or_default() += 1;
        }
    }
    let counts: Vec<String> = kinds
        .iter()
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    let mut told = entry.warnings.clone();
    if !counts.is_empty() {
        told.push(format!("takes {} with it", counts.join(", ")));
    }
    told
}

/// The object of an entry, for people.
pub(crate) fn shown(entry: &Entry) -> String {
    match &entry.object {
        Some(object) => object_name(object),
        None => format!("{} `{}`", entry.kind, entry.name),
    }
}

/// An object, for people.
pub(crate) fn object_name(object: &ObjectRef) -> String {
    let ObjectRef {
        kind,
        name,
        account_name,
        ..
    } = object;
    match &object.namespace {
        Some(namespace) => format!("{kind} `{namespace}/{name}` in `{account_name}`"),
        None => format!("{kind} `{name}` in `{account_name}`"),
    }
}

#[cfg(test)]
mod tests {
    use stocktake_act::{Dependant, Verdict};
    use stocktake_model::NodeId;

    use super::*;

    #[test]
    fn a_reviewer_is_told_how_much_goes_with_an_entry() {
        let dependant = |kind: &str, holding| Dependant {
            node: NodeId::ROOT,
            kind: kind.to_owned(),
            name: "web".to_owned(),
            holding,
        };
        let mut entry = Entry {
            node: NodeId::ROOT,
            kind: "kubernetes_deployment".to_owned(),
            name: "web".to_owned(),
            object: None,
            reason: String::new(),
            by: String::new(),
            pass: 0,
            after: Vec::new(),
            verdict: Verdict::Allowed,
            takes: Vec::new(),
            warnings: vec!["takes the data of `disk` with it".to_owned()],
        };
        assert_eq!(told_warnings(&entry), entry.warnings);
        entry.takes = vec![
            dependant("kubernetes_replica_set", Holding::Nothing),
            dependant("kubernetes_pod", Holding::Nothing),
            dependant("kubernetes_pod", Holding::Nothing),
            dependant("kubernetes_persistent_volume_claim", Holding::Data),
        ];
        assert_eq!(
            told_warnings(&entry),
            [
                "takes the data of `disk` with it",
                "takes 2 kubernetes_pod, 1 kubernetes_replica_set with it"
            ]
        );
    }
}
