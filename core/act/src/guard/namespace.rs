//! Guards about namespaces: the ones that are never touched, and namespaces themselves.
use serde_json::Value;

use super::{Guard, Opens, Scope};
use crate::{Candidate, Settings};

/// Namespaces that are never deleted themselves, whatever the settings say.
const NEVER: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

pub(crate) const PROTECTED_NAMESPACE: Guard = Guard {
    name: "protected-namespace",
    about: "Refuses everything in a protected namespace, and the namespace.",
    opens: Opens::Setting("worker.cleanup_guards.protected_namespaces"),
    scope: Scope::Object,
    check: |candidate, settings, _| {
        // Whatever speaks of a protected namespace counts: the object, the record, the name of a namespace.
        let object = candidate.object.as_ref();
        let name = is_namespace(candidate).then(|| own_name(candidate));
        let mut spoken_of = [
            object.and_then(|object| object.namespace.as_deref()),
            candidate.reported.get("namespace").and_then(Value::as_str),
            name,
        ]
        .into_iter()
        .flatten();
        let namespace = spoken_of.find(|namespace| is_protected(namespace, settings))?;
        Some(format!("namespace `{namespace}` is protected"))
    },
};

pub(crate) const NAMESPACE_KIND: Guard = Guard {
    name: "namespace-kind",
    about: "Refuses namespaces: all that is in them would go.",
    opens: Opens::Setting("worker.cleanup_guards.clean_namespaces"),
    scope: Scope::Object,
    check: |candidate, settings, _| {
        if !is_namespace(candidate) {
            return None;
        }
        let name = own_name(candidate);
        if NEVER.contains(&name) {
            return Some(format!("namespace `{name}` is never deleted"));
        }
        (!settings.clean_namespaces).then(|| "everything in it would go with it".to_owned())
    },
};

fn own_name(candidate: &Candidate) -> &str {
    (candidate.object.as_ref()).map_or(candidate.name(), |object| &object.name)
}

pub(crate) fn is_namespace(candidate: &Candidate) -> bool {
    candidate.kind == "kubernetes_namespace" || candidate.api_kind == "Namespace"
}

fn is_protected(namespace: &str, settings: &Settings) -> bool {
    settings.own_namespace.as_deref() == Some(namespace)
        || (settings.protected_namespaces.iter()).any(|glob| matches(glob, namespace))
}

/// Whether `*` (any text) and `?` (one character) can be filled in to give the text.
fn matches(glob: &str, text: &str) -> bool {
    let (glob, text): (Vec<char>, Vec<char>) = (glob.chars().collect(), text.chars().collect());
    let (mut at, mut star) = (0, None);
    let mut read = 0;
    while read < text.len() {
        match glob.get(at) {
            Some('*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(c) if *c == '?' || *c == text[read] => {
                at += 1;
                read += 1;
            }
            _ => {
                // The last star takes one character more.
                let Some((back, from)) = star else {
                    return false;
                };
                star = Some((back, from + 1));
                at = back + 1;
                read = from + 1;
            }
        }
    }
    glob[at..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_as_in_a_shell() {
        for (glob, text, expected) in [
            ("kube-system", "kube-system", true),
            ("kube-system", "kube-systems", false),
            ("*-system", "cert-system", true),
            ("*-system", "system", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b-", false),
            ("t?st*", "test", true),
            ("*", "", true),
            ("?", "", false),
            ("", "x", false),
        ] {
            assert_eq!(matches(glob, text), expected, "{glob} {text}");
        }
    }
}
