//! `protect`, `unprotect`, `set_desired`, `set_metadata`, and the marks of `clean`: what users wish for and know
//! about nodes.
//!
//! Nothing is changed in a cluster here: marks are read by the cleanup, which has guards of its own.
use async_trait::async_trait;
use futures::{StreamExt as _, stream};
use serde_json::{Value, json};
use stocktake_model::{Map, ObjectRef, normalise};

use crate::show::scalar_text;
use crate::spec::{Category, Command, Example, Shape, Spec, Stage};
use crate::{Argument, Call, CommandError, Elements, Flow, Marks, Scene, pairs};

/// Nodes changed at once.
const BATCH: usize = 1000;

static PROTECT: Spec = Spec {
    name: "protect",
    aliases: &[],
    about: "never change or delete these",
    usage: "",
    arguments: &[],
    examples: &[
        Example {
            about: "Keep the data",
            line: "search is(kubernetes_persistent_volume) | protect",
            prints: "",
        },
        Example {
            about: "One namespace with everything in it",
            line: "search is(kubernetes_namespace) and name=default -[0:]-> | protect",
            prints: "",
        },
        Example {
            about: "What is protected?",
            line: "search /metadata.protected=true | list kind, name",
            prints: "",
        },
    ],
    category: Category::Action,
    input: Shape::Nodes,
    output: Shape::Nodes,
};

static UNPROTECT: Spec = Spec {
    name: "unprotect",
    about: "take the protection away again",
    examples: &[
        Example {
            about: "Let go",
            line: "search /metadata.protected=true | unprotect",
            prints: "",
        },
        Example {
            about: "One thing",
            line: "search is(kubernetes_namespace) and name=default | unprotect",
            prints: "",
        },
        Example {
            about: "Everything of a kind",
            line: "search is(kubernetes_persistent_volume) | unprotect",
            prints: "",
        },
    ],
    ..PROTECT
};

static SET_DESIRED: Spec = Spec {
    name: "set_desired",
    about: "set properties of the desired section; `null` deletes one",
    usage: "NAME=VALUE …",
    arguments: &[("NAME=VALUE", "value is JSON, quoted text or a word")],
    examples: &[
        Example {
            about: "Take a mark back",
            line: "search /desired.clean=true | set_desired clean=null",
            prints: "",
        },
        Example {
            about: "Mark with a reason",
            line: "search is(kubernetes_job) and age > 30d | set_desired clean=true reason=\"left over\"",
            prints: "",
        },
        Example {
            about: "What is wished for?",
            line: "search /desired != null | list name, /desired.clean as clean",
            prints: "",
        },
    ],
    ..PROTECT
};

static SET_METADATA: Spec = Spec {
    name: "set_metadata",
    about: "set properties of the metadata section; `null` deletes one",
    examples: &[
        Example {
            about: "Leave a note",
            line: r#"search is(kubernetes_cluster) | set_metadata note="ask the platform team""#,
            prints: "",
        },
        Example {
            about: "Who looks after it",
            line: "search is(kubernetes_node) | set_metadata owner=infra",
            prints: "",
        },
        Example {
            about: "Forget it again",
            line: "search /metadata.owner=infra | set_metadata owner=null",
            prints: "",
        },
    ],
    ..SET_DESIRED
};

/// A command that changes a section of nodes.
pub(super) struct Mark {
    spec: &'static Spec,
    /// What to do with the argument.
    read: fn(&Argument, &Scene) -> Result<Change, CommandError>,
}

pub(super) static TO_PROTECT: Mark = Mark {
    spec: &PROTECT,
    read: |argument, _| protected("protect", argument, true),
};
pub(super) static TO_UNPROTECT: Mark = Mark {
    spec: &UNPROTECT,
    read: |argument, _| protected("unprotect", argument, false),
};
pub(super) static TO_SET_DESIRED: Mark = Mark {
    spec: &SET_DESIRED,
    read: |argument, _| set(Marks::Desired, argument),
};
pub(super) static TO_SET_METADATA: Mark = Mark {
    spec: &SET_METADATA,
    read: |argument, _| set(Marks::Metadata, argument),
};

/// Marks for deletion: what `clean` does with a reason.
pub(super) fn to_clean(argument: &Argument, scene: &Scene) -> Result<Box<dyn Stage>, CommandError> {
    Ok(Box::new(clean(argument, scene)?))
}

impl Command for Mark {
    fn spec(&self) -> &'static Spec {
        self.spec
    }

    fn parse(&self, argument: &Argument, scene: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        Ok(Box::new((self.read)(argument, scene)?))
    }
}

/// What is done to every node.
struct Change {
    section: Marks,
    patch: Map,
    allowed: Allowed,
}

/// Which elements may be changed.
#[derive(Clone, Copy, PartialEq)]
enum Allowed {
    /// Every node.
    Nodes,
    /// Nodes with an object behind them that has a life of its own.
    Deletable,
}

fn clean(argument: &Argument, scene: &Scene) -> Result<Change, CommandError> {
    let words = argument.words();
    // Whoever types an option means something that would not happen: nothing is marked on a guess.
    if let Some(option) = words.iter().find(|word| argument.option(word).is_some()) {
        let error = CommandError::usage(format!("`clean` has no option `{}`", option.text));
        return Err(error
            .hint("as a part of the reason it stands in quotes; `set_desired clean=null` takes a mark back")
            .at(option.span));
    }
    let reason = match words.as_slice() {
        [] => Value::Null,
        [word] => Value::String(word.text.clone()),
        _ => Value::String(argument.text().to_owned()),
    };
    let patch = json!({"clean": true, "reason": reason, "at": normalise(scene.now)});
    Ok(Change {
        section: Marks::Desired,
        patch: into_map(patch),
        allowed: Allowed::Deletable,
    })
}

