//! Runs a line: reads all of it, then runs its sentences one after the other as the client takes what they say.
use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use jiff::tz::TimeZone;

use crate::pipeline::{Pipeline, plan};
use crate::scene::Side;
use crate::show::scalar_text;
use crate::{
    Argument, Call, CommandError, Context, Elements, Output, Services, Shape, line, placeholder,
};

/// A line that could be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The line with bare queries and other names of commands written out.
    pub canonical: String,
    /// Files a client would have to upload.
    pub files: Vec<String>,
}

/// Reads a line without running it, e.g. before a job with it is stored.
pub fn check(context: &Context, services: &dyn Services) -> Result<Checked, CommandError> {
    let pipelines = read(context, services)?;
    let canonical: Vec<&str> = pipelines.iter().map(|one| one.canonical.as_str()).collect();
    Ok(Checked {
        canonical: canonical.join(" ; "),
        files: pipelines.iter().flat_map(|one| one.files.clone()).collect(),
    })
}

/// Runs the line of the context. Nothing runs before all of the line was understood; nothing runs on after a
/// sentence that failed. The last message is [`Output::Done`]; whoever drops the stream stops the line.
pub fn execute(context: Context, services: Arc<dyn Services>) -> BoxStream<'static, Output> {
    let side = Side::default();
    let pipelines = match read(&context, &*services) {
        Ok(pipelines) => pipelines,
        Err(error) => {
            side.fail(error.class.exit_code());
            let error = Output::error(&error, &context.line);
            return stream::iter([error, side.done()]).boxed();
        }
    };
    let missing: Vec<String> = pipelines
        .iter()
        .flat_map(|pipeline| pipeline.files.iter())
        .filter(|name| !context.files.contains_key(*name))
        .cloned()
        .collect();
    if !missing.is_empty() {
        let need = Output::NeedFiles { names: missing };
        return stream::iter([need, side.done()]).boxed();
    }
    let run = LineRun {
        services,
        context: Arc::new(context),
        side,
        waiting: pipelines.into(),
        current: None,
        state: State::Fresh,
    };
    stream::unfold(run, |mut run| async {
        let output = run.next().await?;
        Some((output, run))
    })
    .boxed()
}

fn read(context: &Context, services: &dyn Services) -> Result<Vec<Pipeline>, CommandError> {
    let typed = Argument::typed(&context.line);
    let filled = placeholder::fill(&typed, services.now(), &TimeZone::system());
    let settings = services.settings();
    line::split(&filled)?
        .iter()
        .map(|sentence| plan(sentence, &context.env, services, &settings))
        .collect()
}

/// A line on its way.
struct LineRun {
    services: Arc<dyn Services>,
    context: Arc<Context>,
    side: Side,
    waiting: VecDeque<Pipeline>,
    current: Option<Sentence>,
    state: State,
}

/// A sentence on its way.
struct Sentence {
    elements: Elements,
    gives: Shape,
    formatted: bool,
}

#[derive(PartialEq)]
enum State {
    /// Nothing ran yet.
    Fresh,
    /// Something ran.
    Going,
    /// The end was told.
    Over,
}

/// What came first.
enum Heard {
    /// The next element, or the end.
    Element(Option<Result<serde_json::Value, CommandError>>),
    /// Something said on the side while the element is waited for, e.g. how far a workflow is.
    Said(Output),
}

async fn heard(elements: &mut Elements, side: &Side) -> Heard {
    poll_fn(|context| match elements.poll_next_unpin(context) {
        Poll::Ready(element) => Poll::Ready(Heard::Element(element)),
        Poll::Pending => match side.next() {
            Some(output) => Poll::Ready(Heard::Said(output)),
            None => Poll::Pending,
        },
    })
    .await
}

impl LineRun {
    async fn next(&mut self) -> Option<Output> {
        loop {
            if let Some(output) = self.side.next() {
                return Some(output);
            }
            if self.state == State::Over {
                return None;
            }
            let output = match &mut self.current {
                Some(sentence) => match heard(&mut sentence.elements, &self.side).await {
                    Heard::Said(output) => return Some(output),
                    Heard::Element(Some(Ok(value))) => self.element(value),
                    Heard::Element(Some(Err(error))) => Some(self.failed(&error)),
                    Heard::Element(None) => {
                        self.current = None;
                        None
                    }
                },
                None => self.start_next().await,
            };
            if output.is_some() {
                // What was said on the side came before this element.
                return Some(match (self.side.next(), output) {
                    (Some(earlier), Some(output)) => {
                        self.side.send(output);
                        earlier
                    }
                    (_, output) => output?,
                });
            }
        }
    }

    fn element(&mut self, value: serde_json::Value) -> Option<Output> {
        let sentence = self.current.as_ref()?;
        if sentence.gives == Shape::Nothing {
            return None;
        }
        if !sentence.formatted {
            self.side.count(1);
        }
        Some(Output::text(scalar_text(&value)))
    }

    async fn start_next(&mut self) -> Option<Output> {
        let Some(pipeline) = self.waiting.pop_front() else {
            self.state = State::Over;
            return Some(self.side.done());
        };
        let first = self.state == State::Fresh;
        self.state = State::Going;
        let (gives, formatted) = (pipeline.gives, pipeline.formatted);
        let call = Call {
            services: self.services.clone(),
            context: self.context.clone(),
            scene: pipeline.scene.clone(),
            side: self.side.clone(),
        };
        match pipeline.run(&call).await {
            Ok(flow) => {
                self.current = Some(Sentence {
                    elements: flow.elements,
                    gives,
                    formatted,
                });
                (!first).then(|| Output::text("---"))
            }
            Err(error) => Some(self.failed(&error)),
        }
    }

    fn failed(&mut self, error: &CommandError) -> Output {
        self.current = None;
        self.waiting.clear();
        self.side.fail(error.class.exit_code());
        Output::error(error, &self.context.line)
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn what_is_said_on_the_side_does_not_wait_for_the_next_element() {
        let side = Side::default();
        let speaker = side.clone();
        let mut elements: Elements = stream::once(async move {
            speaker.send(Output::note("half way"));
            std::future::pending().await
        })
        .boxed();
        let first = heard(&mut elements, &side).now_or_never();
        assert!(
            matches!(first, Some(Heard::Said(Output::Note { message })) if message == "half way")
        );
        assert!(heard(&mut elements, &side).now_or_never().is_none());
    }
}
