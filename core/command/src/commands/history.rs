//! `history`: what happened to resources, as rows that are nodes with a change, a time and what was there before.
use async_trait::async_trait;
use futures::StreamExt as _;
use jiff::Timestamp;
use stocktake_query::{Filter, Order, Part, Query, SortKey};

use crate::flow::absolute;
use crate::spec::{Category, Command, Example, Shape, Spec, Stage};
use crate::{
    Argument, Call, Column, CommandError, Flow, HistoryChange, HistorySearch, Layout, Scene, View,
    WithEdges, columns, moment, syntax,
};

static SPEC: Spec = Spec {
    name: "history",
    aliases: &[],
    about: "what was created, updated and deleted, and when; volatile properties do not count",
    usage: "[--before TIME] [--after TIME] [--change CHANGE]… QUERY",
    arguments: &[
        (
            "--before TIME",
            "nothing later: `2024-05-01T10:00:00Z`, or a duration before now",
        ),
        ("--after TIME", "nothing earlier"),
        (
            "--change CHANGE",
            "only `node_created`, `node_updated` or `node_deleted`; may be given several times",
        ),
    ],
    category: Category::Search,
    input: Shape::Nothing,
    output: Shape::Nodes,
    examples: &[
        Example {
            about: "What changed in `kube-system` since yesterday?",
            line: "history --after 1d is(kubernetes_resource) and namespace=kube-system",
            prints: "",
        },
        Example {
            about: "Which pods went away?",
            line: "history --change node_deleted is(kubernetes_pod) | list changed_at, name",
            prints: "changed_at=2024-05-03T10:00:00Z, name=web-1\n",
        },
        Example {
            about: "How many changes of each sort were there this week?",
            line: "history --after 7d all | count change",
            prints: "",
        },
    ],
};

pub(super) struct History;

impl Command for History {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn parse(&self, argument: &Argument, scene: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        let mut ready = Ready::default();
        let text = ready.take_options(argument, scene.now)?.trim();
        let (query, hints) = syntax::query(&text)?;
        check(&query).map_err(|error| error.at(text.span()))?;
        ready.query = query;
        ready.hints = hints;
        Ok(Box::new(ready))
    }
}

#[derive(Default)]
struct Ready {
    query: Query,
    hints: Vec<String>,
    after: Option<Timestamp>,
    before: Option<Timestamp>,
    changes: Vec<HistoryChange>,
}

impl Ready {
    /// Takes the options out, wherever they stand; what is left keeps its place.
    fn take_options(
        &mut self,
        argument: &Argument,
        now: Timestamp,
    ) -> Result<Argument, CommandError> {
        let mut left = argument.clone();
        let words = argument.words();
        for (place, word) in words.iter().enumerate() {
            let option = &argument.text()[word.range.clone()];
            if !matches!(option, "--after" | "--before" | "--change") {
                super::no_option("history", argument, word)?;
                continue;
            }
            let value = words.get(place + 1).ok_or_else(|| {
                CommandError::usage(format!("`{option}` needs a value"))
                    .hint("e.g. `--after 1d` or `--change node_deleted`")
                    .at(word.span)
            })?;
            let text = &*value.text;
            match option {
                "--after" => self.after = Some(moment(text, now).map_err(|e| e.at(value.span))?),
                "--before" => self.before = Some(moment(text, now).map_err(|e| e.at(value.span))?),
                _ => self
                    .changes
                    .push(change(text).map_err(|e| e.at(value.span))?),
            }
            left = left.blank(value.range.clone()).blank(word.range.clone());
        }
        Ok(left)
    }

    fn sort(&self) -> Vec<SortKey> {
        let part = self.query.parts.first();
        let typed = part.map_or(&[][..], |part| &part.sort);
        if !typed.is_empty() {
            return typed.to_vec();
        }
        let key = |names: &[&str]| SortKey {
            path: absolute(names),
            order: Order::Asc,
        };
        let names = ["kind", "name", "id"].map(|name| key(&["reported", name]));
        [vec![key(&["changed_at"])], names.to_vec()].concat()
    }
}

fn change(text: &str) -> Result<HistoryChange, CommandError> {
    let known = HistoryChange::ALL;
    let found = known.into_iter().find(|change| change.as_str() == text);
    found.ok_or_else(|| {
        CommandError::usage(format!("`{text}` is not a change"))
            .hint("there are `node_created`, `node_updated` and `node_deleted`")
    })
}

/// Only what can be said about one record of a change.
fn check(query: &Query) -> Result<(), CommandError> {
    let wrong = |what: &str| {
        CommandError::usage(format!("`history` cannot {what}"))
            .hint("it looks at one change at a time; `search --at TIME` looks at the whole past")
    };
    if query.preamble.aggregate.is_some() {
        return Err(CommandError::usage("`history` cannot aggregate by itself")
            .hint("pipe it: `history … | aggregate kind: sum(1)`"));
    }
    let [part] = query.parts.as_slice() else {
        return if query.parts.is_empty() {
            Ok(())
        } else {
            Err(wrong("walk from node to node"))
        };
    };
    if part.navigation.is_some() || part.with.is_some() {
        return Err(wrong("walk from node to node"));
    }
    if !part.merge.is_empty() || part.with_usage.is_some() {
        return Err(wrong("merge other nodes in"));
    }
    if has_text(&part.filter) {
        return Err(wrong("search the full text"));
    }
    Ok(())
}

fn has_text(filter: &Filter) -> bool {
    match filter {
        Filter::Text(_) => true,
        Filter::Not(inner) | Filter::Context(_, inner) => has_text(inner),
        Filter::And(filters) | Filter::Or(filters) => filters.iter().any(has_text),
        _ => false,
    }
}

#[async_trait]
impl Stage for Ready {
    async fn run(self: Box<Self>, _: Flow, call: &Call) -> Result<Flow, CommandError> {
        for hint in &self.hints {
            call.side.note(hint.clone());
        }
        let layout = layout(&self.query, &call.scene);
        let sort = super::sort::by(&self.sort(), &call.scene);
        let query = syntax::query_in_section(self.query, &call.scene.section);
        let part = query.parts.into_iter().next().unwrap_or_default();
        let limit = part.limit;
        let found = call.services.history(HistorySearch {
            query: Query {
                parts: vec![Part {
                    filter: part.filter,
                    tag: part.tag,
                    ..Part::default()
                }],
                ..Query::default()
            },
            after: self.after,
            before: self.before,
            changes: self.changes,
            timeout: call.scene.timeout,
        });
        let found = found.await?;
        for hint in found.hints {
            call.side.note(hint);
        }
        let flow = Flow {
            elements: found.elements,
            layout,
        };
        let mut sorted = sort.run(flow, call).await?;
        if let Some(limit) = limit {
            let cut = sorted.elements.skip(limit.offset).take(limit.length);
            sorted.elements = cut.boxed();
        }
        Ok(sorted)
    }
}

/// The columns of a search, those of a change first and without ages: they are about then, not about now.
fn layout(query: &Query, scene: &Scene) -> Layout {
    let mut columns: Vec<Column> = ["change", "changed_at"].map(Column::top).to_vec();
    let others = columns::of_search(query, WithEdges::No, scene);
    let is_kept = |column: &Column| {
        let is_age = matches!(column.name.as_str(), "age" | "last_update");
        let is_there = matches!(column.name.as_str(), "change" | "changed_at");
        !(is_age || is_there && column.path.segments.len() == 1)
    };
    columns.extend(others.into_iter().filter(is_kept));
    Layout {
        columns,
        view: View::Lines,
    }
}
