//! Elements on their way through a pipeline, with a note on how they want to be shown.
use futures::stream::{self, StreamExt as _};
use serde_json::Value;
use stocktake_query::{Path, Segment};

use crate::{CommandError, Elements};

/// What one command leaves for the next.
pub struct Flow {
    /// The elements; text is a JSON string per line.
    pub elements: Elements,
    /// How they are shown if nobody says otherwise.
    pub layout: Layout,
}

/// How elements are shown if nobody says otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout {
    /// Columns, in order; empty means whatever is there.
    pub columns: Vec<Column>,
    /// Their form.
    pub view: View,
}

/// One column of a list or table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Where the value is, from the root of the element.
    pub path: Path,
    /// What it is called.
    pub name: String,
}

/// The form elements are shown in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum View {
    /// One line of `name=value` each.
    #[default]
    Lines,
    /// An aligned table.
    Table,
    /// A YAML document each.
    Document,
}

impl Flow {
    /// Nothing.
    pub fn empty() -> Self {
        Self::values([])
    }

    /// These elements.
    pub fn values(values: impl IntoIterator<Item = Value>) -> Self {
        let items: Vec<_> = values.into_iter().map(Ok).collect();
        Self::from(stream::iter(items).boxed())
    }

    /// These lines of text.
    pub fn lines<T: Into<String>>(lines: impl IntoIterator<Item = T>) -> Self {
        Self::values(lines.into_iter().map(|line| Value::String(line.into())))
    }

    /// The same elements, shown as a table (or document) of these top-level properties.
    #[must_use]
    pub fn shown(mut self, view: View, columns: &[&str]) -> Self {
        self.layout = Layout {
            columns: columns.iter().map(|name| Column::top(name)).collect(),
            view,
        };
        self
    }

    /// The same flow with other elements.
    #[must_use]
    pub fn map(self, change: impl FnOnce(Elements) -> Elements) -> Self {
        Self {
            elements: change(self.elements),
            layout: self.layout,
        }
    }

    /// All elements at once. For commands that cannot do with less, on input that is small by nature.
    pub async fn collect(self) -> Result<Vec<Value>, CommandError> {
        use futures::TryStreamExt as _;
        self.elements.try_collect().await
    }
}

impl From<Elements> for Flow {
    fn from(elements: Elements) -> Self {
        Self {
            elements,
            layout: Layout::default(),
        }
    }
}

impl Column {
    /// A property at the top of the element.
    pub fn top(name: &str) -> Self {
        Self {
            path: absolute(&[name]),
            name: name.to_owned(),
        }
    }
}

/// The absolute path of these names.
pub(crate) fn absolute(names: &[&str]) -> Path {
    Path {
        absolute: true,
        segments: names
            .iter()
            .map(|name| Segment {
                name: (*name).to_owned(),
                indexes: Vec::new(),
            })
            .collect(),
        span: stocktake_query::Span::default(),
    }
}
