//! `--yaml`: every element whole, as a YAML document.
use serde_json::Value;

use super::document::yaml;
use super::{Format, Render};
use crate::Call;

pub(super) struct Yaml;

impl Format for Yaml {
    fn flag(&self) -> &'static str {
        "--yaml"
    }

    fn begin(&self, _: &Call) -> Box<dyn Render> {
        Box::new(Documents { first: true })
    }
}

struct Documents {
    first: bool,
}

impl Render for Documents {
    fn element(&mut self, element: &Value) -> Vec<String> {
        let rule = !std::mem::replace(&mut self.first, false);
        let rule = rule.then(|| "---".to_owned());
        let tree = serde_yaml::to_value(element).unwrap_or_default();
        rule.into_iter().chain(yaml(&tree)).collect()
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use serde_json::json;

    use super::super::testing::written;
    use super::*;

    #[test]
    fn documents_are_separated_by_a_rule() {
        let elements = [json!({"b": [], "a": "x\ny"}), json!("yes")];
        expect![[r"
            a: |-
              x
              y
            b: []
            ---
            yes"]]
        .assert_eq(&written(Box::new(Documents { first: true }), &elements));
    }
}
