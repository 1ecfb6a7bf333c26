//! `workflows`: start them, watch them, read what they did.
use async_trait::async_trait;
use futures::{StreamExt as _, stream};
use serde_json::{Value, json};
use stocktake_model::{Duration, near, normalise};

use crate::spec::{Category, Command, Example, Shape, Spec, Stage};
use crate::{
    Argument, Call, CommandError, Elements, Flow, HistoryOptions, Output, Run, RunEvent, RunEvents,
    RunFilter, Scene, Start, Terminal, View, moment,
};

static SPEC: Spec = Spec {
    name: "workflows",
    aliases: &["workflow"],
    about: "start workflows, watch them, read what they did",
    usage: "list | show NAME | run NAME [--wait|--no-wait] | running | history [NAME] | log TASK | stop TASK",
    arguments: &[
        ("list", "all of them; what it does without a word"),
        ("show NAME", "its schedule and steps"),
        (
            "run NAME",
            "start it, show how far it is, and what it came to; Ctrl-C leaves, and the run goes on",
        ),
        (
            "--no-wait",
            "start it and leave; `--wait` is what it does anyway",
        ),
        ("running", "runs on their way"),
        (
            "history [NAME]",
            "runs that are over; `--has-errors --limit N`",
        ),
        ("", "`--started-after TIME --started-before TIME`"),
        ("log TASK", "what a run did, and what went wrong"),
        ("stop TASK", "end a run"),
    ],
    category: Category::Setup,
    input: Shape::Nothing,
    output: Shape::Values,
    examples: &[
        Example {
            about: "Collect now, and wait until it is done",
            line: "workflows run collect --wait",
            prints: "workflow `collect` started, task `t1`\n6 nodes\n",
        },
        Example {
            about: "What went wrong lately?",
            line: "workflows history collect --has-errors --limit 5",
            prints: "",
        },
        Example {
            about: "What is there?",
            line: "workflows list",
            prints: "",
        },
    ],
};

const VERBS: [&str; 7] = ["list", "show", "run", "running", "history", "log", "stop"];

pub(super) struct Workflows;

impl Command for Workflows {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn parse(&self, argument: &Argument, scene: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        let words = argument.words();
        let texts: Vec<&str> = words.iter().map(|word| &*word.text).collect();
        let owned = |text: &str| text.to_owned();
        Ok(Box::new(match texts.as_slice() {
            [] | ["list"] => Ask::List,
            ["show", name] => Ask::Show(owned(name)),
            ["run", name] | ["run", name, "--wait"] | ["run", "--wait", name] => {
                Ask::Run(owned(name), Wait::Yes)
            }
            ["run", name, "--no-wait"] | ["run", "--no-wait", name] => {
                Ask::Run(owned(name), Wait::No)
            }
            ["running"] => Ask::Running,
            ["history", options @ ..] => Ask::History(history(options, scene)?),
            ["log", task] => Ask::Log(owned(task)),
            ["stop", task] => Ask::Stop(owned(task)),
            _ => return Err(super::unknown_verb("workflows", &VERBS, argument)),
        }))
    }
}

enum Ask {
    List,
    Show(String),
    Run(String, Wait),
    Running,
    History(HistoryOptions),
    Log(String),
    Stop(String),
}

/// Whether to stay until a run is over.
#[derive(Clone, Copy, PartialEq)]
enum Wait {
    Yes,
    No,
}

fn history(options: &[&str], scene: &Scene) -> Result<HistoryOptions, CommandError> {
    let mut wanted = HistoryOptions {
        limit: Some(10),
        ..HistoryOptions::default()
    };
    let mut rest = options.iter();
    while let Some(option) = rest.next() {
        if *option == "--has-errors" {
            wanted.only = RunFilter::WithErrors;
            continue;
        }
        if !option.starts_with("--") {
            wanted.workflow = Some((*option).to_owned());
            continue;
        }
        let value = rest
            .next()
            .ok_or_else(|| CommandError::usage(format!("`{option}` needs a value")))?;
        match *option {
            "--started-after" => wanted.started_after = Some(moment(value, scene.now)?),
            "--started-before" => wanted.started_before = Some(moment(value, scene.now)?),
            "--limit" => {
                let wrong = |_| CommandError::usage(format!("`{value}` is not a number"));
                wanted.limit = Some(value.parse().map_err(wrong)?);
            }
            _ => return Err(CommandError::usage(format!("unknown option `{option}`"))),
        }
    }
    Ok(wanted)
}

