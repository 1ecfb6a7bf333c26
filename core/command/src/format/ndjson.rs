//! `--ndjson`: one JSON object per line.
use serde_json::Value;

use super::{Format, Render};
use crate::Call;

pub(super) struct Ndjson;

impl Format for Ndjson {
    fn flag(&self) -> &'static str {
        "--ndjson"
    }

    fn begin(&self, _: &Call) -> Box<dyn Render> {
        Box::new(Self)
    }
}

impl Render for Ndjson {
    fn element(&mut self, element: &Value) -> Vec<String> {
        vec![element.to_string()]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::written;
    use super::*;

    #[test]
    fn an_element_is_a_line() {
        let text = written(Box::new(Ndjson), &[json!({"a": "x\ny"}), json!([1])]);
        assert_eq!(text, "{\"a\":\"x\\ny\"}\n[1]");
    }
}
