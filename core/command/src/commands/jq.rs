//! `jq`: a jq program over each element, by the `jaq` libraries.
//!
//! The program runs inside the core, so it sees neither its environment nor its files.
use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt as _;
use jaq_core::data::JustLut;
use jaq_core::load::{Arena, File, Loader};
use jaq_core::native::{Fun, bome, run, v};
use jaq_core::{Compiler, Ctx, Vars};
use jaq_json::Val;
use serde_json::Value;

use crate::spec::{Category, Command, Example, Shape, Spec, Stage};
use crate::{Argument, Call, CommandError, Flow, Scene};

/// Values one element may become: a program that never ends is stopped here.
const LIMIT: usize = 100_000;

static SPEC: Spec = Spec {
    name: "jq",
    aliases: &[],
    about: "run a jq program over each element",
    usage: "[--no-rewrite] PROGRAM",
    arguments: &[(
        "--no-rewrite",
        "paths from the root; otherwise a leading `.x` means `.reported.x`",
    )],
    category: Category::Format,
    input: Shape::Values,
    output: Shape::Values,
    examples: &[
        Example {
            about: "Only the name, in capitals",
            line: "search is(kubernetes_service) | jq .name | list",
            prints: "shop\n",
        },
        Example {
            about: "A list of images",
            line: "search is(kubernetes_deployment) | jq '.labels'",
            prints: "",
        },
        Example {
            about: "Without the section",
            line: "search is(kubernetes_pod) limit 1 | jq --no-rewrite '.reported.name'",
            prints: "",
        },
    ],
};

pub(super) struct Jq;

impl Command for Jq {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn parse(&self, argument: &Argument, scene: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        let text = argument.text();
        let (program, rewrite) = match text.strip_prefix("--no-rewrite") {
            Some(program) => (program, false),
            None => (text, true),
        };
        let program = without_quotes(program.trim());
        if program.is_empty() {
            return Err(CommandError::usage("`jq` needs a program").hint("e.g. `jq .name`"));
        }
        if !rewrite {
            let filter = compile(program)?;
            return Ok(Box::new(Program {
                plain: filter.clone(),
                inside: filter,
            }));
        }
        Ok(Box::new(Program {
            plain: compile(&rewritten(program, ""))?,
            inside: compile(&rewritten(program, &scene.section))?,
        }))
    }
}

fn without_quotes(program: &str) -> &str {
    let inner = |quote: char| program.strip_prefix(quote)?.strip_suffix(quote);
    inner('\'').unwrap_or(program)
}

/// `.x` at the beginning, left of the first `|`, is a property of the section (of the root if it is empty); `./x` one of the root.
fn rewritten(program: &str, section: &str) -> String {
    let (first, rest) = program.split_at(program.find('|').unwrap_or(program.len()));
    let mut changed = String::new();
    let mut before = ' ';
    let mut quoted = false;
    let mut chars = first.chars().peekable();
    while let Some(c) = chars.next() {
        quoted ^= c == '"' && before != '\\';
        let starts =
            !quoted && c == '.' && !(before.is_alphanumeric() || "_])?.\"".contains(before));
        match chars.peek() {
            Some('/') if starts => {
                chars.next();
                changed.push('.');
            }
            Some(next)
                if starts && !section.is_empty() && (next.is_alphabetic() || *next == '_') =>
            {
                changed.extend([".", section, "."]);
            }
            _ => changed.push(c),
        }
        before = c;
    }
    changed + rest
}

type Filter = jaq_core::compile::Filter<jaq_core::Native<JustLut<Val>>>;

fn compile(program: &str) -> Result<Arc<Filter>, CommandError> {
    let wrong = |why: String| {
        CommandError::usage(format!("this is not a jq program: {why}"))
            .hint("programs look like `.name`, `.tags | keys` or `select(.name == \"web\")`")
    };
    let defs = jaq_core::defs()
        .chain(jaq_std::defs())
        .chain(jaq_json::defs());
    let file = File {
        code: program,
        path: (),
    };
    let arena = Arena::default();
    let modules = Loader::new(defs)
        .load(&arena, file)
        .map_err(|errors| wrong(first_error(errors.iter().map(|(_, error)| error))))?;
    let filter = Compiler::default()
        .with_funs(functions())
        .compile(modules)
        .map_err(|errors| {
            let unknown = errors.iter().flat_map(|(_, errors)| errors).next();
            wrong(match unknown {
                Some((name, what)) => format!("unknown {} `{name}`", what.as_str()),
                None => "it does not compile".to_owned(),
            })
        })?;
    Ok(Arc::new(filter))
}

