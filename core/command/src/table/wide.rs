//! `--wide`: an aligned table for the terminal, headings in capitals, two blanks between columns.
use super::{BATCH, Cell, Heading, Rows, Table, padded, widths};

pub(super) struct Wide;

impl Table for Wide {
    fn flag(&self) -> &'static str {
        "--wide"
    }

    fn begin(&self, headings: Vec<Heading>) -> Box<dyn Rows> {
        Box::new(Aligned {
            headings: headings
                .iter()
                .map(|heading| heading.name.to_uppercase())
                .collect(),
            held: Vec::new(),
            widths: Vec::new(),
        })
    }
}

struct Aligned {
    headings: Vec<String>,
    held: Vec<Vec<String>>,
    /// Those of the rows already written: columns may only grow.
    widths: Vec<usize>,
}

impl Rows for Aligned {
    fn row(&mut self, _: Option<&str>, cells: &[Cell<'_>]) -> Vec<String> {
        self.held
            .push(cells.iter().map(|cell| cell.text("")).collect());
        if self.held.len() < BATCH {
            return Vec::new();
        }
        self.written()
    }

    fn end(&mut self) -> Vec<String> {
        self.written()
    }
}

impl Aligned {
    fn written(&mut self) -> Vec<String> {
        let rows = std::mem::take(&mut self.held);
        if rows.is_empty() {
            return Vec::new();
        }
        let first = self.widths.is_empty();
        self.widths.resize(self.headings.len(), 0);
        for (width, new) in self.widths.iter_mut().zip(widths(&self.headings, &rows)) {
            *width = new.max(*width);
        }
        let heading = first.then(|| self.line(&self.headings));
        heading
            .into_iter()
            .chain(rows.iter().map(|row| self.line(row)))
            .collect()
    }

    fn line(&self, cells: &[String]) -> String {
        let cells: Vec<String> = cells
            .iter()
            .zip(&self.widths)
            .map(|(cell, width)| padded(cell, *width))
            .collect();
        cells.join("  ").trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::testing::written;
    use super::*;

    #[test]
    fn columns_are_aligned() {
        expect![[r#"
            NAME              POD_COUNT
            web               3
            say "hi", | done  true
            日本\nline
            [x, y]            1.5"#]]
        .assert_eq(&written(&Wide));
    }
}
