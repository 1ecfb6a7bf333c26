//! A real cluster, where one is at hand.
use serde_json::json;

use super::stage::{accounts, collect};

/// Reads only. Which cluster is asked is up to who runs the test.
#[tokio::test]
async fn a_real_cluster_is_collected() {
    let Ok(path) = std::env::var("STOCKTAKE_TEST_KUBECONFIG") else {
        println!("skipped: `STOCKTAKE_TEST_KUBECONFIG` names no kubeconfig");
        return;
    };
    let section = json!({"config_files": [{"path": path}]});
    for account in accounts(&section).await {
        let snapshot = collect(&*account.unwrap()).await.unwrap();
        snapshot.assert_nothing_is_doubled();
        println!("{} nodes\n{}", snapshot.nodes.len(), snapshot.trouble());
        assert!(
            snapshot.complete.contains_key("kubernetes_namespace") || !snapshot.gaps.is_empty()
        );
    }
}
