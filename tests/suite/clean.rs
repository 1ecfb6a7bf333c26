//! Cleaning by a plan: what was reviewed is deleted, and nothing else; what was done can be read and undone.
use serde_json::{Value, json};
use stocktake_tests::{Place, Ran};

const PROGRAM: &str = env!("CARGO_BIN_EXE_stocktake-under-test");

/// Switches cleaning on, both switches.
const ON: &str = "config set stocktake.worker worker.cleanup=true worker.cleanup_dry_run=false worker.cleanup_guards.always_allowed=50 k8s.delete_wait_secs=1\n";

/// A config map of the test in the first cluster.
fn make(place: &Place, name: &str) -> String {
    let map = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "default"}, "data": {"colour": "green"},
    });
    place.sim("prod-eu").put(map).unwrap();
    uid(place, name).expect("it was made")
}

fn uid(place: &Place, name: &str) -> Option<String> {
    let found = place
        .sim("prod-eu")
        .object("", "configmaps", Some("default"), name)?;
    Some(found["metadata"]["uid"].as_str()?.to_owned())
}

/// A place with these config maps, collected, and cleaning switched on.
fn with(names: &[&str]) -> Place {
    let place = Place::small(PROGRAM);
    for name in names {
        make(&place, name);
    }
    let ran = place.lines(&format!("{ON}workflows run collect\n"));
    assert!(matches!(ran.code, 0 | 3), "{}\n{}", ran.out, ran.err);
    place
}

fn mark(place: &Place, names: &str) -> Ran {
    place.lines(&format!(
        "search is(kubernetes_config_map) and name =~ \"^({names})$\" and account = prod-eu | clean \"left over\" | list name\n"
    ))
}

fn plan(place: &Place) -> Ran {
    place.arguments(&["-c", "clean plan -o plan.json --force"])
}

fn apply(place: &Place) -> Ran {
    place.arguments(&["-c", "clean apply plan.json | list verdict, name, message"])
}

#[test]
fn what_was_planned_is_deleted_and_nothing_that_was_marked_later() {
    let place = with(&["old-1", "old-2", "late"]);
    mark(&place, "old-1|old-2");
    let planned = plan(&place);
    assert!(
        planned.out.contains("old-1"),
        "{}\n{}",
        planned.out,
        planned.err
    );
    assert!(planned.err.contains("2 of 2 may go"), "{}", planned.err);
    let again = place.arguments(&["-c", "clean plan -o plan.json"]).code(1);
    assert!(
        again.err.contains("--force"),
        "a plan is not lost: {}",
        again.err
    );
    mark(&place, "late");
    let applied = apply(&place);
    assert_eq!(
        sorted(&applied.out),
        [
            "verdict=deleted, name=old-1, message=",
            "verdict=deleted, name=old-2, message="
        ],
        "{}",
        applied.err
    );
    assert_eq!((uid(&place, "old-1"), uid(&place, "old-2")), (None, None));
    assert!(uid(&place, "late").is_some());
    // Once more says what became of it, and asks no server.
    let deletions = deletions(&place);
    let applied = apply(&place).code(0);
    assert_eq!(sorted(&applied.out).len(), 2, "{}", applied.out);
    assert_eq!(self::deletions(&place), deletions);
}

fn sorted(out: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = out.lines().collect();
    lines.sort_unstable();
    lines
}

fn deletions(place: &Place) -> usize {
    let requests = place.sim("prod-eu").requests();
    requests.iter().filter(|one| one.method == "DELETE").count()
}

#[test]
fn a_plan_that_was_changed_or_made_elsewhere_is_refused() {
    let place = with(&["old-1", "other"]);
    mark(&place, "old-1");
    plan(&place);
    let path = place.home().join("plan.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let (one, other) = (uid(&place, "old-1").unwrap(), uid(&place, "other").unwrap());
    let longer = |text: &str| {
        let mut plan: Value = serde_json::from_str(text).unwrap();
        plan["expires"] = json!("2999-01-01T00:00:00Z");
        plan.to_string()
    };
    for (changed, said) in [
        (text.replace(&one, &other), "changed"),
        (longer(&text), "changed"),
        (
            text.replace("\"digest\": \"", "\"digest\": \"0"),
            "did not make",
        ),
        ("{}".to_owned(), "no plan"),
    ] {
        assert_ne!(changed, text);
        place.write("plan.json", &changed);
        let ran = apply(&place).code(2);
        assert!(ran.err.contains(said), "{said}: {}", ran.err);
        assert!(ran.err.contains("hint: "), "{}", ran.err);
    }
    assert_eq!(deletions(&place), 0);
}

#[test]
fn what_is_no_longer_what_was_planned_stays() {
    let place = with(&["edited", "made-anew", "taken-back", "protected", "held"]);
    mark(&place, "edited|made-anew|taken-back|protected|held");
    plan(&place);
    let sim = place.sim("prod-eu");
    let edit = |name: &str, change: Value| {
        let mut map = sim.object("", "configmaps", Some("default"), name).unwrap();
        map["apiVersion"] = json!("v1");
        map["kind"] = json!("ConfigMap");
        for (key, value) in change.as_object().unwrap() {
            map["metadata"][key] = value.clone();
        }
        sim.put(map).unwrap();
    };
    edit("edited", json!({"annotations": {"a": "b"}}));
    edit(
        "made-anew",
        json!({"uid": "00000000-0000-0000-0000-00000000000a"}),
    );
    place.lines(
        "search is(kubernetes_config_map) and name = taken-back | set_desired clean=null\n\
         search is(kubernetes_config_map) and name = protected | protect\n",
    );
    let applied = apply(&place).code(1);
    let said = sorted(&applied.out).join("\n");
    for (name, verdict, why) in [
        ("edited", "changed", "version"),
        ("made-anew", "changed", "another object"),
        ("taken-back", "refused", "`not-marked`"),
        ("protected", "refused", "`protected`"),
        ("held", "deleted", ""),
    ] {
        let line = said
            .lines()
            .find(|line| line.contains(&format!("name={name},")));
        let line = line.unwrap_or_else(|| panic!("{name}: {said}\n{}", applied.err));
        assert!(line.starts_with(&format!("verdict={verdict},")), "{line}");
        assert!(line.contains(why), "{line}");
        assert_eq!(uid(&place, name).is_some(), verdict != "deleted", "{name}");
    }
}
