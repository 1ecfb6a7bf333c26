//! Bad input: one clear message, a way out, the right exit code, and nothing lost.
use std::process::Stdio;

use stocktake_kubernetes_sim::fleet::{FleetShape, Trouble};
use stocktake_tests::Place;

const PROGRAM: &str = env!("CARGO_BIN_EXE_stocktake-under-test");

#[test]
fn mistakes_in_a_line_are_pointed_at_and_end_with_2() {
    let place = Place::small(PROGRAM);
    for (line, said) in [
        ("search is(kubernetes_pod) and", "expected"),
        ("search is(kubernetes_pdo)", "kubernetes_pod"),
        ("serch is(kubernetes_pod)", "search"),
        ("search is(kubernetes_pod) | count --nope", "count"),
        ("search name =~ \"(\"", "regular expression"),
        ("search name = 'web'", "double quotes"),
        ("config show nope", "nope"),
        ("workflows run colect", "collect"),
        ("search is(kubernetes_pod) | write", "write"),
    ] {
        let ran = place.arguments(&["-c", line]).code(2);
        assert!(ran.err.contains(said), "{line}: {}", ran.err);
        assert!(ran.err.contains("error: "), "{line}: {}", ran.err);
        assert_eq!(ran.out, "", "{line}");
    }
}

#[test]
fn an_unreachable_cluster_does_not_cost_the_others() {
    let shape = FleetShape {
        clusters: 3,
        objects_per_cluster: 350,
        troubles: vec![Trouble::Unreachable],
        ..FleetShape::default()
    };
    let place = Place::new(PROGRAM, &shape);
    let ran = place
        .arguments(&["-c", "search is(kubernetes_cluster) | list name"])
        .code(3);
    assert_eq!(ran.out, "name=prod-eu\nname=prod-us\n");
    assert!(ran.err.contains("staging"), "{}", ran.err);
}

#[test]
fn a_forbidden_kind_is_a_gap_that_says_how_to_close_it() {
    let place = Place::small(PROGRAM);
    let ran = place.arguments(&["-c", "clusters gaps"]);
    assert!(ran.out.contains("staging"), "{}\n{}", ran.out, ran.err);
    assert!(
        ran.out.contains("networkpolicies") || ran.out.contains("network_polic"),
        "{}",
        ran.out
    );
    // A question that does not touch the gap has a complete answer.
    let ran = place.arguments(&["-c", "search is(kubernetes_pod) | count kind"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let ran = place.arguments(&["-c", "search is(kubernetes_network_policy) | count kind"]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(
        ran.err.contains("1 of 3 clusters incomplete: staging"),
        "{}",
        ran.err
    );
}

#[test]
fn without_a_kubeconfig_it_says_what_to_do() {
    let place = Place::small(PROGRAM);
    let mut program = place.program();
    program
        .env_remove("KUBECONFIG")
        .args(["-c", "search all | count kind"]);
    let ran = stocktake_tests::run(&mut program, "");
    assert!(ran.err.contains(".kube/config"), "{}", ran.err);
    assert!(ran.err.contains("stocktake demo"), "{}", ran.err);
    assert_eq!(ran.code, 1, "{}", ran.err);
}

#[test]
fn a_second_stocktake_attaches_to_the_first() {
    let place = Place::small(PROGRAM);
    let mut first = place
        .program()
        .arg("core")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for_socket(&place);
    let mut worker = place
        .program()
        .arg("worker")
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let ran = place.arguments(&[
        "-c",
        "workflows run collect",
        "-c",
        "search is(kubernetes_cluster) | list name",
    ]);
    worker.kill().unwrap();
    first.kill().unwrap();
    worker.wait().unwrap();
    first.wait().unwrap();
    assert!(ran.err.contains("attached"), "{}", ran.err);
    assert!(
        ran.out
            .ends_with("name=prod-eu\nname=prod-us\nname=staging\n"),
        "{}\n{}",
        ran.out,
        ran.err
    );
    // After kill -9 of the owner everything acknowledged is there.
    let ran = place
        .arguments(&["-c", "search is(kubernetes_cluster) | list name"])
        .code(0);
    assert_eq!(ran.out, "name=prod-eu\nname=prod-us\nname=staging\n");
}

/// Waits until the core listens; the test fails by its own assertions if it never does.
fn wait_for_socket(place: &Place) {
    let socket = place.home().join(".local/share/stocktake/core.sock");
    let begun = std::time::Instant::now();
    while !socket.exists() && begun.elapsed().as_secs() < 30 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
fn a_data_directory_that_cannot_be_used_is_named() {
    let place = Place::small(PROGRAM);
    let file = place.write("a-file", "");
    let ran = place
        .arguments(&["--data-dir", file.to_str().unwrap(), "-c", "search all"])
        .code(1);
    assert!(ran.err.contains("a-file"), "{}", ran.err);
    assert!(ran.err.contains("hint: "), "{}", ran.err);
}

#[test]
fn files_are_never_overwritten_by_accident() {
    let place = Place::small(PROGRAM);
    place.write("out.json", "precious");
    let line = "search is(kubernetes_cluster) | format --json | write out.json";
    let ran = place.arguments(&["-c", line]).code(1);
    assert!(ran.err.contains("--force"), "{}", ran.err);
    assert_eq!(
        std::fs::read_to_string(place.home().join("out.json")).unwrap(),
        "precious"
    );
}
