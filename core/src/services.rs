//! What commands ask of the core, answered. Each answer is one call into the room that knows.
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};
use stocktake_command::{
    CertificateRequest, ClusterGap, ClusterStatus, CommandError, ConfigSaved, ConfigText, Context,
    Found, Ground, HistoryOptions, HistorySearch, MadeCertificate, Marks, Run, RunEvents,
    RunFilter, RunLog, Search, Services, Settings, SystemInfo, TagChange, WorkflowInfo,
    WorkflowStarted,
};
use stocktake_model::{Map, Model, NodeId, Overlay, normalise};

use crate::core::{Core, now};
use crate::documents::Documents;
use crate::workflow::WORKFLOWS;

impl Ground for Core {
    fn now(&self) -> Timestamp {
        now()
    }

    fn model(&self) -> Arc<Model> {
        self.graph().model().clone()
    }

    fn settings(&self) -> Settings {
        self.0.documents.settings()
    }

    fn template(&self, name: &str) -> Result<Option<String>, CommandError> {
        self.template_text(name)
    }
}

#[async_trait]
impl Services for Core {
    async fn search(&self, search: Search) -> Result<Found, CommandError> {
        self.find(search).await
    }

    async fn history(&self, wanted: HistorySearch) -> Result<Found, CommandError> {
        self.find_history(wanted).await
    }

    async fn system_info(&self) -> Result<SystemInfo, CommandError> {
        self.sizes().await
    }

    async fn compact(&self) -> Result<(u64, u64), CommandError> {
        self.compact_now().await
    }

    async fn explain(&self, search: Search) -> Result<Value, CommandError> {
        self.explain_search(search).await
    }

    async fn patch(
        &self,
        section: Marks,
        ids: Vec<String>,
        patch: Map,
        context: &Context,
    ) -> Result<Vec<Value>, CommandError> {
        let patch = if section == Marks::Desired {
            stamped(patch, &context.user)
        } else {
            patch
        };
        self.mark(section, &ids, &patch).await
    }

    async fn tag(
        &self,
        node: Value,
        change: TagChange,
        context: &Context,
    ) -> Result<Value, CommandError> {
        self.change_tag(node, change, crate::acting::lead(context))
            .await
    }

    async fn configs(&self) -> Result<Vec<String>, CommandError> {
        Ok(self.0.documents.ids())
    }

    async fn config(&self, id: &str) -> Result<ConfigText, CommandError> {
        self.0.documents.text(id)
    }

    async fn save_config(
        &self,
        id: &str,
        text: String,
        revision: Option<u64>,
    ) -> Result<ConfigSaved, CommandError> {
        let saved = self.0.documents.save(id, &text, revision)?;
        Ok(self.config_saved(saved))
    }

    async fn set_config(
        &self,
        id: &str,
        values: Vec<(String, Value)>,
    ) -> Result<ConfigSaved, CommandError> {
        let saved = self.0.documents.set(id, &values)?;
        Ok(self.config_saved(saved))
    }

    async fn compare_config(
        &self,
        id: &str,
        text: Option<String>,
    ) -> Result<ConfigSaved, CommandError> {
        self.0.documents.compare(id, text.as_deref())
    }

    async fn config_schema(&self, id: &str) -> Result<Value, CommandError> {
        Documents::schema(id)
    }

    async fn delete_config(&self, id: &str) -> Result<(), CommandError> {
        self.0.documents.delete(id)?;
        self.tell("config-deleted", json!({"id": id}));
        Ok(())
    }

    async fn copy_config(&self, from: &str, to: &str) -> Result<(), CommandError> {
        self.0.documents.copy(from, to)?;
        self.tell("config-copied", json!({"from": from, "to": to}));
        Ok(())
    }

    async fn workflows(&self) -> Vec<WorkflowInfo> {
        let schedules = self.0.documents.schedules();
        let info = |workflow: &crate::workflow::Workflow| WorkflowInfo {
            name: workflow.name.to_owned(),
            schedule: schedules.get(workflow.name).cloned(),
            steps: workflow
                .steps
                .iter()
                .map(|step| step.name.to_owned())
                .collect(),
        };
        WORKFLOWS.iter().map(info).collect()
    }

    async fn run_workflow(&self, name: &str) -> Result<WorkflowStarted, CommandError> {
        self.start_workflow(name)
    }

    async fn workflow_events(&self, task: &str) -> Result<RunEvents, CommandError> {
        self.run_events(task)
    }

    async fn running_workflows(&self) -> Vec<Run> {
        let now = now();
        self.0.runs.all().iter().map(|run| run.shown(now)).collect()
    }

    async fn workflow_history(&self, wanted: HistoryOptions) -> Result<Vec<Run>, CommandError> {
        let now = now();
        let runs = self.past_runs()?.into_iter().filter(|run| {
            wanted
                .workflow
                .as_ref()
                .is_none_or(|name| *name == run.workflow)
                && wanted
                    .started_before
                    .is_none_or(|before| run.started < before)
                && wanted.started_after.is_none_or(|after| run.started > after)
                && (wanted.only == RunFilter::All || !run.errors.is_empty())
        });
        Ok(runs
            .take(wanted.limit.unwrap_or(usize::MAX))
            .map(|run| run.shown(now))
            .collect())
    }

