//! Completion: what the command line offers by itself, and what the graph and the record add to it.
//!
//! It answers soon or not at all: a value that takes too long to find is not worth waiting for while somebody types.
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use stocktake_command::{
    Candidate, Completions, DefaultOrder, Library as _, Scheduler as _, Search, Wanted, What,
    WithEdges, complete,
};
use stocktake_query::Path;

use crate::core::Core;
use crate::search::request;
use crate::workflow::WORKFLOWS;

/// Longest time values are looked for.
const PATIENCE: Duration = Duration::from_millis(40);
/// A property with more values than this is not one to choose from; only those that begin like the word are offered.
const FEW: usize = 100;
/// Values offered at most.
const MOST: usize = 50;

impl Core {
    /// What may stand at byte `cursor` of a line.
    pub async fn complete(&self, line: String, cursor: usize) -> Completions {
        let core = self.clone();
        let found = tokio::task::spawn_blocking(move || core.completions(&line, cursor)).await;
        // A panic of a completion must not take the prompt with it.
        found.unwrap_or_default()
    }

    fn completions(&self, line: &str, cursor: usize) -> Completions {
        let completing = complete(line, cursor, self);
        let mut completions = completing.completions;
        let Some(wanted) = completing.wanted else {
            return completions;
        };
        let word = completing.word;
        let (what, found) = match wanted {
            Wanted::Values { path, kinds } => (What::Value, self.values(&path, &kinds, &word)),
            other => (What::Name, self.names(&other)),
        };
        let known = |text: &str| completions.candidates.iter().any(|one| one.text == text);
        let new: Vec<Candidate> = found
            .into_iter()
            .filter(|(text, _)| text.starts_with(&word))
            .map(|(text, about)| (quoted(&text, what), about))
            .filter(|(text, _)| !known(text))
            .map(|(text, about)| Candidate { text, what, about })
            .take(MOST)
            .collect();
        // Values are what is looked for; words of the language come after them.
        completions.candidates.splice(0..0, new);
        completions
    }

    fn names(&self, wanted: &Wanted) -> Vec<(String, String)> {
        let plain = |name: String| (name, String::new());
        match wanted {
            Wanted::Values { .. } => Vec::new(),
            Wanted::Clusters => self.clusters_by_name(),
            Wanted::Configs => self.0.documents.ids().into_iter().map(plain).collect(),
            Wanted::Jobs => {
                let jobs = self.jobs().unwrap_or_default().into_iter();
                jobs.map(|job| (job.id, job.command)).collect()
            }
            Wanted::Templates => self.templates().unwrap_or_default(),
            Wanted::Workflows => {
                let names = WORKFLOWS.iter().map(|workflow| workflow.name.to_owned());
                names.map(plain).collect()
            }
        }
    }

    fn clusters_by_name(&self) -> Vec<(String, String)> {
        let headers = self.headers();
        let names = headers
            .values()
            .map(|header| header.begin.account.name().to_owned());
        let sorted: std::collections::BTreeSet<String> = names.collect();
        let about = |name| (name, "cluster".to_owned());
        sorted.into_iter().map(about).collect()
    }

    /// Values of a property with how many nodes have each, most frequent first; nothing if they are too many or take
    /// too long to find.
    fn values(&self, path: &Path, kinds: &[String], word: &str) -> Vec<(String, String)> {
        if path.to_string() == "/ancestors.account.reported.name" {
            return self.clusters_by_name();
        }
        // A word for a kind that needs quotes is not worth the trouble.
        let Ok(query) = stocktake_query::parse(&counting(path, kinds, word)) else {
            return Vec::new();
        };
        let search = Search {
            query: query.in_section("reported"),
            edges: WithEdges::No,
            order: DefaultOrder::Any,
            timeout: None,
            at: None,
            graph: None,
            wanted: Vec::new(),
        };
        let mut request = request(search, Arc::default());
        request.deadline = Some(Instant::now() + PATIENCE);
        let Ok(rows) = self.graph().search(&request) else {
            return Vec::new();
        };
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for row in rows {
            let Ok(row) = row else { return Vec::new() };
            let nodes = row.get("nodes").and_then(Value::as_u64).unwrap_or(0);
            if let Some(value) = scalar(&row["group"]["value"]) {
                *counts.entry(value).or_default() += nodes;
            }
        }
        if counts.len() > FEW && word.is_empty() {
            return Vec::new();
        }
        let mut found: Vec<(String, u64)> = counts.into_iter().collect();
        found.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let about = |(value, nodes)| match nodes {
            1 => (value, "1 node".to_owned()),
            _ => (value, format!("{nodes} nodes")),
        };
        found.into_iter().map(about).collect()
    }
}

