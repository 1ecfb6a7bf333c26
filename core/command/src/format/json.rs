//! `--json`: one JSON array.
use serde_json::Value;

use super::{Format, Render, pretty};
use crate::Call;

pub(super) struct Json;

impl Format for Json {
    fn flag(&self) -> &'static str {
        "--json"
    }

    fn begin(&self, _: &Call) -> Box<dyn Render> {
        Box::new(List::new(Value::clone))
    }
}

/// A JSON array of what becomes of each element.
pub(super) struct List {
    change: fn(&Value) -> Value,
    first: bool,
}

impl List {
    pub(super) fn new(change: fn(&Value) -> Value) -> Self {
        Self {
            change,
            first: true,
        }
    }
}

impl Render for List {
    fn begin(&mut self) -> Vec<String> {
        vec!["[".to_owned()]
    }

    fn element(&mut self, element: &Value) -> Vec<String> {
        let comma = !std::mem::replace(&mut self.first, false);
        let comma = comma.then(|| ",".to_owned());
        comma
            .into_iter()
            .chain([pretty(&(self.change)(element))])
            .collect()
    }

    fn end(&mut self) -> Vec<String> {
        vec!["]".to_owned()]
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use serde_json::json;

    use super::super::testing::written;
    use super::*;

    #[test]
    fn elements_stand_between_brackets() {
        let render = || Box::new(List::new(Value::clone));
        expect![[r#"
            [
            {
              "a": 1
            }
            ,
            "x"
            ]"#]]
        .assert_eq(&written(render(), &[json!({"a": 1}), json!("x")]));
        assert_eq!(written(render(), &[]), "[\n]");
    }
}
