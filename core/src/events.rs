//! What happens, told to whoever listens: runs and their steps, documents that change, and what is told from outside.
//!
//! Nothing is kept: who does not listen misses it. What has to happen although nobody listened stands in the record.
use futures::StreamExt as _;
use futures::stream::BoxStream;
use serde_json::{Value, json};
use stocktake_client::Event;
use stocktake_command::CommandError;
use stocktake_model::near;
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;

use crate::core::Core;
use crate::workflow::{Action, WORKFLOWS, Workflow};

/// Events that wait for a slow listener before it misses the oldest.
const BUFFERED: usize = 1024;
/// A workflow has begun, in whatever way it was started.
pub(crate) const TASK_STARTED: &str = "task_started";
/// A run of a workflow is over.
pub(crate) const TASK_END: &str = "task_end";
/// Something went wrong in a run.
pub(crate) const ERROR: &str = "error";
/// An account was collected and committed.
pub(crate) const MERGED: &str = "graph-merge-completed";
/// What the core tells beside the steps of workflows.
const TOLD: [&str; 7] = [
    "config-copied",
    "config-deleted",
    "config-updated",
    ERROR,
    MERGED,
    TASK_END,
    TASK_STARTED,
];
/// Longest name of an event, in bytes.
const LONGEST: usize = 100;

/// The way from those who tell to those who listen.
pub(crate) struct Events(broadcast::Sender<Event>);

impl Default for Events {
    fn default() -> Self {
        Self(broadcast::channel(BUFFERED).0)
    }
}

impl Events {
    /// Everything from now on. Whoever falls behind misses the oldest.
    pub(crate) fn listen(&self) -> broadcast::Receiver<Event> {
        self.0.subscribe()
    }
}

impl Core {
    /// Tells what has happened.
    pub(crate) fn tell(&self, name: &str, data: Value) {
        // Nobody may be listening.
        let _ = self.0.events.0.send(Event {
            message_type: name.to_owned(),
            data,
        });
    }

    /// The events of these names as they come; all if there are none.
    pub(crate) fn hear(&self, names: Vec<String>) -> BoxStream<'static, Event> {
        let events = BroadcastStream::new(self.0.events.listen());
        let wanted = move |event: &Event| names.is_empty() || names.contains(&event.message_type);
        events
            .filter_map(move |event| std::future::ready(event.ok().filter(|event| wanted(event))))
            .boxed()
    }

    /// Takes an event from outside: one that starts a workflow does so, any other wakes the jobs that wait for it. What the
    /// core tells itself is refused: jobs go by it.
    pub(crate) fn take_event(&self, event: Event) -> Result<(), CommandError> {
        let name = event.message_type.as_str();
        if steps().any(|step| step == name) || TOLD.contains(&name) {
            let error = CommandError::usage(format!("`{name}` is told by the core alone"));
            return Err(
                error.hint("take another name, or start a workflow: `start_collect_workflow`")
            );
        }
        known_event(name)?;
        let workflow = started_by(name);
        self.tell(name, event.data);
        if let Some(workflow) = workflow {
            self.start_workflow(workflow.name)?;
        }
        Ok(())
    }

    /// Tells that a run has begun or is over.
    pub(crate) fn tell_run(&self, what: &str, workflow: &str, task: &str, errors: usize) {
        let mut data = json!({"workflow": workflow, "task": task});
        if what == TASK_END {
            data["errors"] = errors.into();
        }
        self.tell(what, data);
    }
}

/// Names of the events that workflows tell: each step when it begins, and those that take their time when they are done.
fn steps() -> impl Iterator<Item = String> {
    let steps = WORKFLOWS.iter().flat_map(|workflow| workflow.steps);
    steps.flat_map(|step| {
        let done = (step.action != Action::Announce).then(|| done(step.name));
        std::iter::once(step.name.to_owned()).chain(done)
    })
}

/// The event that tells the end of a step.
pub(crate) fn done(step: &str) -> String {
    format!("{step}_done")
}

/// The workflow that an event starts.
fn started_by(event: &str) -> Option<&'static Workflow> {
    let name = event.strip_prefix("start_")?.strip_suffix("_workflow")?;
    WORKFLOWS.iter().find(|workflow| workflow.name == name)
}

