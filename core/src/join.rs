//! The step `merge_deferred_edges`: joins what accounts know of each other, now that all of them were collected.
use tracing::warn;

use crate::core::Core;

impl Core {
    /// Finds the edges between accounts anew and says what came of it.
    pub(crate) async fn join_accounts(&self, task: &str) {
        let _turn = self.0.commit.lock().await;
        let graph = self.graph();
        let joining = tokio::task::spawn_blocking(move || graph.joined());
        let (joined, came) = match joining.await {
            Ok(done) => done,
            Err(error) => return self.fail(task, &format!("joining accounts failed: {error}")),
        };
        // Users may have marked something meanwhile: only the edges are taken over.
        self.0.graph.rcu(|graph| graph.joined_like(&joined));
        for reference in &came.ambiguous {
            warn!(
                kind = reference.kind,
                property = reference.property,
                value = reference.value,
                "several resources fit a reference: it is not joined"
            );
        }
        let mut told = Vec::new();
        let mut tell = |count: usize, one: &str, many: &str| match count {
            0 => {}
            1 => told.push(format!("1 {one}")),
            count => told.push(format!("{count} {many}")),
        };
        tell(
            came.edges,
            "edge between accounts",
            "edges between accounts",
        );
        tell(
            came.known_by_id,
            "resource elsewhere is known by id only",
            "resources elsewhere are known by id only",
        );
        tell(
            came.ambiguous.len(),
            "reference fits several resources",
            "references fit several resources",
        );
        tell(
            came.cycles,
            "edge would close a cycle",
            "edges would close a cycle",
        );
        if !told.is_empty() {
            self.say(task, told.join(", "));
        }
    }
}
