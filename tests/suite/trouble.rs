//! Bad input: one clear message, a way out, the right exit code, and nothing lost.
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};
use stocktake_kubernetes_sim::fleet::{FleetShape, Trouble};
use stocktake_kubernetes_sim::{Effect, Matcher, Times};
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
        ("search replicas > 3", "deployment_spec.replicas"),
        (
            "search is(kubernetes_pod) and pod_ip = 1",
            "pod_status.pod_ip",
        ),
        ("search zzzzzz = 1", "`kinds KIND`"),
        ("kinds -p containers", "pod_spec.containers"),
    ] {
        let ran = place.line(line).code(2);
        assert!(ran.err.contains(said), "{line}: {}", ran.err);
        assert!(ran.err.contains("error: "), "{line}: {}", ran.err);
        assert_eq!(ran.out, "", "{line}");
    }
    // No mistake, but probably not what was meant.
    let line = "search is(kubernetes_pod) and restart_count > 3 | count";
    let ran = place.line(line).code(0);
    assert!(
        ran.err.contains("`restart_count` is a property of `kubernetes_container`, not of `kubernetes_pod`; there it is `pod_status.container_statuses[*].restart_count`"),
        "{}",
        ran.err
    );
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
        .line("search is(kubernetes_cluster) | list name")
        .code(3);
    assert_eq!(ran.out, "name=prod-eu\nname=prod-us\n");
    assert!(
        ran.err.contains("1 of 3 clusters incomplete: staging"),
        "{}",
        ran.err
    );
}

#[test]
fn a_forbidden_kind_is_a_gap_that_says_how_to_close_it() {
    let place = Place::small(PROGRAM);
    let ran = place.line("clusters gaps");
    assert!(ran.out.contains("staging"), "{}\n{}", ran.out, ran.err);
    assert!(
        ran.out.contains("networkpolicies") || ran.out.contains("network_polic"),
        "{}",
        ran.out
    );
    // A question that does not touch the gap has a complete answer.
    let ran = place.line("search is(kubernetes_pod) | count kind");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let ran = place.line("search is(kubernetes_network_policy) | count kind");
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
    // Words for kinds are known all the same: there is one trouble, not two.
    let mut program = place.program();
    program.env_remove("KUBECONFIG").args([
        "-c",
        "search is(kubernetes_pod) and pod_status.phase = Running | count",
    ]);
    let ran = stocktake_tests::run(&mut program, "");
    assert_eq!(ran.err.matches("error: ").count(), 1, "{}", ran.err);
    assert_eq!(ran.code, 1, "{}", ran.err);
}

#[test]
fn without_any_cluster_that_answers_it_failed() {
    let place = Place::small(PROGRAM);
    let ran = place
        .arguments(&[
            "--context",
            "nope",
            "-c",
            "search is(kubernetes_pod) | count",
        ])
        .code(1);
    assert!(
        ran.err.contains("there is no context `nope`"),
        "{}",
        ran.err
    );
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
        .line("search is(kubernetes_cluster) | list name")
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
    let line = "search is(kubernetes_cluster) | protect | format --json | write out.json";
    let ran = place.line(line).code(2);
    assert!(ran.err.contains("--force"), "{}", ran.err);
    assert!(ran.err.contains("^^^^^^^^"), "{}", ran.err);
    assert_eq!(
        std::fs::read_to_string(place.home().join("out.json")).unwrap(),
        "precious"
    );
    // It was seen before anything ran.
    let ran = place.line("search /metadata.protected = true | list name");
    assert_eq!(ran.out, "");
}

/// The kubeconfig of a place with one user entry or cluster entry changed.
fn kubeconfig(place: &Place, change: impl FnOnce(&mut Value)) {
    let mut document = place.fleet().kubeconfig().clone();
    change(&mut document);
    place.write("kubeconfig", &document.to_string());
}

