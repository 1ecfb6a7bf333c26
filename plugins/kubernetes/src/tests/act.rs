//! What is done to objects, and what is said when it is not done: the cluster it is tried on.
mod delete;
mod evict;
mod restore;
mod tag;

use expect_test::Expect;
use serde_json::json;
use stocktake_act::{Approved, Mode};
use stocktake_kubernetes_sim::{Permissions, Rule, Sim, SimOptions, User};
use stocktake_model::ObjectRef;
use stocktake_plugin_api::{Change, Deletion, Outcome};

use super::stage::{self, Snapshot, account, collect};

/// A cluster that was collected.
struct Scene {
    sim: Sim,
    snapshot: Snapshot,
    /// Who acts.
    user: &'static str,
}

impl Scene {
    async fn new() -> Self {
        Self::with(SimOptions::default()).await
    }

    async fn with(options: SimOptions) -> Self {
        let reader = Permissions::all().except(Rule::on(&["patch", "delete"], &["*"], &["*"]));
        let users = vec![User::admin(), User::new("reader", reader)];
        let sim = stage::with_options(SimOptions { users, ..options }).await;
        let account = account(&stage::section(&sim, "admin", json!({}))).await;
        let snapshot = collect(&*account).await.unwrap();
        Self {
            sim,
            snapshot,
            user: "admin",
        }
    }

    fn object(&self, kind: &str, name: &str) -> ObjectRef {
        self.snapshot.object(kind, name)
    }

    async fn tag(&self, object: &ObjectRef, change: &Change) -> Outcome {
        let account = account(&stage::section(&self.sim, self.user, json!({}))).await;
        account.tag(object, change).await
    }

    async fn delete(&self, object: &ObjectRef, deletion: &Deletion) -> Outcome {
        let account = account(&stage::section(&self.sim, self.user, json!({}))).await;
        account
            .delete(&approved(object, Mode::Real), deletion)
            .await
    }

    async fn would_delete(&self, object: &ObjectRef) -> Outcome {
        let account = account(&stage::section(&self.sim, self.user, json!({}))).await;
        account
            .delete(&approved(object, Mode::Dry), &Deletion::default())
            .await
    }
}

/// Outside the act room a verdict can only be read, not made: so it is read.
fn approved(object: &ObjectRef, mode: Mode) -> Approved {
    let read = json!({"object": object, "reason": "test", "plan": "test", "mode": mode});
    serde_json::from_value(read).unwrap()
}

fn change(tags: &[(&str, Option<&str>)]) -> Change {
    let tags = tags
        .iter()
        .map(|&(key, value)| (key.to_owned(), value.map(str::to_owned)));
    Change {
        tags: tags.collect(),
        ..Change::default()
    }
}

#[track_caller]
fn check(outcome: &Outcome, expected: Expect) {
    let shown = match outcome {
        Outcome::Tagged(tagged) => format!("tagged {}", tagged.node.reported["tags"]),
        other => serde_json::to_string(other).unwrap(),
    };
    expected.assert_eq(&shown);
}

fn owner() -> Change {
    change(&[("owner", Some("matthias"))])
}
