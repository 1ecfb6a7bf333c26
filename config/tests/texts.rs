//! Changing texts: one value at a time, hiding credentials, showing differences.
//!
//! Only the public interface is used.
use expect_test::expect;
use proptest::prelude::*;
use stocktake_config::{
    ConfigError, DocumentId, MASK, ProblemKind, diff, masked, parse, set, unmask,
};

const STORED: &str = r#"# our workers
resotoworker:
  # never without asking Jane
  cleanup: false   # see the runbook

  collector: ['k8s']
k8s:
  configs:
    - name: 'prod'
      server: https://prod:6443
      token: "s3cr3t"   # rotated in May
    # the old one
    - name: lab
      server: https://lab:6443
      token: $(LAB_TOKEN)
      users:
        - user: {client-key-data: QUJD, tokenFile: /t, password: 12345}
# the end
"#;

#[test]
fn setting_a_value_keeps_comments_and_order() {
    for (path, value, old, new) in [
        (
            "worker.cleanup",
            "true",
            "cleanup: false ",
            "cleanup: true ",
        ),
        (
            "resotoworker.collector",
            "[k8s, file]",
            "['k8s']",
            "['k8s', 'file']",
        ),
        (
            "worker.pool_size",
            "3",
            "['k8s']\n",
            "['k8s']\n  pool_size: 3\n",
        ),
        (
            "k8s.configs[0].server",
            "https://new",
            "https://prod:6443",
            "https://new",
        ),
        (
            "worker.cleanup_guards.max_objects",
            "9",
            "['k8s']\n",
            "['k8s']\n  cleanup_guards:\n    max_objects: 9\n",
        ),
    ] {
        let changed = set(DocumentId::Worker, STORED, path, value).unwrap();
        similar_asserted(&changed, &STORED.replacen(old, new, 1));
    }
    assert_eq!(
        set(DocumentId::Worker, "", "worker.cleanup", "true").unwrap(),
        "worker:\n  cleanup: true\n"
    );
}

#[track_caller]
fn similar_asserted(changed: &str, wanted: &str) {
    assert_eq!(changed, wanted, "\n{}", diff(wanted, changed));
}

#[test]
fn setting_nonsense_is_refused() {
    for (path, value) in [
        ("worker.cleanup", "maybe"),
        ("worker.cleenup", "true"),
        ("k8s.configs[7].token", "x"),
        ("k8s.configs[", "x"),
        ("worker.cleanup", "[unclosed"),
    ] {
        assert!(
            set(DocumentId::Worker, STORED, path, value).is_err(),
            "{path}"
        );
    }
}

#[test]
fn a_path_without_its_section_is_refused_with_the_whole_one() {
    let hint = |id, path: &str| {
        let error = set(id, "k8s: {}\naws: {}\n", path, "x").unwrap_err();
        error.problems[0].hint().unwrap_or_default()
    };
    let (core, worker) = (DocumentId::Core, DocumentId::Worker);
    for (id, path, wanted) in [
        (
            core,
            "workflows.collect.schedule",
            "did you mean `core.workflows.collect.schedule`?",
        ),
        (worker, "cleanup", "did you mean `worker.cleanup`?"),
        (
            worker,
            "pool_size",
            "did you mean `worker.pool_size` or `k8s.pool_size`?",
        ),
        (worker, "wroker.cleanup", "did you mean `worker.cleanup`?"),
        (
            worker,
            "configs[0].token",
            "did you mean `k8s.configs[0].token`?",
        ),
    ] {
        assert_eq!(hint(id, path), wanted, "{path}");
    }
    // Sections of plugins that nobody here knows.
    for path in ["aws.cleanup", "azure.subscriptions"] {
        assert!(set(worker, "aws: {}\n", path, "x").is_ok(), "{path}");
    }
}

#[test]
fn credentials_are_hidden_and_put_back() {
    let shown = masked(DocumentId::Worker, STORED).unwrap();
    let hidden = STORED
        .replace("\"s3cr3t\"", "'****'")
        .replace("QUJD", "'****'")
        .replace("12345", "'****'");
    similar_asserted(&shown, &hidden);
    let edited = shown.replace("cleanup: false", "cleanup: true");
    let merged = unmask(DocumentId::Worker, &edited, STORED).unwrap();
    assert_eq!(
        parse(DocumentId::Worker, &merged).unwrap(),
        parse(
            DocumentId::Worker,
            &STORED.replace("cleanup: false", "cleanup: true")
        )
        .unwrap()
    );
    assert!(merged.contains("# rotated in May"));
}

