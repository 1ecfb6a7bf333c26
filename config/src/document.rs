//! The documents there are: their names, their roots, their defaults.
//!
//! Where documents are kept, and what happens when one changes, is decided elsewhere.
use serde_json::Value;
use stocktake_model::near;

use crate::commands::{COMMANDS, CommandsConfig};
use crate::core::{CORE, CoreConfig};
use crate::inventory::FILE;
use crate::k8s::K8S;
use crate::reference;
use crate::shape::Shape;
use crate::snapshots::{SCHEDULES, SnapshotsConfig};
use crate::steps::Step;
use crate::worker::{WORKER, WorkerConfig};

/// A configuration document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DocumentId {
    /// `stocktake.core`: the server and its schedules.
    Core,
    /// `stocktake.core.commands`: commands made of other commands.
    Commands,
    /// `stocktake.core.snapshots`: labelled copies of the graph.
    Snapshots,
    /// `stocktake.worker`: collecting, cleaning, and the plugins.
    Worker,
}

/// A name that is no document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no configuration `{name}`")]
pub struct UnknownDocument {
    /// The name asked for.
    pub name: String,
    /// Names it may have been meant to be, best first.
    pub near: Vec<&'static str>,
}

/// A root key of a document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Root {
    pub(crate) name: &'static str,
    pub(crate) also: &'static [&'static str],
    pub(crate) about: &'static str,
    pub(crate) shape: Shape,
}

const CORE_ROOTS: &[Root] = &[Root {
    name: "core",
    also: &["resotocore", "fixcore"],
    about: "The server: searches, history and schedules.",
    shape: Shape::Section(&CORE),
}];
const COMMANDS_ROOTS: &[Root] = &[Root {
    name: "custom_commands",
    also: &[],
    about: "Commands made of other commands.",
    shape: Shape::Section(&COMMANDS),
}];
const SNAPSHOTS_ROOTS: &[Root] = &[Root {
    name: "snapshots",
    also: &[],
    about: "Labelled copies of the graph: a label of your choice, and when and how many. Each is\n\
            compressed and whole; `graph list` shows them, `graph=NAME search …` asks one.",
    shape: SCHEDULES,
}];
const WORKER_ROOTS: &[Root] = &[
    Root {
        name: "worker",
        also: &["resotoworker", "fixworker"],
        about: "Collecting and cleaning.",
        shape: Shape::Section(&WORKER),
    },
    Root {
        name: "k8s",
        also: &[],
        about: "The Kubernetes plugin.",
        shape: Shape::Section(&K8S),
    },
    Root {
        name: "file",
        also: &[],
        about: "The plugin for files: inventories of other tools.",
        shape: Shape::Section(&FILE),
    },
];

impl DocumentId {
    /// Every document, by name.
    pub const ALL: [Self; 4] = [Self::Core, Self::Commands, Self::Snapshots, Self::Worker];

    /// Its name, e.g., `stocktake.core`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Core => "stocktake.core",
            Self::Commands => "stocktake.core.commands",
            Self::Snapshots => "stocktake.core.snapshots",
            Self::Worker => "stocktake.worker",
        }
    }

    /// The document of a name; `resoto.…` and `fix.…` name the same ones.
    pub fn resolve(name: &str) -> Result<Self, UnknownDocument> {
        let own = ["resoto.", "fix."]
            .iter()
            .find_map(|old| name.strip_prefix(old));
        let own = own.map_or_else(|| name.to_owned(), |rest| format!("stocktake.{rest}"));
        Self::ALL
            .into_iter()
            .find(|id| id.name() == own)
            .ok_or_else(|| UnknownDocument {
                name: name.to_owned(),
                near: near(&own, Self::ALL.map(Self::name)),
            })
    }

    /// The document a path belongs to: its first key is a section of it, in any spelling (`worker.cleanup=true`).
    pub fn of_path(path: &str) -> Option<Self> {
        let (root, _) = path.trim().split_once('.')?;
        Self::ALL.into_iter().find(|id| id.root(root).is_some())
    }

    /// All defaults as YAML, with every key explained in comments.
    pub fn reference_yaml(self) -> String {
        reference::render(self.roots(), &self.defaults())
    }

    pub(crate) fn roots(self) -> &'static [Root] {
        match self {
            Self::Core => CORE_ROOTS,
            Self::Commands => COMMANDS_ROOTS,
            Self::Snapshots => SNAPSHOTS_ROOTS,
            Self::Worker => WORKER_ROOTS,
        }
    }

    /// The root a key names, by any of its spellings.
    pub(crate) fn root(self, key: &str) -> Option<&'static Root> {
        self.roots()
            .iter()
            .find(|root| root.name == key || root.also.contains(&key))
    }

    /// The defaults as a tree of values, by root.
    pub(crate) fn defaults(self) -> Value {
        let value = match self {
            Self::Core => serde_json::to_value(CoreDocument::default()),
            Self::Commands => serde_json::to_value(CommandsDocument::default()),
            Self::Snapshots => serde_json::to_value(SnapshotsDocument::default()),
            Self::Worker => serde_json::to_value(WorkerConfig::default()),
        };
        value.expect("plain structs with text keys always become values")
    }
}

