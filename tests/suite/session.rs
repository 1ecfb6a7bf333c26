//! The session of the announcement, typed as it stands there, against a fleet of simulated clusters.
use stocktake_kubernetes_sim::fleet::FleetShape;
use stocktake_tests::{Place, Ran};

const PROGRAM: &str = env!("CARGO_BIN_EXE_stocktake-under-test");

/// An editor that switches cleaning on, both switches, and leaves everything else as it is.
fn editor(place: &Place) -> String {
    let script = "#!/bin/sh\nsed -i -e 's/cleanup: false/cleanup: true/' -e 's/cleanup_dry_run: true/cleanup_dry_run: false/' \"$1\"\n";
    let path = place.write("editor.sh", script);
    format!("sh {}", path.display())
}

fn typed(place: &Place, lines: &str) -> Ran {
    stocktake_tests::run(place.program().env("EDITOR", editor(place)), lines)
}

/// Names and uids of the pods in a namespace of a simulated cluster.
fn pods(place: &Place, namespace: &str) -> Vec<(String, String)> {
    let sim = place.sim("prod-eu");
    let names = sim.names("", "pods", Some(namespace));
    let uid = |name: &str| {
        let pod = sim
            .object("", "pods", Some(namespace), name)
            .expect("it was listed");
        pod["metadata"]["uid"]
            .as_str()
            .expect("every object has one")
            .to_owned()
    };
    names
        .into_iter()
        .map(|name| (name.clone(), uid(&name)))
        .collect()
}

#[test]
fn the_session_of_the_announcement_works_as_typed() {
    // Large enough that four pods are less than five percent of a cluster's.
    let shape = FleetShape {
        objects_per_cluster: 800,
        ..FleetShape::demo()
    };
    let place = Place::new(PROGRAM, &shape);
    let before = pods(&place, "resoto");
    let others = place.sim("prod-eu").count("", "pods") - before.len();
    let ran = typed(
        &place,
        "\
config edit resoto.worker
workflows run collect_and_cleanup
search is(kubernetes_resource) | count kind
search is(kubernetes_pod) | count /ancestors.kubernetes_node.reported.name
search is(kubernetes_cluster) | list cluster_info
search is(kubernetes_service) and name~resotocore | dump
search --with-edges is(kubernetes_service) and namespace=resoto <-[0:]-> | format --dot | write service.dot
search is(kubernetes_pod) and name~resoto | tag update owner matthias | list name, tags
search is(kubernetes_pod) and name~resoto | tag delete owner | list name, tags
search is(kubernetes_pod) and name~resoto | clean | list name
",
    )
    // Gaps (a forbidden kind) make the answers partial, and that is said.
    .worked();
    assert!(ran.out.contains("kubernetes_pod: "), "{}", ran.out);
    assert!(ran.out.contains("total matched: "), "{}", ran.out);
    assert!(
        ran.out
            .contains("major=1, minor=36, platform=linux/amd64, server_url="),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("name: resoto-resotocore"), "{}", ran.out);
    assert!(ran.out.contains("owner=matthias"), "{}", ran.out);
    let dot = std::fs::read_to_string(place.home().join("service.dot")).unwrap();
    assert!(dot.starts_with("digraph {"), "{dot}");
    assert!(
        dot.contains("resoto-resotocore") && dot.contains("->"),
        "{dot}"
    );
    // Nothing is deleted before the next run.
    assert_eq!(pods(&place, "resoto"), before);

    let ran = typed(&place, "workflows run collect_and_cleanup\n").worked();
    let after = pods(&place, "resoto");
    let marked: Vec<_> = before
        .iter()
        .filter(|(name, _)| name.contains("resoto"))
        .collect();
    assert_eq!(marked.len(), 4);
    for pod in marked {
        assert!(
            !after.contains(pod),
            "{pod:?} is still there\n{}\n{}",
            ran.out,
            ran.err
        );
    }
    // Controllers put new ones in their place, and nothing else was touched.
    assert_eq!(
        after.len(),
        before.len(),
        "{after:?}\n{}\n{}",
        ran.out,
        ran.err
    );
    assert_eq!(place.sim("prod-eu").count("", "pods") - after.len(), others);
}

#[test]
fn nothing_is_deleted_while_either_switch_is_off() {
    let place = Place::small(PROGRAM);
    let before = pods(&place, "resoto");
    for switches in ["", "config set stocktake.worker worker.cleanup=true\n"] {
        let lines = format!(
            "{switches}search is(kubernetes_pod) and name~resoto | clean\nworkflows run collect_and_cleanup\n"
        );
        let ran = typed(&place, &lines).worked();
        assert_eq!(pods(&place, "resoto"), before, "{}", ran.out);
    }
    let deleted = place
        .sim("prod-eu")
        .requests()
        .into_iter()
        .filter(|request| request.method == "DELETE" || request.path.ends_with("/eviction"));
    // A dry run may ask the server, but only with `dryRun=All`.
    for request in deleted {
        assert!(request.query.contains("dryRun=All"), "{request:?}");
    }
}

#[test]
fn tags_are_annotations_in_the_cluster_at_once() {
    let place = Place::small(PROGRAM);
    let line = "search is(kubernetes_service) and name = resoto-resotocore | tag update owner matthias | list name, tags\n";
    let ran = typed(&place, line);
    assert!(
        ran.out.contains("owner=matthias"),
        "{}\n{}",
        ran.out,
        ran.err
    );
    let service = |place: &Place| {
        place
            .sim("prod-eu")
            .object("", "services", Some("resoto"), "resoto-resotocore")
            .unwrap()
    };
    assert_eq!(
        service(&place)["metadata"]["annotations"]["owner"],
        "matthias"
    );
    let again = typed(
        &place,
        "search is(kubernetes_service) and tags.owner = matthias | list name\n",
    );
    assert_eq!(again.out, "name=resoto-resotocore\n");
    let gone = line.replace("update owner matthias", "delete owner");
    typed(&place, &gone);
    assert!(
        service(&place)["metadata"]["annotations"]
            .get("owner")
            .is_none()
    );
}

#[test]
fn a_pod_in_kube_system_is_never_cleaned() {
    let place = Place::small(PROGRAM);
    let before = pods(&place, "kube-system");
    assert!(!before.is_empty());
    let ran = typed(
        &place,
        "config edit stocktake.worker\nsearch is(kubernetes_pod) and namespace = kube-system limit 2 | clean\nworkflows run collect_and_cleanup\n",
    );
    assert_eq!(
        pods(&place, "kube-system"),
        before,
        "{}\n{}",
        ran.out,
        ran.err
    );
    let said = format!("{}{}", ran.out, ran.err);
    assert!(
        said.contains("protected-namespace"),
        "the guard is named: {said}"
    );
}
