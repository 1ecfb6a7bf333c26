//! Runs a line: reads all of it, then runs its sentences one after the other as the client takes what they say.
use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use jiff::tz::TimeZone;

use crate::pipeline::{Pipeline, keeps_line, plan};
use crate::scene::Side;
use crate::show::scalar_text;
use crate::{
    Argument, Call, CommandError, Context, Elements, Ground, Output, Search, Services, Shape, line,
    placeholder,
};

/// A line that could be run.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// The line with bare queries and other names of commands written out.
    pub canonical: String,
    /// Files a client would have to upload.
    pub files: Vec<String>,
    /// What it would ask of the graph, as far as that is known before it runs; lines it keeps for later included.
    pub searches: Vec<Search>,
}

/// Lines kept by lines that are kept: a job that adds a job.
const MAX_DEPTH: usize = 4;

/// Reads a line without running it, e.g. before a job with it is stored.
pub fn check(context: &Context, ground: &dyn Ground) -> Result<Checked, CommandError> {
    let (pipelines, searches) = read(context, ground, 0)?;
    let canonical: Vec<&str> = pipelines.iter().map(|one| one.canonical.as_str()).collect();
    Ok(Checked {
        canonical: canonical.join(" ; "),
        files: pipelines.iter().flat_map(|one| one.files.clone()).collect(),
        searches,
    })
}

/// Runs the line of the context. Nothing runs before all of the line was understood; nothing runs on after a
/// sentence that failed. The last message is [`Output::Done`]; whoever drops the stream stops the line.
pub fn execute(context: Context, services: Arc<dyn Services>) -> BoxStream<'static, Output> {
    let side = Side::default();
    let pipelines = match read(&context, &*services, 0) {
        Ok((pipelines, _)) => pipelines,
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

/// The sentences of a line, and what they and the lines they keep would ask of the graph.
fn read(
    context: &Context,
    ground: &dyn Ground,
    depth: usize,
) -> Result<(Vec<Pipeline>, Vec<Search>), CommandError> {
    let typed = Argument::typed(&context.line);
    let (word, rest) = line::assignments(&typed).rest.head();
    let filled = if keeps_line(word.text(), rest.head().0.text()) {
        // A job fills its placeholders in when it runs.
        typed
    } else {
        placeholder::fill(&typed, ground.now(), &TimeZone::system())
    };
    let settings = ground.settings();
    let mut pipelines = Vec::new();
    let mut searches = Vec::new();
    for sentence in line::split(&filled)? {
        let pipeline = plan(&sentence, &context.env, ground, &settings)?;
        searches.extend(pipeline.searches.iter().cloned());
        for kept in &pipeline.lines {
            if depth == MAX_DEPTH {
                return Err(CommandError::usage("too many jobs inside of jobs").at(kept.span()));
            }
            let context = Context {
                line: kept.text().to_owned(),
                ..context.clone()
            };
            let (_, inner) =
                read(&context, ground, depth + 1).map_err(|error| kept.locate(error))?;
            searches.extend(inner);
        }
        pipelines.push(pipeline);
    }
    Ok((pipelines, searches))
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
