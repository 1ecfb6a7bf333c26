//! Commands that are no query: their verbs and flags, and what the core has to look up for them.
use stocktake_model::Model;

use super::answer::{Candidate, Completing, Wanted, What, candidate, plain};
use super::query::kinds;
use crate::COMMANDS;
use crate::members::paths;
use crate::spec::Spec;

/// Sub-commands, then what they work on; or kinds, commands, files, variables.
pub(super) fn words(
    spec: &'static Spec,
    argument: &str,
    start: usize,
    model: &Model,
) -> Completing {
    let word = &argument[start..];
    let earlier: Vec<&str> = argument[..start].split_whitespace().collect();
    let mut completing = plain(start, word, Vec::new());
    let verbs = || {
        verbs(spec)
            .filter(|(verb, _)| verb.starts_with(word))
            .map(|(verb, about)| candidate(verb, What::Verb, about))
            .collect()
    };
    let found: Vec<Candidate> = match (spec.name, earlier.as_slice()) {
        ("kinds", ["-p"]) => paths(model, &[], word),
        ("kinds", _) => kinds(model, word),
        ("help", []) => COMMANDS
            .iter()
            .map(|known| known.spec())
            .filter(|known| known.name.starts_with(word))
            .map(|known| candidate(known.name, What::Command, known.about))
            .collect(),
        ("write", _) | ("configs", ["update", _]) => {
            completing.completions.files = true;
            Vec::new()
        }
        ("predecessors" | "successors" | "ancestors" | "descendants", _) => {
            ["default", "delete", "iam"]
                .iter()
                .filter(|known| known.starts_with(word))
                .map(|known| candidate(known, What::Keyword, "type of the edges"))
                .collect()
        }
        (_, []) => verbs(),
        (name, [_]) => {
            completing.wanted = wanted(name);
            Vec::new()
        }
        _ => Vec::new(),
    };
    completing.completions.candidates = found;
    completing
}

fn wanted(command: &str) -> Option<Wanted> {
    match command {
        "clusters" => Some(Wanted::Clusters),
        "configs" => Some(Wanted::Configs),
        "jobs" => Some(Wanted::Jobs),
        "templates" => Some(Wanted::Templates),
        "workflows" => Some(Wanted::Workflows),
        _ => None,
    }
}

/// First words of the described arguments that are typed as they stand.
fn verbs(spec: &'static Spec) -> impl Iterator<Item = (&'static str, &'static str)> {
    spec.arguments.iter().filter_map(|(name, about)| {
        let word = name.split_whitespace().next()?;
        let typed = word.starts_with(|c: char| c.is_ascii_lowercase());
        typed.then_some((word, *about))
    })
}

/// Options among the described arguments: `--wait, --no-wait`, `--at TIME`, `-a`.
pub(super) fn flags(spec: &'static Spec) -> Vec<(&'static str, &'static str)> {
    let described = spec.arguments.iter().flat_map(|(name, about)| {
        name.split([',', ' ', '|', '[', ']', '`'])
            .filter(|word| word.len() > 1 && word.starts_with('-'))
            .map(|word| (word, *about))
    });
    let mut found: Vec<(&str, &str)> = described.collect();
    for word in spec.usage.split([',', ' ', '|', '[', ']']) {
        let flag = word.len() > 2 && word.starts_with("--");
        if flag && !found.iter().any(|(known, _)| *known == word) {
            found.push((word, ""));
        }
    }
    found
}
