//! Much, or what takes much with it, goes only after somebody has said how much it is.
use std::collections::BTreeMap;

use stocktake_act::{Entry, Plan};
use stocktake_command::{CommandError, Confirmation};

/// So many objects need no confirmation.
const FEW: u64 = 10;
/// Kinds that take much with them: one of these is as good as many.
const HEAVY: [&str; 3] = [
    "kubernetes_custom_resource_definition",
    "kubernetes_namespace",
    "kubernetes_persistent_volume_claim",
];

/// How many objects a plan allows, by the name of their cluster.
pub(crate) fn totals(plan: &Plan) -> BTreeMap<String, u64> {
    let mut totals = BTreeMap::new();
    for entry in plan.allowed().into_iter().flatten() {
        *totals.entry(cluster(entry)).or_default() += 1;
    }
    totals
}

fn cluster(entry: &Entry) -> String {
    let object = entry.object.as_ref();
    object.map_or_else(String::new, |object| object.account_name.clone())
}

/// An error unless what would go is little, or is confirmed.
pub(super) fn asked(plan: &Plan, confirmed: Option<&Confirmation>) -> Result<(), CommandError> {
    let totals = totals(plan);
    let all: u64 = totals.values().sum();
    let heavy = |entry: &&Entry| HEAVY.contains(&entry.kind.as_str());
    let heavy = plan.allowed().into_iter().flatten().filter(heavy).count();
    let told = totals
        .iter()
        .map(|(cluster, count)| format!("{count} in `{cluster}`"));
    let told = told.collect::<Vec<_>>().join(", ");
    match confirmed {
        Some(Confirmation::Counts(counts)) if *counts != totals => {
            let error = format!("confirmed is something else than what would be deleted: {told}");
            Err(CommandError::usage(error).hint("look at the plan again: `clean plan`"))
        }
        Some(Confirmation::Digest(digest)) if *digest != plan.digest => {
            let error = format!("`{digest}` is not the digest of this plan");
            Err(CommandError::usage(error).hint("it stands in the file: `digest`"))
        }
        Some(_) => Ok(()),
        None if all <= FEW && heavy == 0 => Ok(()),
        None => {
            let error = format!("this deletes for good: {told}");
            Err(CommandError::usage(error).hint(
                "say that you mean it: `clean apply FILE --confirm CLUSTER=COUNT` for each cluster, or `--yes DIGEST` with the digest in the file",
            ))
        }
    }
}
