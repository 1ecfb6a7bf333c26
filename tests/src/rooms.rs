//! The rooms of the house, as cargo knows them.
use std::collections::BTreeSet;

use cargo_metadata::{DependencyKind, MetadataCommand};

/// One package of the workspace and what it depends on outside its tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// Name of the package.
    pub name: String,
    /// Packages of the workspace it depends on.
    pub rooms: BTreeSet<String>,
    /// Other packages it depends on.
    pub libraries: BTreeSet<String>,
    /// Other packages its tests depend on.
    pub test_libraries: BTreeSet<String>,
}

/// Every room, by name.
///
/// # Panics
///
/// If cargo cannot read the workspace.
pub fn rooms() -> Vec<Room> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let metadata = MetadataCommand::new()
        .manifest_path(manifest)
        .no_deps()
        .exec()
        .expect("cargo reads the workspace it just built");
    let mut rooms: Vec<Room> = metadata
        .workspace_packages()
        .into_iter()
        .map(|package| {
            let mut room = Room {
                name: package.name.to_string(),
                rooms: BTreeSet::new(),
                libraries: BTreeSet::new(),
                test_libraries: BTreeSet::new(),
            };
            for dependency in &package.dependencies {
                let name = dependency.name.clone();
                match (name.starts_with("stocktake"), dependency.kind) {
                    (true, DependencyKind::Normal) => room.rooms.insert(name),
                    (false, DependencyKind::Normal) => room.libraries.insert(name),
                    _ => room.test_libraries.insert(name),
                };
            }
            room
        })
        .collect();
    rooms.sort_by(|a, b| a.name.cmp(&b.name));
    rooms
}