fn protected(name: &str, argument: &Argument, value: bool) -> Result<Change, CommandError> {
    super::no_argument(name, argument)?;
    Ok(Change {
        section: Marks::Metadata,
        patch: into_map(json!({ "protected": value })),
        allowed: Allowed::Nodes,
    })
}

fn set(section: Marks, argument: &Argument) -> Result<Change, CommandError> {
    Ok(Change {
        section,
        patch: pairs::read(argument)?.into_iter().collect(),
        allowed: Allowed::Nodes,
    })
}

fn into_map(value: Value) -> Map {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

#[async_trait]
impl Stage for Change {
    async fn run(mut self: Box<Self>, input: Flow, call: &Call) -> Result<Flow, CommandError> {
        if self.allowed == Allowed::Deletable {
            let by = call.context.user.clone();
            self.patch.insert("by".to_owned(), Value::String(by));
        }
        let change = *self;
        let call = call.clone();
        Ok(input.map(|elements| applied(elements, change, call)))
    }
}

/// The nodes as they are afterwards, batch by batch, in their order; what cannot be changed as `{error, id}`.
fn applied(elements: Elements, change: Change, call: Call) -> Elements {
    let state = (elements.chunks(BATCH), change, call);
    stream::unfold(state, |(mut batches, change, call)| async {
        let batch = batches.next().await?;
        let done = change.batch(batch, &call).await;
        Some((done, (batches, change, call)))
    })
    .flat_map(stream::iter)
    .boxed()
}

impl Change {
    async fn batch(
        &self,
        batch: Vec<Result<Value, CommandError>>,
        call: &Call,
    ) -> Vec<Result<Value, CommandError>> {
        let mut ids = Vec::new();
        let mut done = Vec::new();
        for element in batch {
            match element.map(|element| self.checked(&element, call)) {
                Ok(Ok(Some(id))) => ids.push(id),
                Ok(Ok(None)) => {} // an edge
                Ok(Err(Refused::Object(failure))) => {
                    call.side.fail(1);
                    done.push(Ok(failure));
                }
                Ok(Err(Refused::NoNode(error))) | Err(error) => return vec![Err(error)],
            }
        }
        if ids.is_empty() {
            return done;
        }
        let patched = call
            .services
            .patch(self.section, ids, self.patch.clone(), &call.context);
        match patched.await {
            Ok(nodes) => done.splice(0..0, nodes.into_iter().map(Ok)).for_each(drop),
            Err(error) => done.push(Err(error)),
        }
        done
    }

    /// The id of an element that may be changed; an element that tells why not, otherwise.
    fn checked(&self, element: &Value, call: &Call) -> Result<Option<String>, Refused> {
        if let Value::String(id) = element
            && self.allowed == Allowed::Nodes
        {
            return Ok(Some(id.clone()));
        }
        if crate::reader::is_edge(element) {
            return Ok(None);
        }
        let id = element.get("id").and_then(Value::as_str);
        let (Some(id), Some(reported)) = (id, element.get("reported").and_then(Value::as_object))
        else {
            return Err(if is_failure(element) {
                Refused::Object(element.clone())
            } else {
                Refused::NoNode(no_node(element))
            });
        };
        if self.allowed == Allowed::Deletable {
            deletable(element, id, reported, call)
                .map_err(|why| Refused::Object(failure(&why, element)))?;
            if element.pointer("/metadata/protected") == Some(&Value::Bool(true)) {
                call.side.note(
                    "some of these are protected and will not be deleted: `unprotect` them first",
                );
            }
        }
        Ok(Some(id.to_owned()))
    }
}

/// Why an element is not changed.
enum Refused {
    /// This one cannot be; the element that tells why. The others can.
    Object(Value),
    /// The line hands over something else than nodes.
    NoNode(CommandError),
}

fn deletable(element: &Value, id: &str, reported: &Map, call: &Call) -> Result<(), String> {
    let kind = reported.get("kind").map(scalar_text).unwrap_or_default();
    if call.scene.model.is_phantom(&kind) {
        return Err(format!(
            "`{kind}` has no life of its own and cannot be deleted"
        ));
    }
    let place = |name: &str| {
        let path = format!("/ancestors/account/reported/{name}");
        element.pointer(&path).map(scalar_text).unwrap_or_default()
    };
    let node = id
        .parse()
        .map_err(|_| format!("`{id}` is not the id of a node"))?;
    match ObjectRef::of(node, &place("id"), &place("name"), reported) {
        Some(_) => Ok(()),
        None => Err(format!(
            "there is no object behind this `{kind}` that could be deleted"
        )),
    }
}

/// Whoever pipes this into an action means something else.
pub(super) fn no_node(element: &Value) -> CommandError {
    let text = scalar_text(element);
    let shown = match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    };
    CommandError::usage(format!("`{shown}` is not a node of the graph"))
        .hint("search for what is to be changed, and put this right behind it")
}

/// Whether an element tells what went wrong in the command before.
pub(super) fn is_failure(element: &Value) -> bool {
    let told = |map: &Map| map.len() == 2 && map.contains_key("error") && map.contains_key("id");
    element.as_object().is_some_and(told)
}

/// An element that tells what went wrong with one object.
pub(super) fn failure(why: &str, element: &Value) -> Value {
    let id = element
        .get("id")
        .map_or_else(|| scalar_text(element), scalar_text);
    json!({ "error": why, "id": id })
}
