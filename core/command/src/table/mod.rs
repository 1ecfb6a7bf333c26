//! Forms of a table: one file each, found by its flag.
//!
//! A form knows cells and headings; what is in them is decided by `list`.
mod csv;
mod headless;
mod json_table;
mod markdown;
mod wide;

pub(crate) use headless::Headless;

use serde_json::Value;
use stocktake_model::PropertyType;

use crate::show::inline;

/// A form of a table.
pub(crate) trait Table: Sync {
    /// The option of `list` that asks for it.
    fn flag(&self) -> &'static str;

    /// Begins a table.
    fn begin(&self, headings: Vec<Heading>) -> Box<dyn Rows>;
}

/// A table being written. Rows may be held back until their widths are known.
pub(crate) trait Rows: Send {
    /// Lines before the first row.
    fn begin(&mut self) -> Vec<String> {
        Vec::new()
    }

    /// Takes a row, and gives the lines that are ready. `id` is that of the node, if it is one.
    fn row(&mut self, id: Option<&str>, cells: &[Cell<'_>]) -> Vec<String>;

    /// Lines still held back.
    fn end(&mut self) -> Vec<String> {
        Vec::new()
    }
}

/// What stands above a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Heading {
    /// Its name.
    pub(crate) name: String,
    /// Where the values come from.
    pub(crate) path: String,
    /// What they are.
    pub(crate) kind: String,
    /// What people call it.
    pub(crate) display: String,
}

/// A value and its declared type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cell<'a> {
    /// `None` if there is no value.
    pub(crate) value: Option<&'a Value>,
    /// As far as it is known.
    pub(crate) of: Option<&'a PropertyType>,
}

impl Cell<'_> {
    /// The value on one line; `missing` where there is none.
    pub(crate) fn text(&self, missing: &str) -> String {
        self.value
            .map_or_else(|| missing.to_owned(), |value| inline(value, self.of))
    }
}

/// Every form, by flag.
pub(crate) static TABLES: &[&dyn Table] = &[
    &csv::Csv,
    &json_table::JsonTable,
    &markdown::Markdown,
    &wide::Wide,
];

/// Rows that wait until so many are there; then their widths are taken.
pub(crate) const BATCH: usize = 500;

/// The columns of the screen each text takes, at least those of the heading.
pub(crate) fn widths(headings: &[String], rows: &[Vec<String>]) -> Vec<usize> {
    use unicode_width::UnicodeWidthStr as _;
    headings
        .iter()
        .enumerate()
        .map(|(place, heading)| {
            let cells = rows.iter().filter_map(|row| row.get(place));
            cells
                .map(|cell| cell.width())
                .fold(heading.width(), usize::max)
        })
        .collect()
}

/// The text with blanks behind it, `width` columns of the screen in all.
pub(crate) fn padded(text: &str, width: usize) -> String {
    use unicode_width::UnicodeWidthStr as _;
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

#[cfg(test)]
pub(crate) mod testing {
    //! Writes a small table with everything awkward in it.
    use serde_json::json;

    use super::*;

    pub(crate) fn written(table: &dyn Table) -> String {
        let heading = |name: &str, kind: &str| Heading {
            name: name.to_owned(),
            path: format!("/reported.{name}"),
            kind: kind.to_owned(),
            display: name.to_uppercase(),
        };
        let mut rows = table.begin(vec![
            heading("name", "string"),
            heading("pod_count", "int64"),
        ]);
        let mut lines = rows.begin();
        for (id, name, count) in [
            ("a", json!("web"), json!(3)),
            ("b", json!("say \"hi\", | done"), json!(true)),
            ("c", json!("日本\nline"), json!(null)),
            ("d", json!(["x", "y"]), json!(1.5)),
        ] {
            let values = [Some(&name), Some(&count).filter(|value| !value.is_null())];
            let cells = values.map(|value| Cell { value, of: None });
            lines.extend(rows.row(Some(id), &cells));
        }
        lines.extend(rows.end());
        lines.join("\n")
    }

    #[test]
    fn flags_are_sorted_and_unique() {
        assert!(TABLES.is_sorted_by(|a, b| a.flag() < b.flag()));
    }
}
