//! Which context stands for a cluster that several contexts lead to: the first in the order of the
//! configuration, so that the name of a cluster does not change from run to run.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures::stream::{self, StreamExt as _};
use tokio::sync::OnceCell;

use crate::connect::Link;
use crate::identity::identify;
use crate::retry::Patience;

/// Servers asked at the same time.
const AT_ONCE: usize = 64;
/// Servers that take longer are not waited for; they claim their cluster when they get to it.
const DEADLINE: Duration = Duration::from_secs(5);

/// The contexts of one configuration and the clusters they lead to.
pub(crate) struct Claims {
    /// Weak: a context whose account was dropped is not wanted in this run and is not asked.
    links: Vec<Weak<Link>>,
    asked: OnceCell<()>,
    /// Contexts by cluster id, the one that stands for it first.
    clusters: Mutex<BTreeMap<String, Vec<String>>>,
}

impl Claims {
    /// Nobody has claimed anything yet.
    pub(crate) fn new(links: Vec<Weak<Link>>) -> Self {
        Self {
            links,
            asked: OnceCell::new(),
            clusters: Mutex::default(),
        }
    }

    /// Asks all servers that are wanted at the same time which cluster they are, once.
    pub(crate) async fn settle(&self) {
        self.asked.get_or_init(|| self.ask()).await;
    }

    async fn ask(&self) {
        let links: Vec<Arc<Link>> = self.links.iter().filter_map(Weak::upgrade).collect();
        if links.len() < 2 {
            return;
        }
        let at_once = Patience {
            retries: 0,
            ..Patience::default()
        };
        let mut answers = stream::iter(links)
            .map(|link| async move {
                let asked = tokio::time::timeout(DEADLINE, identify(&link, at_once)).await;
                (link, asked)
            })
            .buffered(AT_ONCE);
        while let Some((link, answer)) = answers.next().await {
            if let Ok(Ok(identified)) = answer {
                self.claim(&identified.id, &link.target().name);
            }
        }
    }

    /// The contexts that lead to the cluster, the one that stands for it first; `context` is among them.
    pub(crate) fn claim(&self, id: &str, context: &str) -> Vec<String> {
        let mut clusters = self.clusters();
        // A context that was pointed at another cluster has left the one before.
        for (other, contexts) in clusters.iter_mut() {
            if other != id {
                contexts.retain(|name| name != context);
            }
        }
        let contexts = clusters.entry(id.to_owned()).or_default();
        if !contexts.iter().any(|name| name == context) {
            contexts.push(context.to_owned());
        }
        contexts.clone()
    }

    fn clusters(&self) -> MutexGuard<'_, BTreeMap<String, Vec<String>>> {
        self.clusters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_context_stands_for_a_cluster_until_it_leaves() {
        let claims = Claims::new(Vec::new());
        for (id, context, expected) in [
            ("x", "a", vec!["a"]),
            ("x", "b", vec!["a", "b"]),
            ("y", "c", vec!["c"]),
            ("x", "a", vec!["a", "b"]),
            ("y", "a", vec!["c", "a"]),
            ("x", "b", vec!["b"]),
        ] {
            assert_eq!(claims.claim(id, context), expected, "{context} claims {id}");
        }
    }
}
