//! Whatever happens while a plan is made and carried out: nothing goes that was not in the plan as it is, nothing a
//! guard refuses, nothing twice.
mod stage;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};

use stage::{Here, NAMES, Stage};

/// What happens, to a config map by its number or to everything.
#[derive(Debug, Clone, Copy)]
enum Happens {
    Mark(usize),
    Unmark(usize),
    Protect(usize),
    Collect,
    Recreate(usize),
    Edit(usize),
    Hold(usize),
    Release(usize),
    Forbid,
    Allow,
    Refuse,
    Gone,
    Restart,
}

fn happens() -> impl Strategy<Value = Happens> {
    let number = 0..NAMES.len();
    prop_oneof![
        number.clone().prop_map(Happens::Unmark),
        number.clone().prop_map(Happens::Protect),
        number.clone().prop_map(Happens::Mark),
        Just(Happens::Collect),
        number.clone().prop_map(Happens::Recreate),
        number.clone().prop_map(Happens::Edit),
        number.clone().prop_map(Happens::Hold),
        number.prop_map(Happens::Release),
        Just(Happens::Forbid),
        Just(Happens::Allow),
        Just(Happens::Refuse),
        Just(Happens::Gone),
        Just(Happens::Restart),
    ]
}

/// What should be true, told without the program.
#[derive(Debug, Default)]
struct Book {
    /// Uids that changed or were protected since the plan was made, or are new: they stay.
    stay: BTreeSet<String>,
    /// Uids that are not marked any more: they stay unless they are marked again.
    unmarked: BTreeSet<String>,
}

fn act(stage: &mut Stage, here: &Here, happens: Happens, book: &mut Book) {
    let line = |number: usize, what: &str| {
        format!(
            "search is(kubernetes_config_map) and name = {} | {what}",
            NAMES[number]
        )
    };
    match happens {
        Happens::Mark(number) => {
            if let Some(uid) = here.uid(number) {
                book.unmarked.remove(&uid);
            }
            stage.line(&line(number, "clean again"));
        }
        Happens::Unmark(number) => {
            book.unmarked.extend(here.uid(number));
            stage.line(&line(number, "set_desired clean=null"));
        }
        Happens::Protect(number) => {
            book.stay.extend(here.uid(number));
            stage.line(&line(number, "protect"));
        }
        Happens::Collect => drop(stage.line("workflows run collect")),
        Happens::Restart => stage.restart(),
        other => by_hand(here, other, book),
    }
}

/// What others do in the cluster.
fn by_hand(here: &Here, happens: Happens, book: &mut Book) {
    match happens {
        Happens::Recreate(number) => {
            book.stay.extend(here.recreate(number));
        }
        Happens::Edit(number) => {
            let edited = here.edit(number, |map| map["data"]["edited"] = json!("yes"));
            book.stay.extend(edited);
        }
        Happens::Hold(number) => {
            let held = here.edit(number, |map| {
                map["metadata"]["finalizers"] = json!(["acme.dev/hold"]);
            });
            book.stay.extend(held);
        }
        Happens::Release(number) => {
            // One that was asked to go may go now; that is not ours.
            here.edit(number, |map| map["metadata"]["finalizers"] = Value::Null);
        }
        Happens::Forbid => here.may_delete(false),
        Happens::Allow => here.may_delete(true),
        Happens::Refuse => here.fail(409),
        Happens::Gone => here.fail(503),
        other => unreachable!("{other:?} is not done by hand"),
    }
}

/// Uids a plan allows.
fn allowed(plan: &str) -> BTreeSet<String> {
    let plan: Value = serde_json::from_str(plan).expect("a plan is JSON");
    let entries = plan["entries"].as_array().expect("it has entries").iter();
    let allowed = entries.filter(|entry| entry["verdict"] == "allowed");
    let uid = |entry: &Value| entry["object"]["uid"].as_str().map(str::to_owned);
    allowed.filter_map(uid).collect()
}

