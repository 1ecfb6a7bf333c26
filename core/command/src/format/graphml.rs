//! `--graphml`: `GraphML`, scalar properties only.
use std::collections::BTreeSet;

use serde_json::Value;

use super::{Format, Render};
use crate::Call;
use crate::show::scalar_text;

pub(super) struct GraphMl;

impl Format for GraphMl {
    fn flag(&self) -> &'static str {
        "--graphml"
    }

    fn begin(&self, _: &Call) -> Box<dyn Render> {
        Box::new(Graph::default())
    }
}

/// Held back to the end: the names of all properties stand in front.
#[derive(Default)]
struct Graph {
    keys: BTreeSet<String>,
    body: Vec<String>,
}

impl Render for Graph {
    fn element(&mut self, element: &Value) -> Vec<String> {
        let text = |key: &str| escaped(&element.get(key).map(scalar_text).unwrap_or_default());
        if crate::reader::is_edge(element) {
            let (from, to) = (text("from"), text("to"));
            self.keys.insert("edge_type".to_owned());
            self.body
                .push(format!("<edge source=\"{from}\" target=\"{to}\">"));
            self.body.push(format!(
                "<data key=\"edge_type\">{}</data>",
                text("edge_type")
            ));
            self.body.push("</edge>".to_owned());
        } else if let Some(Value::Object(reported)) = element.get("reported") {
            self.body.push(format!("<node id=\"{}\">", text("id")));
            for (key, value, _) in crate::show::in_order(reported, None) {
                if value.is_object() || value.is_array() || value.is_null() {
                    continue;
                }
                self.keys.insert(key.to_owned());
                let value = escaped(&scalar_text(value));
                self.body
                    .push(format!("<data key=\"{}\">{value}</data>", escaped(key)));
            }
            self.body.push("</node>".to_owned());
        }
        Vec::new()
    }

    fn end(&mut self) -> Vec<String> {
        let mut lines = vec![
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>".to_owned(),
            "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">".to_owned(),
        ];
        lines.extend(self.keys.iter().map(|key| {
            let of = if key == "edge_type" { "edge" } else { "node" };
            let key = escaped(key);
            format!("<key id=\"{key}\" for=\"{of}\" attr.name=\"{key}\" attr.type=\"string\"/>")
        }));
        lines.push("<graph id=\"G\" edgedefault=\"directed\">".to_owned());
        lines.append(&mut self.body);
        lines.extend(["</graph>".to_owned(), "</graphml>".to_owned()]);
        lines
    }
}

/// XML text; characters that XML cannot hold at all are left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(c),
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::testing::{graph, written};
    use super::*;

    #[test]
    fn scalar_properties_are_declared_and_written() {
        expect![[r#"
            <?xml version="1.0" encoding="UTF-8"?>
            <graphml xmlns="http://graphml.graphdrawing.org/xmlns">
            <key id="ctime" for="node" attr.name="ctime" attr.type="string"/>
            <key id="edge_type" for="edge" attr.name="edge_type" attr.type="string"/>
            <key id="id" for="node" attr.name="id" attr.type="string"/>
            <key id="kind" for="node" attr.name="kind" attr.type="string"/>
            <key id="name" for="node" attr.name="name" attr.type="string"/>
            <graph id="G" edgedefault="directed">
            <node id="n1">
            <data key="ctime">2024-05-01T00:00:00Z</data>
            <data key="id">u1</data>
            <data key="kind">kubernetes_pod</data>
            <data key="name">web-0</data>
            </node>
            <node id="n2">
            <data key="id">u2</data>
            <data key="kind">kubernetes_service</data>
            <data key="name">a|b &quot;c&quot; &lt;d&gt; \ {e}</data>
            </node>
            <edge source="n2" target="n1">
            <data key="edge_type">default</data>
            </edge>
            </graph>
            </graphml>"#]]
        .assert_eq(&written(Box::<Graph>::default(), &graph()));
    }
}
