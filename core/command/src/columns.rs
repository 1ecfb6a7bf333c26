//! Which columns a result has if nobody names any, and what columns are called.
use std::collections::BTreeMap;

use stocktake_query::{Aggregate, Filter, Path, Query};

use crate::flow::absolute;
use crate::{Column, Scene, WithEdges, syntax};

/// Columns before and after the properties the query names.
const BEFORE: [&str; 3] = ["kind", "id", "name"];
const AFTER: [&str; 2] = ["age", "last_update"];
const PLACES: [&str; 4] = ["cloud", "account", "region", "zone"];

/// The columns of the result of a query whose paths are as they were typed.
pub(crate) fn of_search(query: &Query, edges: WithEdges, scene: &Scene) -> Vec<Column> {
    if let Some(aggregate) = &query.preamble.aggregate {
        return of_aggregate(aggregate);
    }
    let mut paths: Vec<(Path, Option<&str>)> = Vec::new();
    if edges == WithEdges::Yes {
        paths.push((absolute(&["id"]), Some("node_id")));
    }
    let reported = |name: &'static str| (absolute(&["reported", name]), Some(name));
    paths.extend(BEFORE.map(reported));
    let fixed: Vec<Path> = BEFORE
        .iter()
        .chain(&AFTER)
        .map(|name| absolute(&["reported", name]))
        .chain(PLACES.map(|place| absolute(&["ancestors", place, "reported", "name"])))
        .collect();
    for path in used(query) {
        let path = syntax::in_section(&path, &scene.section);
        let known = fixed.contains(&path) || paths.iter().any(|(other, _)| *other == path);
        if !known && !is_ancestor_id(&path) {
            paths.push((path, None));
        }
    }
    paths.extend(AFTER.map(reported));
    for place in PLACES {
        paths.push((
            absolute(&["ancestors", place, "reported", "name"]),
            Some(place),
        ));
    }
    named(
        paths
            .into_iter()
            .map(|(path, name)| (path, name.map(str::to_owned))),
    )
}

/// Whether a narrow table does without a column that nobody named.
pub(crate) fn is_minor(column: &Column) -> bool {
    let place = |name: &str| absolute(&["ancestors", name, "reported", "name"]);
    let minor = ["id", "last_update"].map(|name| absolute(&["reported", name]));
    minor.contains(&column.path) || [place("cloud"), place("zone")].contains(&column.path)
}

/// The columns of the rows of an aggregate: groups, then functions.
pub(crate) fn of_aggregate(aggregate: &Aggregate) -> Vec<Column> {
    let groups = aggregate.groups.iter().map(|group| {
        let name = group.column();
        Column {
            path: absolute(&["group", &name]),
            name,
        }
    });
    let functions = aggregate
        .functions
        .iter()
        .map(|function| Column::top(&function.column()));
    groups.chain(functions).collect()
}

fn is_ancestor_id(path: &Path) -> bool {
    let names: Vec<&str> = path
        .segments
        .iter()
        .map(|part| part.name.as_str())
        .collect();
    matches!(names.as_slice(), ["ancestors", _, "reported", "id"])
}

/// Properties the last part asks about, then those it sorts by.
fn used(query: &Query) -> Vec<Path> {
    let mut paths = Vec::new();
    let Some(part) = query
        .parts
        .iter()
        .rev()
        .find(|part| **part != stocktake_query::Part::default())
    else {
        return paths;
    };
    // A part that walks on is not what is shown.
    if part.navigation.is_some() {
        return paths;
    }
    paths_of(&part.filter, &mut paths);
    if let Some(post) = &part.post {
        paths_of(post, &mut paths);
    }
    paths.extend(part.sort.iter().map(|key| key.path.clone()));
    paths
}

fn paths_of(filter: &Filter, paths: &mut Vec<Path>) {
    match filter {
        Filter::Compare(comparison) => paths.push(comparison.path.clone()),
        Filter::HasKey(path, _)
        | Filter::InSubnet(path, _)
        | Filter::DesiredChange(path)
        | Filter::NoDesiredChange(path) => paths.push(path.clone()),
        Filter::Context(path, inner) => {
            let mut below = Vec::new();
            paths_of(inner, &mut below);
            paths.extend(below.into_iter().map(|mut leaf| {
                let mut segments = path.segments.clone();
                segments.append(&mut leaf.segments);
                Path {
                    segments,
                    ..path.clone()
                }
            }));
        }
        Filter::Not(inner) => paths_of(inner, paths),
        Filter::And(filters) | Filter::Or(filters) => {
            for filter in filters {
                paths_of(filter, paths);
            }
        }
        Filter::All | Filter::Is(_) | Filter::Id(_) | Filter::Text(_) => {}
    }
}

/// Gives every column a name of its own: the last segment; where that is taken, the whole path without its section,
/// joined by `_`; where that is taken too, with a number.
pub(crate) fn named(paths: impl IntoIterator<Item = (Path, Option<String>)>) -> Vec<Column> {
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    let mut columns = Vec::new();
    for (path, name) in paths {
        let short = name.unwrap_or_else(|| last_name(&path));
        let mut name = short;
        if taken.contains_key(&name) {
            name = joined(&path);
        }
        let count = taken.entry(name.clone()).or_default();
        *count += 1;
        if *count > 1 {
            name = format!("{name}_{}", *count - 1);
        }
        columns.push(Column { path, name });
    }
    columns
}

fn last_name(path: &Path) -> String {
    path.segments
        .last()
        .map_or_else(|| "value".to_owned(), |part| part.name.clone())
}

/// The names of a path without sections, joined by `_`: `ancestors.account.reported.name` is `account_name`.
fn joined(path: &Path) -> String {
    const SECTIONS: [&str; 6] = [
        "reported",
        "desired",
        "metadata",
        "security",
        "ancestors",
        "descendants",
    ];
    let names: Vec<&str> = path
        .segments
        .iter()
        .map(|part| part.name.as_str())
        .filter(|name| !SECTIONS.contains(name))
        .collect();
    names.join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_get_names_of_their_own() {
        let path = |names: &[&str]| (absolute(names), None);
        let columns = named([
            path(&["reported", "name"]),
            path(&["ancestors", "account", "reported", "name"]),
            path(&["metadata", "name"]),
            (absolute(&["reported", "x"]), Some("y".to_owned())),
            (absolute(&["reported", "x"]), Some("y".to_owned())),
        ]);
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["name", "account_name", "name_1", "y", "x"]);
    }
}
