//! Asks the simulator everything that was once asked of a real Kubernetes 1.36 API server, and compares.
//!
//! Needs the folder of recordings, which is not part of the repository: `STOCKTAKE_RECORDED` names it. Without it
//! the test says so and passes. The facts themselves stand in the other tests, which need nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use http::Method;
use serde_json::{Value, json};
use stocktake_kubernetes_sim::{
    Clock, Controllers, Permissions, PodTermination, Sim, SimOptions, User,
};

use crate::client::{Answer, Client};

/// What is not compared, and why.
const LEFT_OUT: &[(&str, &str)] = &[
    (
        "paging/continue-after-compaction",
        "recorded later, when other pods were there",
    ),
    (
        "paging/secrets-table",
        "recorded later; the columns are compared in `paging`",
    ),
    ("watch/01-", "recorded with bookmarks switched off"),
    ("watch/02-", "recorded with bookmarks switched off"),
];

fn folder() -> Option<PathBuf> {
    let named = std::env::var_os("STOCKTAKE_RECORDED").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/recorded/k8s-1.36");
    named.or_else(|| beside.is_dir().then_some(beside))
}

fn read(folder: &Path, file: &str) -> Value {
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}

/// Every recorded object, once.
fn objects(folder: &Path, index: &[Value]) -> Vec<Value> {
    let mut objects = Vec::new();
    for entry in index {
        let file = entry["file"].as_str().unwrap();
        let twice = file.contains("/events.k8s.io_") || file.contains("/autoscaling_v1_");
        if !file.starts_with("lists/") || twice {
            continue;
        }
        let list = read(folder, file);
        let kind = list["kind"].as_str().unwrap().trim_end_matches("List");
        for item in list["items"].as_array().unwrap() {
            let mut item = item.clone();
            item["kind"] = json!(kind);
            item["apiVersion"] = list["apiVersion"].clone();
            objects.push(item);
        }
    }
    objects
}

async fn start(objects: Vec<Value>) -> Sim {
    let options = SimOptions {
        users: vec![User::admin(), User::new("nobody", Permissions::none())],
        clock: Clock::manual("2026-11-20T12:30:10Z".parse().unwrap()),
        controllers: Controllers::ByHand,
        pod_termination: PodTermination::Graceful,
        ..SimOptions::default()
    };
    Sim::start(objects, options).await.unwrap()
}

async fn ask(sim: &Sim, entry: &Value, token: &mut Option<String>) -> Answer {
    if entry["file"] == "delete/10-with-finalizer.json" {
        // Put on before, in a request that was not recorded.
        let held = json!({"metadata": {"finalizers": ["acme.example.com/hold"]}});
        let headers = [
            ("user-agent", "Python-urllib/3.11"),
            ("content-type", "application/merge-patch+json"),
        ];
        let path = entry["path"].as_str().unwrap();
        let admin = Client::new(sim, Some("admin-token"));
        admin
            .send(Method::PATCH, path, &headers, &held.to_string())
            .await;
    }
    let user = match entry["as"].as_str().unwrap() {
        "admin" => Some("admin-token"),
        "none" => Some("nobody-token"),
        "garbage" => Some("garbage"),
        "anonymous" => None,
        other => panic!("who is {other}?"),
    };
    let mut path = entry["path"].as_str().unwrap().to_owned();
    if entry["file"] == "paging/page-2.json" {
        // Tokens are opaque; ours for the same place is the one of the page before.
        let start = path.find("continue=").unwrap();
        path = format!("{}continue={}", &path[..start], token.take().unwrap());
    }
    let mut headers = vec![("user-agent", "Python-urllib/3.11")];
    for (header, key) in [("accept", "accept"), ("content-type", "content_type")] {
        if let Some(value) = entry[key].as_str() {
            headers.push((header, value));
        }
    }
    let body = match &entry["request_body"] {
        Value::Null => String::new(),
        Value::String(text) if text.starts_with("an annotation value") => {
            json!({"metadata": {"annotations": {"long": "x".repeat(262_145)}}}).to_string()
        }
        Value::String(text) => text.clone(),
        body => body.to_string(),
    };
    let method: Method = entry["method"].as_str().unwrap().parse().unwrap();
    let client = Client::new(sim, user);
    let answer = client.send(method, &path, &headers, &body).await;
    if let Ok(body) = serde_json::from_slice::<Value>(&answer.body)
        && let Some(next) = body["metadata"]["continue"].as_str()
    {
        *token = Some(next.to_owned());
    }
    answer
}

