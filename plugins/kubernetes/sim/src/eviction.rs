//! Eviction: the deletion of a pod that asks the disruption budgets first.
//!
//! What a budget allows stands in its status, as the controller left it; nothing is computed anew here.

use serde_json::{Value, json};

use crate::catalog::Resource;
use crate::delete::DeleteOptions;
use crate::object::text;
use crate::request::Query;
use crate::status::Status;
use crate::world::World;

impl World {
    /// Evicts a pod, or says which budget forbids it.
    pub(crate) fn evict(
        &mut self,
        pods: &Resource,
        namespace: &str,
        name: &str,
        body: &[u8],
        query: &Query,
    ) -> Result<Value, Status> {
        let (_, pod) = self.find(pods, namespace, name)?;
        let eviction: Value = serde_json::from_slice(body)
            .map_err(|why| Status::bad_request(format!("error decoding the eviction: {why}")))?;
        if eviction["kind"] != "Eviction" {
            return Err(Status::bad_request("expected an object of kind Eviction"));
        }
        let options = eviction["deleteOptions"].clone();
        let options = match options {
            Value::Null => Vec::new(),
            options => options.to_string().into_bytes(),
        };
        let options = DeleteOptions::read(&options, query)?;
        let pod = pod.to_value();
        self.spend_budget(namespace, &pod, options.dry_run)?;
        self.delete(pods, namespace, name, &options)?;
        Ok(json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201,
        }))
    }

    /// Takes one disruption off the budget that covers the pod.
    fn spend_budget(&mut self, namespace: &str, pod: &Value, dry_run: bool) -> Result<(), Status> {
        let budgets = self
            .catalog
            .resource("policy", "v1", "poddisruptionbudgets");
        let Some(budgets) = budgets.map(std::sync::Arc::clone) else {
            return Ok(());
        };
        let Some(collection) = self.store.find_collection("policy", "poddisruptionbudgets") else {
            return Ok(());
        };
        for name in self.store.names(collection, Some(namespace)) {
            let (place, budget) = self.find(&budgets, namespace, &name)?;
            let mut budget = budget.to_value();
            if !selects(&budget["spec"]["selector"], &pod["metadata"]["labels"]) {
                continue;
            }
            let number = |key: &str| budget["status"][key].as_u64().unwrap_or_default();
            let allowed = number("disruptionsAllowed");
            if allowed == 0 {
                let (desired, current) = (number("desiredHealthy"), number("currentHealthy"));
                return Err(Status::disruption_budget(&name, desired, current));
            }
            if !dry_run {
                budget["status"]["disruptionsAllowed"] = json!(allowed - 1);
                self.replace(&budgets, &place, budget);
            }
        }
        Ok(())
    }
}

/// A label selector of the API; a missing one selects nothing, an empty one everything.
fn selects(selector: &Value, labels: &Value) -> bool {
    if !selector.is_object() {
        return false;
    }
    let equal = selector["matchLabels"].as_object().into_iter().flatten();
    let expressions = selector["matchExpressions"]
        .as_array()
        .into_iter()
        .flatten();
    equal.into_iter().all(|(key, value)| labels[key] == *value)
        && expressions.into_iter().all(|expression| {
            let value = &labels[text(expression, "key")];
            let listed = expression["values"]
                .as_array()
                .is_some_and(|values| values.contains(value));
            match text(expression, "operator") {
                "In" => listed,
                "NotIn" => !listed,
                "Exists" => !value.is_null(),
                "DoesNotExist" => value.is_null(),
                _ => false,
            }
        })
}