#[test]
fn a_cluster_that_cannot_be_entered_is_explained_and_the_others_are_collected() {
    let place = Place::small(PROGRAM);
    let other = Place::small(PROGRAM);
    let foreign =
        other.fleet().kubeconfig()["clusters"][0]["cluster"]["certificate-authority-data"].clone();
    let exec = |command: &str| {
        json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": command,
                        "interactiveMode": "Never"}})
    };
    let cases: [(&str, Value, Value, &str); 4] = [
        (
            "a refused token",
            json!({"token": "expired"}),
            Value::Null,
            "authenticate",
        ),
        (
            "a missing exec plugin",
            exec("no-such-plugin"),
            Value::Null,
            "no-such-plugin",
        ),
        (
            "the wrong CA",
            Value::Null,
            json!({"certificate-authority-data": foreign}),
            "certificate",
        ),
        (
            "an unreachable server",
            Value::Null,
            json!({"server": "https://127.0.0.1:1"}),
            "127.0.0.1:1",
        ),
    ];
    for (case, user, cluster, said) in cases {
        kubeconfig(&place, |document| {
            if let Some(cluster) = cluster.as_object() {
                let entry = document["clusters"][1]["cluster"]
                    .as_object_mut()
                    .expect("an entry");
                entry.extend(cluster.clone());
            }
            if user.is_object() {
                document["users"][1]["user"] = user;
            }
        });
        let data = place.home().join(case.replace(' ', "-"));
        let line = "search is(kubernetes_cluster) | list name";
        let ran = place
            .arguments(&["--data-dir", data.to_str().unwrap(), "-c", line])
            .code(3);
        assert_eq!(
            ran.out, "name=prod-eu\nname=staging\n",
            "{case}: {}",
            ran.err
        );
        let mut told = ran
            .err
            .lines()
            .skip_while(|line| !line.starts_with("error: "));
        let error = told.next().unwrap_or_else(|| panic!("{case}: {}", ran.err));
        assert!(
            error.contains("prod-us") && error.contains(said),
            "{case}: {error}"
        );
        // The way out stands behind the fact.
        let hint = told.next().unwrap_or_default();
        assert!(hint.starts_with("  hint: "), "{case}: {}", ran.err);
    }
}

#[test]
fn an_exec_plugin_that_hangs_costs_ten_seconds_and_its_own_cluster_only() {
    let place = Place::small(PROGRAM);
    kubeconfig(&place, |document| {
        document["users"][1]["user"] = json!({"exec": {
            "apiVersion": "client.authentication.k8s.io/v1", "command": "sleep", "args": ["600"],
            "interactiveMode": "Never"}});
    });
    let ran = place
        .line("search is(kubernetes_cluster) | list name")
        .code(3);
    assert_eq!(ran.out, "name=prod-eu\nname=staging\n", "{}", ran.err);
    assert!(ran.err.contains("sleep"), "{}", ran.err);
}

#[test]
fn one_malformed_object_is_a_gap_and_nothing_more() {
    let place = Place::small(PROGRAM);
    let faults = place.sim("prod-us").faults();
    faults.add(
        Matcher::on("list", "configmaps"),
        Effect::MalformedObject,
        Times::Forever,
    );
    let count =
        "search is(kubernetes_config_map) and /ancestors.account.reported.name = prod-us | count";
    let ran = place.line(count).code(3);
    let there = place.sim("prod-us").count("", "configmaps");
    assert!(
        ran.out.contains(&format!("total matched: {}", there - 1)),
        "{there}: {}",
        ran.out
    );
    let ran = place.line("clusters gaps prod-us");
    assert!(ran.out.contains("malformed"), "{}", ran.out);
}