/// Takes out what differs between any two clusters, and what the simulator does not claim to know.
fn normal(file: &str, mut body: Value) -> Value {
    if let Some(meta) = body.get_mut("metadata").and_then(Value::as_object_mut) {
        meta.remove("resourceVersion");
        meta.remove("continue");
    }
    match body["kind"].as_str() {
        Some("APIVersions") => body["serverAddressByClientCIDRs"] = Value::Null,
        Some("Table") => {
            let named = |column: &Value| column["name"] == "Age";
            let age = body["columnDefinitions"]
                .as_array()
                .unwrap()
                .iter()
                .position(named);
            for row in body["rows"].as_array_mut().unwrap() {
                row["cells"][age.unwrap()] = Value::Null;
            }
            for column in body["columnDefinitions"].as_array_mut().unwrap() {
                column["description"] = Value::Null;
            }
        }
        Some("SelfSubjectAccessReview") => body["metadata"] = Value::Null,
        // The controllers had touched its status and its fields in between.
        Some("Deployment") if file.starts_with("delete/09") => {
            body["metadata"]["managedFields"] = Value::Null;
            body["status"] = Value::Null;
        }
        // Conditions and the like stand in annotations, as text with fields in another order.
        Some("HorizontalPodAutoscalerList") => {
            for item in body["items"].as_array_mut().unwrap() {
                let annotations = item["metadata"]["annotations"].as_object_mut();
                for text in annotations.into_iter().flat_map(|map| map.values_mut()) {
                    let parsed = text
                        .as_str()
                        .and_then(|text| serde_json::from_str(text).ok());
                    *text = parsed.unwrap_or_else(|| text.clone());
                }
            }
        }
        None if file == "version.json" || file.contains("anonymous-version") => {
            return json!([
                body["major"],
                body["minor"],
                body["gitVersion"],
                body["platform"]
            ]);
        }
        _ => {}
    }
    // Which version is the oldest kept is the cluster's own history.
    if file.starts_with("watch/")
        && let Some(Value::String(message)) = body.pointer_mut("/object/message")
        && let Some((said, _oldest)) = message.rsplit_once(" (")
    {
        *message = said.to_owned();
    }
    // A component status is not stored by a real server, and has neither uid nor age.
    if file.ends_with("componentstatuses.json") {
        for item in body["items"].as_array_mut().unwrap() {
            item["metadata"] = json!({"name": item["metadata"]["name"]});
        }
        let by_name = |item: &Value| item["metadata"]["name"].to_string();
        body["items"].as_array_mut().unwrap().sort_by_key(by_name);
    }
    body
}

fn compare(entry: &Value, answer: &Answer, recorded: Value) -> Result<(), String> {
    let file = entry["file"].as_str().unwrap();
    if u64::from(answer.status) != entry["status"].as_u64().unwrap() {
        return Err(format!(
            "status {} instead of {}",
            answer.status, entry["status"]
        ));
    }
    for (name, header) in [("Content-Type", "content-type"), ("Warning", "warning")] {
        let wanted = entry["headers"][name].as_str();
        if answer.header(header) != wanted {
            return Err(format!(
                "{name} {:?} instead of {wanted:?}",
                answer.header(header)
            ));
        }
    }
    if let Value::String(text) = recorded {
        let ends = |text: &str| {
            (
                text.lines().next().map(str::to_owned),
                text.lines().last().map(str::to_owned),
            )
        };
        let same = ends(&text) == ends(&answer.text());
        return same.then_some(()).ok_or_else(|| answer.text());
    }
    let (ours, theirs) = (normal(file, answer.json()), normal(file, recorded));
    match difference("", &ours, &theirs) {
        None => Ok(()),
        Some(difference) => Err(difference),
    }
}

/// Where two values first differ.
fn difference(path: &str, ours: &Value, theirs: &Value) -> Option<String> {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            let all: BTreeMap<_, _> = a.iter().chain(b).collect();
            all.into_keys()
                .find_map(|key| match (a.get(key), b.get(key)) {
                    (Some(a), Some(b)) => difference(&format!("{path}/{key}"), a, b),
                    (a, _) => Some(format!(
                        "{path}/{key} is {}",
                        if a.is_some() { "too much" } else { "missing" }
                    )),
                })
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => a
            .iter()
            .zip(b)
            .enumerate()
            .find_map(|(at, (a, b))| difference(&format!("{path}/{at}"), a, b)),
        _ => (ours != theirs).then(|| format!("{path}: {ours} instead of {theirs}")),
    }
}

#[tokio::test]
async fn the_recorded_answers_are_given_again() {
    let Some(folder) = folder() else {
        println!("skipped: set STOCKTAKE_RECORDED to the folder of recordings");
        return;
    };
    let Value::Array(index) = read(&folder, "index.json") else {
        panic!("no index")
    };
    let objects = objects(&folder, &index);
    let mut wrong = Vec::new();
    let mut compared = 0;
    // Each folder was recorded from the same state on; the lists show that state.
    let mut by_folder: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for entry in &index {
        let file = entry["file"].as_str().unwrap();
        by_folder
            .entry(file.split_once('/').map_or("", |(folder, _)| folder))
            .or_default()
            .push(entry);
    }
    for (folder_name, entries) in &by_folder {
        let mut objects = objects.clone();
        if *folder_name == "delete" {
            // Made before, in a request that was not recorded.
            objects.push(json!({
                "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
                "metadata": {"name": "rec-block", "namespace": "team-000"},
                "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "app-001"}}},
                "status": {"disruptionsAllowed": 0, "currentHealthy": 2, "desiredHealthy": 2},
            }));
        }
        let sim = start(objects).await;
        let mut token = None;
        for entry in entries {
            let file = entry["file"].as_str().unwrap();
            if LEFT_OUT
                .iter()
                .any(|(left_out, _)| file.starts_with(left_out))
            {
                continue;
            }
            let answer = ask(&sim, entry, &mut token).await;
            compared += 1;
            if let Err(why) = compare(entry, &answer, read(&folder, file)) {
                wrong.push(format!("{file}: {why}"));
            }
        }
    }
    let recorded = read(&folder, "openapi-v3-paths.json");
    let recorded: BTreeSet<&str> = recorded
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let sim = start(objects).await;
    let served = Client::new(&sim, Some("admin-token"))
        .get("/openapi/v3")
        .await
        .json();
    let served: BTreeSet<&str> = served["paths"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(served, recorded, "documents of OpenAPI");
    println!("{compared} answers compared");
    assert!(compared > 100, "the folder holds too little");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
