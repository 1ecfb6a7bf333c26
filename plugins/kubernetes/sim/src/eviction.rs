//! Eviction: the deletion of a pod that asks the disruption budgets first.
//!
//! What a budget allows stands in its status, as the controller left it: an eviction takes one off, a pod that comes in
//! the place of another gives one back. Nothing else is computed anew.

use serde_json::{Value, json};

use crate::catalog::Resource;
use crate::delete::{DeleteOptions, check_preconditions};
use crate::object::text;
use crate::request::Query;
use crate::status::Status;
use crate::store::Place;
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
        let mut options = DeleteOptions::read(&options, query)?;
        // Unlike with a deletion, the query counts beside the body.
        options.dry_run |= query.get("dryRun") == Some("All");
        let pod = pod.to_value();
        check_preconditions(pods, &pod, &options)?;
        if is_disrupted_by_eviction(&pod) {
            self.spend_budget(namespace, &pod, options.dry_run)?;
        }
        self.delete(pods, namespace, name, &options)?;
        Ok(json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201,
        }))
    }

    /// Takes one disruption off the budget that covers the pod.
    fn spend_budget(&mut self, namespace: &str, pod: &Value, dry_run: bool) -> Result<(), Status> {
        let mut covering = self.budgets_of(namespace, pod);
        if covering.len() > 1 {
            return Err(Status::several_budgets());
        }
        let Some((place, mut budget)) = covering.pop() else {
            return Ok(());
        };
        let number = |key: &str| budget["status"][key].as_u64().unwrap_or_default();
        let allowed = number("disruptionsAllowed");
        if allowed == 0 {
            let (desired, current) = (number("desiredHealthy"), number("currentHealthy"));
            let name = text(&budget["metadata"], "name");
            return Err(Status::disruption_budget(name, desired, current));
        }
        if !dry_run {
            budget["status"]["disruptionsAllowed"] = json!(allowed - 1);
            self.store.put(place.collection, budget);
        }
        Ok(())
    }

    /// A pod has come in the place of another: the budgets that cover it have one more to give.
    pub(crate) fn refill_budgets(&mut self, pod: &Value) {
        let namespace = text(&pod["metadata"], "namespace").to_owned();
        for (place, mut budget) in self.budgets_of(&namespace, pod) {
            let number = |key: &str| budget["status"][key].as_u64().unwrap_or_default();
            let most = number("currentHealthy").saturating_sub(number("desiredHealthy"));
            let allowed = number("disruptionsAllowed");
            if allowed < most {
                budget["status"]["disruptionsAllowed"] = json!(allowed + 1);
                self.store.put(place.collection, budget);
            }
        }
    }

    /// The budgets of a namespace that cover a pod.
    fn budgets_of(&self, namespace: &str, pod: &Value) -> Vec<(Place, Value)> {
        let budgets = self
            .catalog
            .resource("policy", "v1", "poddisruptionbudgets");
        let collection = self.store.find_collection("policy", "poddisruptionbudgets");
        let (Some(budgets), Some(collection)) = (budgets, collection) else {
            return Vec::new();
        };
        let names = self.store.names(collection, Some(namespace));
        let found = names
            .iter()
            .filter_map(|name| self.find(budgets, namespace, name).ok());
        found
            .map(|(place, budget)| (place, budget.to_value()))
            .filter(|(_, budget)| selects(&budget["spec"]["selector"], &pod["metadata"]["labels"]))
            .collect()
    }
}

/// A pod that has ended, has not begun or is on its way out disrupts nothing more: no budget is asked.
fn is_disrupted_by_eviction(pod: &Value) -> bool {
    let phase = text(&pod["status"], "phase");
    pod["metadata"]["deletionTimestamp"].is_null()
        && !matches!(phase, "Succeeded" | "Failed" | "Pending")
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
