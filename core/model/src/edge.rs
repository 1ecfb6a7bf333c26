//! Edge types and relations: what an edge means, in the closed lists the language knows.
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What walks an edge takes part in.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum EdgeType {
    /// Containment and dependency, parent to child. Never holds a cycle.
    #[default]
    Default,
    /// From X to Y: Y is to be deleted before X. Never holds a cycle.
    Delete,
    /// From a principal to what it may do something with. May hold cycles.
    Iam,
}

impl EdgeType {
    /// Every type, in the order they are written.
    pub const ALL: [Self; 3] = [Self::Default, Self::Delete, Self::Iam];

    /// The word used in queries and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Delete => "delete",
            Self::Iam => "iam",
        }
    }
}

impl fmt::Display for EdgeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for EdgeType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| {
                format!("unknown edge type `{text}`: expected `default`, `delete` or `iam`")
            })
    }
}

/// How the two nodes of an edge belong together, e.g. `runs` between a node and its pod.
///
/// Several relations between the same two nodes share one edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the relations are the field's own words")]
pub enum Relation {
    Contains,
    Owns,
    Runs,
    Targets,
    Routes,
    Mounts,
    UsesEnv,
    PullsWith,
    RunsAs,
    Binds,
    Grants,
    Backs,
    Provisions,
    Scales,
    Protects,
    Selects,
    Attaches,
    Validates,
    Defines,
    Allocates,
    Represents,
}

impl Relation {
    /// Every relation, in the order they are written; the place of a relation is its number.
    pub const ALL: [Self; 21] = [
        Self::Contains,
        Self::Owns,
        Self::Runs,
        Self::Targets,
        Self::Routes,
        Self::Mounts,
        Self::UsesEnv,
        Self::PullsWith,
        Self::RunsAs,
        Self::Binds,
        Self::Grants,
        Self::Backs,
        Self::Provisions,
        Self::Scales,
        Self::Protects,
        Self::Selects,
        Self::Attaches,
        Self::Validates,
        Self::Defines,
        Self::Allocates,
        Self::Represents,
    ];

    /// The word used in queries and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Contains => "contains",
            Self::Owns => "owns",
            Self::Runs => "runs",
            Self::Targets => "targets",
            Self::Routes => "routes",
            Self::Mounts => "mounts",
            Self::UsesEnv => "uses_env",
            Self::PullsWith => "pulls_with",
            Self::RunsAs => "runs_as",
            Self::Binds => "binds",
            Self::Grants => "grants",
            Self::Backs => "backs",
            Self::Provisions => "provisions",
            Self::Scales => "scales",
            Self::Protects => "protects",
            Self::Selects => "selects",
            Self::Attaches => "attaches",
            Self::Validates => "validates",
            Self::Defines => "defines",
            Self::Allocates => "allocates",
            Self::Represents => "represents",
        }
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
