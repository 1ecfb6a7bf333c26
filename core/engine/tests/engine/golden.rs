//! Questions about the two small clusters, and their answers. One line per construct of the language.
use serde_json::json;

use crate::fixture::{graph, id, ids, request, rows};

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    let graph = graph();
    let mut wrong = Vec::new();
    for (query, expected) in cases {
        let found = match ids(&graph, query) {
            Ok(ids) => ids.join(" "),
            Err(error) => format!("error: {error}"),
        };
        if found != *expected {
            wrong.push(format!(
                "{query}\n  expected: {expected}\n  found:    {found}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn terms() {
    check(&[
        ("is(kubernetes_pod)", "a-dns a-lost a-web-0 b-web-0 a-web-1"),
        ("is(instance)", "a-n1 b-n1 a-n2"),
        ("is(region)", "a-default b-default a/ghost a-kube-system"),
        ("is(instance, volume)", "a-n1 b-n1 a-n2 a-pv b-pv"),
        ("is(account)", "a b"),
        ("is(cloud)", "k8s"),
        ("id(root)", "root"),
        ("id(nothing)", ""),
        ("not is(kubernetes_resource)", "k8s root"),
        (
            "is(kubernetes_pod) and not name = web-0",
            "a-dns a-lost a-web-1",
        ),
        ("is(kubernetes_pod) and not not name = dns", "a-dns"),
        (
            "is(instance) or is(volume) and name = nope",
            "a-n1 b-n1 a-n2",
        ),
        ("has_key(tags, owner)", "a-web-0"),
        ("has_key(tags, [owner, note])", "a-web-0"),
        ("has_key(tags, [owner, team])", ""),
        ("is(volume) and has_key(tags, [])", "a-pv b-pv"),
        ("in_subnet(pod_ip, 10.0.0.0/8)", "a-dns a-web-0"),
        ("in_subnet(pod_ip, 10.1.0.0/16)", "a-web-0"),
        ("in_subnet(pod_ip, \"fd00::/8\")", "a-web-1"),
    ]);
}

#[test]
fn ids_of_nodes() {
    let pod = id("pod", "a", "a-web-0");
    let volume = id("persistent_volume", "b", "b-pv");
    let graph = graph();
    assert_eq!(ids(&graph, &format!("id({pod})")).unwrap(), ["a-web-0"]);
    let found = ids(&graph, &format!("id([{pod}, \"{volume}\"])")).unwrap();
    assert_eq!(found, ["b-pv", "a-web-0"]);
}

#[test]
fn values_and_missing_values() {
    check(&[
        ("name = web-0", "a-web-0 b-web-0"),
        (
            "name == \"web-0\" and is(kubernetes_pod) and account = alpha",
            "a-web-0",
        ),
        ("restarts = 3", "a-web-0"),
        ("restarts = \"3\"", "a-web-0"),
        ("restarts > 3", "a-dns b-web-0"),
        ("restarts >= 3 and restarts < 12", "a-web-0 b-web-0"),
        ("restarts < 5", "a-web-0 a-web-1"),
        (
            "restarts < text",
            "error: `text` cannot be compared with `restarts`: expected a number",
        ),
        ("restarts = text", ""),
        (
            "age > banana",
            "error: `banana` cannot be compared with `age`: expected a time, or a span of time",
        ),
        (
            "ctime > 3",
            "error: `3` cannot be compared with `ctime`: expected a time, or a span of time",
        ),
        ("is(kubernetes_pod) and restarts = null", "a-lost"),
        (
            "is(kubernetes_pod) and restarts != null",
            "a-dns a-web-0 b-web-0 a-web-1",
        ),
        (
            "is(kubernetes_pod) and restarts != 3",
            "a-dns a-lost b-web-0 a-web-1",
        ),
        (
            "is(kubernetes_pod) and tags.note = null and name =~ 0",
            "a-web-0 b-web-0",
        ),
        ("restarts in [3, 7]", "a-web-0 b-web-0"),
        (
            "is(kubernetes_pod) and restarts in [3, null]",
            "a-lost a-web-0",
        ),
        (
            "is(kubernetes_pod) and restarts not in [3, 7]",
            "a-dns a-lost a-web-1",
        ),
        (
            "is(kubernetes_pod) and restarts not in [3, null]",
            "a-dns b-web-0 a-web-1",
        ),
        ("paused = true", "a-web-1"),
        ("paused = \"No\"", "a-web-0"),
        (
            "is(kubernetes_pod) and paused != true",
            "a-dns a-lost a-web-0 b-web-0",
        ),
        ("labels = {\"app\": \"web\"}", "b-web-0 a-web-1"),
        ("name =~ \"^WEB-[01]$\"", "a-web-0 b-web-0 a-web-1"),
        ("is(kubernetes_pod) and name !~ WEB", "a-dns a-lost"),
        (
            "is(kubernetes_pod) and message !~ oomkilled",
            "a-lost a-web-0 b-web-0 a-web-1",
        ),
        ("restarts =~ \"^1\"", "a-dns"),
        ("volume_size > 10GB", "a-pv"),
        ("instance_memory > 16GiB", "a-n2"),
        ("instance_memory = 16GiB", "a-n1"),
    ]);
}

#[test]
fn times() {
    check(&[
        ("started < 2024-05-02", "a-web-0"),
        ("started = \"2024-05-01T14:01:00+02:00\"", "a-web-0"),
        (
            "ctime > -2d and is(kubernetes_pod)",
            "a-lost b-web-0 a-web-1",
        ),
        ("is(kubernetes_pod) and age > 1d", "a-dns a-web-0"),
        (
            "is(kubernetes_pod) and age >= \"1 day\"",
            "a-dns a-web-0 a-web-1",
        ),
        ("is(kubernetes_pod) and age < 1h", "b-web-0"),
        ("is(kubernetes_pod) and age <= 1h", "a-lost b-web-0"),
        ("grace = 90s", "a-web-0"),
        ("grace > 1min", "a-web-0"),
        ("is(kubernetes_node) and age = null", "a-n1 b-n1 a-n2"),
    ]);
}

#[test]
fn lists() {
    check(&[
        ("ports[0] = 80", "a-web-0"),
        ("ports[7] = 80", ""),
        ("ports[*] = 443", "a-web-0"),
        ("ports[] > 50", "a-dns a-web-0"),
        ("ports[*] != 80", "a-dns a-web-0"),
        (
            "is(kubernetes_pod) and not ports[*] = 80",
            "a-dns a-lost b-web-0 a-web-1",
        ),
        ("ports any > 100", "a-web-0"),
        ("ports all > 60", "a-lost a-web-0 b-web-0 a-web-1"),
        ("ports none = 53", "a-lost a-web-0 b-web-0 a-web-1"),
        ("ports[*] none in [53, 80]", "a-lost b-web-0 a-web-1"),
        ("ports = [53]", "a-dns"),
        ("ports = 53", ""),
        ("ports = []", "a-web-1"),
        (
            "is(kubernetes_pod) and ports = null",
            "a-lost b-web-0 a-web-1",
        ),
        ("containers[*].image =~ nginx", "a-web-0 a-web-1"),
        ("containers[*].image !~ nginx", "a-web-0"),
        ("containers[*].ports[*] = 9000", "a-web-0"),
        ("containers[*].tty != true", "a-web-0 a-web-1"),
        (
            "is(kubernetes_pod) and not containers[*].tty = true",
            "a-dns a-lost b-web-0 a-web-1",
        ),
        (
            "containers[*].image none =~ envoy",
            "a-dns a-lost b-web-0 a-web-1",
        ),
        (
            "containers[*].name = nginx and containers[*].image =~ envoy",
            "a-web-0",
        ),
        ("containers[*].{name = nginx and image =~ envoy}", ""),
        ("containers[*].{name = nginx and ports[*] = 80}", "a-web-0"),
        (
            "containers[*].{not (tty = true) and name = nginx}",
            "a-web-1",
        ),
        ("containers[1].{name = sidecar}", "a-web-0"),
        (
            "containers[1].{tty != true} and is(kubernetes_pod)",
            "a-dns a-lost a-web-0 b-web-0 a-web-1",
        ),
        ("labels.{app = web and tier = front}", "a-web-0"),
        (
            "restarts = 7 or containers[*].{name = sidecar}",
            "a-web-0 b-web-0",
        ),
    ]);
}

#[test]
fn sections_and_other_nodes() {
    check(&[
        ("/desired.clean = true", "a-web-1"),
        (
            "/desired.clean = true and /metadata.protected = yes",
            "a-web-1",
        ),
        ("/metadata.{protected = true}", "a-web-1"),
        ("/metadata.source = stub", "a/ghost"),
        ("has_desired_change(restarts)", "a-web-1"),
        ("has_desired_change(/name)", ""),
        (
            "is(instance) and has_no_desired_change(restarts)",
            "a-n1 b-n1 a-n2",
        ),
        ("is(volume) and account = beta", "b-pv"),
        ("account.id = b and cloud = k8s and is(instance)", "b-n1"),
        ("is(account) and account = alpha", "a"),
        (
            "region = kube-system",
            "a-kube-system a-dns a-token2 a-dns-svc",
        ),
        (
            "is(kubernetes_pod) and /ancestors.kubernetes_node.reported.name = n1",
            "a-dns a-web-0 b-web-0",
        ),
        (
            "is(kubernetes_pod) and /ancestors.kubernetes_node.reported.name != n1",
            "a-lost a-web-1",
        ),
        (
            "is(kubernetes_pod) and /ancestors.no.reported.instance_cores > 4",
            "a-web-1",
        ),
        (
            "is(kubernetes_node) and /descendants.kubernetes_secret.reported.name = token",
            "a-n1",
        ),
        (
            "is(account) and /descendants.kubernetes_pod.reported.name = web-0",
            "b",
        ),
        ("/kinds[*] = volume", "a-pv b-pv"),
        ("/type = node and is(cloud)", "k8s"),
        (
            "/ancestors.region.{reported.x = 1}",
            "error: `/ancestors.region` names no section of the other node",
        ),
    ]);
}

#[test]
fn full_text() {
    check(&[
        ("\"oomkilled\"", "a-dns"),
        ("\"was OOMKilled at\"", "a-dns"),
        ("\"kube dns\"", "a-dns"),
        ("\"dns was oomkilled\"", "a-dns"),
        ("\"oomkilled was\"", ""),
        (
            "(\"nginx\" or \"oomkilled\") and not \"envoy\"",
            "a-dns a-web-1",
        ),
        ("\"fast\" and is(volume)", "a-pv"),
    ]);
}

#[test]
fn walks() {
    check(&[
        (
            "is(kubernetes_node) and account = alpha -->",
            "a-dns a-web-0 a-web-1",
        ),
        ("is(kubernetes_secret) <-- is(kubernetes_pod)", "a-web-0"),
        ("is(kubernetes_secret) <-[1:]- is(kubernetes_node)", "a-n1"),
        ("id(root) -[2]->", "a b"),
        ("id(root) -[0:1]->", "k8s root"),
        (
            "id(root) -[2:3]-> is(region)",
            "a-default b-default a/ghost a-kube-system",
        ),
        ("id(root) -[0:]-> is(account)", "a b"),
        (
            "is(kubernetes_replica_set) <-->",
            "a-default a-web-0 a-web-1",
        ),
        (
            "is(kubernetes_replica_set) <-[0:1]-> is(kubernetes_replica_set)",
            "a-web-rs",
        ),
        ("is(kubernetes_pod) -delete->", "a-web-rs"),
        (
            "is(kubernetes_replica_set) <-delete[1:]-",
            "a-web-0 a-web-1",
        ),
        ("(edge_type=delete): is(kubernetes_pod) -->", "a-web-rs"),
        (
            "is(kubernetes_pod) -default,delete[1]->",
            "a-web-rs a-token",
        ),
        (
            "is(kubernetes_replica_set) <-default[1]delete-> ",
            "a-default",
        ),
        (
            "is(kubernetes_replica_set) <-delete[1]default-> ",
            "a-web-0 a-web-1",
        ),
        ("is(account) -{relation = owns}->", ""),
        (
            "is(kubernetes_replica_set) -{relation = owns}->",
            "a-web-0 a-web-1",
        ),
        (
            "is(kubernetes_pod) <-[1:1]{relation != contains}- is(kubernetes_resource)",
            "a-n1 b-n1 a-n2 a-web-rs a-web",
        ),
        (
            "is(kubernetes_pod) <-{relation in [targets, owns]}-",
            "a-web-rs a-web",
        ),
        (
            "is(kubernetes_pod) and name = dns <-- is(kubernetes_node) -->",
            "a-dns a-web-0",
        ),
        ("is(kubernetes_node) sort name desc limit 1 -->", "a-web-1"),
        (
            "is(kubernetes_node) and name = n2 #here --> ",
            "a-n2 a-web-1",
        ),
    ]);
}

#[test]
fn with_clauses() {
    check(&[
        (
            "is(kubernetes_pod) with(any, <-- is(kubernetes_service))",
            "a-web-0 a-web-1",
        ),
        (
            "is(kubernetes_pod) with(empty, <-- is(kubernetes_node))",
            "a-lost",
        ),
        ("is(kubernetes_node) with(count > 1, -->)", "a-n1"),
        (
            "is(kubernetes_node) with(count == 1, --> is(kubernetes_pod))",
            "b-n1 a-n2",
        ),
        (
            "is(kubernetes_node) with(any, --> is(kubernetes_pod) with(any, --> is(kubernetes_secret)))",
            "a-n1",
        ),
        ("is(region) with(empty, <-->)", ""),
    ]);
}

#[test]
fn order_and_limit() {
    check(&[
        (
            "is(kubernetes_pod) sort restarts",
            "a-lost a-web-1 a-web-0 b-web-0 a-dns",
        ),
        (
            "is(kubernetes_pod) sort restarts desc limit 2",
            "a-dns b-web-0",
        ),
        (
            "is(kubernetes_pod) sort age",
            "b-web-0 a-lost a-web-1 a-web-0 a-dns",
        ),
        ("is(kubernetes_pod) sort age desc limit 1", "a-dns"),
        (
            "is(kubernetes_pod) sort name, /ancestors.account.reported.name desc",
            "a-dns a-lost b-web-0 a-web-0 a-web-1",
        ),
        (
            "is(kubernetes_pod) sort /ancestors.kubernetes_node.reported.name desc, name",
            "a-web-1 a-dns a-web-0 b-web-0 a-lost",
        ),
        ("is(kubernetes_pod) limit 1, 2", "a-lost a-web-0"),
        ("is(kubernetes_pod) limit 2 reversed", "a-lost a-dns"),
        ("is(kubernetes_pod) limit 0", ""),
        ("is(kubernetes_pod) limit 9, 9", ""),
    ]);
}

#[test]
fn implicit_kinds() {
    check(&[("volume_size != 3", "a-pv")]);
    let graph = graph();
    // Under `not` the restriction is inside of the negation.
    let found = ids(&graph, "not volume_size = 3").unwrap();
    assert!(!found.contains(&"b-pv".to_owned()) && found.contains(&"a-web-0".to_owned()));
    let explained = graph.explain(&request("volume_size != 3")).unwrap();
    assert_eq!(
        explained["restricted_to_kinds"],
        json!(["snapshot", "volume"])
    );
    assert_eq!(explained["estimated_nr_items"], 2);
}

#[test]
fn merges() {
    check(&[
        (
            "is(kubernetes_pod) {node: <-- is(kubernetes_node)} node.reported.name = n2",
            "a-web-1",
        ),
        (
            "is(kubernetes_node) {pods[]: --> is(kubernetes_pod)} pods[*].reported.name = dns",
            "a-n1",
        ),
        (
            "is(kubernetes_pod) {node: <-- is(kubernetes_node)} node = null",
            "a-lost",
        ),
        (
            "is(kubernetes_node) {n: aggregate(sum(1) as c): -->} n[0].c > 1",
            "a-n1",
        ),
        (
            "is(kubernetes_pod) {up[]: <-[1:]- is(account)} up[*].reported.name = beta",
            "b-web-0",
        ),
    ]);
    let graph = graph();
    let found = rows(&graph, &request("is(kubernetes_secret) and account = alpha and region = default {pod: <-- is(kubernetes_pod), a.b[]: <--}")).unwrap();
    assert_eq!(found[0]["reported"]["pod"]["reported"]["name"], "web-0");
    let around = found[0]["reported"]["a"]["b"].as_array().unwrap();
    assert_eq!(around.len(), 2);
}