#[test]
fn credentials_follow_the_name_of_their_entry() {
    let stored = "k8s: {configs: [{name: a, token: ta}, {name: b, token: tb}]}\n";
    let new = "k8s: {configs: [{name: b, token: '****'}]}\n";
    let merged = unmask(DocumentId::Worker, new, stored).unwrap();
    assert_eq!(merged, "k8s: {configs: [{name: b, token: 'tb'}]}\n");
    let error: ConfigError = unmask(
        DocumentId::Worker,
        &new.replace("name: b", "name: c"),
        stored,
    )
    .unwrap_err();
    assert!(matches!(
        error.problems[0].kind,
        ProblemKind::NothingMasked(_)
    ));
    assert!(error.problems[0].place.is_some());
}

#[test]
fn no_form_of_a_credential_is_shown() {
    for text in [
        "k8s:\n  configs:\n    - token: |\n        canary\n        more\n      name: a\n",
        "k8s:\n  configs:\n    - token: >-\n        canary\n",
        "k8s: {configs: [{users: [{user: {exec: {env: [{name: A_TOKEN, value: canary}]}}}]}]}\n",
        "k8s: {token: [canary, canary]}\n",
        "a: &a canary\nk8s: {configs: [{token: *a, password: canary}]}\n",
        "a: &a {token: canary}\nk8s: {configs: [{<<: *a, name: b}]}\n",
        "worker: {files_in_home_dir: {.aws/credentials: canary}}\n",
        "x: {certificate_authority_key: canary, psk: canary, api-key: \"canary\"}\n",
    ] {
        let shown = masked(DocumentId::Worker, text).unwrap();
        assert!(!shown.contains("canary"), "{shown}");
        assert!(shown.contains("****"));
    }
}

#[test]
fn differences_are_shown_as_a_diff() {
    expect![[r"
        --- stored
        +++ new
        @@ -1,2 +1,2 @@
         a: 1
        -b: 2
        +b: 3
    "]]
    .assert_eq(&diff("a: 1\nb: 2\n", "a: 1\nb: 3\n"));
    assert_eq!(diff("a: 1\n", "a: 1\n"), "");
}

/// Texts that look like documents, mostly broken ones.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "worker", "k8s", "configs", "token", "cleanup", ": ", ":", "\n", "\n  ", "\n    ", "- ",
        "[", "]", "{", "}", ", ", "'", "\"", "# c", "|", ">-", "&a ", "*a", "<<", "****", "$(X)",
        "true", "5", "ä", "---\n", "...", "!t ", "? ", "\t", "\r\n", "%",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn no_text_panics_and_no_place_lies_outside(text in texts()) {
        for id in DocumentId::ALL {
            let problems = match parse(id, &text) {
                Ok(parsed) => parsed.warnings,
                Err(error) => error.problems,
            };
            for place in problems.iter().filter_map(|problem| problem.place) {
                prop_assert!(place.line >= 1 && place.line <= text.lines().count() + 1);
            }
        }
        let _ = set(DocumentId::Worker, &text, "worker.cleanup", "true");
        if let Ok(shown) = masked(DocumentId::Worker, &text) {
            let _ = unmask(DocumentId::Worker, &shown, &text);
        }
    }

    #[test]
    fn what_is_masked_comes_back(secret in "[ -~äß\\n]{1,20}", name in "[a-z]{1,8}") {
        prop_assume!(secret != MASK && !secret.contains("$("));
        let quoted = serde_json::to_string(&secret).unwrap();
        let text = format!("k8s:\n  configs:\n    - name: {name}x\n      token: {quoted}  # c\n");
        let shown = masked(DocumentId::Worker, &text).unwrap();
        prop_assert_eq!(&shown, &text.replace(&quoted, "'****'"));
        let back = unmask(DocumentId::Worker, &shown, &text).unwrap();
        prop_assert_eq!(parse(DocumentId::Worker, &back), parse(DocumentId::Worker, &text));
    }
}
