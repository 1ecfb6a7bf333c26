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
    let put = place.sim("prod-eu").put(map);
    put.expect("config maps are served");
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
    switch_on(&place);
    place
}

/// Switches cleaning on and collects.
fn switch_on(place: &Place) {
    let _ = place
        .lines(&format!("{ON}workflows run collect\n"))
        .worked();
}

fn mark(place: &Place, names: &str) -> Ran {
    place.lines(&format!(
        "search is(kubernetes_config_map) and name =~ \"^({names})$\" and account = prod-eu | clean \"left over\" | list name\n"
    ))
}

fn plan(place: &Place) -> Ran {
    place.line("clean plan -o plan.json --force")
}

fn apply(place: &Place) -> Ran {
    place.line("clean apply plan.json | list verdict, name, message")
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
    let again = place.line("clean plan -o plan.json").code(2);
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

#[test]
fn a_plan_is_over_when_its_answer_is_and_may_be_applied_again() {
    let place = with(&["old-1", "old-2"]);
    mark(&place, "old-1|old-2");
    plan(&place);
    let apply = "clean apply plan.json | list verdict, name\n";
    let twice = place.lines(&apply.repeat(2)).code(0);
    assert_eq!(
        twice.out.matches("verdict=deleted").count(),
        4,
        "{}",
        twice.err
    );
    let before = "the plan was carried out before";
    assert_eq!(twice.err.matches(before).count(), 1, "{}", twice.err);
    // Each was tried by a dry run first.
    assert_eq!(deletions(&place), 4);
}

#[test]
fn a_plan_that_lets_nothing_go_says_so() {
    let place = with(&["old-1"]);
    mark(&place, "old-1");
    place.lines("search /desired.clean = true | protect\n");
    let planned = plan(&place);
    let guard = "guard `protected` refuses 1 (setting: ";
    assert!(planned.err.contains(guard), "{}", planned.err);
    let applied = apply(&place).code(0);
    assert_eq!(applied.out, "");
    assert!(
        applied.err.contains("the plan lets nothing go"),
        "{}",
        applied.err
    );
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
    edit(&place, "edited", |map| {
        map["metadata"]["annotations"] = json!({"a": "b"});
    });
    edit(&place, "made-anew", |map| {
        map["metadata"]["uid"] = json!("00000000-0000-0000-0000-00000000000a");
    });
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

/// Changes a config map behind everybody's back.
fn edit(place: &Place, name: &str, change: impl FnOnce(&mut Value)) {
    let sim = place.sim("prod-eu");
    let map = sim.object("", "configmaps", Some("default"), name);
    let mut map = map.expect("it is there");
    map["apiVersion"] = json!("v1");
    map["kind"] = json!("ConfigMap");
    change(&mut map);
    sim.put(map).expect("config maps are served");
}

#[test]
fn what_was_done_can_be_read_and_undone() {
    let place = Place::small(PROGRAM);
    make(&place, "old-1");
    make(&place, "old-2");
    edit(&place, "old-2", |map| {
        map["data"]["DB_PASSWORD"] = json!("canary");
    });
    switch_on(&place);
    let old = uid(&place, "old-1").unwrap();
    mark(&place, "old-1|old-2");
    plan(&place);
    assert_eq!(apply(&place).code, 0);
    let log = place.arguments(&[
        "-c",
        "audit --action delete | list who, verdict, name, uid, line",
    ]);
    let log = log.code(0).out;
    assert_eq!(log.lines().count(), 2, "{log}");
    let line = log.lines().find(|line| line.contains("name=old-1"));
    assert_eq!(
        line,
        Some(&*format!(
            "who=tester, verdict=deleted, name=old-1, uid={old}, line=clean apply plan.json | list verdict, name, message"
        ))
    );
    let verified = place.line("audit verify").code(0);
    assert!(verified.out.starts_with("2 entries"), "{}", verified.out);
    let number = |name: &str| {
        let listed = place.line(&format!("audit {name} | format {{number}}"));
        listed.out.trim().to_owned()
    };
    let (one, two) = (number("old-1"), number("old-2"));
    let dry = place.line(&format!("restore --dry-run {one}")).code(0);
    assert!(dry.out.contains("would be restored"), "{}", dry.out);
    assert_eq!(uid(&place, "old-1"), None);
    let ran = place.line(&format!("restore {one}")).code(0);
    assert!(ran.out.starts_with("verdict=restored"), "{}", ran.out);
    let new = uid(&place, "old-1").unwrap();
    assert!(new != old && ran.out.contains(&new), "{}", ran.out);
    let again = place.line(&format!("restore {one}")).code(1);
    assert!(again.out.contains("already exists"), "{}", again.out);
    // What was never kept has to be given, and is not kept now either.
    let ran = place.line(&format!("restore {two}")).code(2);
    assert!(ran.err.contains("data.DB_PASSWORD"), "{}", ran.err);
    let fill = format!("restore --fill data.DB_PASSWORD=canary {two}");
    assert_eq!(place.line(&fill).code, 0);
    let map = place
        .sim("prod-eu")
        .object("", "configmaps", Some("default"), "old-2");
    assert_eq!(
        map.unwrap()["data"],
        json!({"colour": "green", "DB_PASSWORD": "canary"})
    );
    let log = place.line("audit --action restore | list verdict, line");
    assert!(!log.out.contains("canary"), "{}", log.out);
    assert_eq!(log.out.lines().count(), 3, "{}", log.out);
    let unknown = place.line("restore 99").code(2);
    assert!(unknown.err.contains("30 days"), "{}", unknown.err);
}

#[test]
fn tags_have_an_outcome_each_and_stand_in_the_log() {
    let place = with(&["one", "gone", "protected", "two"]);
    place
        .sim("prod-eu")
        .remove("", "configmaps", Some("default"), "gone");
    let all = "search is(kubernetes_config_map) and name =~ \"^(one|two|gone|protected)$\" and account = prod-eu";
    place.lines("search is(kubernetes_config_map) and name = protected | protect\n");
    let label =
        format!("{all} | tag update --label owner team-{{name}} | list name, labels, error");
    let ran = place.line(&label).code(1);
    for said in [
        "name=one, owner=team-one\n",
        "name=two, owner=team-two\n",
        "`default/gone` is gone from `prod-eu`",
        "`default/protected` in `prod-eu` is protected",
    ] {
        assert!(ran.out.contains(said), "{said}: {}\n{}", ran.out, ran.err);
    }
    let dry = format!("{all} | tag update --dry-run owner x | count");
    place.line(&dry);
    let map = place
        .sim("prod-eu")
        .object("", "configmaps", Some("default"), "one");
    let metadata = &map.unwrap()["metadata"];
    assert_eq!(metadata["labels"], json!({"owner": "team-one"}));
    assert_eq!(
        metadata["annotations"],
        Value::Null,
        "a dry run changes nothing"
    );
    let wrong = format!("{all} and name = one | tag update \"no key\" x");
    let ran = place.line(&wrong).code(1);
    assert!(ran.out.contains("is no key the API takes"), "{}", ran.out);
    let image = "search is(kubernetes_container) limit 1 | tag update owner x";
    let ran = place.line(image).code(1);
    assert!(
        ran.out.contains("no object stands behind it"),
        "{}",
        ran.out
    );
    let two = format!("{all} and name = two");
    let nothing = format!("{two} | tag delete nobody | tag update --label owner team-two | count");
    let ran = place.line(&nothing).code(0);
    assert!(ran.out.contains("total matched: 1"), "{}", ran.out);
    let log = place.line("audit --action tag | list verdict, name, message");
    let mut log: Vec<&str> = log.out.lines().collect();
    log.sort_unstable();
    assert_eq!(log.len(), 6, "{log:?}");
    assert!(log[0].starts_with("verdict=refused, name=one"), "{log:?}");
    assert_eq!(
        log[1],
        "verdict=tagged, name=one, message=label `owner` set to `team-one`"
    );
    assert_eq!(
        log[3..5],
        [
            "verdict=unchanged, name=two, message=annotation `nobody` was not there",
            "verdict=unchanged, name=two, message=label `owner` was `team-two` already",
        ]
    );
    assert!(log[5].starts_with("verdict=vanished, name=gone"), "{log:?}");
}

#[test]
fn what_expired_is_marked_only_behind_its_switch() {
    let place = Place::small(PROGRAM);
    for (name, tags) in [
        ("past", json!({"stocktake/ttl": "1h"})),
        ("future", json!({"stocktake/expires": "2999-01-01"})),
        ("odd", json!({"janitor/ttl": "whenever"})),
    ] {
        make(&place, name);
        edit(&place, name, |map| {
            map["metadata"]["annotations"] = tags;
            map["metadata"]["creationTimestamp"] = json!("2024-05-01T00:00:00Z");
        });
    }
    switch_on(&place);
    let expires = "search is(kubernetes_config_map) and /metadata.expires < 2025-01-01 | list name, /metadata.expires as at";
    let ran = place.line(expires);
    assert_eq!(
        ran.out, "name=past, at=2024-05-01T01:00:00Z\n",
        "{}",
        ran.err
    );
    place.lines("workflows run cleanup\n");
    assert!(uid(&place, "past").is_some(), "nobody switched it on");
    let on = "config set stocktake.worker worker.cleanup_expired=true\nworkflows run cleanup\n";
    let ran = place.lines(on);
    assert!(
        ran.out.contains(" expired, marked for cleaning"),
        "{}\n{}",
        ran.out,
        ran.err
    );
    assert!(
        ran.out.contains("`janitor/ttl: whenever` can not be read"),
        "{}",
        ran.out
    );
    assert_eq!(uid(&place, "past"), None, "{}\n{}", ran.out, ran.err);
    assert!(uid(&place, "future").is_some() && uid(&place, "odd").is_some());
    let log = place.line("audit past | list who, name, verdict");
    assert_eq!(log.out, "who=workflow, name=past, verdict=deleted\n");
}

#[test]
fn much_goes_only_after_somebody_has_said_how_much() {
    let names: Vec<String> = (0..11).map(|number| format!("old-{number}")).collect();
    let place = with(&names.iter().map(String::as_str).collect::<Vec<_>>());
    mark(&place, "old-[0-9]+");
    let planned = plan(&place);
    assert!(planned.err.contains("11 of 11 may go"), "{}", planned.err);
    let refused = apply(&place).code(2);
    assert!(
        refused
            .err
            .contains("this deletes for good: 11 in `prod-eu`"),
        "{}",
        refused.err
    );
    let confirmed = |more: &str| {
        let line = format!("clean apply plan.json {more} | list verdict, name");
        place.line(&line)
    };
    let wrong = confirmed("--confirm prod-eu=10").code(2);
    assert!(wrong.err.contains("11 in `prod-eu`"), "{}", wrong.err);
    let wrong = confirmed("--yes something").code(2);
    assert!(wrong.err.contains("not the digest"), "{}", wrong.err);
    assert!(names.iter().all(|name| uid(&place, name).is_some()));
    let applied = confirmed("--confirm prod-eu=11").code(0);
    assert_eq!(applied.out.matches("verdict=deleted").count(), 11);
    // How far it is, in plain lines where there is no terminal.
    assert!(
        applied
            .err
            .contains("prod-eu: 11 of 11 objects: 11 deleted"),
        "{}",
        applied.err
    );
    assert!(names.iter().all(|name| uid(&place, name).is_none()));
    // A script says it with the digest.
    let text = std::fs::read_to_string(place.home().join("plan.json")).unwrap();
    let text: Value = serde_json::from_str(&text).unwrap();
    let digest = text["digest"].as_str().unwrap();
    assert_eq!(confirmed(&format!("--yes {digest}")).code, 0);
}