#[derive(Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub(crate) struct CoreDocument {
    pub(crate) core: CoreConfig,
}

#[derive(Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub(crate) struct CommandsDocument {
    pub(crate) custom_commands: CommandsConfig,
}

#[derive(Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub(crate) struct SnapshotsDocument {
    pub(crate) snapshots: SnapshotsConfig,
}

/// The path in the spelling of a text: its root key may be an alias there.
pub(crate) fn respell(id: DocumentId, roots: &Value, mut path: Vec<Step>) -> Vec<Step> {
    let Some(Step::Key(key)) = path.first_mut() else {
        return path;
    };
    let Some(root) = id.root(key) else {
        return path;
    };
    let mut spellings = std::iter::once(&root.name).chain(root.also);
    let given = spellings.find(|spelling| roots.get(spelling).is_some());
    *key = (*given.unwrap_or(&root.name)).to_owned();
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::{CommandParameter, CustomCommand};
    use crate::inventory::InventoryFile;
    use crate::k8s::ConfigFile;
    use crate::shape::Section;
    use crate::snapshots::SnapshotSchedule;

    /// The documented keys are the fields of the struct, all the way down.
    #[track_caller]
    fn in_step(section: &Section, value: &Value) {
        let mut keys: Vec<&str> = section.keys.iter().map(|key| key.name).collect();
        keys.sort_unstable();
        let mut fields: Vec<&String> = value.as_object().unwrap().keys().collect();
        fields.sort_unstable();
        assert_eq!(keys, fields);
        for key in section.keys {
            assert!(!key.about.is_empty(), "{}", key.name);
            if let Shape::Section(section) = key.shape {
                in_step(section, &value[key.name]);
            }
        }
    }

    fn key(section: &'static Section, name: &str) -> Shape {
        section
            .keys
            .iter()
            .find(|key| key.name == name)
            .unwrap()
            .shape
    }

    #[track_caller]
    fn item_in_step<T: Default + serde::Serialize>(shape: Shape) {
        let (Shape::List(item) | Shape::Map(item)) = shape else {
            panic!("not a collection")
        };
        let Shape::Section(section) = item else {
            panic!("not of sections")
        };
        in_step(section, &serde_json::to_value(T::default()).unwrap());
    }

    #[test]
    fn documented_keys_are_the_fields_of_the_structs() {
        for id in DocumentId::ALL {
            for root in id.roots() {
                if let Shape::Section(section) = root.shape {
                    in_step(section, &id.defaults()[root.name]);
                }
            }
        }
        item_in_step::<ConfigFile>(key(&K8S, "config_files"));
        item_in_step::<InventoryFile>(key(&FILE, "files"));
        item_in_step::<CustomCommand>(key(&COMMANDS, "commands"));
        item_in_step::<SnapshotSchedule>(SCHEDULES);
        let Shape::List(Shape::Section(command)) = key(&COMMANDS, "commands") else {
            panic!("commands are a list")
        };
        item_in_step::<CommandParameter>(key(command, "parameters"));
    }
}
