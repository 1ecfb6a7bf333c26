//! Several workers at one core: each piece of work is done by one of them.
use std::collections::BTreeMap;
use std::process::{Child, Stdio};

use serde_json::json;
use stocktake_tests::Place;

use crate::cluster::{in_shop, object, of};

const PROGRAM: &str = env!("CARGO_BIN_EXE_stocktake-under-test");
/// Objects that are tagged.
const MANY: usize = 40;

/// Processes that end with the test.
struct Parts(Vec<Child>);

impl Drop for Parts {
    fn drop(&mut self) {
        for part in &mut self.0 {
            // One that has ended by itself is not worth a second panic.
            let _ = part.kill();
            let _ = part.wait();
        }
    }
}

/// A core, and so many workers of it.
fn start(place: &Place, workers: usize) -> Parts {
    let part = |word: &str| {
        let mut program = place.program();
        program.arg(word).stdin(Stdio::null()).stdout(Stdio::null());
        program
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts")
    };
    let mut parts = Parts(vec![part("core")]);
    let socket = place.home().join(".local/share/stocktake/core.sock");
    let begun = std::time::Instant::now();
    while !socket.exists() && begun.elapsed().as_secs() < 30 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    parts.0.extend((0..workers).map(|_| part("worker")));
    parts
}

#[test]
fn two_workers_never_do_the_same_work_twice() {
    let mut objects = vec![
        object("v1", "Namespace", "kube-system", json!({})),
        object("v1", "Namespace", "shop", json!({})),
    ];
    let names: Vec<String> = (0..MANY)
        .map(|number| format!("settings-{number:02}"))
        .collect();
    objects.extend(
        names
            .iter()
            .map(|name| in_shop("v1", "ConfigMap", name, json!({"data": {}}))),
    );
    let (place, sim) = of(PROGRAM, objects);
    let parts = start(&place, 2);
    let ran = place.arguments(&[
        "-c",
        "workflows run collect",
        "-c",
        "search is(kubernetes_config_map) and namespace = shop | tag update owner ann | count tags.owner",
    ]);
    drop(parts);
    assert!(
        ran.out.contains(&format!("ann: {MANY}")),
        "{}\n{}",
        ran.out,
        ran.err
    );
    let mut changed: BTreeMap<String, usize> = BTreeMap::new();
    let mut listed = 0;
    for request in sim.requests() {
        if request.method == "PATCH" {
            *changed.entry(request.path).or_default() += 1;
        } else if request.path == "/api/v1/configmaps" {
            listed += 1;
        }
    }
    let once = |name: &String| (format!("/api/v1/namespaces/shop/configmaps/{name}"), 1);
    assert_eq!(changed, names.iter().map(once).collect());
    assert_eq!(listed, 1);
}
