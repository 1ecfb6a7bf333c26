//! `list`: one line per element, or a table of them.
mod shown;
mod unknown;

use async_trait::async_trait;
use serde_json::Value;
use stocktake_query::Path;

use crate::format::{Render, document, lines};
use crate::reader::{Reader, is_edge, is_node};
use crate::show::{inline, pair, plain, scalar_text};
use crate::spec::{Category, Command, Example, Shape, Spec, Stage};
use crate::table::{Cell, Headless, TABLES, Table};
use crate::{Argument, Call, Column, CommandError, Flow, Layout, Scene, View, columns, syntax};
use shown::{Shown, Width, usual};

static SPEC: Spec = Spec {
    name: "list",
    aliases: &["lists"],
    about: "one line per element, with the properties that matter or those you name",
    usage: "[--csv|--json-table|--markdown|--wide|-o table] [--no-headers] [--with-defaults] [PATH [as NAME], …]",
    arguments: &[
        ("--csv", "comma separated values (RFC 4180)"),
        (
            "--json-table",
            "a table for programs, one JSON object per row",
        ),
        ("--markdown", "a Markdown table"),
        ("--wide", "an aligned table"),
        (
            "-o table",
            "an aligned table of what matters most: without ids, last updates, clouds and zones",
        ),
        (
            "--no-headers",
            "`--csv`, `--wide` and `-o table` without their headings",
        ),
        (
            "--with-defaults",
            "the usual columns, and then those you name",
        ),
    ],
    category: Category::Format,
    input: Shape::Any,
    output: Shape::Lines,
    examples: &[
        Example {
            about: "Pods and where they run",
            line: "search is(kubernetes_pod) | list name, /ancestors.account.reported.name as cluster",
            prints: "name=web-0, cluster=prod\nname=web-1, cluster=prod\nname=dns-0, cluster=prod\n",
        },
        Example {
            about: "For a spreadsheet",
            line: "search is(kubernetes_pod) | list --csv name, namespace | write pods.csv",
            prints: "",
        },
        Example {
            about: "As a table for a page",
            line: "search is(kubernetes_node) | list --markdown name, instance_cores, age",
            prints: "",
        },
    ],
};

pub(super) struct List;

impl Command for List {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn parse(&self, argument: &Argument, scene: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        let mut options = Options::default();
        let rest = options.take(argument)?.trim();
        let typed = if rest.is_empty() {
            Vec::new()
        } else {
            syntax::columns(&rest)?
        };
        let named = typed.into_iter().map(|column| {
            let last = column.path.segments.last().map(|part| part.name.clone());
            let inside = syntax::in_section(&column.path, &scene.section);
            ((inside, column.name.or(last)), column.path)
        });
        let (paths, typed): (Vec<_>, Vec<Path>) = named.unzip();
        let columns = columns::named(paths);
        Ok(Box::new(Ready {
            table: options.table,
            width: options.width,
            headings: options.headings,
            defaults: options.defaults || columns.is_empty(),
            columns: columns.into_iter().zip(typed).collect(),
        }))
    }
}

/// Whether a table has headings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Headings {
    #[default]
    Shown,
    LeftOut,
}

#[derive(Default)]
struct Options {
    table: Option<&'static dyn Table>,
    width: Width,
    headings: Headings,
    defaults: bool,
}

impl Options {
    fn take(&mut self, argument: &Argument) -> Result<Argument, CommandError> {
        let mut left = argument.clone();
        let mut after_o = false;
        for word in argument.words() {
            let table = TABLES.iter().find(|table| match &*word.text {
                "table" if after_o => table.flag() == "--wide",
                text => table.flag() == text,
            });
            let o = std::mem::replace(&mut after_o, word.text == "-o");
            match (table, &*word.text) {
                (Some(table), _)
                    if self.table.is_some_and(|other| other.flag() != table.flag()) =>
                {
                    return Err(CommandError::usage("two forms of a table at once").at(word.span));
                }
                (Some(table), text) => {
                    self.table = Some(*table);
                    match text {
                        "table" => self.width = Width::Brief,
                        "--json-table" => self.width = Width::Joined,
                        _ => {}
                    }
                }
                (None, "--with-defaults") => self.defaults = true,
                (None, "--no-headers") => self.headings = Headings::LeftOut,
                (None, "-o") => {}
                (None, text) if o || text.starts_with('-') => {
                    return Err(unknown(text).at(word.span));
                }
                _ => continue,
            }
            left = left.blank(word.range);
        }
        let flag = self.table.map(Table::flag);
        if self.headings == Headings::LeftOut && !matches!(flag, None | Some("--csv" | "--wide")) {
            return Err(
                CommandError::usage("this table is nothing without its headings")
                    .hint("`--csv` and `--wide` may go without"),
            );
        }
        Ok(left)
    }
}

fn unknown(option: &str) -> CommandError {
    CommandError::usage(format!("`list` has no option `{option}`"))
        .hint("`help list` shows all of them")
}

struct Ready {
    table: Option<&'static dyn Table>,
    width: Width,
    headings: Headings,
    defaults: bool,
    /// The columns that were named, with their paths as they were typed.
    columns: Vec<(Column, Path)>,
}

