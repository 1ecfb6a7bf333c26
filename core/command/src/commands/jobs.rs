//! `jobs`: command lines that run by themselves.
//!
//! `add` and `update` take the rest of the line, pipes and all; it is checked before anything is kept.
use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::{Map, Value, json};
use stocktake_model::{near, normalise};

use crate::spec::{Category, Command, Example, Shape, Spec, Stage};
use crate::{Argument, Call, CommandError, Flow, Job, Scene, View};

/// Seconds a job may take if nobody says otherwise.
const TIMEOUT_SECS: u64 = 3600;

static SPEC: Spec = Spec {
    name: "jobs",
    aliases: &["job"],
    about: "command lines that run by themselves",
    usage: "list | show ID | add [OPTIONS] LINE | update ID [OPTIONS] [LINE] | delete|activate|deactivate|run ID | running",
    arguments: &[
        ("list", "all of them; what it does without a word"),
        ("show ID", "one of them, and how it ended the last time"),
        (
            "add LINE",
            "keep a line; it goes on to the end, `|` included",
        ),
        ("update ID", "change what is said, keep the rest"),
        ("delete ID", "forget it"),
        ("activate ID", "its trigger counts again"),
        ("deactivate ID", "its trigger does not count"),
        ("run ID", "start it now"),
        ("running", "those on their way"),
        ("--id ID", "what it is called; made up if left out"),
        (
            "--schedule CRON",
            "minute hour day month weekday, in local time",
        ),
        (
            "--wait-for-event EVENT",
            "at a step of a workflow (`post_collect`), or `task_end`, or an event of your own; with a schedule, at the first one after each tick",
        ),
        ("--timeout SECONDS", "longest time it may take; 3600"),
    ],
    category: Category::Setup,
    input: Shape::Nothing,
    output: Shape::Values,
    examples: &[
        Example {
            about: "Mark what is left over, every morning",
            line: r#"jobs add --id leftovers --schedule "0 5 * * *" search is(kubernetes_job) and age > 30d | clean "older than a month""#,
            prints: "Job leftovers added.\n",
        },
        Example {
            about: "Count after every collection",
            line: "jobs add --id counted --wait-for-event post_collect 'search all | count kind'",
            prints: "Job counted added.\n",
        },
        Example {
            about: "What runs by itself?",
            line: "jobs list",
            prints: "",
        },
    ],
};

const VERBS: [&str; 9] = [
    "list",
    "show",
    "add",
    "update",
    "delete",
    "activate",
    "deactivate",
    "run",
    "running",
];

pub(super) struct Jobs;

impl Command for Jobs {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn parse(&self, argument: &Argument, scene: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        let (verb, rest) = argument.head();
        let wrong = || super::unknown_verb("jobs", &VERBS, argument);
        let id = || match rest.words().as_slice() {
            [word] => Ok(word.text.clone()),
            _ => Err(
                CommandError::usage(format!("`{}` needs the id of one job", verb.text()))
                    .hint("`jobs list` shows them")
                    .at(argument.span()),
            ),
        };
        Ok(Box::new(match verb.text() {
            "" => Ask::List,
            "list" if rest.is_empty() => Ask::List,
            "running" if rest.is_empty() => Ask::Running,
            "show" => Ask::Show(id()?),
            "delete" => Ask::Delete(id()?),
            "activate" => Ask::Activate(id()?),
            "deactivate" => Ask::Deactivate(id()?),
            "run" => Ask::Run(id()?),
            "add" => Ask::Add(Change::read(&rest)?.named(scene)?),
            "update" => Ask::Update(Change::read_with_id(&rest)?),
            _ => return Err(wrong()),
        }))
    }
}

enum Ask {
    List,
    Running,
    Show(String),
    Delete(String),
    Activate(String),
    Deactivate(String),
    Run(String),
    Add(Change),
    Update(Change),
}

/// What is said about a job.
#[derive(Default)]
struct Change {
    id: Option<String>,
    schedule: Option<String>,
    wait_for_event: Option<String>,
    timeout_secs: Option<u64>,
    line: Argument,
}

