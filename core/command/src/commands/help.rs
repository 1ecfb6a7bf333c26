//! `help`: what there is, on one screen; and each command with its examples.
use stocktake_model::near;

use super::tip::Said;
use super::{COMMANDS, command, tour};
use crate::placeholder::PLACEHOLDERS;
use crate::spec::{Category, Command, Example, Shape, Spec, Stage};
use crate::{Argument, CommandError, Scene, Shorthand};

/// Columns of the narrowest screen.
const WIDTH: usize = 80;

static SPEC: Spec = Spec {
    name: "help",
    aliases: &["?", "man"],
    about: "what you can do, and how",
    usage: "[COMMAND|query|placeholders]",
    arguments: &[
        ("query", "the query language on one page"),
        ("placeholders", "`@TODAY@` and the like"),
    ],
    category: Category::Misc,
    input: Shape::Nothing,
    output: Shape::Lines,
    examples: &[
        Example {
            about: "How does `count` work?",
            line: "help count",
            prints: "",
        },
        Example {
            about: "What is there?",
            line: "help",
            prints: "",
        },
        Example {
            about: "What can be asked?",
            line: "help query",
            prints: "",
        },
        Example {
            about: "What is replaced in a line?",
            line: "help placeholders",
            prints: "",
        },
    ],
};

pub(super) struct Help;

impl Command for Help {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn parse(&self, argument: &Argument, scene: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        let lines = match argument.text() {
            "" => {
                let mut lines = overview();
                lines.extend(custom(scene));
                lines
            }
            "placeholders" => placeholders(),
            "query" => tour::page(),
            name => match (command(name), scene.shorthands.get(name)) {
                (Some(command), _) => detail(command.spec()),
                (None, Some(shorthand)) => custom_detail(name, shorthand),
                (None, None) => return Err(unknown(name, scene)),
            },
        };
        Ok(Box::new(Said(lines)))
    }
}

fn unknown(name: &str, scene: &Scene) -> CommandError {
    let names = COMMANDS.iter().map(|command| command.spec().name);
    let names = names.chain(scene.shorthands.keys().map(String::as_str));
    let error = CommandError::usage(format!("unknown command `{name}`"));
    match near(name, names).first() {
        Some(meant) => error.hint(format!("did you mean `{meant}`?")),
        None => error.hint("`help` lists all commands"),
    }
}

fn overview() -> Vec<String> {
    let mut lines = vec![
        "Ask with `search`, pipe the answer on, put `;` between lines:".to_owned(),
        String::new(),
        "  search is(kubernetes_pod) and namespace=default | count pod_status.phase".to_owned(),
        "  is(volume) and age > 90d | list name, age | write volumes.txt".to_owned(),
        String::new(),
    ];
    for category in Category::ALL {
        let names = COMMANDS
            .iter()
            .map(|command| command.spec())
            .filter(|spec| spec.category == category)
            .map(|spec| spec.name);
        lines.extend(wrapped(&format!("{:<8}", category.as_str()), names));
    }
    lines.push(String::new());
    lines.push(
        "`help query` is a tour, `help COMMAND` tells about one, `kinds` what there is.".to_owned(),
    );
    lines
}

/// Names behind a heading, as many as fit on each line.
fn wrapped<'a>(heading: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut lines = vec![heading.to_owned()];
    for name in names {
        let last = lines.last_mut().expect("it starts with one");
        if last.len() + 1 + name.len() > WIDTH {
            lines.push(format!("{:8} {name}", ""));
        } else {
            last.push(' ');
            last.push_str(name);
        }
    }
    lines
}

/// What it is, the examples (they say more than the rest), then how it is written.
fn detail(spec: &Spec) -> Vec<String> {
    let mut lines = vec![format!("{}: {}", spec.name, spec.about)];
    for example in spec.examples {
        lines.push(String::new());
        // A question ends as it is.
        let colon = if example.about.ends_with('?') {
            ""
        } else {
            ":"
        };
        lines.push(format!("{}{colon}", example.about));
        lines.push(format!("  > {}", example.line));
        lines.extend(example.prints.lines().map(|line| format!("  {line}")));
    }
    lines.push(String::new());
    lines.push(
        format!("  {} {}", spec.name, spec.usage)
            .trim_end()
            .to_owned(),
    );
    if !spec.aliases.is_empty() {
        lines.push(format!("  also known as {}", spec.aliases.join(", ")));
    }
    if !spec.arguments.is_empty() {
        let names = spec.arguments.iter().map(|(name, _)| name.chars().count());
        let width = names.max().unwrap_or(0);
        lines.push(String::new());
        lines.extend(
            spec.arguments
                .iter()
                .map(|(name, about)| format!("  {name:<width$}  {about}")),
        );
    }
    lines
}

/// The custom commands, if there are any.
fn custom(scene: &Scene) -> Vec<String> {
    if scene.shorthands.is_empty() {
        return Vec::new();
    }
    let width = scene
        .shorthands
        .keys()
        .map(|name| name.chars().count())
        .max();
    let width = width.unwrap_or(0);
    let mut lines = vec![String::new(), "Custom commands:".to_owned()];
    lines.extend(scene.shorthands.iter().map(|(name, shorthand)| {
        let about = match shorthand.info.as_str() {
            "" => &shorthand.template,
            info => info,
        };
        format!("  {name:<width$}  {about}")
    }));
    lines
}

fn custom_detail(name: &str, shorthand: &Shorthand) -> Vec<String> {
    let mut lines = vec![format!("{name}: {}", shorthand.info)];
    if !shorthand.description.is_empty() {
        lines.push(String::new());
        lines.extend(shorthand.description.lines().map(str::to_owned));
    }
    lines.push(String::new());
    lines.push(format!("  stands for `{}`", shorthand.template));
    if !shorthand.parameters.is_empty() {
        lines.push(String::new());
    }
    lines.extend(shorthand.parameters.iter().map(|parameter| {
        let flag = parameter.name.replace('_', "-");
        let default = parameter.default.as_ref();
        let default = default.map_or_else(String::new, |value| format!(" [default: {value}]"));
        format!("  --{flag}  {}{default}", parameter.description)
    }));
    lines
}

fn placeholders() -> Vec<String> {
    let mut lines = vec![
        "Replaced in every line, in capitals or not:".to_owned(),
        String::new(),
    ];
    lines.extend(PLACEHOLDERS.iter().map(|(name, about)| {
        let name = format!("@{name}@");
        format!("  {name:<12} {about}").trim_end().to_owned()
    }));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_overview_fits_on_a_screen() {
        let lines = overview();
        assert!(lines.len() <= 24, "{} lines", lines.len());
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH));
        let all = lines.join(" ");
        for command in COMMANDS {
            assert!(all.contains(command.spec().name), "{}", command.spec().name);
        }
    }
}