fn tried(stage: &Stage) -> BTreeMap<String, usize> {
    let mut deleted = BTreeMap::new();
    for uid in stage
        .line("audit --action delete --verdict deleted | format {uid}")
        .lines()
    {
        *deleted.entry(uid.to_owned()).or_default() += 1;
    }
    deleted
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 10,
        failure_persistence: None,
        max_shrink_iters: 0,
        ..ProptestConfig::default()
    })]

    #[test]
    fn nothing_goes_that_was_not_planned_or_that_a_guard_refuses(
        before in prop::collection::vec(happens(), 0..3),
        between in prop::collection::vec(happens(), 0..4),
        during in prop::collection::vec((0_usize..30, happens()), 0..3),
        crash in prop::option::of(0_usize..30),
    ) {
        let here = Here::new(1);
        let mut stage = Stage::new(&here);
        let mut book = Book::default();
        stage.line("search is(kubernetes_config_map) and name =~ \"^m\" | clean \"left over\"");
        for one in before {
            act(&mut stage, &here, one, &mut book);
        }
        let plan = stage.plan();
        let may_go = allowed(&plan);
        // What happened before the plan is in the plan.
        book = Book::default();
        for one in between {
            act(&mut stage, &here, one, &mut book);
        }
        let seen = here.uids();
        let stay: BTreeSet<String> = &book.stay | &book.unmarked;
        let by_hand_only = during.into_iter().filter(|(_, one)| is_by_hand(*one)).collect();
        let (gone_by_hand, edited) = stage.apply_while(&plan, &here, by_hand_only, crash);
        // The same file again: what a crash interrupted goes on, nothing else.
        here.heal();
        stage.restart();
        stage.apply(&plan);
        let now = here.uids();
        for uid in seen.difference(&now).filter(|uid| !gone_by_hand.contains(*uid)) {
            prop_assert!(may_go.contains(uid), "{uid} was not planned");
            prop_assert!(!stay.contains(uid), "{uid} had changed or was taken back");
            prop_assert!(!edited.contains(uid), "{uid} changed on the way");
        }
        for (uid, times) in tried(&stage) {
            prop_assert_eq!(times, 1, "{} was deleted more than once", uid);
            prop_assert!(may_go.contains(&uid), "{} was not planned", uid);
            prop_assert!(!now.contains(&uid), "{} is still there", uid);
        }
        prop_assert!(stage.line("audit verify").contains("none missing"));
        prop_assert_eq!(here.system(), 1, "what is protected stays");
    }
}

fn is_by_hand(happens: Happens) -> bool {
    !matches!(
        happens,
        Happens::Mark(_)
            | Happens::Unmark(_)
            | Happens::Protect(_)
            | Happens::Collect
            | Happens::Restart
    )
}

#[test]
fn another_cluster_under_the_same_context_is_left_alone() {
    let (here, there) = (Here::new(1), Here::new(2));
    let stage = Stage::new(&here);
    stage.line("search is(kubernetes_config_map) and name =~ \"^m\" | clean \"left over\"");
    let plan = stage.plan();
    assert_eq!(allowed(&plan).len(), NAMES.len());
    let before = there.uids();
    stage.lead_to(&there);
    let said = stage.apply(&plan);
    assert!(
        said.contains("is not reachable through any configured context"),
        "{said}"
    );
    assert!(said.contains("deletions in a row failed"), "{said}");
    assert_eq!(there.uids(), before);
    assert_eq!(there.deletions() + here.deletions(), 0);
    // Once it is collected, the guard says it.
    stage.line("workflows run collect");
    let said = stage.apply(&plan);
    assert!(said.contains("guard `swapped`"), "{said}");
    assert_eq!(there.deletions() + here.deletions(), 0);
}

#[test]
fn a_crash_in_the_middle_goes_on_with_the_next_clean_up() {
    let here = Here::new(1);
    let mut stage = Stage::new(&here);
    stage.line("search is(kubernetes_config_map) and name =~ \"^m\" | clean \"left over\"");
    let plan = stage.plan();
    let may_go = allowed(&plan);
    stage.apply_while(&plan, &here, Vec::new(), Some(12));
    let left = here.uids();
    assert!(
        may_go.iter().any(|uid| left.contains(uid)),
        "it was interrupted"
    );
    stage.restart();
    let ran = stage.line("workflows run cleanup");
    assert!(
        ran.contains("going on with the plan of clean apply plan.json"),
        "{ran}"
    );
    let now = here.uids();
    assert!(may_go.iter().all(|uid| !now.contains(uid)), "{ran}");
    assert!(tried(&stage).values().all(|times| *times == 1));
    assert_eq!(tried(&stage).len(), may_go.len(), "each stands in the log");
}
