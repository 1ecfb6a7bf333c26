//! The order of the rooms, and the promises the repository makes about itself.
use std::collections::BTreeSet;
use std::path::Path;

use stocktake_tests::rooms;

/// Rooms from the ground up: each may use those before it only.
const ORDER: &[&str] = &[
    "stocktake-model",
    "stocktake-query",
    "stocktake-config",
    "stocktake-store",
    "stocktake-engine",
    "stocktake-act",
    "stocktake-command",
    "stocktake-plugin-api",
    "stocktake-client",
    "stocktake-core",
    "stocktake-file",
    "stocktake-kubernetes",
    "stocktake-kubernetes-sim",
    "stocktake-worker",
    "stocktake",
    "stocktake-bench",
    "stocktake-tests",
];

/// Libraries that only some rooms may name.
const OWNERS: &[(&str, &[&str])] = &[
    ("sled", &["stocktake-store"]),
    ("axum", &["stocktake-core", "stocktake-kubernetes-sim"]),
    ("kube", &["stocktake-kubernetes"]),
    ("k8s-openapi", &["stocktake-kubernetes"]),
    ("rustyline", &["stocktake"]),
    ("nom", &["stocktake-query"]),
];

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn read(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

#[test]
fn every_room_uses_only_rooms_below_it() {
    for room in rooms() {
        let place = |name: &str| {
            ORDER
                .iter()
                .position(|known| *known == name)
                .unwrap_or_else(|| panic!("{name}"))
        };
        for used in &room.rooms {
            assert!(
                place(used) < place(&room.name),
                "{} must not use {used}",
                room.name
            );
        }
    }
}

#[test]
fn libraries_stay_in_their_rooms() {
    for room in rooms() {
        for (library, owners) in OWNERS {
            let allowed = owners.contains(&room.name.as_str());
            assert!(
                allowed || !room.libraries.contains(*library),
                "{} names {library}",
                room.name
            );
        }
    }
}

#[test]
fn the_query_language_is_a_leaf_and_the_worker_never_reads_the_store() {
    let rooms = rooms();
    let used = |name: &str| &rooms.iter().find(|room| room.name == name).unwrap().rooms;
    assert_eq!(used("stocktake-query"), &BTreeSet::new());
    assert!(!used("stocktake-worker").contains("stocktake-store"));
    assert!(!used("stocktake-kubernetes").contains("stocktake-store"));
}

#[test]
fn the_top_level_is_the_given_one() {
    let given = [
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE",
        "README.md",
        "benches",
        "clippy.toml",
        "config",
        "core",
        "docs",
        "plugins",
        "rustfmt.toml",
        "shell",
        "tests",
        "worker",
    ];
    let found: BTreeSet<String> = std::fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with('.') && name != "target")
        .collect();
    assert_eq!(found, given.iter().map(|&name| name.to_owned()).collect());
}

#[test]
fn ci_runs_exactly_the_test_command_of_the_readme() {
    let command = "\ncargo test --workspace\n";
    assert!(
        read("README.md").contains(command),
        "the README names another test command"
    );
    assert!(
        read(".ci/run").contains("\ncargo test --workspace 2>&1"),
        ".ci/run runs another one"
    );
}

#[test]
fn every_command_the_readme_shows_for_set_up_exists() {
    let readme = read("README.md");
    assert!(readme.contains("\ncargo run --release -- demo\n"));
    assert!(read("Cargo.toml").contains("default-members = [\"shell\"]"));
}
