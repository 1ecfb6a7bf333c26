//! What every file has in common: the kind of the account, the base of all declared kinds, and the rules that make
//! edges of what stands in `edges`.
//!
//! Edges are properties first: those of a resource that could not be read this time are still there.
use serde_json::json;
use stocktake_model::{
    Condition, Direction, EdgeRule, EdgeType, Find, Kind, PluginModel, Property, PropertyType,
    Relation,
};

/// Name of the plugin and of its configuration section.
pub(crate) const NAME: &str = "file";
/// Kind of the account that a file is.
pub(crate) const FILE_INVENTORY: &str = "file_inventory";
/// Base of every kind that a file declares.
pub(crate) const FILE_RESOURCE: &str = "file_resource";
/// Types an edge of a file may have.
pub(crate) const EDGE_TYPES: [EdgeType; 2] = [EdgeType::Default, EdgeType::Delete];

/// The model before any file was read.
pub(crate) fn model() -> PluginModel {
    PluginModel {
        kinds: vec![account(), base()],
        rules: rules(),
        derived: Vec::new(),
    }
}

fn account() -> Kind {
    let text = |name: &str, about: &str| Property::new(name, PropertyType::String, about);
    Kind {
        name: FILE_INVENTORY.to_owned(),
        bases: vec!["account".to_owned()],
        about: "A file with resources that another tool wrote down.".to_owned(),
        properties: vec![text("path", "Path of the file.")],
        ..Kind::default()
    }
}

pub(crate) fn base() -> Kind {
    let text = |name: &str, about: &str| Property::new(name, PropertyType::String, about);
    let edge = PropertyType::Object(vec![
        text("to", "Id of the other resource."),
        text("relation", "What the edge means."),
        text("edge_type", "Which walks it takes part in."),
    ]);
    Kind {
        name: FILE_RESOURCE.to_owned(),
        bases: vec!["resource".to_owned()],
        about: "A resource that was read from a file.".to_owned(),
        properties: vec![Property::new(
            "edges",
            PropertyType::array(edge),
            "What it refers to in the same file.",
        )],
        is_abstract: true,
        ..Kind::default()
    }
}

/// One per relation and type: what an edge means stands in the data, a rule has one meaning.
fn rules() -> Vec<EdgeRule> {
    let types = EDGE_TYPES.into_iter();
    types
        .flat_map(|edge_type| {
            Relation::ALL
                .into_iter()
                .map(move |relation| rule(relation, edge_type))
        })
        .collect()
}

fn rule(relation: Relation, edge_type: EdgeType) -> EdgeRule {
    let equal = |path: &str, text: &str| Condition {
        path: path.parse().expect("a single name is a path"),
        equals: json!(text),
    };
    EdgeRule {
        from: FILE_RESOURCE.to_owned(),
        each: "edges[*]".parse().expect("a list is a path"),
        when: vec![
            equal("relation", relation.as_str()),
            equal("edge_type", edge_type.as_str()),
        ],
        value: "to".to_owned(),
        find: Find::Uid,
        relation,
        edge_type,
        direction: Direction::Out,
        end: None,
    }
}
