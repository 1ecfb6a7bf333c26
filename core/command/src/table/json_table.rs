//! `--json-table`: for programs that show tables; first the columns, then one object per row.
use serde_json::{Map, Value, json};

use super::{Cell, Heading, Rows, Table};

pub(super) struct JsonTable;

impl Table for JsonTable {
    fn flag(&self) -> &'static str {
        "--json-table"
    }

    fn begin(&self, headings: Vec<Heading>) -> Box<dyn Rows> {
        Box::new(Objects(headings))
    }
}

struct Objects(Vec<Heading>);

impl Rows for Objects {
    fn begin(&mut self) -> Vec<String> {
        let columns: Vec<Value> = self
            .0
            .iter()
            .map(|heading| {
                json!({
                    "name": heading.name,
                    "path": heading.path,
                    "kind": heading.kind,
                    "display": heading.display,
                })
            })
            .collect();
        vec![json!({ "columns": columns }).to_string()]
    }

    fn row(&mut self, id: Option<&str>, cells: &[Cell<'_>]) -> Vec<String> {
        let row: Map<String, Value> = self
            .0
            .iter()
            .zip(cells)
            .map(|(heading, cell)| {
                (
                    heading.name.clone(),
                    cell.value.cloned().unwrap_or_default(),
                )
            })
            .collect();
        vec![json!({ "id": id, "row": row }).to_string()]
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::testing::written;
    use super::*;

    #[test]
    fn columns_come_first_then_rows() {
        expect![[r#"
            {"columns":[{"display":"NAME","kind":"string","name":"name","path":"/reported.name"},{"display":"POD_COUNT","kind":"int64","name":"pod_count","path":"/reported.pod_count"}]}
            {"id":"a","row":{"name":"web","pod_count":3}}
            {"id":"b","row":{"name":"say \"hi\", | done","pod_count":true}}
            {"id":"c","row":{"name":"日本\nline","pod_count":null}}
            {"id":"d","row":{"name":["x","y"],"pod_count":1.5}}"#]].assert_eq(&written(&JsonTable));
    }
}
