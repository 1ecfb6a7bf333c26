//! Output formats: one file each, found by flag. A format turns elements into lines as they come.
mod cytoscape;
pub(crate) mod document;
mod dot;
mod graphml;
mod json;
mod ndjson;
pub(crate) mod template;
mod text;
mod yaml;

use futures::{StreamExt as _, stream};
use serde_json::Value;

use crate::scene::Side;
use crate::{Call, Elements};

/// An output format.
pub(crate) trait Format: Sync {
    /// The option of `format` that asks for it.
    fn flag(&self) -> &'static str;

    /// Begins an output.
    fn begin(&self, call: &Call) -> Box<dyn Render>;
}

/// An output being written.
pub(crate) trait Render: Send {
    /// Lines before the first element.
    fn begin(&mut self) -> Vec<String> {
        Vec::new()
    }

    /// Takes an element, and gives the lines that are ready.
    fn element(&mut self, element: &Value) -> Vec<String>;

    /// Lines after the last element.
    fn end(&mut self) -> Vec<String> {
        Vec::new()
    }
}

/// Every format, by flag.
pub(crate) static FORMATS: &[&dyn Format] = &[
    &cytoscape::Cytoscape,
    &dot::Dot,
    &graphml::GraphMl,
    &json::Json,
    &ndjson::Ndjson,
    &text::Text,
    &yaml::Yaml,
];

/// Elements as lines. Counts the elements on their way.
pub(crate) fn lines(elements: Elements, render: Box<dyn Render>, side: Side) -> Elements {
    let state = Some((Step::Begin, elements, render));
    stream::unfold(state, move |state| {
        let side = side.clone();
        async move {
            let (step, mut elements, mut render) = state?;
            if step == Step::Begin {
                let lines = Ok(render.begin());
                return Some((lines, Some((Step::Go, elements, render))));
            }
            match elements.next().await {
                Some(Ok(element)) => {
                    side.count(1);
                    let lines = Ok(render.element(&element));
                    Some((lines, Some((Step::Go, elements, render))))
                }
                Some(Err(error)) => Some((Err(error), None)),
                None => Some((Ok(render.end()), None)),
            }
        }
    })
    .flat_map(|lines| {
        stream::iter(match lines {
            Ok(lines) => lines
                .into_iter()
                .map(|line| Ok(Value::String(line)))
                .collect(),
            Err(error) => vec![Err(error)],
        })
    })
    .boxed()
}

#[derive(PartialEq)]
enum Step {
    Begin,
    Go,
}

/// Pretty JSON, keys by name whatever order the map keeps.
pub(crate) fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string())
}

#[cfg(test)]
pub(crate) mod testing {
    //! Writes a small graph with everything awkward in it.
    use serde_json::json;

    use super::*;

    /// Two nodes with an edge, names that need escaping.
    pub(crate) fn graph() -> Vec<Value> {
        let ancestors = json!({"account": {"reported": {"name": "prod"}}});
        vec![
            json!({
                "id": "n1", "type": "node", "revision": "1",
                "reported": {"kind": "kubernetes_pod", "id": "u1", "name": "web-0", "tags": {},
                    "ctime": "2024-05-01T00:00:00Z", "pod_spec": {"b": [1, 2], "a": "x\ny"}},
                "metadata": {"descendant_count": 2, "protected": true},
                "ancestors": ancestors,
            }),
            json!({
                "id": "n2", "type": "node", "revision": "1",
                "reported": {"kind": "kubernetes_service", "id": "u2", "name": "a|b \"c\" <d> \\ {e}"},
                "ancestors": ancestors,
            }),
            json!({"type": "edge", "from": "n2", "to": "n1", "edge_type": "default",
                "reported": {"relations": ["targets"]}}),
        ]
    }

    pub(crate) fn written(mut render: Box<dyn Render>, elements: &[Value]) -> String {
        let mut lines = render.begin();
        lines.extend(elements.iter().flat_map(|element| render.element(element)));
        lines.extend(render.end());
        lines.join("\n")
    }

    #[test]
    fn flags_are_sorted_and_unique() {
        assert!(FORMATS.is_sorted_by(|a, b| a.flag() < b.flag()));
    }
}
