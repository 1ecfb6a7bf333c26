//! `echo`, `env`, `json`, `sleep`: sources that need no graph.
use async_trait::async_trait;
use futures::{StreamExt as _, stream};
use serde_json::Value;
use stocktake_query::Span;

use crate::scene::seconds;
use crate::spec::{Category, Command, Example, Shape, Spec, Stage};
use crate::{Argument, Call, CommandError, Flow, Scene, View};

static ECHO: Spec = Spec {
    name: "echo",
    aliases: &[],
    about: "say it back",
    usage: "TEXT",
    arguments: &[],
    category: Category::Misc,
    input: Shape::Nothing,
    output: Shape::Lines,
    examples: &[
        Example {
            about: "Quotes around it are taken off",
            line: r#"echo "a | b""#,
            prints: "a | b\n",
        },
        Example {
            about: "Text goes to a file as well",
            line: "echo hello | write hello.txt",
            prints: "",
        },
        Example {
            about: "Placeholders are replaced",
            line: "echo @TODAY@",
            prints: "",
        },
    ],
};

static ENV: Spec = Spec {
    name: "env",
    about: "the variables of the line",
    usage: "",
    output: Shape::Values,
    examples: &[
        Example {
            about: "Variables stand in front of a line",
            line: "section=metadata env",
            prints: "section: metadata\n",
        },
        Example {
            about: "Without variables there is nothing to see",
            line: "env",
            prints: "",
        },
        Example {
            about: "Several of them",
            line: "section=metadata search_timeout=5s env",
            prints: "",
        },
    ],
    ..ECHO
};

static JSON: Spec = Spec {
    name: "json",
    about: "elements of a list, or one element, from JSON",
    usage: "JSON",
    output: Shape::Values,
    examples: &[
        Example {
            about: "Two elements",
            line: r#"json [{"a": 1}, {"a": 2}] | list a"#,
            prints: "a=1\na=2\n",
        },
        Example {
            about: "One element",
            line: "json {\"a\": 1} | format a={a}",
            prints: "",
        },
        Example {
            about: "Text",
            line: "json [\"x\", \"y\"] | uniq",
            prints: "",
        },
    ],
    ..ECHO
};

static SLEEP: Spec = Spec {
    name: "sleep",
    about: "wait, and then say nothing",
    usage: "SECONDS",
    examples: &[
        Example {
            about: "Give it a moment",
            line: "sleep 0",
            prints: "\n",
        },
        Example {
            about: "Between two lines",
            line: "echo first ; sleep 0 ; echo second",
            prints: "",
        },
        Example {
            about: "A duration",
            line: "sleep 0s",
            prints: "",
        },
    ],
    ..ECHO
};

pub(super) struct Echo;
pub(super) struct Env;
pub(super) struct Json;
pub(super) struct Sleep;

impl Command for Echo {
    fn spec(&self) -> &'static Spec {
        &ECHO
    }

    fn parse(&self, argument: &Argument, _: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        let text = match argument.words().as_slice() {
            [word] => word.text.clone(),
            _ => argument.text().to_owned(),
        };
        Ok(Box::new(Values {
            values: vec![Value::String(text)],
            view: View::Lines,
        }))
    }
}

impl Command for Env {
    fn spec(&self) -> &'static Spec {
        &ENV
    }

    fn parse(&self, argument: &Argument, scene: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        super::no_argument("env", argument)?;
        let env = scene
            .env
            .iter()
            .map(|(name, value)| (name.clone(), Value::from(value.as_str())));
        Ok(Box::new(Values {
            values: vec![Value::Object(env.collect())],
            view: View::Document,
        }))
    }
}

impl Command for Json {
    fn spec(&self) -> &'static Spec {
        &JSON
    }

    fn parse(&self, argument: &Argument, _: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        let values = match serde_json::from_str(argument.text()) {
            Ok(Value::Array(items)) => items,
            Ok(value) => vec![value],
            Err(error) => {
                let at = error.column().saturating_sub(1).min(argument.text().len());
                return Err(CommandError::usage(format!("this is not JSON: {error}"))
                    .at(argument.place(Span::new(at..argument.text().len()))));
            }
        };
        Ok(Box::new(Values {
            values,
            view: View::Lines,
        }))
    }
}

/// Elements that were on the line.
struct Values {
    values: Vec<Value>,
    view: View,
}

#[async_trait]
impl Stage for Values {
    async fn run(self: Box<Self>, _: Flow, _: &Call) -> Result<Flow, CommandError> {
        Ok(Flow::values(self.values).shown(self.view, &[]))
    }
}

impl Command for Sleep {
    fn spec(&self) -> &'static Spec {
        &SLEEP
    }

    fn parse(&self, argument: &Argument, _: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        let time = seconds(argument.text()).map_err(|error| error.at(argument.span()))?;
        Ok(Box::new(For(time)))
    }
}

struct For(std::time::Duration);

#[async_trait]
impl Stage for For {
    async fn run(self: Box<Self>, _: Flow, _: &Call) -> Result<Flow, CommandError> {
        let elements = stream::once(async move {
            tokio::time::sleep(self.0).await;
            Ok(Value::String(String::new()))
        });
        Ok(elements.boxed().into())
    }
}