fn first_error<'a>(mut errors: impl Iterator<Item = &'a jaq_core::load::Error<&'a str>>) -> String {
    match errors.next() {
        Some(jaq_core::load::Error::Parse(errors)) => errors.first().map_or_else(
            || "it ends too early".to_owned(),
            |(expected, found)| match *found {
                "" => format!("expected {}", expected.as_str()),
                found => format!("expected {}, found `{found}`", expected.as_str()),
            },
        ),
        Some(jaq_core::load::Error::Lex(errors)) => errors.first().map_or_else(
            || "a sign is missing".to_owned(),
            |(expected, found)| format!("expected {}, found `{found}`", expected.as_str()),
        ),
        _ => "modules cannot be loaded here".to_owned(),
    }
}

/// All functions; the environment of the core is none of the program's business.
fn functions() -> impl Iterator<Item = Fun<JustLut<Val>>> {
    let env: Fun<JustLut<Val>> = run(("env", v(0), |_| bome(Ok(Val::default()))));
    jaq_core::funs()
        .chain(jaq_std::funs())
        .chain(jaq_json::funs())
        .filter(|(name, ..)| *name != "env")
        .chain([env])
}

struct Program {
    /// As it was typed, for elements without sections.
    plain: Arc<Filter>,
    /// Rewritten to look into the section.
    inside: Arc<Filter>,
}

#[async_trait]
impl Stage for Program {
    async fn run(self: Box<Self>, input: Flow, _: &Call) -> Result<Flow, CommandError> {
        let elements = input.elements.map(move |element| {
            let element = element?;
            let filter = if crate::reader::is_node(&element) {
                &self.inside
            } else {
                &self.plain
            };
            apply(filter, &element)
        });
        Ok(Flow::from(elements.boxed()))
    }
}

/// One output stands for itself, several are a list.
fn apply(filter: &Filter, element: &Value) -> Result<Value, CommandError> {
    let bug = |why: String| CommandError::world(format!("the jq program failed: {why}"));
    let input = jaq_json::read::parse_single(element.to_string().as_bytes())
        .map_err(|error| bug(error.to_string()))?;
    let context = Ctx::<JustLut<Val>>::new(&filter.lut, Vars::new([]));
    let mut outputs = Vec::new();
    for output in filter.id.run((context, input)).take(LIMIT) {
        match output {
            Ok(value) => outputs.push(
                serde_json::from_str(&value.to_string()).map_err(|error| bug(error.to_string()))?,
            ),
            Err(exception) => match exception.get_err() {
                Ok(error) => return Err(bug(error.to_string())),
                Err(_) => break, // `halt`
            },
        }
    }
    Ok(match outputs.len() {
        1 => outputs.remove(0),
        _ => Value::Array(outputs),
    })
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(program: &str, expected: Expect) {
        let element = json!({"a": [1, 2], "b": {"c": "x"}});
        let outcome = compile(program).and_then(|filter| apply(&filter, &element));
        expected.assert_eq(&match outcome {
            Ok(value) => value.to_string(),
            Err(error) => error.to_string(),
        });
    }

    #[test]
    fn programs_run() {
        check(".a | map(. * 2)", expect!["[2,4]"]);
        check(".a[]", expect!["[1,2]"]);
        check("empty", expect!["[]"]);
        check(".b.c", expect![[r#""x""#]]);
        check("env", expect!["null"]);
        check(
            "$ENV",
            expect!["this is not a jq program: unknown variable `$ENV`"],
        );
        check("halt", expect!["[]"]);
        check(
            ".a.b",
            expect![[r#"the jq program failed: cannot index [1,2] with "b""#]],
        );
        check(".a |", expect!["this is not a jq program: expected term"]);
        check(
            "nope",
            expect!["this is not a jq program: unknown filter `nope`"],
        );
    }

    #[test]
    fn the_first_paths_look_into_the_section() {
        for (program, expected) in [
            (".name", ".reported.name"),
            (
                "{n: .name, a: ./ancestors.cloud}",
                "{n: .reported.name, a: .ancestors.cloud}",
            ),
            (".name | .length", ".reported.name | .length"),
            (
                "select(.name == \".x\")",
                "select(.reported.name == \".x\")",
            ),
            (".a.b[0].c", ".reported.a.b[0].c"),
            (".", "."),
        ] {
            assert_eq!(rewritten(program, "reported"), expected);
        }
    }
}
