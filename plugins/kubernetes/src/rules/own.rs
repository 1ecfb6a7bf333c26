//! Edge rules that people write into the configuration: made into the same rules as our own, and after them.
use stocktake_config::{EdgeConfig, RefersBy};
use stocktake_model::{
    Condition, Direction, EdgeRule, EdgeType, Find, NamespaceFrom, Path, PathError, Scope,
    SelectorForm,
};

/// The rules of the configuration. Its check has seen the paths already, but what was taken from the environment.
pub(crate) fn rules(edges: &[EdgeConfig]) -> Result<Vec<EdgeRule>, PathError> {
    edges.iter().map(rule).collect()
}

fn rule(edge: &EdgeConfig) -> Result<EdgeRule, PathError> {
    edge.path.parse::<Path>()?;
    let (each, value) = split(&edge.path);
    let condition = |when: &stocktake_config::EdgeCondition| {
        let path: Path = when.path.parse()?;
        let equals = when.equals.clone();
        Ok(Condition { path, equals })
    };
    Ok(EdgeRule {
        from: edge.from.clone(),
        each: each.parse()?,
        when: edge.when.iter().map(condition).collect::<Result<_, _>>()?,
        value: value.to_owned(),
        find: find(edge)?,
        relation: edge.relation,
        edge_type: EdgeType::Default,
        direction: if edge.reverse {
            Direction::In
        } else {
            Direction::Out
        },
        end: None,
    })
}

/// The elements to look at, and where in each the reference is: other paths of the rule begin at the element.
fn split(path: &str) -> (&str, &str) {
    let lists = ["[*]", "[]"];
    let end = lists
        .iter()
        .filter_map(|list| Some(path.rfind(list)? + list.len()))
        .max();
    let (each, value) = path.split_at(end.unwrap_or(0));
    (each, value.trim_start_matches('.'))
}

fn find(edge: &EdgeConfig) -> Result<Find, PathError> {
    let kinds = vec![edge.to.clone()];
    Ok(match edge.by {
        RefersBy::Uid => Find::Uid,
        RefersBy::Name => Find::Name {
            kinds,
            namespace: namespace(edge)?,
        },
        RefersBy::Property => Find::Property {
            kinds,
            property: edge.property.parse()?,
            namespace: namespace(edge)?,
        },
        RefersBy::Labels => selector(edge, SelectorForm::Labels)?,
        RefersBy::LabelSelector => selector(edge, SelectorForm::LabelSelector)?,
    })
}

fn namespace(edge: &EdgeConfig) -> Result<NamespaceFrom, PathError> {
    Ok(match edge.namespace.as_str() {
        "same" => NamespaceFrom::Same,
        "cluster" => NamespaceFrom::Cluster,
        path => NamespaceFrom::At(path.parse()?),
    })
}

fn selector(edge: &EdgeConfig, form: SelectorForm) -> Result<Find, PathError> {
    Ok(Find::Selector {
        kind: edge.to.clone(),
        form,
        empty_selects_all: false,
        scope: match edge.namespace.as_str() {
            "same" => Scope::Same,
            "cluster" => Scope::Cluster,
            path => Scope::Namespaces(path.parse()?),
        },
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_rule_looks_at_the_elements_of_the_innermost_list() {
        for (path, expected) in [
            ("a.b", ("", "a.b")),
            ("a[*].b.c", ("a[*]", "b.c")),
            ("a[*].b[*]", ("a[*].b[*]", "")),
            ("a[].b", ("a[]", "b")),
            ("a[0].b", ("", "a[0].b")),
        ] {
            assert_eq!(split(path), expected, "{path}");
        }
    }

    #[test]
    fn what_is_configured_is_what_our_own_rules_are_made_of() {
        let configured: Vec<EdgeConfig> = serde_json::from_value(json!([
            {"from": "a", "path": "x.mounts[*].map", "to": "b", "relation": "mounts",
             "namespace": "ns", "when": [{"path": "on", "equals": true}]},
            {"from": "a", "path": "uid", "by": "uid", "relation": "owns", "reverse": true},
            {"from": "a", "path": "x.selector", "to": "b", "by": "labels", "relation": "selects"},
        ]))
        .unwrap();
        let made = serde_json::to_value(rules(&configured).unwrap()).unwrap();
        assert_eq!(
            made,
            json!([
                {"from": "a", "each": "x.mounts[*]", "when": [{"path": "on", "equals": true}],
                 "value": "map", "find": {"name": {"kinds": ["b"], "namespace": {"at": "ns"}}},
                 "relation": "mounts", "edge_type": "default", "direction": "out"},
                {"from": "a", "value": "uid", "find": "uid", "relation": "owns",
                 "edge_type": "default", "direction": "in"},
                {"from": "a", "value": "x.selector", "find": {"selector": {"kind": "b",
                 "form": "labels", "empty_selects_all": false, "scope": "same"}},
                 "relation": "selects", "edge_type": "default", "direction": "out"},
            ])
        );
    }
}
