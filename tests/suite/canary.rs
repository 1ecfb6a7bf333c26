//! Values planted where secrets stand in real clusters, then looked for everywhere stocktake writes: its files,
//! every output format, its API, its log with everything on, its errors. None may be found.
//!
//! Where one is expected to stay (a label), it is looked for too: a search that finds nothing proves nothing.
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use stocktake_kubernetes_sim::fleet::FleetShape;
use stocktake_kubernetes_sim::{
    Credential, Effect, Matcher, Sim, SimOptions, Times, User, built_in_kinds,
};
use stocktake_tests::{Place, run};

const PROGRAM: &str = env!("CARGO_BIN_EXE_stocktake-under-test");

/// What every planted value begins with; nothing else does.
const CANARY: &str = "c4naryv4lue";
/// A value that is no secret, and is to be found.
const SEEN: &str = "pl4inv4lue";

fn canary(place: &str) -> String {
    format!("{CANARY}-{place}")
}

fn encoded(place: &str) -> String {
    STANDARD.encode(canary(place))
}

/// Metadata with a copy of the object in it, as `kubectl apply` leaves it.
fn metadata(name: &str, namespace: Option<&str>, labels: &Value) -> Value {
    let copy = json!({"data": {"x": encoded("applied")}, "spec": {"x": canary("applied")}});
    let mut metadata = json!({
        "name": name,
        "labels": labels,
        "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": copy.to_string(),
            "note": SEEN,
        },
    });
    if let Some(namespace) = namespace {
        metadata["namespace"] = namespace.into();
    }
    metadata
}

fn object(api_version: &str, kind: &str, name: &str, parts: Value) -> Value {
    let mut object = json!({
        "apiVersion": api_version,
        "kind": kind,
        "metadata": metadata(name, Some("shop"), &json!({"app": "shop"})),
    });
    let parts = parts.as_object().expect("parts are an object").clone();
    object
        .as_object_mut()
        .expect("it was just made")
        .extend(parts);
    object
}

/// One object of every kind that is built in, with nothing but the copy in its annotations.
fn one_of_each() -> Vec<Value> {
    built_in_kinds()
        .into_iter()
        .filter(|(_, kind, _)| !matches!(*kind, "Namespace" | "Pod"))
        .map(|(api_version, kind, namespaced)| {
            let name = format!("each-{}", kind.to_lowercase());
            let namespace = namespaced.then_some("shop");
            json!({
                "apiVersion": api_version, "kind": kind,
                "metadata": metadata(&name, namespace, &json!({})),
            })
        })
        .fold(Vec::new(), |mut kept, object| {
            // A kind in several versions is one object.
            let same = |other: &Value| other["metadata"]["name"] == object["metadata"]["name"];
            if !kept.iter().any(same) {
                kept.push(object);
            }
            kept
        })
}

fn container() -> Value {
    json!({
        "name": "main",
        "image": "registry.example.com/shop:1",
        "env": [
            {"name": "LEVEL", "value": canary("env")},
            {"name": "DB_PASSWORD", "value": canary("env-password")},
        ],
        "args": [
            format!("--db-password={}", canary("argument")),
            "--token", canary("next-argument"),
            format!("postgres://app:{}@db/shop", canary("url")),
        ],
        "command": ["sh", "-c", format!("API_KEY={} run", canary("script"))],
        "livenessProbe": {"httpGet": {"path": "/", "port": 1, "httpHeaders": [
            {"name": "Authorization", "value": canary("header")}]}},
    })
}

fn workloads() -> Vec<Value> {
    let spec = json!({"containers": [container()], "initContainers": [container()]});
    let template = json!({
        "metadata": {"labels": {"app": "shop"}, "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": canary("template")}},
        "spec": spec,
    });
    vec![
        object("v1", "Pod", "shop", json!({"spec": spec})),
        object(
            "apps/v1",
            "DaemonSet",
            "shop",
            json!({"spec": {"selector": {"matchLabels": {"app": "shop"}}, "template": template}}),
        ),
        object(
            "apps/v1",
            "ControllerRevision",
            "shop",
            json!({"revision": 1, "data": {"spec": {"template": template}}}),
        ),
        object(
            "batch/v1",
            "CronJob",
            "shop",
            json!({"spec": {"jobTemplate": {"spec": {"template": template}}}}),
        ),
    ]
}