/// An error if nobody will ever tell an event of this name. Names that are not the core's own are taken: they come from
/// outside.
pub(crate) fn known_event(event: &str) -> Result<(), CommandError> {
    let mut known: Vec<String> = steps().chain(TOLD.map(str::to_owned)).collect();
    known.extend(
        WORKFLOWS
            .iter()
            .map(|one| format!("start_{}_workflow", one.name)),
    );
    known.sort();
    known.dedup();
    if known.iter().any(|name| name == event) {
        return Ok(());
    }
    if let Some(meant) = near(event, known.iter().map(String::as_str)).first() {
        let error = CommandError::usage(format!("no event `{event}`"));
        return Err(error.hint(format!("did you mean `{meant}`?")));
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    let starts = event.starts_with("start_") && event.ends_with("_workflow");
    if event.is_empty() || event.len() > LONGEST || !event.bytes().all(allowed) || starts {
        let hint = format!(
            "events are {}, or a name of your own of letters, digits, `_` and `-`",
            known.join(", ")
        );
        return Err(CommandError::usage(format!("no event `{event}`")).hint(hint));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use stocktake_client::Client;

    use super::*;
    use crate::{Options, Schedule};

    async fn open(dir: &tempfile::TempDir) -> Core {
        let options = Options {
            data_dir: dir.path().to_owned(),
            contexts: Vec::new(),
            schedule: Schedule::Ignore,
        };
        Core::open(options).await.unwrap()
    }

    fn event(name: &str) -> Event {
        Event {
            message_type: name.to_owned(),
            data: json!({"by": "test"}),
        }
    }

    #[tokio::test]
    async fn an_event_starts_its_workflow_and_whoever_listens_hears_of_every_step() {
        let dir = tempfile::tempdir().unwrap();
        let core = open(&dir).await;
        let client = Client::new(core.transport());
        let mut events = client.events(&[]).await.unwrap();
        let mut ends = client.events(&["task_end", "nothing_else"]).await.unwrap();
        (client.emit(&event("start_metrics_workflow")).await).unwrap();
        let mut heard = Vec::new();
        while let Some(Ok(event)) = events.next().await {
            heard.push(event.message_type.clone());
            if event.message_type == TASK_END {
                assert_eq!(event.data["workflow"], "metrics");
                assert_eq!(event.data["errors"], 0);
                break;
            }
        }
        assert_eq!(
            heard,
            [
                "start_metrics_workflow",
                "task_started",
                "pre_generate_metrics",
                "generate_metrics",
                "generate_metrics_done",
                "post_generate_metrics",
                "task_end",
            ]
        );
        let end = ends.next().await.unwrap().unwrap();
        assert_eq!(end.message_type, "task_end");
    }

    #[tokio::test]
    async fn what_the_core_tells_itself_cannot_be_told_from_outside() {
        let dir = tempfile::tempdir().unwrap();
        let core = open(&dir).await;
        let client = Client::new(core.transport());
        for (name, said) in [
            ("post_collect", "`post_collect` is told by the core alone"),
            ("collect_done", "`collect_done` is told by the core alone"),
            ("task_end", "`task_end` is told by the core alone"),
            (
                "start_colect_workflow",
                "did you mean `start_collect_workflow`?",
            ),
            (
                "start_everything_workflow",
                "no event `start_everything_workflow`",
            ),
            ("a b", "no event `a b`"),
        ] {
            let error = client.emit(&event(name)).await.unwrap_err().to_string();
            assert!(error.contains(said), "{name}: {error}");
        }
        assert!(core.0.runs.all().is_empty());
    }

    #[tokio::test]
    async fn an_event_of_ones_own_comes_with_its_data() {
        let dir = tempfile::tempdir().unwrap();
        let core = open(&dir).await;
        let client = Client::new(core.transport());
        let mut events = client.events(&["deploy_finished"]).await.unwrap();
        client.emit(&event("deploy_finished")).await.unwrap();
        let heard = events.next().await.unwrap().unwrap();
        assert_eq!(heard, event("deploy_finished"));
    }
}