#[async_trait]
impl Stage for Ask {
    async fn run(self: Box<Self>, _: Flow, call: &Call) -> Result<Flow, CommandError> {
        let said = |line: String| Ok(Flow::values([Value::String(line)]));
        match *self {
            Self::List => {
                let names = call
                    .services
                    .workflows()
                    .await
                    .into_iter()
                    .map(|one| one.name);
                Ok(Flow::values(names.map(Value::String)))
            }
            Self::Show(name) => show(&name, call).await,
            Self::Run(name, wait) => run(&name, wait, call).await,
            Self::Running => {
                let runs = call.services.running_workflows().await;
                let columns = ["workflow", "task", "started", "progress", "step", "errors"];
                Ok(Flow::values(runs.iter().map(row)).shown(View::Table, &columns))
            }
            Self::History(wanted) => {
                let runs = call.services.workflow_history(wanted).await?;
                let columns = ["workflow", "task", "started", "duration", "errors"];
                Ok(Flow::values(runs.iter().map(row)).shown(View::Table, &columns))
            }
            Self::Log(task) => {
                let log = call.services.workflow_log(&task).await?;
                let mut lines = log.said;
                if log.errors.is_empty() {
                    lines.push("no errors in this run".to_owned());
                }
                lines.extend(log.errors.iter().map(|error| format!("error: {error}")));
                Ok(Flow::lines(lines.iter().flat_map(|line| line.lines())))
            }
            Self::Stop(task) => {
                call.services.stop_workflow(&task).await?;
                said(format!("task `{task}` stopped"))
            }
        }
    }
}

async fn show(name: &str, call: &Call) -> Result<Flow, CommandError> {
    let all = call.services.workflows().await;
    let Some(workflow) = all.iter().find(|one| one.name == name) else {
        let meant = near(name, all.iter().map(|one| one.name.as_str()));
        let error = CommandError::usage(format!("unknown workflow `{name}`"));
        return Err(match meant.first() {
            Some(name) => error.hint(format!("did you mean `{name}`?")),
            None => error.hint("`workflows list` shows all of them"),
        });
    };
    let shown = json!({
        "name": workflow.name,
        "schedule": workflow.schedule,
        "steps": workflow.steps,
    });
    Ok(Flow::values([shown]).shown(View::Document, &["name", "schedule", "steps"]))
}

async fn run(name: &str, wait: Wait, call: &Call) -> Result<Flow, CommandError> {
    let started = call.services.run_workflow(name).await?;
    let (name, task) = (&started.name, &started.task);
    let line = match started.start {
        Start::New => format!("workflow `{name}` started, task `{task}`"),
        Start::AlreadyRunning => {
            format!("workflow `{name}` is running already, task `{task}`; another run follows")
        }
    };
    let first = stream::iter([Ok(Value::String(line))]);
    if wait == Wait::No {
        return Ok(first.boxed().into());
    }
    if call.context.terminal != Terminal::None {
        call.side
            .note("Ctrl-C leaves, and the run goes on".to_owned());
    }
    call.side.send(Output::Leave {
        message: format!("the run goes on: `workflows running`, `workflows log {task}`"),
    });
    let events = call.services.workflow_events(task).await?;
    Ok(first.chain(watched(events, call.clone())).boxed().into())
}

/// The summary of a run, and on the side its progress. Errors of the run end the line with exit code 1.
fn watched(events: RunEvents, call: Call) -> Elements {
    events
        .flat_map(move |event| {
            let lines = match event {
                RunEvent::Progress(progress) => {
                    call.side.send(Output::Progress(progress));
                    Vec::new()
                }
                RunEvent::Finished { summary, errors } => {
                    if !errors.is_empty() {
                        call.side.fail(1);
                    }
                    let errors = errors.iter().map(|error| format!("error: {error}"));
                    // Behind the first line stands the way out.
                    let errors = errors.flat_map(|error| -> Vec<String> {
                        error.lines().map(str::to_owned).collect()
                    });
                    summary.into_iter().chain(errors).collect()
                }
            };
            stream::iter(lines.into_iter().map(|line| Ok(Value::String(line))))
        })
        .boxed()
}

fn row(run: &Run) -> Value {
    let seconds = i64::try_from(run.duration.as_secs()).unwrap_or(i64::MAX);
    json!({
        "workflow": run.workflow,
        "task": run.task,
        "started": normalise(run.started),
        "duration": Duration::from_seconds(seconds).as_age(),
        "progress": match run.step {
            Some(_) => format!("{}%", run.percent),
            None => "done".to_owned(),
        },
        "step": run.step,
        "errors": run.errors,
    })
}
