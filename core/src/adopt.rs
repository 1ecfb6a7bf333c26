//! An account that could only be guessed at, once it says who it is: what people marked goes over to the account that
//! it turned out to be, and the guess goes. What was collected of it is not taken over: it was just collected again.
use stocktake_engine::Graph;
use stocktake_model::{Begin, Identity, NodeId, Overlay};
use stocktake_store::StoreError;

use crate::core::Core;
use crate::ingest::IngestError;

impl Core {
    /// Adopts what is known under the guess that `begin` names. A guess that another context still leads to, under
    /// another name, stays.
    pub(crate) async fn adopt(&self, begin: &Begin) -> Result<(), IngestError> {
        let headers = self.headers();
        let guess = begin.formerly.as_ref().and_then(|guess| headers.get(guess));
        let is_ours = |guess: &&stocktake_store::AccountHeader| {
            guess.begin.identity == Identity::Weak
                && guess.begin.account.name() == begin.account.name()
        };
        let Some(guess) = guess.filter(is_ours) else {
            return Ok(());
        };
        let guess = guess.account().to_owned();
        let _turn = self.0.commit.lock().await;
        let marks = self.marks_of(&guess, begin)?;
        let (store, id, recorded) = (self.0.store.clone(), guess.clone(), marks.clone());
        let moved = move || -> Result<(), StoreError> {
            store.set_overlay(&recorded)?;
            store.forget(&id)
        };
        let moved = tokio::task::spawn_blocking(moved).await;
        moved.map_err(|error| IngestError::Task(error.to_string()))??;
        self.0
            .graph
            .rcu(|graph| graph.without(&guess).with_overlay(marks.clone()));
        self.0
            .headers
            .write()
            .expect("nothing panics while it holds the headers")
            .remove(&guess);
        tracing::info!(
            guess,
            account = begin.account.id(),
            "a cluster says who it is"
        );
        Ok(())
    }

    /// What people marked in the guess, on the nodes of the account. What they marked there already stands.
    fn marks_of(&self, guess: &str, begin: &Begin) -> Result<Vec<(NodeId, Overlay)>, StoreError> {
        let graph = self.graph();
        let mut marks = Vec::new();
        for found in self.0.store.overlay() {
            let (id, overlay) = found?;
            let new = moved(&graph, &id, guess, begin);
            let new = new.filter(|new| graph.overlay(new).is_none());
            marks.extend(new.map(|new| (new, overlay)));
        }
        Ok(marks)
    }
}

/// The id of a node of the guess in the account.
fn moved(graph: &Graph, id: &NodeId, guess: &str, begin: &Begin) -> Option<NodeId> {
    let record = graph.record(id)?;
    let is_of_guess = graph.account_of(id)? == guess;
    let account = begin.account.id();
    let uid = if record.id() == guess {
        account
    } else {
        record.id()
    };
    is_of_guess.then(|| NodeId::of(record.kind(), &begin.cloud, account, uid))
}