    async fn workflow_log(&self, task: &str) -> Result<RunLog, CommandError> {
        let running = self.0.runs.all();
        let runs = running.into_iter().chain(self.past_runs()?);
        let run = runs.into_iter().find(|run| run.task == task);
        let log = run.map(|run| RunLog {
            said: run.summary,
            errors: run.errors,
        });
        log.ok_or_else(|| CommandError::usage(format!("no run `{task}`")))
    }

    async fn stop_workflow(&self, task: &str) -> Result<(), CommandError> {
        if self.0.runs.stop(task) {
            return Ok(());
        }
        Err(
            CommandError::usage(format!("no run `{task}` is on its way"))
                .hint("`workflows running` lists those that are"),
        )
    }

    async fn clusters(&self) -> Vec<ClusterStatus> {
        self.cluster_status()
    }

    async fn gaps(&self, cluster: Option<&str>) -> Result<Vec<ClusterGap>, CommandError> {
        if let Some(name) = cluster {
            self.account_id(name).ok_or_else(|| no_cluster(name))?;
        }
        Ok(self.cluster_gaps(cluster))
    }

    fn certificate(&self, request: &CertificateRequest) -> Result<MadeCertificate, CommandError> {
        crate::certificate::create(request)
    }

    async fn forget_cluster(&self, name: &str, _context: &Context) -> Result<u64, CommandError> {
        let account = self.account_id(name).ok_or_else(|| no_cluster(name))?;
        self.forget(&account).await
    }
}

fn no_cluster(name: &str) -> CommandError {
    CommandError::usage(format!("no cluster `{name}`"))
        .hint("`clusters` lists those that are known")
}

impl Core {
    fn config_saved(&self, saved: ConfigSaved) -> ConfigSaved {
        let data = json!({"id": saved.id, "revision": saved.revision});
        self.tell("config-updated", data);
        saved
    }

    /// Merges `patch` into a section that belongs to users, one level deep; `null` deletes a key.
    pub(crate) async fn mark(
        &self,
        section: Marks,
        ids: &[String],
        patch: &Map,
    ) -> Result<Vec<Value>, CommandError> {
        let _turn = self.0.commit.lock().await;
        let graph = self.graph();
        let ids: Vec<NodeId> = ids
            .iter()
            .filter_map(|id| id.parse().ok())
            .filter(|id| graph.node(id).is_some())
            .collect();
        let entries: Vec<(NodeId, Overlay)> = ids
            .iter()
            .map(|id| {
                let mut overlay = graph.overlay(id).cloned().unwrap_or_default();
                merge(
                    match section {
                        Marks::Desired => &mut overlay.desired,
                        Marks::Metadata => &mut overlay.metadata,
                    },
                    patch,
                );
                (*id, overlay)
            })
            .collect();
        let store = self.0.store.clone();
        let recorded = entries.clone();
        tokio::task::spawn_blocking(move || store.set_overlay(&recorded))
            .await
            .map_err(|error| CommandError::world(error.to_string()))?
            .map_err(|error| CommandError::world(error.to_string()))?;
        self.0
            .graph
            .rcu(|graph| graph.with_overlay(entries.clone()));
        let graph = self.graph();
        Ok(ids.iter().filter_map(|id| graph.node(id)).collect())
    }

    /// Drops an account that is no longer configured; gives back how many nodes that were.
    async fn forget(&self, account: &str) -> Result<u64, CommandError> {
        let header = self.headers().remove(account);
        let nodes = header.as_ref().map_or(0, |header| header.nodes);
        if header.is_some_and(|header| !header.unconfigured) {
            return Err(
                CommandError::usage("the cluster is still configured: it would come back").hint(
                    "take it out of the configuration first (`config edit stocktake.worker`)",
                ),
            );
        }
        let _turn = self.0.commit.lock().await;
        let store = self.0.store.clone();
        let id = account.to_owned();
        tokio::task::spawn_blocking(move || store.forget(&id))
            .await
            .map_err(|error| CommandError::world(error.to_string()))?
            .map_err(|error| CommandError::world(error.to_string()))?;
        self.0.graph.rcu(|graph| graph.without(account));
        self.0
            .headers
            .write()
            .expect("nothing panics while it holds the headers")
            .remove(account);
        Ok(nodes)
    }
}

/// A wish to clean says who wished it and when, however it was written: guards go by its age.
fn stamped(mut patch: Map, user: &str) -> Map {
    match patch.get("clean") {
        Some(Value::Bool(true)) => {
            patch.entry("by").or_insert_with(|| user.into());
            patch.entry("at").or_insert_with(|| normalise(now()).into());
        }
        // A wish that is taken back leaves nothing behind.
        Some(_) => {
            for key in ["reason", "by", "at"] {
                patch.entry(key).or_insert(Value::Null);
            }
        }
        None => {}
    }
    patch
}

fn merge(section: &mut Map, patch: &Map) {
    for (key, value) in patch {
        if value.is_null() {
            section.remove(key);
        } else {
            section.insert(key.clone(), value.clone());
        }
    }
}
