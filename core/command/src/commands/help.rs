//! `help`: what there is, on one screen; and each command with its examples.
use stocktake_model::near;

use super::tip::Said;
use super::{COMMANDS, command};
use crate::placeholder::PLACEHOLDERS;
use crate::spec::{Category, Command, Example, Shape, Spec, Stage};
use crate::{Argument, CommandError, Scene};

/// Columns of the narrowest screen.
const WIDTH: usize = 80;

static SPEC: Spec = Spec {
    name: "help",
    aliases: &["?", "man"],
    about: "what you can do, and how",
    usage: "[COMMAND|placeholders]",
    arguments: &[("placeholders", "`@TODAY@` and the like")],
    category: Category::Misc,
    input: Shape::Nothing,
    output: Shape::Lines,
    examples: &[Example {
        about: "How does `count` work?",
        line: "help count",
        prints: "",
    }],
};

pub(super) struct Help;

impl Command for Help {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn parse(&self, argument: &Argument, _: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        let lines = match argument.text() {
            "" => overview(),
            "placeholders" => placeholders(),
            name => match command(name) {
                Some(command) => detail(command.spec()),
                None => return Err(unknown(name)),
            },
        };
        Ok(Box::new(Said(lines)))
    }
}

fn unknown(name: &str) -> CommandError {
    let names = COMMANDS.iter().map(|command| command.spec().name);
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
        "`help COMMAND` tells more about one, `kinds` lists what can be asked for.".to_owned(),
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

fn detail(spec: &Spec) -> Vec<String> {
    let mut lines = vec![
        format!("{}: {}", spec.name, spec.about),
        String::new(),
        format!("  {} {}", spec.name, spec.usage)
            .trim_end()
            .to_owned(),
    ];
    if !spec.aliases.is_empty() {
        lines.push(format!("  also known as {}", spec.aliases.join(", ")));
    }
    if !spec.arguments.is_empty() {
        let width = spec
            .arguments
            .iter()
            .map(|(name, _)| name.chars().count())
            .max();
        let width = width.unwrap_or(0);
        lines.push(String::new());
        lines.extend(
            spec.arguments
                .iter()
                .map(|(name, about)| format!("  {name:<width$}  {about}")),
        );
    }
    for example in spec.examples {
        lines.push(String::new());
        lines.push(format!("{}:", example.about));
        lines.push(format!("  > {}", example.line));
        lines.extend(example.prints.lines().map(|line| format!("  {line}")));
    }
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
