//! The `file` section: which files hold resources of other tools. What stands in the files is the plugin's business.
use serde::{Deserialize, Serialize};

use crate::shape::{Key, Section, Shape};

/// Which files hold resources of other tools.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FileConfig {
    /// The files; each is an account of its own.
    pub files: Vec<InventoryFile>,
}

/// A file with resources, and the account they are in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InventoryFile {
    /// Path of the file; `.yaml` and `.yml` are YAML, all others one JSON object per line.
    pub path: String,
    /// Name of the account; empty for the name of the file without its ending.
    pub name: String,
    /// Id of the account, which must not change; empty for its name.
    pub id: String,
    /// The cloud the account is in.
    pub cloud: String,
}

impl Default for InventoryFile {
    fn default() -> Self {
        Self {
            path: String::new(),
            name: String::new(),
            id: String::new(),
            cloud: "file".into(),
        }
    }
}

pub(crate) static FILE: Section = Section {
    keys: &[Key::new(
        "files",
        "Files with resources, each an account of its own, with `path`, `name`, `id` and `cloud`.",
        Shape::List(&Shape::Section(&INVENTORY_FILE)),
    )],
    ignored: &[],
};

static INVENTORY_FILE: Section = Section {
    keys: &[
        Key::new(
            "path",
            "Path of the file; `.yaml` and `.yml` are YAML, all others one JSON object per line.",
            Shape::Text,
        ),
        Key::new(
            "name",
            "Name of the account; empty for the name of the file without its ending.",
            Shape::Text,
        ),
        Key::new(
            "id",
            "Id of the account, which must not change; empty for its name.",
            Shape::Text,
        ),
        Key::new("cloud", "The cloud the account is in.", Shape::Text),
    ],
    ignored: &[],
};
