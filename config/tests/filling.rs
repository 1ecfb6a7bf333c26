//! Texts that lack keys: what is added, where, and that nothing else changes.
//!
//! Only the public interface is used.
use expect_test::{Expect, expect};
use proptest::prelude::*;
use stocktake_config::{DocumentId, completed, parse};

#[track_caller]
fn check(text: &str, expect: Expect) {
    expect.assert_eq(&completed(DocumentId::Core, text).expect("the text is valid"));
}

#[test]
fn keys_are_added_behind_those_before_them() {
    check(
        "# Jane's\nresotocore:\n    # nightly is enough\n    workflows:\n        metrics: {schedule: '5 * * * *'}  # with the report\n        collect_and_cleanup: {schedule: ''}\n    graph:\n        keep_history: true\n        # see the runbook\n        keep_history_for_days: 9\n\naws: {x: 1}\n# the end\n",
        expect![[r"
            # Jane's
            resotocore:
                # How commands behave.
                cli:
                  # The section a path without a leading `/` is looked up in.
                  default_section: 'reported'
                  # Time a search may take, in seconds.
                  search_timeout_secs: 60
                # nightly is enough
                workflows:
                    # Collect only.
                    collect:
                      # Cron expression (minute hour day month weekday, local time); empty for never.
                      schedule: ''
                    # Clean only.
                    cleanup:
                      # Cron expression (minute hour day month weekday, local time); empty for never.
                      schedule: ''
                    metrics: {schedule: '5 * * * *'}  # with the report
                    collect_and_cleanup: {schedule: ''}
                graph:
                    keep_history: true
                    # see the runbook
                    keep_history_for_days: 9
                    # Days every version of resources and edges is kept for `search --at`; later only what a person would want to know.
                    keep_versions_for_days: 30
                    # Days samples of usage are kept for `with_usage`; after two days one in four hours. The last is always kept.
                    keep_usage_for_days: 30

            aws: {x: 1}
            # the end
        "]],
    );
}

#[test]
fn sections_in_braces_and_empty_ones_get_lines_of_their_own() {
    check(
        "{\"core\": {\"graph\": {\"keep_history\": false}, cli: ~, workflows: {metrics: {schedule: '@daily'}}}}\n",
        expect![[r#"
            "core":
              "graph":
                "keep_history": false
                # Days a change stays in the history, if `keep_history` is on; never fewer than versions are kept.
                keep_history_for_days: 180
                # Days every version of resources and edges is kept for `search --at`; later only what a person would want to know.
                keep_versions_for_days: 30
                # Days samples of usage are kept for `with_usage`; after two days one in four hours. The last is always kept.
                keep_usage_for_days: 30
              cli:
                # The section a path without a leading `/` is looked up in.
                default_section: 'reported'
                # Time a search may take, in seconds.
                search_timeout_secs: 60
              workflows:
                # Collect only.
                collect:
                  # Cron expression (minute hour day month weekday, local time); empty for never.
                  schedule: ''
                # Clean only.
                cleanup:
                  # Cron expression (minute hour day month weekday, local time); empty for never.
                  schedule: ''
                metrics: {schedule: '@daily'}
                # Collect, then clean, then compute metrics.
                collect_and_cleanup:
                  # Cron expression (minute hour day month weekday, local time); empty for never.
                  schedule: '0 * * * *'
        "#]],
    );
}

#[test]
fn a_document_that_says_nothing_becomes_the_reference() {
    for id in DocumentId::ALL {
        assert_eq!(completed(id, "").unwrap(), id.reference_yaml());
        let said = completed(id, "# mine\n").unwrap();
        assert_eq!(said, format!("# mine\n\n{}", id.reference_yaml()));
        let reference = id.reference_yaml();
        assert_eq!(completed(id, &reference).unwrap(), reference);
    }
}

/// Blanks in front of a line.
fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The text without the key of a line, its comments and what is below it. `None` if no key begins there.
fn without_key(lines: &[&str], at: usize) -> Option<String> {
    let margin = indent(lines[at]);
    let is_key = margin > 0 && !lines[at].trim_start().starts_with(['#', '-']);
    let comment = |line: &str| indent(line) == margin && line.trim_start().starts_with('#');
    let begin = (0..at).rev().find(|at| !comment(lines[*at]))? + 1;
    let deeper = |line: &str| !line.is_empty() && indent(line) > margin;
    let end = (at + 1..lines.len()).find(|at| !deeper(lines[*at]));
    let kept = lines[..begin]
        .iter()
        .chain(&lines[end.unwrap_or(lines.len())..]);
    is_key.then(|| kept.flat_map(|line| [*line, "\n"]).collect())
}

#[test]
fn whatever_key_a_reference_lacks_it_becomes_whole_again() {
    let mut tried = 0;
    for id in DocumentId::ALL {
        let reference = id.reference_yaml();
        let lines: Vec<&str> = reference.lines().collect();
        // What a person names is complete as it is.
        let keys = (0..lines.len()).filter(|_| id != DocumentId::Snapshots);
        for text in keys.filter_map(|at| without_key(&lines, at)) {
            assert_ne!(text, reference);
            assert_eq!(completed(id, &text).unwrap(), reference, "{text}");
            tried += 1;
        }
    }
    assert!(tried > 60, "{tried}");
}

#[test]
fn a_section_that_is_not_there_is_added_whole() {
    let worker = DocumentId::Worker;
    let text = completed(worker, "k8s:\n  token: [a]\n  context: [b]\n").unwrap();
    let reference = worker.reference_yaml();
    let section = |name: &str| {
        let found = reference.split("\n\n").find(|part| part.contains(name));
        found.expect("it is a section").trim_end().to_owned()
    };
    assert!(text.contains(&section("\nworker:\n")), "{text}");
    assert!(text.contains(&section("\nfile:\n")), "{text}");
    assert!(text.contains("\n  config_files: []\n"), "{text}");
}

#[test]
fn what_cannot_be_added_to_is_left_and_what_is_wrong_is_refused() {
    let alias =
        "x: &x\n  schedule: ''\ncore:\n  workflows:\n    metrics: *x\n    cleanup:\n      <<: *x\n";
    let text = completed(DocumentId::Core, alias).unwrap();
    assert!(text.contains("\n    metrics: *x\n"), "{text}");
    assert!(text.contains("\n    cleanup:\n      <<: *x\n"), "{text}");
    assert!(text.contains("\n    collect_and_cleanup:\n"), "{text}");
    for text in ["core: [", "core: {clli: 1}\n", "- core\n"] {
        assert!(completed(DocumentId::Core, text).is_err(), "{text}");
    }
}

/// Texts of a document with everything that may stand around its keys, right ones and broken ones.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "worker:",
        "k8s:\n",
        "file: {}\n",
        "worker: {cleanup: true}\n",
        "  cleanup: 'true'\n",
        "  cleanup_guards:\n",
        "    max_percent: 5\n",
        "  collector:\n  - k8s\n",
        "  collector:\n",
        "    - k8s\n",
        "  timeout: 3h # c\n",
        "# c\n",
        "  # c\n",
        "\n",
        "  {cleanup_pool_size: 1,\n",
        "  cleanup: true}\n",
        " ~\n",
        " null\n",
        "x: &a\n  cleanup: true\n",
        "  <<: *a\n",
        "---\n",
        "...\n",
        "  files_in_home_dir: {a: |\n",
        "    b}\n",
        "  edges: []",
        "\r\n",
        " $(X)\n",
    ]);
    prop::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn no_text_loses_a_line_or_its_meaning(text in texts()) {
        let worker = DocumentId::Worker;
        let whole = completed(worker, &text);
        prop_assert_eq!(whole.is_ok(), parse(worker, &text).is_ok());
        if let Ok(whole) = whole {
            let settings = |text: &str| parse(worker, text).unwrap().worker();
            prop_assert_eq!(settings(&whole), settings(&text));
            let mut kept = whole.lines();
            for line in text.lines().filter(|line| line.trim_start().starts_with('#')) {
                prop_assert!(kept.any(|other| other == line), "{} is gone: {}", line, whole);
            }
        }
    }
}
