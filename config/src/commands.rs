//! The document `stocktake.core.commands`: commands made of other commands.
//!
//! How a template is filled in is known by the command line.
use serde::{Deserialize, Serialize};

use crate::shape::{Key, Section, Shape};

/// All custom commands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CommandsConfig {
    /// In the order of the document.
    pub commands: Vec<CustomCommand>,
}

/// A command made of other commands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CustomCommand {
    /// What is typed.
    pub name: String,
    /// One line for the list of commands.
    pub info: String,
    /// The text of `help NAME`.
    pub description: String,
    /// The command line, with `{{parameter}}` in places; `{{args}}` is all that was typed behind the name.
    pub template: String,
    /// The parameters of the template.
    pub parameters: Vec<CommandParameter>,
    /// Whether it may stand at the start of a command line.
    pub allowed_in_source_position: bool,
}

/// A parameter of a template.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CommandParameter {
    /// As it stands in the template.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// What is used when it is not given; without one it must be.
    pub default: Option<String>,
}

pub(crate) static COMMANDS: Section = Section {
    keys: &[Key::new(
        "commands",
        "A list; each entry has `name`, `info`, `description`, `template`, `parameters` (`name`,\n\
         `description`, `default`) and `allowed_in_source_position`. A template holds `{{name}}`\n\
         where a parameter goes, and `{{args}}` for all that was typed behind the command:\n\
         {name: of_ns, template: 'search namespace = {{ns}}', parameters: [{name: ns}],\n\
         allowed_in_source_position: true}",
        Shape::List(&Shape::Section(&COMMAND)),
    )],
    ignored: &[],
};

static COMMAND: Section = Section {
    keys: &[
        Key::new("name", "What is typed.", Shape::Text),
        Key::new("info", "One line for the list of commands.", Shape::Text),
        Key::new("description", "The text of `help NAME`.", Shape::Text),
        Key::new(
            "template",
            "The command line, with `{{parameter}}` in places; `{{args}}` is all that was typed.",
            Shape::Text,
        ),
        Key::new(
            "parameters",
            "The parameters of the template.",
            Shape::List(&Shape::Section(&PARAMETER)),
        ),
        Key::new(
            "allowed_in_source_position",
            "Whether it may stand at the start of a command line.",
            Shape::Switch,
        ),
    ],
    ignored: &[],
};

static PARAMETER: Section = Section {
    keys: &[
        Key::new("name", "As it stands in the template.", Shape::Text),
        Key::new("description", "What it is for.", Shape::Text),
        Key::new("default", "What is used when it is not given.", Shape::Text),
    ],
    ignored: &[],
};