impl Change {
    /// `--option value … line`
    fn read(argument: &Argument) -> Result<Self, CommandError> {
        let mut change = Self::default();
        let mut rest = argument.clone();
        loop {
            let words = rest.words();
            let Some(option) = words.first().filter(|word| word.text.starts_with("--")) else {
                change.line = line_of(&rest);
                return Ok(change);
            };
            let value = words.get(1).ok_or_else(|| {
                CommandError::usage(format!("`{}` needs a value", option.text)).at(option.span)
            })?;
            let text = value.text.clone();
            match option.text.as_str() {
                "--id" => change.id = Some(text),
                "--schedule" => change.schedule = Some(text),
                "--wait-for-event" => change.wait_for_event = Some(text),
                "--timeout" => {
                    let time = crate::scene::seconds(&text).map_err(|error| error.at(value.span));
                    change.timeout_secs = Some(time?.as_secs());
                }
                _ => return Err(unknown_option(&option.text).at(option.span)),
            }
            rest = rest.slice(value.range.end..rest.text().len());
        }
    }

    /// The same for `update`, where the id may stand first.
    fn read_with_id(argument: &Argument) -> Result<Self, CommandError> {
        let (first, rest) = argument.head();
        let change = if first.text().starts_with("--") || first.is_empty() {
            Self::read(argument)?
        } else {
            let id = Some(first.text().to_owned());
            Self {
                id,
                ..Self::read(&rest)?
            }
        };
        if change.id.is_none() {
            return Err(CommandError::usage("`update` needs the id of a job")
                .hint("write e.g. `jobs update nightly --schedule \"0 5 * * *\"`"));
        }
        Ok(change)
    }

    /// The same, with an id and a line in any case.
    fn named(mut self, scene: &Scene) -> Result<Self, CommandError> {
        if self.line.is_empty() {
            return Err(CommandError::usage("there is no line to keep").hint(
                "write e.g. `jobs add --schedule \"0 5 * * *\" search is(volume) and age > 90d | clean`",
            ));
        }
        let id = self.id.get_or_insert_with(|| {
            // Nobody adds two jobs in one microsecond.
            format!("job-{:x}", scene.now.as_microsecond())
        });
        if id.contains(':') || id.is_empty() {
            return Err(
                CommandError::usage(format!("`{id}` cannot be the id of a job"))
                    .hint("ids with `:` belong to stocktake itself"),
            );
        }
        Ok(self)
    }

    /// The job it makes of another.
    fn applied(self, job: Job) -> Job {
        let command = self.line.text();
        Job {
            command: if command.is_empty() {
                job.command.clone()
            } else {
                command.to_owned()
            },
            schedule: self.schedule.or(job.schedule),
            wait_for_event: self.wait_for_event.or(job.wait_for_event),
            timeout_secs: self.timeout_secs.unwrap_or(job.timeout_secs),
            ..job
        }
    }
}

/// The line, its quotes taken off if they are around all of it.
fn line_of(rest: &Argument) -> Argument {
    let rest = rest.trim();
    let words = rest.words();
    let [word] = words.as_slice() else {
        return rest;
    };
    let inner = 1..rest.text().len().saturating_sub(1);
    match rest.text().get(inner.clone()) {
        Some(text) if text == word.text => rest.slice(inner),
        _ => Argument::standing_for(&word.text, word.span),
    }
}

fn unknown_option(option: &str) -> CommandError {
    const OPTIONS: [&str; 4] = ["--id", "--schedule", "--timeout", "--wait-for-event"];
    let error = CommandError::usage(format!("unknown option `{option}`"));
    match near(option, OPTIONS).first() {
        Some(meant) => error.hint(format!("did you mean `{meant}`?")),
        None => error.hint(format!("there are {}", OPTIONS.join(", "))),
    }
}

#[async_trait]
impl Stage for Ask {
    fn lines(&self) -> Vec<Argument> {
        match self {
            Self::Add(change) | Self::Update(change) if !change.line.is_empty() => {
                vec![change.line.clone()]
            }
            _ => Vec::new(),
        }
    }

