//! `--markdown`: a table for documents and tickets.
use super::{BATCH, Cell, Heading, Rows, Table, padded, widths};

pub(super) struct Markdown;

impl Table for Markdown {
    fn flag(&self) -> &'static str {
        "--markdown"
    }

    fn begin(&self, headings: Vec<Heading>) -> Box<dyn Rows> {
        Box::new(Batch {
            headings: headings
                .iter()
                .map(|heading| escaped(&heading.name))
                .collect(),
            held: Vec::new(),
            begun: false,
        })
    }
}

struct Batch {
    headings: Vec<String>,
    held: Vec<Vec<String>>,
    begun: bool,
}

impl Rows for Batch {
    fn row(&mut self, _: Option<&str>, cells: &[Cell<'_>]) -> Vec<String> {
        let row = cells
            .iter()
            .map(|cell| escaped(&cell.text("null")))
            .collect();
        self.held.push(row);
        if self.held.len() < BATCH {
            return Vec::new();
        }
        self.written()
    }

    fn end(&mut self) -> Vec<String> {
        self.written()
    }
}

impl Batch {
    /// The rows held back; in front of the first ones the heading and the rule.
    fn written(&mut self) -> Vec<String> {
        let rows = std::mem::take(&mut self.held);
        let widths = widths(&self.headings, &rows);
        let mut lines = Vec::new();
        if !std::mem::replace(&mut self.begun, true) {
            lines.push(line(&self.headings, &widths));
            let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
            lines.push(format!("|{}|", rule.join("|")));
        }
        lines.extend(rows.iter().map(|row| line(row, &widths)));
        lines
    }
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let cells: Vec<String> = cells
        .iter()
        .zip(widths)
        .map(|(cell, width)| padded(cell, *width))
        .collect();
    format!("|{}|", cells.join("|"))
}

/// A `|` would begin a new cell.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::testing::written;
    use super::*;

    #[test]
    fn wide_characters_are_aligned() {
        expect![[r#"
            |name             |pod_count|
            |-----------------|---------|
            |web              |3        |
            |say "hi", \| done|true     |
            |日本\\nline      |null     |
            |[x, y]           |1.5      |"#]]
        .assert_eq(&written(&Markdown));
    }

    #[test]
    fn an_empty_table_has_its_heading() {
        let heading = Heading {
            name: "a".into(),
            path: "/a".into(),
            kind: "any".into(),
            display: "A".into(),
        };
        assert_eq!(Markdown.begin(vec![heading]).end(), ["|a|", "|-|"]);
    }
}