#[async_trait]
impl Stage for Ready {
    fn reads(&self) -> Vec<Path> {
        self.columns
            .iter()
            .map(|(column, _)| column.path.clone())
            .collect()
    }

    async fn run(self: Box<Self>, input: Flow, call: &Call) -> Result<Flow, CommandError> {
        let Layout { columns, view } = input.layout;
        let mut shown = if self.defaults {
            usual(&columns, self.width, &call.scene)
        } else {
            Vec::new()
        };
        for (column, typed) in &self.columns {
            if !shown.iter().any(|other| *other.name == *column.name) {
                shown.push(Shown::new(typed, &column.name, &call.scene));
            }
        }
        if self.table.is_some() && shown.is_empty() {
            return Err(CommandError::usage(
                "a table needs columns, and these elements have none of their own",
            )
            .hint("name them: `list --csv name, age`"));
        }
        let render: Box<dyn Render> = match (self.table, view) {
            (Some(table), _) => Box::new(AsTable::new(shown, table, self.headings)),
            (None, View::Table) if self.columns.is_empty() => {
                let wide = TABLES.iter().find(|table| table.flag() == "--wide");
                let wide = *wide.expect("it is registered");
                Box::new(AsTable::new(shown, wide, self.headings))
            }
            (None, View::Document) if self.columns.is_empty() => {
                Box::new(document::Dump::ordered(call, columns))
            }
            _ => Box::new(AsLines {
                shown,
                named: !self.columns.is_empty(),
            }),
        };
        let typed = self.columns.iter().map(|(_, typed)| typed);
        let readers = typed.map(|path| Reader::new(path, &call.scene)).collect();
        let elements = unknown::told(input.elements, readers, call);
        Ok(Flow::from(lines(elements, render, call.side.clone())))
    }
}

/// One line of `name=value` per element.
struct AsLines {
    shown: Vec<Shown>,
    /// Whether someone named the columns: then they count for elements that are not of the graph as well.
    named: bool,
}

impl Render for AsLines {
    fn element(&mut self, element: &Value) -> Vec<String> {
        vec![match element {
            Value::Object(_) if is_edge(element) => edge(element),
            Value::Object(_) if is_failure(element) => inline(element, None),
            Value::Object(_) if self.named || is_node(element) || is_row(element) => {
                self.line(element)
            }
            Value::String(text) => plain(text),
            other => scalar_text(other),
        }]
    }
}

impl AsLines {
    fn line(&self, element: &Value) -> String {
        let parts: Vec<String> = self
            .shown
            .iter()
            .filter_map(|shown| {
                let value = shown.reader.value(element)?;
                Some(pair(&shown.name, &value, shown.reader.of.as_ref()))
            })
            .collect();
        if parts.is_empty() && !self.named {
            return element.to_string();
        }
        parts.join(", ")
    }
}

/// `<from> -<edge_type>-> <to>: <reported>`
fn edge(edge: &Value) -> String {
    let text = |key: &str| edge.get(key).map(scalar_text).unwrap_or_default();
    let way = format!("{} -{}-> {}", text("from"), text("edge_type"), text("to"));
    match edge.get("reported") {
        Some(reported @ Value::Object(map)) if !map.is_empty() => {
            format!("{way}: {}", inline(reported, None))
        }
        _ => way,
    }
}

/// A row of an aggregate: every element that is neither a node nor an edge but has columns.
fn is_row(element: &Value) -> bool {
    element.get("group").is_some() || element.get("reported").is_none()
}

/// Whether an element tells what went wrong with one object.
fn is_failure(element: &Value) -> bool {
    element.get("error").is_some() && element.get("reported").is_none()
}

/// Elements as rows of a table.
struct AsTable {
    shown: Vec<Shown>,
    rows: Box<dyn crate::table::Rows>,
}

impl AsTable {
    fn new(shown: Vec<Shown>, table: &'static dyn Table, headings: Headings) -> Self {
        let named = shown.iter().map(Shown::heading).collect();
        let rows = table.begin(named);
        let rows = match headings {
            Headings::Shown => rows,
            Headings::LeftOut => Box::new(Headless::new(rows)),
        };
        Self { shown, rows }
    }
}

impl Render for AsTable {
    fn begin(&mut self) -> Vec<String> {
        self.rows.begin()
    }

    fn element(&mut self, element: &Value) -> Vec<String> {
        if is_edge(element) {
            return Vec::new(); // an edge has none of the columns
        }
        let values: Vec<_> = self
            .shown
            .iter()
            .map(|shown| shown.value(element))
            .collect();
        let cells: Vec<Cell<'_>> = values
            .iter()
            .zip(&self.shown)
            .map(|(value, shown)| Cell {
                value: value.as_deref(),
                of: shown.reader.of.as_ref(),
            })
            .collect();
        let id = element.get("id").and_then(Value::as_str);
        self.rows.row(id, &cells)
    }

    fn end(&mut self) -> Vec<String> {
        self.rows.end()
    }
}
