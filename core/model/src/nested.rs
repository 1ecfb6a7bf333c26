//! Where a name stands inside of nested properties: `replicas` in `deployment_spec.replicas`.
//!
//! For hints only: nothing is guessed from it.
use std::collections::BTreeSet;

use crate::{Model, Property, PropertyType};

/// Levels that are looked at, the top one included. What is deeper nobody means by one word.
const DEPTH: usize = 5;

impl Model {
    /// Paths below the reported section that end in `name`, of all kinds or only `within` these and what inherits from
    /// them: the shortest first, then by name. Lists have `[*]` behind them.
    pub fn paths_to(&self, name: &str, within: &[&str]) -> Vec<String> {
        let mut found = BTreeSet::new();
        for kind in self.kinds() {
            let meant = within.is_empty()
                || within
                    .iter()
                    .any(|base| self.is_a(&kind.name, base) || self.is_a(base, &kind.name));
            if meant {
                collect(&kind.properties, name, &mut Vec::new(), &mut found);
            }
        }
        found.into_iter().map(|(_, path)| path).collect()
    }
}

fn collect(
    properties: &[Property],
    name: &str,
    above: &mut Vec<String>,
    found: &mut BTreeSet<(usize, String)>,
) {
    if above.len() == DEPTH {
        return;
    }
    for property in properties {
        let (inner, brackets) = item(&property.of);
        if property.name == name {
            let path = [above.as_slice(), std::slice::from_ref(&property.name)].concat();
            found.insert((path.len(), path.join(".")));
        }
        if let PropertyType::Object(inner) = inner {
            above.push(format!("{}{brackets}", property.name));
            collect(inner, name, above, found);
            above.pop();
        }
    }
}

/// What a list holds, at any depth, and the brackets that lead there.
fn item(of: &PropertyType) -> (&PropertyType, String) {
    let (mut of, mut brackets) = (of, String::new());
    while let PropertyType::Array(inner) = of {
        of = inner;
        brackets.push_str("[*]");
    }
    (of, brackets)
}

#[cfg(test)]
mod tests {
    use crate::{Kind, Model, Property, PropertyType};

    #[test]
    fn the_shortest_path_comes_first_and_lists_have_brackets() {
        let property = |name: &str, of| Property::new(name, of, "");
        let ports = PropertyType::array(PropertyType::Object(vec![property(
            "port",
            PropertyType::Int32,
        )]));
        let spec = vec![
            property("ports", ports),
            property("port", PropertyType::Int32),
        ];
        let mut model = Model::default();
        model.add([
            Kind {
                name: "a_service".to_owned(),
                bases: vec!["resource".to_owned()],
                properties: vec![property("service_spec", PropertyType::Object(spec))],
                ..Kind::default()
            },
            Kind {
                name: "another".to_owned(),
                properties: vec![property("port", PropertyType::Int32)],
                ..Kind::default()
            },
        ]);
        let all = ["port", "service_spec.port", "service_spec.ports[*].port"];
        assert_eq!(model.paths_to("port", &[]), all);
        assert_eq!(model.paths_to("port", &["a_service"]), all[1..]);
        assert_eq!(model.paths_to("port", &["resource"]), all[1..]);
        assert!(model.paths_to("nope", &[]).is_empty());
    }
}
