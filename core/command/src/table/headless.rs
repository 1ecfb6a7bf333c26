//! A table without its headings (`--no-headers`): for programs that read columns.
use super::{Cell, Rows};

/// Rows whose first line is left out.
pub(crate) struct Headless {
    rows: Box<dyn Rows>,
    left_out: bool,
}

impl Headless {
    /// Rows of a table whose headings are one line.
    pub(crate) fn new(rows: Box<dyn Rows>) -> Self {
        Self {
            rows,
            left_out: false,
        }
    }

    fn without(&mut self, mut lines: Vec<String>) -> Vec<String> {
        if !self.left_out && !lines.is_empty() {
            self.left_out = true;
            lines.remove(0);
        }
        lines
    }
}

impl Rows for Headless {
    fn begin(&mut self) -> Vec<String> {
        let lines = self.rows.begin();
        self.without(lines)
    }

    fn row(&mut self, id: Option<&str>, cells: &[Cell<'_>]) -> Vec<String> {
        let lines = self.rows.row(id, cells);
        self.without(lines)
    }

    fn end(&mut self) -> Vec<String> {
        let lines = self.rows.end();
        self.without(lines)
    }
}
