//! What a sentence is read against (section, variables, model, time), and what a running one holds on to.
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use stocktake_model::Model;
use stocktake_query::EdgeType;

use crate::{
    Class, CommandError, Context, Ground, LIVE, Output, Services, Settings, Shorthand, graph_name,
};

/// Names of variables that mean something on every line.
pub(crate) const VARIABLES: [&str; 5] = ["edge_type", "graph", "now", "search_timeout", "section"];

/// The sections a path may be relative to; `/` and `root` are the root of the document.
const SECTIONS: [&str; 4] = ["reported", "desired", "metadata", "security"];

/// What a sentence is read against.
#[derive(Clone)]
pub struct Scene {
    /// Section that paths are relative to; empty is the root.
    pub section: String,
    /// Time a search may take.
    pub timeout: Option<Duration>,
    /// Edge type of walks that name none.
    pub edge_type: Option<EdgeType>,
    /// The kept graph that is asked; the live one if there is none.
    pub graph: Option<String>,
    /// All variables: those of the client, then those of the sentence.
    pub env: BTreeMap<String, String>,
    /// All kinds.
    pub model: Arc<Model>,
    /// The time it is.
    pub now: Timestamp,
    /// Custom commands, by what is typed.
    pub shorthands: Arc<BTreeMap<String, Shorthand>>,
}

impl Scene {
    /// The scene for variables of the client and of the sentence.
    pub(crate) fn new(
        ground: &dyn Ground,
        settings: &Settings,
        env: BTreeMap<String, String>,
    ) -> Result<Self, CommandError> {
        let section = match env.get("section").map(String::as_str) {
            None => settings.section.clone(),
            Some("/" | "root" | "") => String::new(),
            Some(name) if SECTIONS.contains(&name) => name.to_owned(),
            Some(other) => {
                return Err(CommandError::usage(format!("unknown section `{other}`"))
                    .hint("it is one of `reported`, `desired`, `metadata`, `security` and `/`"));
            }
        };
        let timeout = match env.get("search_timeout") {
            None => settings.search_timeout,
            Some(text) => Some(seconds(text)?),
        };
        let edge_type = env
            .get("edge_type")
            .map(|name| edge_type(name))
            .transpose()?;
        let graph = match env.get("graph").map(|name| graph_name(name)) {
            None => None,
            Some(name) => Some(name?).filter(|name| name != LIVE),
        };
        Ok(Self {
            section,
            timeout,
            edge_type,
            graph,
            env,
            model: ground.model(),
            now: ground.now(),
            shorthands: Arc::new(settings.aliases.clone()),
        })
    }
}

/// A span of time in seconds: `60s`, `5min`, or a bare number.
pub(crate) fn seconds(text: &str) -> Result<Duration, CommandError> {
    let seconds = match text.parse::<u64>() {
        Ok(seconds) => Some(seconds),
        Err(_) => text
            .parse::<stocktake_model::Duration>()
            .map_err(|why| CommandError::usage(why.to_string()))?
            .seconds()
            .try_into()
            .ok(),
    };
    seconds
        .map(Duration::from_secs)
        .ok_or_else(|| CommandError::usage(format!("`{text}` lies in the past")))
}

/// The edge type of a name.
pub(crate) fn edge_type(name: &str) -> Result<EdgeType, CommandError> {
    match name {
        "default" => Ok(EdgeType::Default),
        "delete" => Ok(EdgeType::Delete),
        "iam" => Ok(EdgeType::Iam),
        other => Err(CommandError::usage(format!("unknown edge type `{other}`"))
            .hint("it is one of `default`, `delete` and `iam`")),
    }
}

/// What a running sentence holds on to. Cheap to clone: elements outlive the call that made them.
#[derive(Clone)]
pub struct Call {
    /// The way to the core.
    pub services: Arc<dyn Services>,
    /// Who runs it, and where.
    pub context: Arc<Context>,
    /// What it was read against.
    pub scene: Arc<Scene>,
    /// What goes to the client beside the elements.
    pub side: Side,
}

/// What goes to the client beside the elements: notes, progress, files, and how the line ends.
#[derive(Clone, Default)]
pub struct Side(Arc<Mutex<SideState>>);

#[derive(Default)]
struct SideState {
    queue: VecDeque<Output>,
    exit_code: u8,
    data_age_secs: Option<u64>,
    gaps: u64,
    elements: u64,
}

impl Side {
    /// Sends a message; it overtakes elements that were not asked for yet.
    pub fn send(&self, output: Output) {
        self.state().queue.push_back(output);
    }

    /// Sends a hint, unless the same one waits already.
    pub fn note(&self, message: impl Into<String>) {
        let note = Output::note(message);
        let mut state = self.state();
        if !state.queue.contains(&note) {
            state.queue.push_back(note);
        }
    }

    /// The line ends with this exit code, unless it ends with a worse one: 2, then 1, then 3, then 0.
    pub fn fail(&self, exit_code: u8) {
        let rank = |code: u8| [0, 3, 1, 2].iter().position(|known| *known == code);
        let mut state = self.state();
        if rank(exit_code) > rank(state.exit_code) {
            state.exit_code = exit_code;
        }
    }

    /// Data of this age was read, with this many gaps in it. Gaps make the answer a partial one.
    pub fn read(&self, age_secs: Option<u64>, gaps: u64) {
        if gaps > 0 {
            self.fail(Class::Partial.exit_code());
        }
        let mut state = self.state();
        state.data_age_secs = state.data_age_secs.max(age_secs);
        state.gaps = state.gaps.max(gaps);
    }

    /// So many more elements reached the end.
    pub fn count(&self, elements: u64) {
        self.state().elements += elements;
    }

    pub(crate) fn next(&self) -> Option<Output> {
        self.state().queue.pop_front()
    }

    pub(crate) fn done(&self) -> Output {
        let state = self.state();
        Output::Done {
            elements: state.elements,
            exit_code: state.exit_code,
            data_age_secs: state.data_age_secs,
            gaps: state.gaps,
        }
    }

    fn state(&self) -> MutexGuard<'_, SideState> {
        // Nothing panics while it is held; if it did, the state would still be whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exit_code(side: &Side) -> u8 {
        let Output::Done { exit_code, .. } = side.done() else {
            unreachable!("`done` is the end")
        };
        exit_code
    }

    #[test]
    fn gaps_make_an_answer_partial_and_errors_weigh_more() {
        let side = Side::default();
        side.read(Some(60), 0);
        assert_eq!(exit_code(&side), 0);
        side.read(Some(30), 2);
        assert_eq!(exit_code(&side), 3);
        side.fail(1);
        side.read(None, 2);
        assert_eq!(exit_code(&side), 1);
    }
}