fn settings() -> Vec<Value> {
    let mut release = object(
        "v1",
        "Secret",
        "sh.helm.release.v1.shop.v1",
        json!({"type": "helm.sh/release.v1", "data": {"release": encoded("helm")}}),
    );
    release["metadata"]["labels"] = json!({"owner": "helm", "name": "shop", "version": "1"});
    let mut old_release = object(
        "v1",
        "ConfigMap",
        "shop.v1",
        json!({"data": {"release": canary("tiller")}}),
    );
    old_release["metadata"]["labels"] = json!({"OWNER": "TILLER", "NAME": "shop"});
    vec![
        object(
            "v1",
            "Secret",
            "login",
            json!({"type": "Opaque", "data": {"password": encoded("data")},
                "stringData": {"user": canary("string-data")}}),
        ),
        release,
        old_release,
        object(
            "v1",
            "ConfigMap",
            "settings",
            json!({"data": {
                "plain": SEEN,
                "db_password": canary("config-map"),
                "API_KEY": canary("config-map-key"),
                "client.secret": canary("config-map-dotted"),
                "tls.key": format!("-----BEGIN PRIVATE KEY-----\n{}", canary("key")),
            }, "binaryData": {"x": encoded("binary")}}),
        ),
        object(
            "example.com/v1",
            "Database",
            "shop",
            json!({
                "spec": {
                    "password": canary("custom"),
                    "nested": [{"apiKey": canary("custom-nested")}],
                    "parameters": [{"name": "client-secret", "value": canary("custom-pair")}],
                    "size": SEEN,
                },
                "status": {"token": canary("custom-status")},
            }),
        ),
        json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": metadata("databases.example.com", None, &json!({})),
            "spec": {
                "group": "example.com", "scope": "Namespaced",
                "names": {"plural": "databases", "singular": "database", "kind": "Database",
                    "listKind": "DatabaseList"},
                "versions": [{"name": "v1", "served": true, "storage": true, "schema": {
                    "openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}],
            },
        }),
    ]
}

fn objects() -> Vec<Value> {
    let mut objects: Vec<Value> = ["kube-system", "shop"]
        .map(|name| {
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata(name, None, &json!({}))})
        })
        .into();
    objects.extend(workloads());
    objects.extend(settings());
    objects.extend(one_of_each());
    objects
}

/// A place whose only cluster is the one with the planted values, and the token of its user.
fn planted() -> (Place, Sim, String) {
    let nothing = FleetShape {
        clusters: 0,
        ..FleetShape::default()
    };
    let place = Place::new(PROGRAM, &nothing);
    let options = SimOptions {
        users: vec![User::admin()],
        ..SimOptions::default()
    };
    let sim = place
        .runtime()
        .block_on(Sim::start(objects(), options))
        .expect("the cluster starts");
    let kubeconfig = sim
        .kubeconfig("planted", Credential::Token("admin"))
        .expect("there is an admin");
    let token = kubeconfig["users"][0]["user"]["token"]
        .as_str()
        .expect("the admin has a token");
    place.write("kubeconfig", &kubeconfig.to_string());
    (place, sim, token.to_owned())
}

/// Every form a planted value may be written in.
fn forms(token: &str) -> Vec<Vec<u8>> {
    // Whatever stands before it, one of three shifts is how base64 writes it inside of something longer.
    let shifted = (0..3).map(|shift| {
        let text = STANDARD.encode(format!("{}{CANARY}", "x".repeat(shift)));
        text[4..text.len() - 4].to_owned()
    });
    let mut forms: Vec<Vec<u8>> = shifted.map(String::into_bytes).collect();
    forms.push(CANARY.into());
    forms.push(token.into());
    forms
}

fn contains(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}

#[track_caller]
fn assert_clean(what: &str, bytes: &[u8], forms: &[Vec<u8>]) {
    for form in forms {
        if contains(bytes, form) {
            let text = String::from_utf8_lossy(bytes);
            let form = String::from_utf8_lossy(form);
            let at = text.find(&*form).unwrap_or_default();
            let near: String = text[..at].chars().rev().take(300).collect();
            let near: String = near.chars().rev().collect();
            panic!("{what} holds {form}: …{near}{form}…");
        }
    }
}

/// Every file below a directory.
fn files(directory: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(directory).expect("the directory is there") {
        let path = entry.expect("it can be listed").path();
        if path.is_dir() {
            files(&path, found);
        } else if path.is_file() {
            found.push((
                path.display().to_string(),
                std::fs::read(&path).expect("it can be read"),
            ));
        }
    }
}

/// Whatever is compressed in these bytes, decompressed.
fn inside(bytes: &[u8]) -> Vec<Vec<u8>> {
    const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
    let starts = bytes.windows(4).enumerate();
    starts
        .filter(|(_, window)| *window == MAGIC)
        .filter_map(|(at, _)| {
            let decoder = zstd::stream::Decoder::with_buffer(&bytes[at..]).ok()?;
            let mut text = Vec::new();
            // A frame that something else interrupts is read as far as it goes.
            let _ = decoder.single_frame().read_to_end(&mut text);
            Some(text)
        })
        .collect()
}