#[test]
fn what_was_collected_stays_when_a_cluster_goes_away() {
    let place = Place::small(PROGRAM);
    let line =
        "search is(kubernetes_resource) and /ancestors.account.reported.name = prod-us | count";
    let before = place.line(line).code(3);
    kubeconfig(&place, |document| {
        document["clusters"][1]["cluster"]["server"] = json!("https://127.0.0.1:1");
    });
    let ran = place.line("workflows run collect");
    assert_eq!(ran.code, 1, "{}", ran.err);
    let after = place.line(line);
    assert_eq!(after.out, before.out);
    let ran = place.line("clusters");
    assert!(ran.out.contains("failed: "), "{}", ran.out);
}

#[test]
fn a_full_disk_is_said_and_costs_nothing_that_was_stored() {
    let place = Place::small(PROGRAM);
    let line = "search is(kubernetes_resource) | count";
    let before = place.line(line);
    // Files may not grow beyond 64 KiB: what the file system says is what a full disk says.
    let script = "trap '' XFSZ; ulimit -f 64; exec \"$@\"";
    let program = place.program();
    let mut limited = std::process::Command::new("sh");
    limited
        .arg("-c")
        .arg(script)
        .arg("sh")
        .arg(program.get_program());
    limited.args([
        "-c",
        "config set stocktake.worker worker.cleanup=true",
        "-c",
        "workflows run collect",
    ]);
    limited.current_dir(place.home()).env_clear();
    limited.envs(
        program
            .get_envs()
            .filter_map(|(key, value)| Some((key, value?))),
    );
    let ran = stocktake_tests::run(&mut limited, "");
    assert_eq!(ran.code, 1, "{}\n{}", ran.out, ran.err);
    assert!(ran.err.contains("error: "), "{}", ran.err);
    let after = place.line(line);
    assert_eq!(
        (after.code, &after.out),
        (before.code, &before.out),
        "{}",
        after.err
    );
}

#[test]
fn a_cluster_that_left_the_configuration_stays_until_it_is_forgotten() {
    let place = Place::small(PROGRAM);
    let ran = place.line("clusters forget prod-us");
    assert_eq!(
        ran.code, 2,
        "a configured cluster would come back: {}",
        ran.err
    );
    kubeconfig(&place, |document| {
        let contexts = document["contexts"].as_array_mut().expect("a list");
        contexts.retain(|context| context["name"] != "prod-us");
    });
    let ran = place.arguments(&["-c", "workflows run collect", "-c", "clusters"]);
    assert!(ran.out.contains("unconfigured"), "{}\n{}", ran.out, ran.err);
    let line = "search is(kubernetes_cluster) | list name";
    assert_eq!(
        place.line(line).out,
        "name=prod-eu\nname=prod-us\nname=staging\n"
    );
    let ran = place.arguments(&["-c", "clusters forget prod-us", "-c", line]);
    assert!(
        ran.out.ends_with("name=prod-eu\nname=staging\n"),
        "{}\n{}",
        ran.out,
        ran.err
    );
}

#[test]
fn an_owner_waits_for_those_who_are_attached() {
    let place = Place::small(PROGRAM);
    let quit = std::time::Instant::now();
    // Both read from pipes we hold: each stays until its pipe is closed.
    let start = || {
        let mut program = place.program();
        program
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        program.spawn().unwrap()
    };
    let mut owner = start();
    wait_for_socket(&place);
    let mut guest = start();
    let said = BufReader::new(guest.stderr.take().unwrap()).lines().next();
    assert!(said.unwrap().unwrap().contains("attached"));
    drop(owner.stdin.take());
    let waits = BufReader::new(owner.stderr.take().unwrap())
        .lines()
        .map_while(Result::ok)
        .find(|line| line.contains("it stays until they leave"));
    assert!(waits.is_some(), "after {:?}", quit.elapsed());
    assert!(
        owner.try_wait().unwrap().is_none(),
        "it left while somebody was attached"
    );
    drop(guest.stdin.take());
    assert!(guest.wait().unwrap().success());
    assert!(owner.wait().unwrap().code().is_some());
}
