//! Schemas of custom kinds from the server's own description (OpenAPI v3), for those who may not read their definitions.
//!
//! One request for each group and version, made only then: everybody who may discover kinds may read these documents.
use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Collection;
use crate::Resource;
use crate::connect::Ask;

/// What marks the schema of a kind.
const MARK: &str = "x-kubernetes-group-version-kind";

impl Collection {
    /// Learns the schemas of these custom kinds. One that is not published stays untyped, which is no gap: its objects
    /// are read all the same.
    pub(super) async fn learn_published(&self, custom: &[Resource]) {
        let served: BTreeSet<(&str, &str)> = custom
            .iter()
            .map(|resource| (resource.group.as_str(), resource.version.as_str()))
            .collect();
        for (group, version) in served {
            if self.broken.get().is_some() {
                return;
            }
            let path = format!("/openapi/v3/apis/{group}/{version}");
            let ask = Ask::get(path);
            let answer = match self.link.ask(&ask).await {
                Ok(answer) => answer,
                Err(error) => {
                    self.note(&error);
                    tracing::debug!(%error, group, version, "no schemas are published");
                    continue;
                }
            };
            let Ok(document) = answer.json::<Value>() else {
                continue;
            };
            for resource in custom {
                if (resource.group.as_str(), resource.version.as_str()) != (group, version) {
                    continue;
                }
                if let Some(definition) = definition(resource, &document) {
                    self.definitions.define(&self.converter, &definition);
                }
            }
        }
    }
}

/// What of a definition is needed to read it, made from the published schema.
fn definition(resource: &Resource, document: &Value) -> Option<Value> {
    let kind = json!({
        "group": resource.group, "version": resource.version, "kind": resource.kind,
    });
    let schemas = document["components"]["schemas"].as_object()?;
    let is_meant = |schema: &&Value| {
        let marks = schema[MARK].as_array();
        marks.is_some_and(|marks| marks.contains(&kind)) && schema["properties"].is_object()
    };
    let schema = schemas.values().find(is_meant)?;
    Some(json!({
        "metadata": {"name": format!("{}.{}", resource.plural, resource.group)},
        "spec": {
            "group": resource.group,
            "names": {"plural": resource.plural},
            "versions": [{"name": resource.version, "schema": {"openAPIV3Schema": schema}}],
        },
    }))
}
