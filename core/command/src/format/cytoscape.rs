//! `--cytoscape`: the elements of a Cytoscape graph.
use serde_json::{Map, Value, json};

use super::{Format, Render, json::List};
use crate::Call;
use crate::show::scalar_text;

pub(super) struct Cytoscape;

impl Format for Cytoscape {
    fn flag(&self) -> &'static str {
        "--cytoscape"
    }

    fn begin(&self, _: &Call) -> Box<dyn Render> {
        Box::new(List::new(element))
    }
}

fn element(element: &Value) -> Value {
    let text = |key: &str| element.get(key).map(scalar_text).unwrap_or_default();
    if crate::reader::is_edge(element) {
        let (from, to, label) = (text("from"), text("to"), text("edge_type"));
        let id = format!("{from}_{to}_{label}");
        return json!({"group": "edges",
            "data": {"id": id, "source": from, "target": to, "label": label}});
    }
    let mut data: Map<String, Value> = match element.get("reported") {
        Some(Value::Object(reported)) => reported.clone(),
        _ => element.as_object().cloned().unwrap_or_default(),
    };
    if let Some(id) = element.get("id") {
        data.insert("id".to_owned(), id.clone());
    }
    json!({"group": "nodes", "data": data})
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::testing::graph;
    use super::*;

    #[test]
    fn nodes_carry_what_is_reported_and_edges_their_ends() {
        let shown: Vec<String> = graph().iter().map(|one| element(one).to_string()).collect();
        expect![[r#"
            {"data":{"id":"n2","kind":"kubernetes_service","name":"a|b \"c\" <d> \\ {e}"},"group":"nodes"}
            {"data":{"id":"n2_n1_default","label":"default","source":"n2","target":"n1"},"group":"edges"}"#]].assert_eq(&shown[1..].join("\n"));
    }
}
