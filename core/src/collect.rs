//! The step `collect`: asks a worker for every configured account, shows how far it is, says what came of it.
use std::collections::BTreeMap;
use std::sync::MutexGuard;

use stocktake_client::{CollectRequest, CollectSummary, Task, TaskResult};
use stocktake_command::Progress;
use stocktake_plugin_api::Progress as AccountProgress;

use crate::core::Core;
use crate::ingest::IngestError;

impl Core {
    /// Has every configured account collected and says what came of it.
    pub(crate) async fn collect(&self, task: &str) {
        let worker = match self.0.documents.worker() {
            Ok(worker) => worker,
            Err(error) => return self.fail(task, &error.to_string()),
        };
        let request = CollectRequest {
            sections: worker
                .worker
                .collector
                .iter()
                .map(|plugin| (plugin.clone(), self.0.documents.section(plugin)))
                .collect(),
            only: self.0.options.contexts.clone(),
            parallel: worker.k8s.pool_size,
        };
        let without = |plugin: &str| !worker.worker.collector.iter().any(|name| name == plugin);
        if without("file") && !worker.file.files.is_empty() {
            let line = "the files of the section `file` are not read: `worker.collector` does not name `file`";
            self.say(task, line.to_owned());
        }
        // Lists and watches of one account do not overtake each other.
        let _held = self.hold_watches().await;
        let id = self.queue().reserve();
        self.lock_work().insert(id, task.to_owned());
        let result = self.work(id, Task::Collect(request)).await;
        self.lock_work().remove(&id);
        match result {
            TaskResult::Collected(summary) => {
                self.collected(task, &summary);
                if let Err(error) = self.note_unconfigured(&summary).await {
                    self.fail(task, &error.to_string());
                }
                *self.lock_last() = Some(summary);
            }
            TaskResult::Failed { message } => self.fail(task, &message),
            TaskResult::Acted(_) | TaskResult::Watched => {
                unreachable!("a collection is answered by its summary")
            }
        }
    }

    fn collected(&self, task: &str, summary: &CollectSummary) {
        for report in &summary.accounts {
            let merged = &report.merged;
            let line = format!(
                "{}: {} nodes, {} edges ({} new, {} changed, {} gone)",
                report.name,
                merged.nodes,
                merged.edges,
                merged.created,
                merged.updated,
                merged.deleted
            );
            self.say(task, line + &gaps(merged.gaps));
        }
        for note in &summary.notes {
            self.say(task, note.clone());
        }
        for failure in &summary.failures {
            let hint = failure
                .hint
                .as_ref()
                .map(|hint| format!("\n  hint: {hint}"))
                .unwrap_or_default();
            self.fail(
                task,
                &format!("{}: {}{hint}", failure.name, failure.message),
            );
        }
        if summary.accounts.is_empty() && summary.failures.is_empty() {
            self.say(task, "no cluster is configured".to_owned());
        }
    }

    /// Marks accounts that the configuration no longer names. Says nothing where the configuration was not read to its
    /// end: some contexts were chosen, or a file could not be read.
    async fn note_unconfigured(&self, summary: &CollectSummary) -> Result<(), IngestError> {
        let unread = summary.failures.iter().any(|failure| !failure.is_account);
        if unread || !self.0.options.contexts.is_empty() {
            return Ok(());
        }
        for mut header in self.headers().into_values() {
            let name = header.begin.account.name();
            let named = summary
                .accounts
                .iter()
                .any(|report| report.merged.account == header.account())
                || summary.failures.iter().any(|failure| failure.name == name);
            if header.unconfigured == named {
                header.unconfigured = !named;
                self.put_header(header).await?;
            }
        }
        Ok(())
    }

    /// Takes the progress of one account and shows it under the run it belongs to.
    pub(crate) fn collecting(&self, work: u64, progress: &AccountProgress) {
        let Some(task) = self.lock_work().get(&work).cloned() else {
            return;
        };
        let message = progress.failed.clone().unwrap_or_else(|| {
            format!(
                "{} of {} kinds, {} objects{}",
                progress.kinds_done,
                progress.kinds,
                progress.objects,
                gaps(progress.gaps)
            )
        });
        let shown = Progress {
            workflow: String::new(),
            task: task.clone(),
            step: "collect".to_owned(),
            part: progress.account.clone(),
            message,
            done: progress.kinds_done,
            total: progress.kinds,
            objects: progress.objects,
        };
        self.0.runs.tell(&task, shown);
    }

    /// What the last collection came to.
    pub(crate) fn last_collection(&self) -> Option<CollectSummary> {
        self.lock_last().clone()
    }

    fn lock_last(&self) -> MutexGuard<'_, Option<CollectSummary>> {
        self.0
            .last_collection
            .lock()
            .expect("nothing panics while it holds the last collection")
    }

    fn lock_work(&self) -> MutexGuard<'_, BTreeMap<u64, String>> {
        self.0
            .work
            .lock()
            .expect("nothing panics while it holds the work")
    }
}

/// `, 2 gaps`, or nothing.
fn gaps(count: u64) -> String {
    match count {
        0 => String::new(),
        1 => ", 1 gap".to_owned(),
        count => format!(", {count} gaps"),
    }
}
