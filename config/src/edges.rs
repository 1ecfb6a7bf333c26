//! `k8s.edges`: relations of a cluster that only its people know, written like the rules stocktake has itself.
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stocktake_model::Relation;

use crate::shape::{Key, Needs, Section, Shape};

/// How resources of one kind refer to others of the same cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EdgeConfig {
    /// Kind, or base kind, of the resources that hold the reference.
    pub from: String,
    /// Where the reference is.
    pub path: String,
    /// Kind, or base kind, of the resources that are meant; of no account with a uid.
    #[serde(default)]
    pub to: String,
    /// What the reference is.
    #[serde(default)]
    pub by: RefersBy,
    /// `same`, `cluster`, or where the namespace (with a selector: the selector of namespaces) stands in the element.
    #[serde(default = "same")]
    pub namespace: String,
    /// Where the other resource has the text, if it is found by a property.
    #[serde(default)]
    pub property: String,
    /// What must hold in the element.
    #[serde(default)]
    pub when: Vec<EdgeCondition>,
    /// What the edge means.
    pub relation: Relation,
    /// Whether the edge goes from the resource that is meant to the one that holds the reference.
    #[serde(default)]
    pub reverse: bool,
}

fn same() -> String {
    "same".to_owned()
}

/// A test on the element that a rule looks at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EdgeCondition {
    /// Where to look, below the element.
    pub path: String,
    /// What must stand there.
    pub equals: Value,
}

/// What a reference is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefersBy {
    /// A name.
    #[default]
    Name,
    /// The uid of a resource of any kind.
    Uid,
    /// A map of labels, all of which must be there.
    Labels,
    /// `{match_labels, match_expressions}`.
    LabelSelector,
    /// The text that the other resource has at `property`.
    Property,
}

/// The words of [`Relation`], as a test makes sure.
const RELATIONS: &[&str] = &[
    "contains",
    "owns",
    "runs",
    "targets",
    "routes",
    "mounts",
    "uses_env",
    "pulls_with",
    "runs_as",
    "binds",
    "grants",
    "backs",
    "provisions",
    "scales",
    "protects",
    "selects",
    "attaches",
    "validates",
    "defines",
    "allocates",
    "represents",
];

/// A list of rules.
pub(crate) const EDGES: Shape = Shape::List(&Shape::Record(&EDGE, &NEEDS));

static NEEDS: Needs = Needs {
    always: &["from", "path", "relation"],
    // What is found by its uid may be of any kind.
    also: |edge| match edge.get("by").and_then(Value::as_str) {
        Some("uid") => &[],
        Some("property") => &["to", "property"],
        _ => &["to"],
    },
};

static CONDITION_NEEDS: Needs = Needs {
    always: &["path", "equals"],
    also: |_| &[],
};

static EDGE: Section = Section {
    keys: &[
        Key::new(
            "from",
            "Kind, or base kind, of the resources that hold the reference.",
            Shape::Text,
        ),
        Key::new(
            "path",
            "Where the reference is, such as `deployment_spec.mounts[*].name`; other paths of the rule begin at the\n\
             element of the innermost list.",
            Shape::Path,
        ),
        Key::new(
            "to",
            "Kind, or base kind, of the resources that are meant; not needed with a uid.",
            Shape::Text,
        ),
        Key::new(
            "by",
            "What the reference is: `name`, `uid`, `labels`, `label_selector` or `property`.",
            Shape::Choice(&["name", "uid", "labels", "label_selector", "property"]),
        ),
        Key::new(
            "namespace",
            "Where the others are: `same` namespace, `cluster` (in none), or the path of the namespace (with a\n\
             selector: of the selector of namespaces).",
            Shape::Path,
        ),
        Key::new(
            "property",
            "Where the other resource has the text, if `by` is `property`.",
            Shape::Path,
        ),
        Key::new(
            "when",
            "What must hold: a list of `path` and `equals`.",
            Shape::List(&Shape::Record(&CONDITION, &CONDITION_NEEDS)),
        ),
        Key::new("relation", "What the edge means.", Shape::Choice(RELATIONS)),
        Key::new(
            "reverse",
            "Whether the edge goes from the resource that is meant to the one that holds the reference.",
            Shape::Switch,
        ),
    ],
    ignored: &[],
};

static CONDITION: Section = Section {
    keys: &[
        Key::new("path", "Where to look, below the element.", Shape::Path),
        Key::new("equals", "What must stand there.", Shape::Anything),
    ],
    ignored: &[],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_relation_can_be_written() {
        let words: Vec<&str> = Relation::ALL
            .iter()
            .map(|relation| relation.as_str())
            .collect();
        assert_eq!(words, RELATIONS);
    }
}
