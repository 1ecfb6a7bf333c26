//! What became of the objects of a plan, in words.
use stocktake_act::{Entry, Fate, Refusal};
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
