//! A cluster of hand-written objects, with nothing in it but them, and questions asked of the real program about it.
use serde_json::{Value, json};
use stocktake_kubernetes_sim::fleet::FleetShape;
use stocktake_kubernetes_sim::{Controllers, Credential, Sim, SimOptions};
use stocktake_tests::{Place, run};

/// What stands between two answers.
const BETWEEN: &str = "search is(kubernetes_cluster) | list kind, name\n";

/// The place, and the server of the cluster `one`. No controller acts on the objects.
pub(crate) fn of(program: &str, objects: Vec<Value>) -> (Place, Sim) {
    let nothing = FleetShape {
        clusters: 0,
        ..FleetShape::default()
    };
    let place = Place::new(program, &nothing);
    let options = SimOptions {
        controllers: Controllers::ByHand,
        ..SimOptions::default()
    };
    let sim = place.runtime().block_on(Sim::start(objects, options));
    let sim = sim.expect("the cluster starts");
    let kubeconfig = sim.kubeconfig("one", Credential::Token("admin"));
    place.write(
        "kubeconfig",
        &kubeconfig.expect("there is an admin").to_string(),
    );
    (place, sim)
}

/// The answer to each of the questions, asked in one session after `first` was typed and a collection.
pub(crate) fn answers(place: &Place, first: &str, questions: &[String]) -> Vec<String> {
    let mut lines = format!("{first}workflows run collect\n{BETWEEN}");
    for question in questions {
        lines.push_str(question);
        lines.push('\n');
        lines.push_str(BETWEEN);
    }
    let ran = run(&mut place.program(), &lines);
    let separator = "kind=kubernetes_cluster, name=one\n";
    let mut parts = ran.out.split(separator);
    parts.next();
    let answers: Vec<String> = parts.map(str::to_owned).collect();
    assert_eq!(
        answers.len(),
        questions.len() + 1,
        "{}\n{}",
        ran.out,
        ran.err
    );
    answers[..questions.len()].to_vec()
}

/// An object with a uid of its own: `<kind>-<name>`.
pub(crate) fn object(api_version: &str, kind: &str, name: &str, parts: Value) -> Value {
    let mut object = json!({
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": name, "uid": format!("{}-{name}", kind.to_lowercase())},
    });
    merge(&mut object, parts);
    object
}

/// The same in the namespace `shop`.
pub(crate) fn in_shop(api_version: &str, kind: &str, name: &str, parts: Value) -> Value {
    let mut object = object(api_version, kind, name, parts);
    object["metadata"]["namespace"] = "shop".into();
    object
}

/// The definition of a namespaced custom kind.
pub(crate) fn definition(group: &str, version: &str, kind: &str, plural: &str) -> Value {
    defined(group, version, kind, plural, "Namespaced")
}

/// The definition of a custom kind.
pub(crate) fn defined(group: &str, version: &str, kind: &str, plural: &str, scope: &str) -> Value {
    let name = format!("{plural}.{group}");
    object(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        &name,
        json!({"spec": {
            "group": group, "scope": scope,
            "names": {"plural": plural, "singular": kind.to_lowercase(), "kind": kind,
                "listKind": format!("{kind}List")},
            "versions": [{"name": version, "served": true, "storage": true, "schema": {
                "openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}],
        }}),
    )
}

/// Adds what a JSON object has to another, object by object.
fn merge(to: &mut Value, from: Value) {
    match (to, from) {
        (Value::Object(to), Value::Object(from)) => {
            for (key, value) in from {
                merge(to.entry(key).or_insert(Value::Null), value);
            }
        }
        (to, from) => *to = from,
    }
}
