//! `audit`: reads the log of every change made to a cluster, and checks that nobody changed the log.
use async_trait::async_trait;

use crate::spec::{Category, Command, Example, Shape, Spec, Stage};
use crate::{Argument, AuditFilter, Call, CommandError, Flow, Scene, View, moment};

/// Entries shown if nobody says how many.
const LIMIT: usize = 100;

static SPEC: Spec = Spec {
    name: "audit",
    aliases: &[],
    about: "every change made to a cluster: who, what, when, and what became of it",
    usage: "[list] [OBJECT] [--action A] [--who W] [--verdict V] [--cluster C] [--after TIME] [--before TIME] [--limit N] | verify",
    arguments: &[
        ("OBJECT", "only this object: its id, uid or name"),
        ("--action A", "`delete`, `tag` or `restore`"),
        ("--who W", "only what this person did"),
        (
            "--verdict V",
            "`deleted`, `terminating`, `changed`, `refused`, `failed`, `tagged`, `unchanged` or `restored`",
        ),
        ("--cluster C", "only in this cluster"),
        (
            "--after TIME, --before TIME",
            "a time, or a duration before now",
        ),
        ("--limit N", "the newest N; 100 if it is not said"),
        (
            "verify",
            "check the log: each entry is sealed with the one before it",
        ),
    ],
    category: Category::Action,
    input: Shape::Nothing,
    output: Shape::Values,
    examples: &[
        Example {
            about: "Nobody changed the log?",
            line: "audit verify",
            prints: "2 entries, none of them changed, none missing\n",
        },
        Example {
            about: "What was deleted since yesterday?",
            line: "audit --action delete --after 1d",
            prints: "",
        },
        Example {
            about: "Who did that?",
            line: "audit web-0 | list at, who, line, verdict",
            prints: "",
        },
    ],
};

const COLUMNS: [&str; 10] = [
    "number",
    "at",
    "who",
    "action",
    "verdict",
    "kind",
    "name",
    "namespace",
    "cluster",
    "message",
];

pub(super) struct Audit;

impl Command for Audit {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn parse(&self, argument: &Argument, scene: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        let words = argument.words();
        let texts: Vec<&str> = words.iter().map(|word| &*word.text).collect();
        Ok(Box::new(match texts.as_slice() {
            ["verify"] => Ask::Verify,
            ["list", rest @ ..] | rest => Ask::List(filter(rest, scene)?),
        }))
    }
}

enum Ask {
    List(AuditFilter),
    Verify,
}

fn filter(words: &[&str], scene: &Scene) -> Result<AuditFilter, CommandError> {
    let mut wanted = AuditFilter {
        limit: Some(LIMIT),
        ..AuditFilter::default()
    };
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        if !word.starts_with("--") {
            wanted.object = Some((*word).to_owned());
            continue;
        }
        let value = rest.next();
        let value = value.ok_or_else(|| CommandError::usage(format!("`{word}` needs a value")))?;
        let text = Some((*value).to_owned());
        match *word {
            "--action" => wanted.action = text,
            "--who" => wanted.who = text,
            "--verdict" => wanted.verdict = text,
            "--cluster" => wanted.cluster = text,
            "--after" => wanted.after = Some(moment(value, scene.now)?),
            "--before" => wanted.before = Some(moment(value, scene.now)?),
            "--limit" => {
                let wrong = |_| CommandError::usage(format!("`{value}` is not a number"));
                wanted.limit = Some(value.parse().map_err(wrong)?);
            }
            _ => {
                return Err(CommandError::usage(format!("unknown option `{word}`"))
                    .hint("`help audit` lists them"));
            }
        }
    }
    Ok(wanted)
}

#[async_trait]
impl Stage for Ask {
    async fn run(self: Box<Self>, _: Flow, call: &Call) -> Result<Flow, CommandError> {
        match *self {
            Self::Verify => {
                let count = call.services.verify_audit().await?;
                Ok(Flow::lines([format!(
                    "{count} entries, none of them changed, none missing"
                )]))
            }
            Self::List(wanted) => {
                let (rows, more) = call.services.audit(wanted).await?;
                if more > 0 {
                    call.side
                        .note(format!("{more} older entries are not shown: `--limit N`"));
                }
                Ok(Flow::values(rows).shown(View::Table, &COLUMNS))
            }
        }
    }
}
