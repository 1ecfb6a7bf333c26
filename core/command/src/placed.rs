//! A stage that knows where its command stands, so that what it refuses while it runs is shown in the line.
//!
//! What is wrong with the world, or with a file, has no place in the line.
use futures::StreamExt as _;
use stocktake_query::{Path, Span};

use crate::spec::Stage;
use crate::{Argument, Call, Class, CommandError, Flow};

/// A stage, and what of the line is to blame for it.
pub(crate) struct Placed {
    stage: Box<dyn Stage>,
    /// When it does not begin.
    whole: Span,
    /// When it refuses an element; only actions do.
    refuses: Option<Span>,
}

impl Placed {
    pub(crate) fn new(stage: Box<dyn Stage>, whole: Span, refuses: Option<Span>) -> Self {
        Self {
            stage,
            whole,
            refuses,
        }
    }

    /// See [`Stage::reads`].
    pub(crate) fn reads(&self) -> Vec<Path> {
        self.stage.reads()
    }

    /// See [`Stage::files`].
    pub(crate) fn files(&self) -> Vec<String> {
        self.stage.files()
    }

    /// See [`Stage::lines`].
    pub(crate) fn lines(&self) -> Vec<Argument> {
        self.stage.lines()
    }

    /// See [`Stage::run`].
    pub(crate) async fn run(self, input: Flow, call: &Call) -> Result<Flow, CommandError> {
        let Self {
            stage,
            whole,
            refuses,
        } = self;
        // A file is to blame for what is wrong in it, and its line may come from an editor, not from a person.
        let is_typed = stage.files().is_empty();
        let flow = match stage.run(input, call).await {
            Err(error) if is_typed => return Err(at(error, whole)),
            ran => ran?,
        };
        Ok(match refuses {
            None => flow,
            Some(span) => flow.map(|elements| {
                let placed = move |error| at(error, span);
                elements.map(move |element| element.map_err(placed)).boxed()
            }),
        })
    }
}

fn at(error: CommandError, span: Span) -> CommandError {
    match error.class {
        Class::Usage => error.at(span),
        Class::World | Class::Partial => error,
    }
}
