//! The keys the `k8s` section had before `configs` and `config_files`: parallel lists, one entry per cluster.
//!
//! They are read as what they mean today. The text itself is left as it is: its owner is told what to write instead.
use serde_json::{Map, Value, json};

/// The old keys. Each holds a list, or one value.
pub(crate) const KEYS: [&str; 7] = [
    "apiserver",
    "cacert",
    "cluster",
    "config",
    "context",
    "token",
    "all_contexts",
];

/// Replaces the old keys of the section by `configs` and `config_files`, and gives back which there were.
///
/// Entry i of `cluster`, `apiserver`, `token` and `cacert` is one inline configuration; entry i of `config` and `context`
/// is one file with that context. What is missing in a shorter list is empty.
pub(crate) fn migrate(section: &mut Map<String, Value>) -> Vec<&'static str> {
    let old = KEYS.map(|key| (key, section.remove(key)));
    let given: Vec<&str> = old
        .iter()
        .filter(|(_, value)| value.is_some())
        .map(|(key, _)| *key)
        .collect();
    if given.is_empty() {
        return given;
    }
    let [servers, certificates, names, files, contexts, tokens, all] =
        old.map(|(_, value)| texts(value.unwrap_or_default()));
    let all = all.first().is_some_and(|text| text == "true");
    let configs = (0..names.len().max(servers.len())).map(|at| {
        let mut config = json!({
            "name": entry(&names, at),
            "server": entry(&servers, at),
            "token": entry(&tokens, at),
        });
        // An empty certificate would be one that cannot be read.
        let certificate = entry(&certificates, at);
        if !certificate.is_empty() {
            config["certificate_authority_data"] = certificate.into();
        }
        config
    });
    append(section, "configs", configs);
    let files = (0..files.len().max(contexts.len())).map(|at| {
        let context = entry(&contexts, at);
        let contexts: Vec<&str> = Some(context).filter(|name| !name.is_empty()).into_iter().collect();
        json!({"path": entry(&files, at), "contexts": contexts, "all_contexts": all || contexts.is_empty()})
    });
    append(section, "config_files", files);
    given
}

fn entry(list: &[String], at: usize) -> &str {
    list.get(at).map_or("", String::as_str)
}

fn texts(value: Value) -> Vec<String> {
    let text = |value: Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text,
        other => other.to_string(),
    };
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.into_iter().map(text).collect(),
        one => vec![text(one)],
    }
}

fn append(section: &mut Map<String, Value>, key: &str, items: impl Iterator<Item = Value>) {
    let items: Vec<Value> = items.collect();
    if items.is_empty() {
        return;
    }
    match section.entry(key).or_insert(Value::Null) {
        Value::Array(known) => known.extend(items),
        // Anything else that is no list stays, and is refused by the check.
        place @ Value::Null => *place = items.into(),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(old: Value, given: &[&str], new: Value) {
        let Value::Object(mut section) = old else {
            panic!("a section")
        };
        assert_eq!(migrate(&mut section), given);
        assert_eq!(Value::Object(section), new);
    }

    #[test]
    fn parallel_lists_become_entries() {
        check(
            json!({"cluster": ["a", "b"], "apiserver": ["https://a", "https://b"], "token": ["t"], "pool_size": 2}),
            &["apiserver", "cluster", "token"],
            json!({"pool_size": 2, "configs": [
                {"name": "a", "server": "https://a", "token": "t"},
                {"name": "b", "server": "https://b", "token": ""},
            ]}),
        );
        check(
            json!({"config": "/k", "context": ["x", "y"], "config_files": [{"path": "/z"}]}),
            &["config", "context"],
            json!({"config_files": [
                {"path": "/z"},
                {"path": "/k", "contexts": ["x"], "all_contexts": false},
                {"path": "", "contexts": ["y"], "all_contexts": false},
            ]}),
        );
        check(
            json!({"config": ["/k"], "all_contexts": true}),
            &["config", "all_contexts"],
            json!({"config_files": [{"path": "/k", "contexts": [], "all_contexts": true}]}),
        );
        check(json!({"collect": []}), &[], json!({"collect": []}));
    }
}
