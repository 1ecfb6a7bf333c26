//! Tags of a cluster: it is no object, so its namespace `kube-system` carries them (`k8s.tag_cluster_on_kube_system`).

use serde_json::Value;
use stocktake_command::CommandError;
use stocktake_model::{NodeId, ObjectRef};
use stocktake_store::Change;

use crate::core::{Core, now};
use crate::status::reported;

/// Kind of the nodes that stand for clusters.
const CLUSTER: &str = "kubernetes_cluster";

impl Core {
    /// The account of a node that stands for a whole cluster; `None` for every other node. An error if clusters are not to
    /// be tagged.
    pub(super) fn cluster_of(&self, node: &Value) -> Result<Option<String>, CommandError> {
        if reported(node, "kind") != Some(CLUSTER) {
            return Ok(None);
        }
        let id = node.get("id").and_then(Value::as_str).unwrap_or_default();
        let id: Option<NodeId> = id.parse().ok();
        let account = id.and_then(|id| self.graph().account_of(&id));
        let Some(account) = account else {
            return Ok(None);
        };
        let (_, section) = self.plugin_of(&account)?;
        if section["tag_cluster_on_kube_system"] != true {
            // One text: the stream that tells it per node has no place for a hint.
            return Err(CommandError::world(
                "a cluster cannot be tagged: no object stands behind it (with `k8s.tag_cluster_on_kube_system: true` its namespace `kube-system` carries its tags)",
            ));
        }
        Ok(Some(account))
    }

    /// The namespace that carries the tags of a cluster: its uid is the id of the cluster.
    pub(super) fn kube_system(&self, account: &str) -> Result<ObjectRef, CommandError> {
        let headers = self.headers();
        let found = || {
            let begin = &headers.get(account)?.begin;
            let id = NodeId::of("kubernetes_namespace", &begin.cloud, account, account);
            let node = self.graph().node(&id)?;
            let reported = node.get("reported")?.as_object()?;
            ObjectRef::of(id, account, begin.account.name(), reported)
        };
        found().ok_or_else(|| {
            CommandError::world(
                "the cluster cannot be tagged: its namespace `kube-system` is not known",
            )
            .hint("its tags are kept there; may namespaces be read, and are they collected?")
        })
    }

    /// Gives the node of a cluster the tags that `kube-system` has now.
    pub(super) async fn retag(
        &self,
        account: &str,
        tags: Option<Value>,
    ) -> Result<Value, CommandError> {
        let _turn = self.0.commit.lock().await;
        let gone = || CommandError::world(format!("cluster `{account}` is gone"));
        let mut header = self.headers().remove(account).ok_or_else(gone)?;
        let reported = &mut header.begin.account.reported;
        match tags {
            Some(tags) => reported.insert("tags".to_owned(), tags),
            None => reported.remove("tags"),
        };
        let (record, begin) = (header.begin.account.clone(), header.begin.clone());
        self.put_header(header)
            .await
            .map_err(|error| CommandError::world(error.to_string()))?;
        let id = record.node_id(&begin.cloud, account);
        let change = Change {
            nodes: vec![(id, record.clone())],
            at: Some(now()),
            ..Change::default()
        };
        let (store, of) = (self.0.store.clone(), account.to_owned());
        let put = self.0.lane.run(move || store.put(&of, change)).await;
        put.map_err(|error| CommandError::world(error.to_string()))?
            .map_err(|error| CommandError::world(error.to_string()))?;
        let known = self.known(&begin.plugin);
        let graph = self.graph().with_changes(
            account,
            std::slice::from_ref(&record),
            &[],
            &known.rules,
            &known.derived,
        );
        self.show(&graph, account);
        self.graph().node(&id).ok_or_else(gone)
    }
}
