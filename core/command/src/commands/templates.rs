//! `templates`: queries with holes, kept under a name for `expand(…)`.
use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::mustache::{Properties, render};
use crate::spec::{Category, Command, Example, Shape, Spec, Stage};
use crate::{Argument, Call, CommandError, Flow, Scene, expand, syntax};

/// Letters of a template that `templates` shows.
const SHOWN: usize = 70;

static SPEC: Spec = Spec {
    name: "templates",
    aliases: &["template"],
    about: "queries with holes, kept for `expand(NAME, key=value)`",
    usage: "list | show NAME | add NAME QUERY | update NAME QUERY | delete NAME | test KEY=VALUE … QUERY",
    arguments: &[
        ("list", "all of them; what it does without a word"),
        ("show NAME", "one of them; `show` may be left out"),
        ("add NAME QUERY", "keep a query; `{{key}}` is a hole"),
        ("update NAME QUERY", "keep another query under the name"),
        ("delete NAME", "forget one"),
        (
            "test KEY=VALUE … QUERY",
            "fill the holes, and show the query",
        ),
    ],
    category: Category::Setup,
    input: Shape::Nothing,
    output: Shape::Lines,
    examples: &[
        Example {
            about: "Keep a question",
            line: "templates add of_owner 'is({{kind}}) and tags.owner={{owner.parens}}'",
            prints: "Template of_owner added to the search library.\nis({{kind}}) and tags.owner={{owner.parens}}\n",
        },
        Example {
            about: "Try it before you keep it",
            line: "templates test kind=pod names=[\"a\",\"b\"] 'is({{kind}}) and name in {{names}}'",
            prints: "is(pod) and name in [\"a\",\"b\"]\n",
        },
        Example {
            about: "Ask it",
            line: "search expand(of_owner, kind=kubernetes_pod, owner=ada) | list name",
            prints: "",
        },
    ],
};

const VERBS: [&str; 6] = ["list", "show", "add", "update", "delete", "test"];

pub(super) struct Templates;

impl Command for Templates {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn parse(&self, argument: &Argument, scene: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        let (verb, rest) = argument.head();
        let (name, query) = rest.head();
        let wrong = || super::unknown_verb("templates", &VERBS, argument);
        Ok(Box::new(match (verb.text(), name.text(), query.text()) {
            ("" | "list", "", _) => Ask::List,
            ("show", name, "") | (name, "", _) if !name.is_empty() && !VERBS.contains(&name) => {
                Ask::Show(name.to_owned())
            }
            ("delete", name, "") if !name.is_empty() => Ask::Delete(name.to_owned()),
            (verb @ ("add" | "update"), word, _) if !query.is_empty() => {
                let text = text_of(&query);
                check(&text, scene.now).map_err(|error| error.at(query.span()))?;
                named(word).map_err(|error| error.at(name.span()))?;
                match verb {
                    "add" => Ask::Add(word.to_owned(), text),
                    _ => Ask::Update(word.to_owned(), text),
                }
            }
            ("test", _, _) if !rest.is_empty() => Ask::Test(filled(&rest, scene)?),
            _ => return Err(wrong()),
        }))
    }
}

enum Ask {
    List,
    Show(String),
    Add(String, String),
    Update(String, String),
    Delete(String),
    Test(String),
}

/// The query, its quotes taken off if they are around all of it.
fn text_of(query: &Argument) -> String {
    match query.words().as_slice() {
        [word] => word.text.clone(),
        _ => query.text().to_owned(),
    }
}

/// Names stand in `expand(NAME, …)`.
fn named(name: &str) -> Result<(), CommandError> {
    let letter = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    if name.chars().all(letter) && !VERBS.contains(&name) {
        return Ok(());
    }
    Err(
        CommandError::usage(format!("`{name}` cannot be the name of a template")).hint(
            "letters, digits, `_`, `-` and `.`, but none of the words that come after `templates`",
        ),
    )
}

/// Whether a template can become a query: every hole is filled with `true`. One that expands others is not looked into.
fn check(text: &str, now: Timestamp) -> Result<(), CommandError> {
    let query = render(text, &Properties::AllTrue, now)?;
    if query.contains("expand(") {
        return Ok(());
    }
    readable(&query)
}

fn readable(query: &str) -> Result<(), CommandError> {
    syntax::query(&Argument::typed(query))
        .map(drop)
        .map_err(|error| {
            let mut wrong = CommandError::usage(format!("`{query}` is not a query: {error}"));
            wrong.hint = error.hint;
            wrong
        })
}

/// `key=value … query`, filled in. Values are JSON without blanks, quoted text or a word.
fn filled(argument: &Argument, scene: &Scene) -> Result<String, CommandError> {
    let mut values = Map::new();
    let mut query = argument.slice(argument.text().len()..argument.text().len());
    for word in argument.words() {
        let Some((name, value)) = given(&argument.text()[word.range.clone()]) else {
            query = argument.slice(word.range.start..argument.text().len());
            break;
        };
        values.insert(name, value);
    }
    if query.is_empty() {
        return Err(CommandError::usage("there is no template to test")
            .hint("values come first: `templates test kind=pod 'is({{kind}})'`")
            .at(argument.span()));
    }
    let text = text_of(&query);
    let values = Value::Object(values);
    render(&text, &Properties::Given(&values), scene.now)
        .and_then(|query| readable(&query).map(|()| query))
        .map_err(|error| error.at(query.span()))
}

/// `key=value`
fn given(word: &str) -> Option<(String, Value)> {
    let (name, value) = word.split_once('=')?;
    let letter = |c: char| c.is_alphanumeric() || c == '_';
    (!name.is_empty() && name.chars().all(letter))
        .then(|| (name.to_owned(), crate::pairs::value(value)))
}

#[async_trait]
impl Stage for Ask {
    async fn run(self: Box<Self>, _: Flow, call: &Call) -> Result<Flow, CommandError> {
        let services = &call.services;
        let missing = |name: &str| expand::missing(name);
        Ok(Flow::lines(match *self {
            Self::List => services.templates()?.iter().map(short).collect(),
            Self::Show(name) => vec![services.template(&name)?.ok_or_else(|| missing(&name))?],
            Self::Add(name, text) => {
                services.save_template(&name, &text)?;
                vec![
                    format!("Template {name} added to the search library."),
                    text,
                ]
            }
            Self::Update(name, text) => {
                services.template(&name)?.ok_or_else(|| missing(&name))?;
                services.save_template(&name, &text)?;
                vec![
                    format!("Template {name} updated in the search library."),
                    text,
                ]
            }
            Self::Delete(name) if services.delete_template(&name)? => {
                vec![format!("Template {name} deleted from the search library.")]
            }
            Self::Delete(name) => return Err(missing(&name)),
            Self::Test(query) => vec![query],
        }))
    }
}

fn short((name, text): &(String, String)) -> String {
    if text.chars().count() <= SHOWN {
        return format!("{name}: {text}");
    }
    let start: String = text.chars().take(SHOWN).collect();
    format!("{name}: {start}...")
}
