//! Short forms to write edge rules with; nothing here decides anything.
use serde_json::Value;
use stocktake_model::{
    Condition, Direction, EdgeRule, EdgeType, Find, NamespaceFrom, OtherEnd, Path, Relation, Scope,
    SelectorForm,
};

/// A rule for an edge that leaves the node which holds the reference.
pub(super) fn out(from: &str, each: &str, value: &str, find: Find, relation: Relation) -> EdgeRule {
    EdgeRule {
        from: from.to_owned(),
        each: path(each),
        when: Vec::new(),
        value: value.to_owned(),
        find,
        relation,
        edge_type: EdgeType::Default,
        direction: Direction::Out,
        end: None,
    }
}

/// A rule for an edge that enters the node which holds the reference.
pub(super) fn into(
    from: &str,
    each: &str,
    value: &str,
    find: Find,
    relation: Relation,
) -> EdgeRule {
    EdgeRule {
        direction: Direction::In,
        ..out(from, each, value, find, relation)
    }
}

/// The rule, where this holds too.
pub(super) fn when(mut rule: EdgeRule, at: &str, equals: impl Into<Value>) -> EdgeRule {
    rule.when.push(Condition {
        path: path(at),
        equals: equals.into(),
    });
    rule
}

/// A path that is written in this crate.
pub(super) fn path(text: &str) -> Path {
    text.parse()
        .expect("a test builds every rule, so every path in them parses")
}

/// A name in the namespace of the referrer.
pub(super) fn near(kind: &str) -> Find {
    name(kind, NamespaceFrom::Same)
}

/// A name of something cluster-scoped.
pub(super) fn global(kind: &str) -> Find {
    name(kind, NamespaceFrom::Cluster)
}

/// A name in the namespace that the element tells.
pub(super) fn there(kind: &str, namespace: &str) -> Find {
    name(kind, NamespaceFrom::At(path(namespace)))
}

fn name(kind: &str, namespace: NamespaceFrom) -> Find {
    Find::Name {
        kinds: vec![kind.to_owned()],
        namespace,
    }
}

/// All that match a selector; an empty one selects nothing.
pub(super) fn selected(kind: &str, form: SelectorForm) -> Find {
    Find::Selector {
        kind: kind.to_owned(),
        form,
        empty_selects_all: false,
        scope: Scope::Same,
    }
}

/// All that match a selector; an empty one selects the whole namespace.
pub(super) fn selected_or_all(kind: &str) -> Find {
    Find::Selector {
        kind: kind.to_owned(),
        form: SelectorForm::LabelSelector,
        empty_selects_all: true,
        scope: Scope::Same,
    }
}

/// All that match a selector, in the namespaces that another selector beside it selects.
pub(super) fn selected_there(kind: &str, namespaces: &str) -> Find {
    Find::Selector {
        kind: kind.to_owned(),
        form: SelectorForm::LabelSelector,
        empty_selects_all: true,
        scope: Scope::Namespaces(path(namespaces)),
    }
}

/// Everything cluster-scoped that matches a selector; an empty one selects all.
pub(super) fn selected_global(kind: &str) -> Find {
    Find::Selector {
        kind: kind.to_owned(),
        form: SelectorForm::LabelSelector,
        empty_selects_all: true,
        scope: Scope::Cluster,
    }
}

/// What has the value at a path of its own.
pub(super) fn having(kind: &str, property: &str, namespace: NamespaceFrom) -> Find {
    Find::Property {
        kinds: vec![kind.to_owned()],
        property: path(property),
        namespace,
    }
}

/// The rule, between what it finds and what is found by a second reference; the holder only tells.
pub(super) fn between(mut rule: EdgeRule, value: &str, find: Find) -> EdgeRule {
    rule.end = Some(OtherEnd {
        value: value.to_owned(),
        find,
    });
    rule
}

/// The rule as one about permissions: may hold cycles, and no ordinary walk takes it.
pub(super) fn permission(mut rule: EdgeRule) -> EdgeRule {
    rule.edge_type = EdgeType::Iam;
    rule
}
