//! The clusters a search names beside its query: whether they are there.
//!
//! Only names given by `--context` count. A query may ask for any name: there it is a value like any other.
use stocktake_model::near;
use stocktake_query::Name;

use crate::{Call, CommandError};

/// Names that are told apart before `clusters` is pointed to.
const SHOWN: usize = 5;

/// An error at the first name that no cluster has, one never yet reached included.
pub(super) async fn check(wanted: &[Name], call: &Call) -> Result<(), CommandError> {
    if wanted.is_empty() {
        return Ok(());
    }
    let clusters = call.services.clusters().await;
    let names: Vec<&str> = clusters.iter().map(|one| one.name.as_str()).collect();
    match wanted.iter().find(|name| !names.contains(&&*name.text)) {
        Some(name) => Err(CommandError::usage(format!("no cluster `{}`", name.text))
            .hint(way_out(&name.text, &names))
            .at(name.span)),
        None => Ok(()),
    }
}

fn way_out(name: &str, names: &[&str]) -> String {
    let quoted = |names: &[&str], between: &str| {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        names.join(between)
    };
    match near(name, names.iter().copied()).as_slice() {
        [] if names.is_empty() => "nothing is collected yet: `workflows run collect`".to_owned(),
        [] if names.len() == 1 => format!("there is only {}", quoted(names, ", ")),
        [] if names.len() <= SHOWN => format!("there are {}", quoted(names, ", ")),
        [] => format!("`clusters` lists the {} there are", names.len()),
        near => format!("did you mean {}?", quoted(near, " or ")),
    }
}

#[cfg(test)]
mod tests {
    use super::way_out;

    #[test]
    fn the_way_out_depends_on_what_there_is() {
        let many = ["a1", "a2", "a3", "a4", "a5", "a6"];
        for (name, names, hint) in [
            (
                "x",
                &[][..],
                "nothing is collected yet: `workflows run collect`",
            ),
            ("nowhere", &["prod"], "there is only `prod`"),
            ("nowhere", &["prod", "lab"], "there are `prod`, `lab`"),
            (
                "prod-we",
                &["prod-eu", "prod-us"],
                "did you mean `prod-eu` or `prod-us`?",
            ),
            ("nowhere", &many, "`clusters` lists the 6 there are"),
        ] {
            assert_eq!(way_out(name, names), hint);
        }
    }
}
