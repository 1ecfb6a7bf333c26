//! Marks what has expired by its own annotations. Only if that is switched on; deletes nothing.
use jiff::Timestamp;
use serde_json::{Value, json};
use stocktake_act::expiry;
use stocktake_command::{Marks, WithEdges};
use stocktake_model::{Map, normalise, parse_time};

use crate::core::{Core, now};
use crate::status::reported;

/// What has an annotation that tells when it expires, and is neither marked nor gone.
const DATED: &str = "(/metadata.expires != null or /metadata.expiry_error != null) \
    and /desired.clean != true and /metadata.cleaned != true";
/// Objects marked at once.
const BATCH: usize = 1000;

/// What was found among the objects that tell when they expire.
#[derive(Debug, Default, PartialEq)]
struct Dated {
    /// Node and time of what has expired.
    expired: Vec<(String, Timestamp)>,
    /// What can not be read, one line each.
    unreadable: Vec<String>,
}

impl Core {
    /// Marks what has expired for cleaning, and says what can not be read.
    pub(crate) async fn mark_expired(&self, task: &str) {
        let core = self.clone();
        let found = tokio::task::spawn_blocking(move || {
            let found = core.find_now(DATED, WithEdges::No);
            found.map(|nodes| dated(&nodes, now()))
        });
        let found = match found.await {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => return self.fail(task, &error.to_string()),
            Err(error) => return self.fail(task, &error.to_string()),
        };
        for line in found.unreadable {
            self.say(task, line);
        }
        for batch in found.expired.chunks(BATCH) {
            for (id, at) in batch {
                let patch = json!({
                    "clean": true, "by": "expiry", "at": normalise(now()),
                    "reason": format!("expired at {}", normalise(*at)),
                });
                let patch = patch.as_object().cloned().unwrap_or_else(Map::new);
                let marked = self.mark(Marks::Desired, std::slice::from_ref(id), &patch);
                if let Err(error) = marked.await {
                    self.fail(task, &error.to_string());
                }
            }
        }
        let count = found.expired.len();
        if count > 0 {
            self.say(task, format!("{count} expired, marked for cleaning"));
        }
    }
}

/// Looks at the annotations themselves once more: what was derived from them may be older than they are.
fn dated(nodes: &[Value], now: Timestamp) -> Dated {
    let mut found = Dated::default();
    for node in nodes {
        let tags = node.pointer("/reported/tags").and_then(Value::as_object);
        let Some(tags) = tags else { continue };
        let created = reported(node, "ctime").and_then(|time| parse_time(time).ok());
        let id = node.get("id").and_then(Value::as_str).unwrap_or_default();
        match expiry(tags, created) {
            Ok(Some(at)) if at <= now => found.expired.push((id.to_owned(), at)),
            Ok(_) => {}
            Err(unreadable) => {
                let name = reported(node, "name").unwrap_or_default();
                let kind = reported(node, "kind").unwrap_or_default();
                let place = reported(node, "namespace").map(|namespace| format!("{namespace}/"));
                let place = place.unwrap_or_default();
                found
                    .unreadable
                    .push(format!("expiry: {kind} `{place}{name}`: {unreadable}"));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_says_so_readably_has_expired() {
        let node = |id: &str, tags: Value| {
            json!({"id": id, "reported": {
                "kind": "kubernetes_config_map", "name": id, "namespace": "shop",
                "ctime": "2024-05-01T00:00:00Z", "tags": tags,
            }})
        };
        let nodes = [
            node("past", json!({"stocktake/ttl": "3d"})),
            node("future", json!({"stocktake/ttl": "9d"})),
            node("odd", json!({"stocktake/ttl": "3 parsecs"})),
            node("none", json!({})),
        ];
        let found = dated(&nodes, "2024-05-08T00:00:00Z".parse().unwrap());
        let at = "2024-05-04T00:00:00Z".parse().unwrap();
        assert_eq!(found.expired, [("past".to_owned(), at)]);
        assert_eq!(
            found.unreadable,
            [
                "expiry: kubernetes_config_map `shop/odd`: its annotation `stocktake/ttl: 3 parsecs` can not be read, so it never expires"
            ]
        );
    }
}
