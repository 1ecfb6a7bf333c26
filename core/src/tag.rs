//! Changing tags: through a worker, and back into record and graph with what the server returned.
mod cluster;

use std::collections::BTreeSet;

use serde_json::Value;
use stocktake_act::Deed;
use stocktake_client::Task;
use stocktake_command::{CommandError, TagChange, TagMode, TagTarget};
use stocktake_model::{NodeId, NodeRecord, ObjectRef};
use stocktake_plugin_api::{Change as TagEdit, Outcome};
use stocktake_store::Change;

use crate::batch::changed_edges;
use crate::core::{Core, now};
use crate::facts::FIRST_SEEN;
use crate::fate::object_name;
use crate::plans::Lead;
use crate::recall::forget_readings;
use crate::status::reported;

impl Core {
    /// Changes one tag of the object behind `node`; gives back the node as it is afterwards.
    pub(crate) async fn change_tag(
        &self,
        node: Value,
        change: TagChange,
        lead: Lead,
    ) -> Result<Value, CommandError> {
        let cluster = self.cluster_of(&node)?;
        let object = match &cluster {
            Some(account) => self.kube_system(account)?,
            None => self.object(&node)?,
        };
        self.unprotected(&object.node, || object_name(&object))?;
        if let Some(id) = node.get("id").and_then(Value::as_str)
            && let Ok(id) = id.parse()
        {
            self.unprotected(&id, || "the cluster".to_owned())?;
        }
        let said = Said::of(&change);
        let change = TagEdit {
            tags: [(change.key, change.value)].into(),
            labels: change.target == TagTarget::Labels,
            dry_run: change.mode == TagMode::DryRun,
        };
        let (plugin, section) = self.plugin_of(&object.account)?;
        let dry = change.dry_run;
        let task = Task::Tag {
            plugin,
            section,
            object: Box::new(object.clone()),
            change,
        };
        let outcome = self.act(task).await;
        if !dry {
            let deed = deed(&object, &outcome, said, lead);
            let written = self.audit_deed(deed).await;
            written.map_err(|error| {
                CommandError::world(format!("the audit log could not be written: {error}"))
            })?;
        }
        match outcome {
            Outcome::Tagged(tagged) => {
                let tags = tagged.node.reported.get("tags").cloned();
                let changed = self.replace(&object, tagged.node).await?;
                match cluster {
                    Some(account) => self.retag(&account, tags).await,
                    None => Ok(changed),
                }
            }
            Outcome::WouldSucceed => Ok(node),
            outcome => Err(refused(&object, outcome)),
        }
    }

    /// An error if nothing may be changed about what a node stands for.
    fn unprotected(
        &self,
        node: &NodeId,
        what: impl FnOnce() -> String,
    ) -> Result<(), CommandError> {
        let graph = self.graph();
        let overlay = graph.overlay(node);
        let protected = overlay.and_then(|overlay| overlay.metadata.get("protected"));
        if protected != Some(&Value::Bool(true)) {
            return Ok(());
        }
        Err(CommandError::world(format!("{} is protected", what())).hint("`unprotect` it first"))
    }

    /// The object a node stands for, or why there is none.
    pub(crate) fn object(&self, node: &Value) -> Result<ObjectRef, CommandError> {
        let kind = reported(node, "kind").unwrap_or("element");
        let found = || {
            let id: NodeId = node.get("id")?.as_str()?.parse().ok()?;
            let account = self.graph().account_of(&id)?;
            let name = self
                .headers()
                .get(&account)?
                .begin
                .account
                .name()
                .to_owned();
            ObjectRef::of(id, &account, &name, node.get("reported")?.as_object()?)
        };
        found().ok_or_else(|| {
            CommandError::world(format!(
                "a `{kind}` cannot be changed: no object stands behind it"
            ))
            .hint("containers and images are views; change the object they belong to")
        })
    }

    /// The plugin an account belongs to, and its section of the configuration.
    pub(crate) fn plugin_of(&self, account: &str) -> Result<(String, Value), CommandError> {
        let headers = self.headers();
        let header = headers.get(account);
        let plugin = header.map(|header| header.begin.plugin.clone());
        let plugin =
            plugin.ok_or_else(|| CommandError::world(format!("no cluster `{account}`")))?;
        let section = self.0.documents.section(&plugin);
        Ok((plugin, section))
    }

