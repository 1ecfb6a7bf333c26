//! Resource quotas: each limited resource as numbers, and the quota itself if it limits just one.
use serde_json::{Value, json};

use crate::convert::Draft;
use crate::kinds::amounts::amount;

pub(crate) fn finish(draft: &mut Draft<'_>) {
    let hard = draft
        .find(&["resource_quota_status", "hard"])
        .or_else(|| draft.find(&["resource_quota_spec", "hard"]))
        .and_then(Value::as_object);
    let used = draft.find(&["resource_quota_status", "used"]);
    let items: Vec<Item> = hard
        .into_iter()
        .flatten()
        .map(|(resource, hard)| Item {
            resource: resource.clone(),
            hard: amount(hard),
            used: used.and_then(|used| used.get(resource)).and_then(amount),
        })
        .collect();
    let unreadable = |item: &&Item| item.hard.is_none();
    let unreadable = items.iter().filter(unreadable);
    let unreadable = unreadable.map(|item| format!("quota_items.{}", item.resource));
    draft.unreadable.extend(unreadable);
    if let [only] = items.as_slice() {
        draft.set_some("quota", only.hard);
        draft.set_some("usage", only.used);
        draft.set("quota_type", only.resource.clone());
        draft.set_some("usage_percentage", only.percentage());
    }
    let items: Vec<Value> = items.iter().map(Item::to_value).collect();
    draft.set("quota_items", items);
}

struct Item {
    resource: String,
    hard: Option<f64>,
    used: Option<f64>,
}

impl Item {
    fn percentage(&self) -> Option<f64> {
        let hard = self.hard.filter(|hard| *hard > 0.0)?;
        Some((self.used? / hard * 10_000.0).round() / 100.0)
    }

    fn to_value(&self) -> Value {
        let mut item = json!({"resource": self.resource});
        for (name, value) in [
            ("hard", self.hard),
            ("used", self.used),
            ("usage_percentage", self.percentage()),
        ] {
            if let Some(value) = value {
                item[name] = value.into();
            }
        }
        item
    }
}
