//! `clusters`: what is collected, how fresh it is, and what could not be read.
use async_trait::async_trait;
use serde_json::{Value, json};
use stocktake_model::{Identity, normalise};

use crate::reader::age;
use crate::spec::{Category, Command, Example, Shape, Spec, Stage};
use crate::{Argument, Call, ClusterGap, ClusterStatus, CommandError, Flow, Scene, View};

static SPEC: Spec = Spec {
    name: "clusters",
    aliases: &["cluster"],
    about: "the clusters, how fresh their data is, and what is missing from it",
    usage: "[list | gaps [NAME] | forget NAME]",
    arguments: &[
        ("list", "all of them; what it does without a word"),
        ("gaps [NAME]", "what could not be read, and why"),
        ("forget NAME", "drop a cluster that is no longer configured"),
    ],
    category: Category::Setup,
    input: Shape::Nothing,
    output: Shape::Values,
    examples: &[
        Example {
            about: "How does it stand?",
            line: "clusters",
            prints: "NAME  VERSION  COLLECTED  NODES  EDGES  GAPS  STATUS\nprod  1.36     5min       6      4      1     ok\n",
        },
        Example {
            about: "What is missing?",
            line: "clusters gaps prod",
            prints: "CLUSTER  KIND               NAMESPACE  REASON     MESSAGE\nprod     kubernetes_secret             forbidden  may not be listed\n",
        },
        Example {
            about: "Everything that could not be read",
            line: "clusters gaps",
            prints: "",
        },
    ],
};

pub(super) struct Clusters;

impl Command for Clusters {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn parse(&self, argument: &Argument, _: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        let words = argument.words();
        let texts: Vec<&str> = words.iter().map(|word| &*word.text).collect();
        Ok(Box::new(match texts.as_slice() {
            [] | ["list"] => Ask::List,
            ["gaps"] => Ask::Gaps(None),
            ["gaps", name] => Ask::Gaps(Some((*name).to_owned())),
            ["forget", name] => Ask::Forget((*name).to_owned()),
            _ => {
                return Err(super::unknown_verb(
                    "clusters",
                    &["list", "gaps", "forget"],
                    argument,
                ));
            }
        }))
    }
}

enum Ask {
    List,
    Gaps(Option<String>),
    Forget(String),
}

#[async_trait]
impl Stage for Ask {
    async fn run(self: Box<Self>, _: Flow, call: &Call) -> Result<Flow, CommandError> {
        match *self {
            Self::List => {
                let clusters = call.services.clusters().await;
                let columns = [
                    "name",
                    "version",
                    "collected",
                    "nodes",
                    "edges",
                    "gaps",
                    "status",
                ];
                let rows = clusters.iter().map(|cluster| row(cluster, call));
                Ok(Flow::values(rows).shown(View::Table, &columns))
            }
            Self::Gaps(name) => {
                let gaps = call.services.gaps(name.as_deref()).await?;
                let columns = ["cluster", "kind", "namespace", "reason", "message"];
                Ok(Flow::values(gaps.iter().map(gap)).shown(View::Table, &columns))
            }
            Self::Forget(name) => {
                let nodes = call.services.forget_cluster(&name, &call.context).await?;
                let line = format!("`{name}` is forgotten, and {nodes} nodes with it");
                Ok(Flow::values([Value::String(line)]))
            }
        }
    }
}

fn row(cluster: &ClusterStatus, call: &Call) -> Value {
    let collected = cluster
        .collected
        .map_or_else(|| "never".to_owned(), |then| age(then, call.scene.now));
    json!({
        "name": cluster.name,
        "id": cluster.id,
        "identity": cluster.identity,
        "configured": cluster.configured,
        "version": cluster.version,
        "collected": collected,
        "collected_at": cluster.collected.map(normalise),
        "nodes": cluster.nodes,
        "edges": cluster.edges,
        "gaps": cluster.gaps,
        "last_error": cluster.last_error,
        "status": status(cluster),
    })
}

/// The one thing about it that deserves a look.
fn status(cluster: &ClusterStatus) -> String {
    match &cluster.last_error {
        Some(error) => format!("failed: {error}"),
        None if !cluster.configured => "unconfigured".to_owned(),
        None if cluster.collected.is_none() => "not collected yet".to_owned(),
        None if cluster.identity == Identity::Weak => "identity: weak".to_owned(),
        None => "ok".to_owned(),
    }
}

fn gap(found: &ClusterGap) -> Value {
    json!({
        "cluster": found.cluster,
        "kind": found.gap.kind,
        "namespace": found.gap.namespace,
        "uid": found.gap.uid,
        "reason": found.gap.reason.as_str(),
        "message": found.gap.message,
        "hint": found.gap.hint,
    })
}
