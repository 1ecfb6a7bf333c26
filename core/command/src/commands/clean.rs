//! `clean`: marks for deletion, freezes what would be deleted, and deletes exactly that.
//!
//! What may be deleted is decided by the guards of the act room, not here.
use std::collections::BTreeMap;

use async_trait::async_trait;
use futures::StreamExt as _;
use serde_json::Value;

use super::mark;
use crate::spec::{Category, Command, Example, Shape, Spec, Stage};
use crate::{
    Argument, Call, CommandError, Confirmation, FileMode, Flow, Output, PlanOptions, PlanPurpose,
    PlanVersion, Scene, Tally, View,
};

static SPEC: Spec = Spec {
    name: "clean",
    aliases: &[],
    about: "mark for deletion; plan what would be deleted; delete exactly what was planned",
    usage: "[REASON] | plan [-o FILE] [--allow GUARD] … | apply FILE [--confirm CLUSTER=COUNT] … [--yes DIGEST]",
    arguments: &[
        (
            "REASON",
            "why; stays in the audit log. The cleanup workflow deletes what its guards let pass",
        ),
        (
            "plan",
            "what would be deleted now of all that is marked, in which order, and which guards refuse the rest",
        ),
        (
            "-o, --output FILE",
            "freeze the plan in a file; `--force` replaces one that is there",
        ),
        (
            "--allow GUARD",
            "switch a guard off for this plan; `GUARD/KIND` for one kind only",
        ),
        (
            "--any-version",
            "also delete what was changed since it was seen, as long as it is the same object",
        ),
        (
            "apply FILE",
            "delete what the plan in the file allows, and nothing that was marked later",
        ),
        (
            "--confirm CLUSTER=COUNT",
            "so many are meant to go; wanted for more than ten, and for namespaces, volume claims and definitions",
        ),
        (
            "--yes DIGEST",
            "the same, for scripts: the digest in the file of the plan",
        ),
    ],
    category: Category::Action,
    input: Shape::Nodes,
    output: Shape::Nodes,
    examples: &[
        Example {
            about: "Finished jobs nobody asked about for a month",
            line: r#"search is(kubernetes_job) and age > 30d | clean "older than a month""#,
            prints: "",
        },
        Example {
            about: "Pods that are done",
            line: "search is(kubernetes_pod) and pod_status.phase=Succeeded | clean done",
            prints: "",
        },
        Example {
            about: "What is marked?",
            line: "search /desired.clean=true | list kind, name, /desired.reason as reason",
            prints: "",
        },
        Example {
            about: "What would go?",
            line: "clean plan",
            prints: "PASS  VERDICT  KIND            NAME   NAMESPACE  CLUSTER  SAYS\n0     allowed  kubernetes_pod  web-0  shop       prod\n",
        },
        Example {
            about: "Have it reviewed first",
            line: "clean plan -o plan.json",
            prints: "",
        },
        Example {
            about: "Delete what was reviewed, and nothing else",
            line: "clean apply plan.json",
            prints: "",
        },
    ],
};

/// Columns of a plan.
const PLANNED: [&str; 7] = [
    "pass",
    "verdict",
    "kind",
    "name",
    "namespace",
    "cluster",
    "says",
];

/// Columns of what became of a plan, or of an object.
pub(super) const DONE: [&str; 6] = ["verdict", "kind", "name", "namespace", "cluster", "message"];

pub(super) struct Clean;

impl Command for Clean {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn shape(&self, argument: &Argument) -> (Shape, Shape) {
        match verb(argument) {
            Verb::Mark => (SPEC.input, SPEC.output),
            Verb::Plan | Verb::Apply => (Shape::Nothing, Shape::Values),
        }
    }

    fn parse(&self, argument: &Argument, scene: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        let (_, rest) = argument.head();
        Ok(match verb(argument) {
            Verb::Mark => mark::to_clean(argument, scene)?,
            Verb::Plan => Box::new(plan(&rest)?),
            Verb::Apply => Box::new(apply(&rest)?),
        })
    }
}

enum Verb {
    Mark,
    Plan,
    Apply,
}

/// What is to be done: a reason that begins with such a word stands in quotes.
fn verb(argument: &Argument) -> Verb {
    match argument.head().0.text() {
        "plan" => Verb::Plan,
        "apply" => Verb::Apply,
        _ => Verb::Mark,
    }
}

struct Plan {
    options: PlanOptions,
    file: Option<(String, FileMode)>,
}

struct Apply {
    file: String,
    confirmed: Option<Confirmation>,
}

