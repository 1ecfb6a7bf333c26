//! Custom kinds get their types from the definitions that are read before their objects.
use std::sync::PoisonError;

use stocktake_model::Kind;

use super::Collection;

impl Collection {
    /// Reads the schema in a definition, for the version its objects are listed in.
    pub(super) fn define(&self, definition: &serde_json::Value) {
        let spec = &definition["spec"];
        let of = self.custom.iter().find(|resource| {
            spec["group"] == *resource.group && spec["names"]["plural"] == *resource.plural
        });
        let Some(of) = of else { return };
        let short = crate::names::short_name(of);
        if let Some(schema) = crate::custom_schema(definition, &short, &of.version) {
            let kind = crate::kind_name(of);
            self.converter.learn(&kind, schema.places.clone());
            let mut known = self
                .definitions
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            known.insert(kind, schema);
        }
    }

    /// The custom kinds again, with the properties their definitions gave them.
    pub(super) fn typed_kinds(&self) -> Vec<Kind> {
        let mut known = self
            .definitions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut kinds = crate::dynamic_kinds(&self.custom);
        kinds.retain_mut(|kind| match known.remove(&kind.name) {
            Some(schema) => {
                kind.properties = schema.properties;
                true
            }
            None => false,
        });
        kinds
    }
}
