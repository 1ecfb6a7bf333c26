//! Every command: one file each (or each family), and the slice that lists them.
mod aggregate;
mod audit;
mod certificate;
mod clean;
mod clusters;
mod configs;
mod count;
mod cut;
mod dump;
mod format;
mod graph;
mod help;
mod history;
mod http;
mod jobs;
mod jq;
mod kinds;
mod list;
mod mark;
mod restore;
mod search;
mod show;
mod sort;
mod source;
mod stream;
mod system;
mod tag;
mod templates;
mod timeseries;
mod tip;
mod tour;
mod tree;
mod walk;
mod workflows;
mod write;

pub use write::{Target, targets};

use crate::spec::Command;
use crate::{Argument, CommandError, Word};

/// Every command, by name. A command that is not listed does not exist.
pub static COMMANDS: &[&dyn Command] = &[
    &aggregate::Aggregate,
    &walk::TO_ANCESTORS,
    &audit::Audit,
    &certificate::Certificate,
    &stream::Chunk,
    &clean::Clean,
    &clusters::Clusters,
    &configs::Configs,
    &count::Count,
    &walk::TO_DESCENDANTS,
    &dump::Dump,
    &source::Echo,
    &source::Env,
    &stream::Flatten,
    &format::FormatAs,
    &graph::Graph,
    &cut::Head,
    &help::Help,
    &history::History,
    &http::Http,
    &http::Https,
    &jobs::Jobs,
    &jq::Jq,
    &source::Json,
    &kinds::Kinds,
    &cut::LimitTo,
    &list::List,
    &walk::TO_PREDECESSORS,
    &mark::TO_PROTECT,
    &restore::Restore,
    &search::Search,
    &mark::TO_SET_DESIRED,
    &mark::TO_SET_METADATA,
    &show::Show,
    &source::Sleep,
    &sort::Sort,
    &walk::TO_SUCCESSORS,
    &system::System,
    &tag::Tag,
    &cut::Tail,
    &templates::Templates,
    &timeseries::Timeseries,
    &tip::Tip,
    &tree::Tree,
    &stream::Uniq,
    &mark::TO_UNPROTECT,
    &tip::Welcome,
    &workflows::Workflows,
    &write::Write,
];

/// The command of this name or alias.
pub fn command(name: &str) -> Option<&'static dyn Command> {
    COMMANDS
        .iter()
        .find(|command| command.spec().name == name || command.spec().aliases.contains(&name))
        .copied()
}

/// An error if anything was said to a command that takes nothing.
fn no_argument(name: &str, argument: &Argument) -> Result<(), CommandError> {
    if argument.is_empty() {
        return Ok(());
    }
    Err(CommandError::usage(format!("`{name}` takes no argument")).at(argument.span()))
}

/// An error if the word was typed as an option: those the command has were taken before.
fn no_option(name: &str, argument: &Argument, word: &Word) -> Result<(), CommandError> {
    match argument.option(word) {
        None => Ok(()),
        Some(option) => Err(
            CommandError::usage(format!("`{name}` has no option `{option}`"))
                .hint(format!("`help {name}` shows all of them"))
                .at(word.span),
        ),
    }
}

/// The error for a sub-command nobody knows, with those there are; for one that is known, how it goes.
fn unknown_verb(name: &str, verbs: &[&str], argument: &Argument) -> CommandError {
    let known: Vec<String> = verbs.iter().map(|verb| format!("`{verb}`")).collect();
    let hint = format!("it knows {}; `help {name}` tells more", known.join(", "));
    let words = argument.words();
    let Some(word) = words.first() else {
        return CommandError::usage(format!("`{name}` needs to know what to do")).hint(hint);
    };
    if words.iter().any(|word| matches!(&*word.text, ">" | ">>")) {
        return CommandError::usage(format!("`{name}` writes to no file"))
            .hint("`| write FILE` at the end of the line does")
            .at(argument.span());
    }
    let arguments = command(name).map_or(&[][..], |command| command.spec().arguments);
    let mut usages = arguments.iter().map(|(usage, _)| usage);
    let usage = usages.find(|usage| usage.split([' ', '|']).next() == Some(&*word.text));
    let hint = match usage {
        Some(usage) => format!("it goes `{name} {usage}`; `help {name}` tells more"),
        None => hint,
    };
    CommandError::usage(format!("`{name}` cannot `{}` this way", word.text))
        .hint(hint)
        .at(argument.span())
}

#[cfg(test)]
mod tests;