fn plan(argument: &Argument) -> Result<Plan, CommandError> {
    let mut options = PlanOptions::default();
    let (mut file, mut mode) = (None, FileMode::Create);
    let mut words = argument.words().into_iter();
    while let Some(word) = words.next() {
        let mut value = || {
            let missing = format!("`{}` needs a value", word.text);
            let next = words.next().map(|next| next.text);
            next.ok_or_else(|| CommandError::usage(missing).at(word.span))
        };
        match &*word.text {
            "-o" | "--output" => file = Some(value()?),
            "--force" => mode = FileMode::Replace,
            "--allow" => options.allow.push(value()?),
            "--any-version" => options.version = PlanVersion::Any,
            other => {
                return Err(
                    CommandError::usage(format!("`clean plan` knows no `{other}`"))
                        .hint("put quotes around a reason: `clean \"plan b\"`")
                        .at(word.span),
                );
            }
        }
    }
    if file.is_some() {
        options.purpose = PlanPurpose::Apply;
    }
    Ok(Plan {
        options,
        file: file.map(|name| (name, mode)),
    })
}

fn apply(argument: &Argument) -> Result<Apply, CommandError> {
    let (mut file, mut counts, mut digest) = (None, BTreeMap::new(), None);
    let mut words = argument.words().into_iter();
    while let Some(word) = words.next() {
        let mut value = || {
            let missing = format!("`{}` needs a value", word.text);
            let next = words.next().map(|next| next.text);
            next.ok_or_else(|| CommandError::usage(missing).at(word.span))
        };
        match &*word.text {
            "--confirm" => {
                let (cluster, count) = confirmed(&value()?).map_err(|error| error.at(word.span))?;
                counts.insert(cluster, count);
            }
            "--yes" => digest = Some(Confirmation::Digest(value()?)),
            name if file.is_none() && !name.starts_with('-') => file = Some(name.to_owned()),
            other => {
                let error = CommandError::usage(format!("`clean apply` knows no `{other}`"));
                return Err(error.at(word.span));
            }
        }
    }
    let counts = (!counts.is_empty()).then_some(Confirmation::Counts(counts));
    let file = file.ok_or_else(|| {
        CommandError::usage("`clean apply` needs the file of a plan")
            .hint("`clean plan -o plan.json` makes one")
    })?;
    Ok(Apply {
        file,
        confirmed: digest.or(counts),
    })
}

/// `CLUSTER=COUNT`; names of clusters may hold a `=`.
fn confirmed(text: &str) -> Result<(String, u64), CommandError> {
    let parts = text.rsplit_once('=');
    let parts = parts.and_then(|(cluster, count)| Some((cluster.to_owned(), count.parse().ok()?)));
    parts.ok_or_else(|| {
        CommandError::usage(format!(
            "`{text}` is not the name of a cluster and a number"
        ))
        .hint("for example `--confirm prod=12`")
    })
}

#[async_trait]
impl Stage for Plan {
    async fn run(self: Box<Self>, _: Flow, call: &Call) -> Result<Flow, CommandError> {
        let planned = call
            .services
            .plan_cleanup(self.options, &call.context)
            .await?;
        for note in planned.notes {
            call.side.note(note);
        }
        if let Some((name, mode)) = self.file {
            call.side
                .note(format!("`clean apply {name}` deletes what it allows"));
            call.side.send(Output::File {
                name,
                content: planned.text,
                mode,
            });
        }
        Ok(Flow::values(planned.rows).shown(View::Table, &PLANNED))
    }
}

#[async_trait]
impl Stage for Apply {
    fn files(&self) -> Vec<String> {
        vec![self.file.clone()]
    }

    async fn run(self: Box<Self>, _: Flow, call: &Call) -> Result<Flow, CommandError> {
        // The line is not run before its files are there.
        let text = call.context.files.get(&self.file);
        let text = text.map(String::as_str).unwrap_or_default();
        let applied = (call.services)
            .apply_plan(text, self.confirmed, &call.context)
            .await?;
        for note in applied.notes {
            call.side.note(note);
        }
        let side = call.side.clone();
        let mut tally = Tally::new(&applied.totals);
        let done = applied.rows.inspect(move |row| {
            if let Ok(row) = row {
                let word = |key| row.get(key).and_then(Value::as_str).unwrap_or_default();
                let progress = tally.count(word("cluster"), word("verdict"));
                side.send(Output::Progress(progress));
            }
            if row.as_ref().is_ok_and(stays) {
                side.fail(1);
            }
        });
        Ok(Flow::from(done.boxed()).shown(View::Lines, &DONE))
    }
}

/// Whether an object that should have gone is not on its way.
pub(super) fn stays(row: &Value) -> bool {
    let verdict = row.get("verdict").and_then(Value::as_str);
    matches!(verdict, Some("changed" | "failed" | "refused"))
}