    async fn run(self: Box<Self>, _: Flow, call: &Call) -> Result<Flow, CommandError> {
        let services = &call.services;
        let said = |text: String| Ok(Flow::lines([text]));
        match *self {
            Self::List => {
                let jobs = services.jobs()?;
                let columns = ["id", "active", "trigger", "wait", "command"];
                Ok(Flow::values(jobs.iter().map(row)).shown(View::Lines, &columns))
            }
            Self::Running => {
                let runs = services.running_jobs();
                let rows = runs.iter().map(|run| {
                    json!({"id": run.id, "task": run.task, "started": normalise(run.started)})
                });
                Ok(Flow::values(rows).shown(View::Lines, &["id", "task", "started"]))
            }
            Self::Show(id) => {
                let job = one(&id, call)?;
                Ok(Flow::values([row(&job)]).shown(View::Document, &[]))
            }
            Self::Delete(id) if services.delete_job(&id)? => said(format!("Job {id} deleted.")),
            Self::Delete(id) => Err(missing(&id, call)),
            Self::Activate(id) => said(switched(&id, Active::Yes, call)?),
            Self::Deactivate(id) => said(switched(&id, Active::No, call)?),
            Self::Run(id) => {
                one(&id, call)?;
                let task = services.run_job(&id).await?;
                said(format!("Job {id} started with id {task}."))
            }
            Self::Add(change) => said(add(change, call)?),
            Self::Update(change) => {
                let id = change.id.clone().unwrap_or_default();
                let job = one(&id, call)?;
                services.save_job(&change.applied(job))?;
                said(format!("Job {id} updated."))
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Active {
    Yes,
    No,
}

fn switched(id: &str, active: Active, call: &Call) -> Result<String, CommandError> {
    let job = Job {
        active: active == Active::Yes,
        ..one(id, call)?
    };
    call.services.save_job(&job)?;
    Ok(match active {
        Active::Yes => format!("Job {id} activated."),
        Active::No => format!("Job {id} deactivated."),
    })
}

fn add(change: Change, call: &Call) -> Result<String, CommandError> {
    let id = change.id.clone().unwrap_or_default();
    if call.services.jobs()?.iter().any(|job| job.id == id) {
        return Err(
            CommandError::usage(format!("there is a job `{id}` already"))
                .hint(format!("`jobs update {id} …` changes it")),
        );
    }
    let job = change.applied(Job {
        id: id.clone(),
        command: String::new(),
        active: true,
        schedule: None,
        wait_for_event: None,
        timeout_secs: TIMEOUT_SECS,
        env: env(call),
        user: call.context.user.clone(),
        last: None,
    });
    call.services.save_job(&job)?;
    if job.schedule.is_none() && job.wait_for_event.is_none() {
        call.side
            .note(format!("nothing starts it but `jobs run {id}`"));
    }
    Ok(format!("Job {id} added."))
}

/// Variables of the client and of the line; the time is that of each run.
fn env(call: &Call) -> BTreeMap<String, String> {
    let mut env = call.scene.env.clone();
    env.remove("now");
    env
}

fn one(id: &str, call: &Call) -> Result<Job, CommandError> {
    let jobs = call.services.jobs()?;
    let found = jobs.into_iter().find(|job| job.id == id);
    found.ok_or_else(|| missing(id, call))
}

fn missing(id: &str, call: &Call) -> CommandError {
    let error = CommandError::usage(format!("No job with this id: {id}"));
    let jobs = call.services.jobs().unwrap_or_default();
    match near(id, jobs.iter().map(|job| job.id.as_str())).first() {
        Some(meant) => error.hint(format!("did you mean `{meant}`?")),
        None => error.hint("`jobs list` shows those there are"),
    }
}

/// A job as it is shown: no key without a value.
fn row(job: &Job) -> Value {
    let mut row = Map::new();
    row.insert("id".into(), job.id.as_str().into());
    row.insert("command".into(), job.command.as_str().into());
    row.insert("active".into(), job.active.into());
    let event = |event: &String| json!({ "message_type": event });
    if let Some(cron) = &job.schedule {
        row.insert("trigger".into(), json!({ "cron_expression": cron }));
        if let Some(name) = &job.wait_for_event {
            row.insert("wait".into(), event(name));
        }
    } else if let Some(name) = &job.wait_for_event {
        row.insert("trigger".into(), event(name));
    }
    row.insert("timeout".into(), job.timeout_secs.into());
    if let Some(last) = &job.last {
        let mut end = Map::new();
        end.insert("started".into(), normalise(last.started).into());
        end.insert("exit_code".into(), last.exit_code.into());
        if let Some(error) = &last.error {
            end.insert("error".into(), error.as_str().into());
        }
        row.insert("last".into(), Value::Object(end));
    }
    Value::Object(row)
}
