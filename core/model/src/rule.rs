//! Edge rules and derived properties as data: what a plugin, or a person in YAML, declares and the core
//! resolves with its own indexes when it commits a snapshot.
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{EdgeType, Path, Relation};

/// How nodes of one kind refer to other nodes of the same account.
///
/// For every node of kind `from`, every element that `each` leads to is looked at; where all of `when` hold,
/// the value at `value` is looked up as `find` says, and an edge is made to (or from) what was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EdgeRule {
    /// Kind, or base kind, of the nodes that hold the reference.
    pub from: String,
    /// Elements to look at, below the reported section; the section itself if left out.
    #[serde(default = "Path::here", skip_serializing_if = "is_here")]
    pub each: Path,
    /// Conditions on the element; all must hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<Condition>,
    /// Where the reference is: a path below the element, or a template with holes such as
    /// `{/name}-{name}` (a leading `/` starts at the reported section).
    pub value: String,
    /// How the value names the other node.
    pub find: Find,
    /// What the edge means.
    pub relation: Relation,
    /// Which walks the edge takes part in.
    #[serde(default)]
    pub edge_type: EdgeType,
    /// Whether the edge leaves the node that holds the reference, or enters it.
    #[serde(default)]
    pub direction: Direction,
    /// The other end of the edge, where that is not the node which holds the reference: a binding joins a
    /// subject and a namespace. Found from the same element; without it there is no edge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<OtherEnd>,
}

/// A second reference: the end of an edge that the holder of the reference only tells about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherEnd {
    /// Where the reference is, as in [`EdgeRule::value`].
    pub value: String,
    /// How it names the node.
    pub find: Find,
}

fn is_here(path: &Path) -> bool {
    path.steps().is_empty()
}

/// A test on the element a rule looks at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Where to look, below the element.
    pub path: Path,
    /// The value that must stand there.
    pub equals: Value,
}

/// How a value names another node of the same account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Find {
    /// The value is the `reported.id` of a node of any kind.
    Uid,
    /// The value is a name; the kinds are tried in order.
    Name {
        /// Kinds, or base kinds, the other node may have.
        kinds: Vec<String>,
        /// Which namespace the name is in.
        #[serde(default)]
        namespace: NamespaceFrom,
    },
    /// The value is a label selector over nodes in the same namespace.
    Selector {
        /// Kind, or base kind, of the nodes to select.
        kind: String,
        /// How the selector is written.
        form: SelectorForm,
        /// Whether an empty selector selects all of the namespace, or nothing.
        #[serde(default)]
        empty_selects_all: bool,
        /// Which namespaces the nodes are selected from.
        #[serde(default)]
        scope: Scope,
    },
    /// The value is the text that nodes of these kinds have at `property`.
    Property {
        /// Kinds, or base kinds, the other node may have.
        kinds: Vec<String>,
        /// Where it has the text, below its reported section.
        property: Path,
        /// Which namespace the other node is in.
        #[serde(default)]
        namespace: NamespaceFrom,
    },
    /// The value is a name or a label selector; the kind is what another node, cluster-scoped and named by the element
    /// too, tells: a binding names its policy, the policy the kind of its parameters.
    Told {
        /// Kind, or base kind, of the node that tells.
        by: String,
        /// Where the name of that node is, below the element.
        name: Path,
        /// Where it tells `{resource_kind[, api_version | api_group]}`, below its reported section.
        kind: Path,
        /// Which namespace is looked in. Where the element has none at its path, all of them, and what is in none.
        #[serde(default)]
        namespace: NamespaceFrom,
        /// How the selector is written, if the value is one; an empty one selects all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        selector: Option<SelectorForm>,
    },
    /// The value is an object `{resource_kind, name[, namespace][, api_version | api_group]}`: the kind is
    /// found by `api_kind` and group, the namespace is that of the object or of the referrer.
    Object,
}

/// Which namespace a name is looked up in.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NamespaceFrom {
    /// That of the node which holds the reference.
    #[default]
    Same,
    /// None: the other node is cluster-scoped.
    Cluster,
    /// The text at this path below the element; a missing one means the same namespace, but for [`Find::Told`].
    At(Path),
}

/// Which namespaces a label selector selects from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// That of the node which holds the selector.
    #[default]
    Same,
    /// None: the nodes are cluster-scoped.
    Cluster,
    /// The namespaces that another selector, at this path below the element, selects by their labels. Where it is
    /// missing, none.
    Namespaces(Path),
}

/// How a label selector is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SelectorForm {
    /// A map of labels, all of which must be there (`Service`, `ReplicationController`).
    Labels,
    /// `{match_labels, match_expressions}` with `In NotIn Exists DoesNotExist`.
    LabelSelector,
}

/// Whether an edge leaves the node that holds the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the node that holds the reference to the one it names.
    #[default]
    Out,
    /// From the named node to the one that holds the reference (node → pod: the pod names its node).
    In,
}

/// A property that other nodes decide, e.g. the backends of a service. Computed in the core whenever a
/// snapshot is committed or loaded, never stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Derive {
    /// Kind of the nodes that get the property.
    pub on: String,
    /// Name of the property in the reported section; `details.region` is a field of an object in it.
    pub property: String,
    /// Which nodes decide it.
    pub over: Over,
    /// What is taken from them.
    pub take: Take,
}

/// Which nodes decide a derived property.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Over {
    /// Nodes of `kind` reached by walking outbound default edges with these relations, one per step.
    Walk {
        /// Relation of each step.
        relations: Vec<Relation>,
        /// Kind the last node must have.
        kind: String,
    },
    /// Every node of the kind in the same account.
    Account {
        /// Kind, or base kind.
        kind: String,
    },
    /// Every node of the kind in the region (namespace) that gets the property.
    Region {
        /// Kind, or base kind.
        kind: String,
    },
    /// The node that gets the property.
    Itself,
    /// Every node of the kind that the node names.
    KindAt {
        /// Where it names the kind.
        path: Path,
    },
    /// The last node reached by following references by uid as far as they go (the top-most owner); none if one of
    /// them leads to a node that is not there.
    Top {
        /// Elements to look at, below the reported section.
        each: Path,
        /// Conditions on the element; all must hold.
        #[serde(default)]
        when: Vec<Condition>,
        /// Where the uid is, below the element.
        uid: Path,
    },
}

/// What is taken from the nodes that decide a derived property.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Take {
    /// Their distinct names, sorted.
    Names,
    /// How many there are.
    Count,
    /// Whether there is one.
    Any,
    /// The text at this path of the first that has one.
    First(Path),
    /// The sum of the numbers at this path; missing ones count as zero.
    Sum(Path),
    /// The most frequent text at this path; ties go to the smallest.
    MostFrequent(Path),
}
