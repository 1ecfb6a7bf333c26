//! `stocktake rbac`: the rights for the configuration that is there, without asking a cluster.
use stocktake_tests::Place;

const PROGRAM: &str = env!("CARGO_BIN_EXE_stocktake-under-test");

#[test]
fn the_rights_follow_the_configuration() {
    let place = Place::small(PROGRAM);
    let all = place.arguments(&["rbac"]).code(0);
    assert!(all.out.contains("resources: [\"*\"]"), "{}", all.out);
    assert_eq!(all.out.matches("kind: ClusterRole\n").count(), 2);
    place.write(
        "worker.yaml",
        "k8s:
  collect: [pod]
",
    );
    let set = ["-c", "config update stocktake.worker worker.yaml"];
    let set = place.arguments(&set).code(0);
    assert!(!set.err.contains("error"), "{}", set.err);
    let pods = place.arguments(&["rbac"]).code(0);
    assert!(
        pods.out
            .contains("resources: [\"namespaces\", \"pods\"]\n  verbs: [\"list\"]"),
        "{}",
        pods.out
    );
}