const QUESTIONS: [&str; 17] = [
    "search all | dump",
    "search all | list",
    "search all | format --json",
    "search all | format --ndjson",
    "search all | format --yaml",
    "search all | format --text",
    "search --with-edges all | format --dot",
    "search --with-edges all | format --graphml",
    "search --with-edges all | format --cytoscape",
    "search all | jq .",
    "search is(kubernetes_pod) | list pod_spec",
    "search is(kubernetes_secret) | list name, type, data_keys, tags",
    "search is(kubernetes_config_map) | list name, data",
    "search all | count tags",
    "search is(kubernetes_pod) | count pod_spec.containers[*].env[*].value",
    "kinds",
    "clusters show planted",
];

#[test]
fn planted_values_are_in_no_file_no_answer_and_no_log() {
    let (place, sim, token) = planted();
    let forms = forms(&token);
    let mut everything = vec!["workflows run collect".to_owned()];
    everything.extend(QUESTIONS.map(str::to_owned));
    everything.push("search is(kubernetes_secret) | tag update owner me | dump".to_owned());
    everything.push("search is(kubernetes_config_map) | tag delete owner | dump".to_owned());
    everything.push("search all | format --json | write out.json".to_owned());
    let mut program = place.program();
    program.arg("-vv").env("STOCKTAKE_LOG", "trace");
    let ran = run(&mut program, &(everything.join("\n") + "\n"));
    assert!(ran.out.contains(SEEN), "{}\n{}", ran.out, ran.err);
    assert!(ran.out.contains("value_hash"), "env is kept as a hash");
    assert!(
        ran.out.contains("owner=me") || ran.out.contains("owner: me"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("TRACE"), "the log has everything");
    assert_clean("the answer", ran.out.as_bytes(), &forms);
    assert_clean("the log", ran.err.as_bytes(), &forms);
    let secret = sim.object("", "secrets", Some("shop"), "login").unwrap();
    assert_eq!(secret["data"]["password"], encoded("data"), "it was there");

    let mut found = Vec::new();
    files(&place.home().join(".local"), &mut found);
    files_are_clean(&found, &forms);
    let written = std::fs::read(place.home().join("out.json")).unwrap();
    assert!(contains(&written, SEEN.as_bytes()));
    assert_clean("out.json", &written, &forms);
}

fn files_are_clean(found: &[(String, Vec<u8>)], forms: &[Vec<u8>]) {
    let mut seen = false;
    for (name, bytes) in found {
        assert_clean(name, bytes, forms);
        for block in inside(bytes) {
            assert_clean(name, &block, forms);
            seen |= contains(&block, SEEN.as_bytes());
        }
    }
    assert!(seen, "the blocks were read: what is no secret is in them");
}

#[test]
fn planted_values_are_in_no_error() {
    let (place, sim, token) = planted();
    let forms = forms(&token);
    for (resource, effect) in [
        ("secrets", Effect::MalformedJson),
        ("configmaps", Effect::MalformedObject),
        ("pods", Effect::CutBody { after_bytes: 900 }),
        ("databases", Effect::MalformedJson),
        ("cronjobs", Effect::Status(500)),
    ] {
        sim.faults()
            .add(Matcher::on("list", resource), effect, Times::Forever);
    }
    let mut program = place.program();
    program.env("STOCKTAKE_LOG", "trace");
    let lines = "clusters gaps\nclusters show planted\nsearch is(kubernetes_cluster) | dump\n";
    let ran = run(&mut program, lines);
    assert!(ran.out.contains("malformed"), "{}\n{}", ran.out, ran.err);
    assert_clean("the answer", ran.out.as_bytes(), &forms);
    assert_clean("the log", ran.err.as_bytes(), &forms);
}

#[test]
fn planted_values_are_in_no_answer_of_the_api() {
    let (place, _sim, token) = planted();
    let forms = forms(&token);
    place.line("workflows run collect");
    let mut core = place
        .program()
        .arg("core")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let socket = place.home().join(".local/share/stocktake/core.sock");
    let mut all = Vec::new();
    for line in QUESTIONS {
        let body = json!({"line": line, "user": "tester", "prompt": false, "width": null,
            "env": {}, "files": {}});
        all.push(asked(&socket, "POST", "/cli/execute", &body.to_string()));
    }
    all.push(asked(&socket, "GET", "/system/info", ""));
    core.kill().unwrap();
    core.wait().unwrap();
    assert!(all.iter().any(|answer| contains(answer, SEEN.as_bytes())));
    for (answer, line) in all.iter().zip(QUESTIONS.into_iter().chain(["info"])) {
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{line}");
        assert_clean(line, answer, &forms);
    }
}

/// The answer of the core, head and body as they come.
fn asked(socket: &Path, method: &str, path: &str, body: &str) -> Vec<u8> {
    let begun = Instant::now();
    let mut stream = loop {
        match UnixStream::connect(socket) {
            Ok(stream) => break stream,
            Err(error) => assert!(begun.elapsed() < Duration::from_secs(30), "{error}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: core\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream
        .write_all(request.as_bytes())
        .expect("the core reads");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("the core answers");
    answer
}