    /// Puts an object as the server returned it in the place of what was known.
    async fn replace(&self, object: &ObjectRef, record: NodeRecord) -> Result<Value, CommandError> {
        let core = self.clone();
        let (account, node) = (object.account.clone(), object.node);
        let _turn = self.0.commit.lock().await;
        let replaced = (self.0.lane)
            .run(move || core.replace_now(&account, node, record))
            .await;
        let failed = |error: &dyn std::fmt::Display| {
            CommandError::world(format!(
                "the tag was changed, but could not be recorded: {error}"
            ))
            .hint("the next collection records it")
        };
        replaced
            .map_err(|error| failed(&error))?
            .map_err(|error| failed(&error))?;
        self.graph()
            .node(&object.node)
            .ok_or_else(|| CommandError::world(format!("node `{}` is gone", object.node)))
    }

    fn replace_now(
        &self,
        account: &str,
        id: NodeId,
        record: NodeRecord,
    ) -> Result<(), stocktake_store::StoreError> {
        let mut header = self.headers().remove(account);
        let plugin = header.as_ref().map(|header| &*header.begin.plugin);
        let known = self.known(plugin.unwrap_or_default());
        let mut shown = record.clone();
        let present = self.graph().node(&id);
        let metadata = present.and_then(|node| node.get("metadata").cloned());
        if let Some(first_seen) = metadata.and_then(|metadata| metadata.get(FIRST_SEEN).cloned()) {
            shown.metadata.insert(FIRST_SEEN.to_owned(), first_seen);
        }
        let before = self.graph();
        let change = || before.with_changes(account, &[shown], &[], &known.rules, &known.derived);
        let graph = self.0.turns.ahead(change);
        let (edges_of, edges) = changed_edges((&before, &graph), &[id]);
        if let Some(header) = &mut header {
            // Its parts did not come with it, nor what its kind is read by.
            forget_readings(header, &BTreeSet::from([record.kind()]), None);
        }
        let change = Change {
            nodes: vec![(id, record)],
            edges_of,
            edges,
            header: header.clone(),
            at: Some(now()),
            ..Change::default()
        };
        self.0.store.put(account, change)?;
        self.show(&graph, account);
        self.note_header(header);
        self.form_ages(account, 1);
        Ok(())
    }
}

/// What was to change, for the audit log.
struct Said {
    /// If it changed.
    done: String,
    /// If it was so already.
    idle: String,
}

impl Said {
    fn of(change: &TagChange) -> Self {
        let what = match change.target {
            TagTarget::Annotations => "annotation",
            TagTarget::Labels => "label",
        };
        let key = &change.key;
        let (done, idle) = match &change.value {
            Some(value) => (
                format!("set to `{value}`"),
                format!("was `{value}` already"),
            ),
            None => ("removed".to_owned(), "was not there".to_owned()),
        };
        Self {
            done: format!("{what} `{key}` {done}"),
            idle: format!("{what} `{key}` {idle}"),
        }
    }
}

fn deed(object: &ObjectRef, outcome: &Outcome, said: Said, lead: Lead) -> Deed {
    let Said { done: said, idle } = said;
    let (verdict, message) = match outcome {
        // A server that had nothing to change keeps the version.
        Outcome::Tagged(tagged) if object.is_at_version(&tagged.node.reported) => {
            ("unchanged", idle)
        }
        Outcome::Tagged(_) => ("tagged", said),
        Outcome::Vanished => ("vanished", said),
        Outcome::Changed { message } => ("changed", format!("{said}: {message}")),
        Outcome::Refused { message } => ("refused", format!("{said}: {message}")),
        Outcome::Failed { message } => ("failed", format!("{said}: {message}")),
        other => ("failed", format!("{said}: unexpected outcome {other:?}")),
    };
    Deed {
        at: now(),
        who: lead.who,
        line: lead.line,
        action: "tag".to_owned(),
        plan: None,
        object: object.clone(),
        verdict: verdict.to_owned(),
        message,
    }
}

fn refused(object: &ObjectRef, outcome: Outcome) -> CommandError {
    let name = match &object.namespace {
        Some(namespace) => format!("{} `{namespace}/{}`", object.kind, object.name),
        None => format!("{} `{}`", object.kind, object.name),
    };
    let cluster = &object.account_name;
    CommandError::world(match outcome {
        Outcome::Vanished => format!("{name} is gone from `{cluster}`"),
        Outcome::Changed { message } => {
            format!("{name} in `{cluster}` is another one now: {message}")
        }
        Outcome::Refused { message } => format!("{name} in `{cluster}`: refused: {message}"),
        Outcome::Failed { message } => format!("{name} in `{cluster}`: {message}"),
        other => format!("{name} in `{cluster}`: unexpected outcome {other:?}"),
    })
}