/// The query for how many nodes have each value that may be meant.
fn counting(path: &Path, kinds: &[String], word: &str) -> String {
    let mut filter = if kinds.is_empty() {
        "all".to_owned()
    } else {
        format!("is({})", kinds.join(", "))
    };
    // Of a million names only those are counted that begin like the word. A number or `true` is no text to compare with.
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':');
    let plain = word.chars().all(letter) && word.starts_with(|c: char| c.is_ascii_alphabetic());
    if plain && !["true", "false"].iter().any(|one| one.starts_with(word)) {
        let _ = write!(filter, " and {path} =~ \"^{word}\"");
    }
    format!("aggregate({path} as value: sum(1) as nodes): {filter}")
}

/// A value that fits on the line.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.len() <= 100 => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

/// Values that are no plain word stand in quotes.
fn quoted(text: &str, what: What) -> String {
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if what == What::Name || (!text.is_empty() && text.chars().all(letter)) {
        return text.to_owned();
    }
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use stocktake_client::Client;
    use stocktake_model::{Begin, End, Kind, Map, NodeRecord, PluginModel, SnapshotItem};
    use stocktake_model::{Property, PropertyType};

    use super::*;
    use crate::{Options, Schedule};

    fn node(kind: &str, name: &str, phase: &str) -> NodeRecord {
        let text = |value: &str| Value::from(value);
        NodeRecord {
            reported: Map::from_iter([
                ("kind".to_owned(), text(kind)),
                ("id".to_owned(), text(name)),
                ("name".to_owned(), text(name)),
                ("phase".to_owned(), text(phase)),
            ]),
            ..NodeRecord::default()
        }
    }

    async fn filled(dir: &std::path::Path) -> Client {
        let options = Options {
            data_dir: dir.to_owned(),
            contexts: Vec::new(),
            schedule: Schedule::Ignore,
        };
        let core = Core::open(options).await.unwrap();
        let thing = Kind {
            name: "thing".into(),
            bases: vec!["resource".into()],
            properties: vec![Property::new("phase", PropertyType::String, "how it is")],
            ..Kind::default()
        };
        let begin = Begin {
            plugin: "test".into(),
            cloud: "test".into(),
            identity: stocktake_model::Identity::Strong,
            formerly: None,
            resumes: false,
            account: node("account", "prod-eu", ""),
        };
        let mut items = vec![
            SnapshotItem::Begin(begin),
            SnapshotItem::Model(PluginModel {
                kinds: vec![thing],
                ..PluginModel::default()
            }),
        ];
        for (name, phase) in [("a", "Running"), ("b", "Running"), ("c", "not yet")] {
            items.push(SnapshotItem::Node(node("thing", name, phase).into()));
        }
        items.push(SnapshotItem::End(End {
            discovery_complete: true,
        }));
        let client = Client::new(core.transport());
        client.merge(futures::stream::iter(items)).await.unwrap();
        client
    }

    async fn check(client: &Client, line: &str, expected: Expect) {
        let found = client.complete(line, line.len()).await.unwrap();
        let shown: Vec<String> = found
            .candidates
            .iter()
            .map(|known| format!("{} ({})", known.text, known.about))
            .collect();
        expected.assert_eq(&format!("{:?} {}", &line[found.start..], shown.join(", ")));
    }

    #[tokio::test]
    async fn the_graph_and_the_record_add_values_and_names() {
        let dir = tempfile::tempdir().unwrap();
        let client = filled(dir.path()).await;
        check(
            &client,
            "search is(thing) and ph",
            expect![[r#""ph" phase (how it is)"#]],
        )
        .await;
        check(
            &client,
            "search is(thing) and phase = ",
            expect![[r#""" Running (2 nodes), "not yet" (1 node)"#]],
        )
        .await;
        check(
            &client,
            "search is(thing) and phase = R",
            expect![[r#""R" Running (2 nodes)"#]],
        )
        .await;
        check(
            &client,
            "search is(thing) and phase = \"not",
            expect![[r#""\"not" "not yet" (1 node)"#]],
        )
        .await;
        check(
            &client,
            "search is(thing) and name = b",
            expect![[r#""b" b (1 node)"#]],
        )
        .await;
        check(
            &client,
            "search /ancestors.account.reported.name = pr",
            expect![[r#""pr" prod-eu (cluster)"#]],
        )
        .await;
        check(
            &client,
            "clusters forget ",
            expect![[r#""" prod-eu (cluster)"#]],
        )
        .await;
        check(
            &client,
            "workflows run cle",
            expect![[r#""cle" cleanup ()"#]],
        )
        .await;
        check(
            &client,
            "configs show stocktake.w",
            expect![[r#""stocktake.w" stocktake.worker ()"#]],
        )
        .await;
        check(&client, "nonsense here", expect![[r#""nonsense here" "#]]).await;
    }
}
