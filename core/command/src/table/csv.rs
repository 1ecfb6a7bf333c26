//! `--csv`: RFC 4180. Texts are always quoted, numbers never; a record ends with CR LF.
//!
//! Written by hand: the libraries quote by what a text looks like, not by what it was.
use serde_json::Value;

use super::{Cell, Heading, Rows, Table};
use crate::show::{inline, scalar_text};

pub(super) struct Csv;

impl Table for Csv {
    fn flag(&self) -> &'static str {
        "--csv"
    }

    fn begin(&self, headings: Vec<Heading>) -> Box<dyn Rows> {
        Box::new(Records(headings))
    }
}

struct Records(Vec<Heading>);

impl Rows for Records {
    fn begin(&mut self) -> Vec<String> {
        let names: Vec<String> = self.0.iter().map(|heading| quoted(&heading.name)).collect();
        vec![record(&names)]
    }

    fn row(&mut self, _: Option<&str>, cells: &[Cell<'_>]) -> Vec<String> {
        let fields: Vec<String> = cells.iter().map(field).collect();
        vec![record(&fields)]
    }
}

/// A record without its LF: that ends every line of text.
fn record(fields: &[String]) -> String {
    fields.join(",") + "\r"
}

fn field(cell: &Cell<'_>) -> String {
    match cell.value {
        None | Some(Value::Null) => quoted(""),
        Some(Value::Bool(true)) => "True".to_owned(),
        Some(Value::Bool(false)) => "False".to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        Some(text @ Value::String(_)) => quoted(&scalar_text(text)),
        Some(value) => quoted(&inline(value, cell.of)),
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::testing::written;
    use super::*;

    #[test]
    fn texts_are_quoted_and_numbers_are_not() {
        expect![[r#"
            "name","pod_count"\r
            "web",3\r
            "say ""hi"", | done",True\r
            "日本
            line",""\r
            "[x, y]",1.5\r"#]]
        .assert_eq(&written(&Csv).replace('\r', "\\r"));
    }

    #[test]
    fn a_csv_reader_reads_it_back() {
        let text = written(&Csv);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let names: Vec<String> = reader
            .records()
            .map(|record| record.unwrap()[0].to_owned())
            .collect();
        assert_eq!(names, ["web", "say \"hi\", | done", "日本\nline", "[x, y]"]);
    }
}
