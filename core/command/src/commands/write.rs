//! `write`: hands the lines to the client as a file.
use async_trait::async_trait;
use futures::{StreamExt as _, stream};
use serde_json::Value;
use stocktake_query::Span;

use crate::line::split;
use crate::pipeline::keeps_line;
use crate::scene::Side;
use crate::show::scalar_text;
use crate::spec::{Category, Command, Example, Shape, Spec, Stage};
use crate::{Argument, Call, CommandError, Elements, FileMode, Flow, Output, Scene};

/// Bytes collected before a piece is sent.
const PIECE: usize = 64 * 1024;

static SPEC: Spec = Spec {
    name: "write",
    aliases: &[],
    about: "store the output in a file where you are",
    usage: "[--force] FILE",
    arguments: &[("--force", "replace a file that is there already")],
    category: Category::Format,
    input: Shape::Lines,
    output: Shape::Nothing,
    examples: &[
        Example {
            about: "Everything about a cluster, for other programs",
            line: "search account=prod | format --ndjson | write prod.ndjson",
            prints: "",
        },
        Example {
            about: "A picture",
            line: "search --with-edges is(kubernetes_service) -[0:]-> | format --dot | write services.dot",
            prints: "",
        },
        Example {
            about: "A table, over the one that is there",
            line: "search is(kubernetes_pod) | list --csv | write --force pods.csv",
            prints: "",
        },
    ],
};

pub(super) struct Write;

impl Command for Write {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn parse(&self, argument: &Argument, _: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        let Target { name, mode, .. } = target(argument)?;
        Ok(Box::new(Ready { name, mode }))
    }
}

/// A file that a line is going to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its name, as it was typed.
    pub name: String,
    /// Whether one that is there may be replaced.
    pub mode: FileMode,
    /// Where the name stands in the line.
    pub span: Span,
}

/// The files a line writes by `write`, for a client that looks whether it can make them before anything runs.
///
/// Names with placeholders are left out, and so is what an alias writes: those are found out when they are written.
/// Of a line that cannot be read there are none, its errors are told by whoever runs it.
pub fn targets(line: &str) -> Vec<Target> {
    let sentences = split(&Argument::typed(line)).unwrap_or_default();
    let mut found = Vec::new();
    for sentence in sentences {
        let (word, rest) = sentence.first().map(Argument::head).unwrap_or_default();
        if keeps_line(word.text(), rest.head().0.text()) {
            continue;
        }
        for piece in &sentence {
            let (word, argument) = piece.head();
            if word.text() == SPEC.name && !argument.text().contains('@') {
                found.extend(target(&argument));
            }
        }
    }
    found
}

fn target(argument: &Argument) -> Result<Target, CommandError> {
    let mut mode = FileMode::Create;
    let mut names = Vec::new();
    for word in argument.words() {
        if argument.option(&word) == Some("--force") {
            mode = FileMode::Replace;
        } else {
            super::no_option(SPEC.name, argument, &word)?;
            names.push(word);
        }
    }
    match names.as_slice() {
        [name] if !name.text.is_empty() => Ok(Target {
            name: name.text.clone(),
            mode,
            span: name.span,
        }),
        [] | [_] => Err(CommandError::usage("`write` needs the name of a file")
            .hint("write e.g. `write pods.csv`")),
        [_, second, ..] => Err(CommandError::usage("`write` takes one name")
            .hint("put quotes around a name with blanks")
            .at(second.span)),
    }
}

struct Ready {
    name: String,
    mode: FileMode,
}

#[async_trait]
impl Stage for Ready {
    async fn run(self: Box<Self>, input: Flow, call: &Call) -> Result<Flow, CommandError> {
        Ok(Flow::from(to_file(
            input.elements,
            self.name,
            self.mode,
            call,
        )))
    }
}

/// Sends lines to the client as a file; what is left to do is to run it to its end.
pub(super) fn to_file(lines: Elements, name: String, mode: FileMode, call: &Call) -> Elements {
    let file = File {
        name,
        mode,
        held: String::new(),
        side: call.side.clone(),
    };
    pieces(lines, file)
}

/// A file being written.
struct File {
    name: String,
    mode: FileMode,
    held: String,
    side: Side,
}

impl File {
    fn send(&mut self) {
        self.side.send(Output::File {
            name: self.name.clone(),
            content: std::mem::take(&mut self.held),
            mode: std::mem::replace(&mut self.mode, FileMode::Append),
        });
    }
}

/// An element that is not shown per piece, so that pieces go out as they are made.
fn pieces(elements: Elements, file: File) -> Elements {
    stream::unfold(Some((elements, file)), |state| async {
        let (mut elements, mut file) = state?;
        while let Some(line) = elements.next().await {
            match line {
                Ok(line) => file.held.push_str(&scalar_text(&line)),
                Err(error) => return Some((Err(error), None)),
            }
            file.held.push('\n');
            if file.held.len() >= PIECE {
                file.send();
                return Some((Ok(Value::Null), Some((elements, file))));
            }
        }
        // A file without lines is a file too, and the client has to hear of it.
        if !file.held.is_empty() || file.mode != FileMode::Append {
            file.send();
        }
        Some((Ok(Value::Null), None))
    })
    .boxed()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Expect) {
        let found = targets(line).into_iter().map(|file| {
            format!(
                "{} {:?} {}\n",
                file.name,
                file.mode,
                &line[file.span.start..file.span.end]
            )
        });
        expected.assert_eq(&found.collect::<String>());
    }

    #[test]
    fn the_files_of_a_line_are_known_before_it_runs() {
        check(
            "search all | list | write --force 'a b'; is(pod) | write x.csv",
            expect![[r"
                a b Replace 'a b'
                x.csv Create x.csv
            "]],
        );
        check(
            "search name = \"| write x\" | write @TODAY@.csv",
            expect![""],
        );
        check(
            "jobs add --schedule '0 5 * * *' search all | write x",
            expect![""],
        );
        check("search all | write", expect![""]);
        check("search 'all | write x", expect![""]);
    }
}
