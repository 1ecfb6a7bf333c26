//! Documents as people write them: defaults, old spellings, mistakes, variables, overrides.
//!
//! Only the public interface is used.
use expect_test::{Expect, expect, expect_file};
use stocktake_config::{
    ConfigMapData, CoreConfig, DocumentId, ProblemKind, SnapshotsConfig, WorkerConfig, assignment,
    parse,
};

fn worker(text: &str) -> WorkerConfig {
    let parsed = parse(DocumentId::Worker, text).expect("the text is valid");
    parsed.worker().expect("no variable is left")
}

#[test]
fn references_are_as_documented() {
    expect_file!["reference/stocktake.core.yaml"].assert_eq(&DocumentId::Core.reference_yaml());
    expect_file!["reference/stocktake.core.commands.yaml"]
        .assert_eq(&DocumentId::Commands.reference_yaml());
    expect_file!["reference/stocktake.core.snapshots.yaml"]
        .assert_eq(&DocumentId::Snapshots.reference_yaml());
    expect_file!["reference/stocktake.worker.yaml"].assert_eq(&DocumentId::Worker.reference_yaml());
}

#[test]
fn references_and_empty_texts_hold_the_defaults() {
    for id in DocumentId::ALL {
        for text in ["", "# nothing yet\n", &id.reference_yaml()] {
            let parsed = parse(id, text).unwrap();
            assert_eq!(parsed.warnings, [], "{}", id.name());
            match id {
                DocumentId::Core => assert_eq!(parsed.core().unwrap(), CoreConfig::default()),
                DocumentId::Worker => assert_eq!(parsed.worker().unwrap(), WorkerConfig::default()),
                DocumentId::Commands => assert!(parsed.commands().unwrap().commands.is_empty()),
                DocumentId::Snapshots => {
                    assert_eq!(parsed.snapshots().unwrap(), SnapshotsConfig::default());
                }
            }
        }
    }
}

#[test]
fn old_names_name_the_same_documents() {
    for (name, id) in [
        ("stocktake.core", DocumentId::Core),
        ("resoto.core", DocumentId::Core),
        ("fix.core.commands", DocumentId::Commands),
        ("resoto.core.snapshots", DocumentId::Snapshots),
        ("resoto.worker", DocumentId::Worker),
        ("fix.worker", DocumentId::Worker),
    ] {
        assert_eq!(DocumentId::resolve(name), Ok(id));
    }
    let error = DocumentId::resolve("resoto.wroker").unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no configuration `resoto.wroker`"
    );
    assert_eq!(error.near, ["stocktake.worker"]);
}

#[test]
fn the_announced_samples_load() {
    let config = worker("resotoworker:\n  collector:\n    - 'k8s'\n");
    assert_eq!(config.worker.collector, ["k8s"]);
    let config = worker(concat!(
        "resotoworker:\n",
        "  collector: ['k8s']\n",
        "k8s:\n",
        "  config_files:\n",
        "    - path: \"/path/to/kubeconfig\"\n",
        "      contexts: [\"context1\", \"context2\"]\n",
        "      all_contexts: false\n",
        "  configs:\n",
        "    - name: 'prod'\n",
        "      server: 'https://localhost:6443'\n",
        "      token: 'abc'\n",
        "      certificate_authority_data: 'QUJD'\n",
    ));
    let file = &config.k8s.config_files[0];
    assert_eq!(
        (file.path.as_str(), file.all_contexts),
        ("/path/to/kubeconfig", false)
    );
    assert_eq!(file.contexts, ["context1", "context2"]);
    assert_eq!(config.k8s.configs[0]["server"], "https://localhost:6443");
    assert!(
        worker("k8s: {config_files: [{path: a}]}\n")
            .k8s
            .config_files[0]
            .all_contexts
    );
}

#[test]
fn what_is_obviously_meant_is_understood() {
    let config = worker(concat!(
        "fixworker: {cleanup: 'true', pool_size: \"5\", timeout: 3h, collector: }\n",
        "k8s: {request_timeout: 90s, config_map_data: keys}\n",
    ));
    assert!(config.worker.cleanup && config.worker.cleanup_dry_run);
    assert_eq!(
        (config.worker.pool_size, config.worker.timeout_secs),
        (5, 10_800)
    );
    assert_eq!(config.worker.collector, ["k8s", "file"]);
    assert_eq!(config.k8s.request_timeout_secs, 90);
    assert_eq!(config.k8s.config_map_data, ConfigMapData::Keys);
    assert_eq!(
        config.worker.cleanup_guards.max_mark_age.seconds(),
        7 * 86_400
    );
}

#[test]
fn a_schedule_left_out_is_the_default_and_an_empty_one_is_never() {
    let schedule = |text: &str| {
        let core = parse(DocumentId::Core, text).unwrap().core().unwrap();
        core.workflows.collect_and_cleanup.schedule
    };
    assert_eq!(
        schedule("core: {workflows: {collect_and_cleanup: {}}}").unwrap(),
        "0 * * * *"
    );
    assert_eq!(
        schedule("core: {workflows: {collect_and_cleanup: {schedule: ''}}}"),
        None
    );
    let snapshots = "snapshots: {mine: {schedule: '5 4 * * *', retain: 2}}";
    let snapshots = parse(DocumentId::Snapshots, snapshots)
        .unwrap()
        .snapshots()
        .unwrap();
    assert_eq!(snapshots.schedules.keys().collect::<Vec<_>>(), ["mine"]);
}

#[test]
fn custom_commands_are_read() {
    let text = concat!(
        "custom_commands:\n",
        "  commands:\n",
        "    - name: hello\n",
        "      info: Greet somebody.\n",
        "      template: echo {who}\n",
        "      parameters: [{name: who, default: world}]\n",
    );
    let commands = parse(DocumentId::Commands, text)
        .unwrap()
        .commands()
        .unwrap()
        .commands;
    assert_eq!(commands[0].template, "echo {who}");
    assert_eq!(commands[0].parameters[0].default.as_deref(), Some("world"));
}

#[track_caller]
fn fails(id: DocumentId, text: &str, expect: Expect) {
    expect.assert_eq(
        &parse(id, text)
            .expect_err("the text has a mistake")
            .to_string(),
    );
}

#[test]
fn unknown_and_doubled_keys_are_named_with_their_place() {
    let worker = DocumentId::Worker;
    fails(
        worker,
        "worker:\n  # c\n  clean: true\n  pol_size: 3\n",
        expect![[r"
            `stocktake.worker` cannot be used
              line 3, column 3: unknown key `worker.clean`
                hint: did you mean `cleanup` or `cleanup_rate` or `cleanup_guards`?
              line 4, column 3: unknown key `worker.pol_size`
                hint: did you mean `pool_size`?"]],
    );
    fails(
        worker,
        "k8s:\n  config_files:\n    - path: a\n      all_context: x\n",
        expect![[r"
            `stocktake.worker` cannot be used
              line 4, column 7: unknown key `k8s.config_files[0].all_context`
                hint: did you mean `all_contexts`?"]],
    );
    fails(
        worker,
        "worker: {pool_size: 1}\nresotoworker: {pool_size: 2}\n",
        expect![[r"
            `stocktake.worker` cannot be used
              line 1, column 1: `worker` and `resotoworker` are the same key
                hint: keep one of them"]],
    );
    fails(
        worker,
        "k8s: {request_timeout: 3, request_timeout_secs: 4}\n",
        expect![[r"
            `stocktake.worker` cannot be used
              line 1, column 27: `k8s.request_timeout_secs` and `request_timeout` are the same key
                hint: keep one of them"]],
    );
}

#[test]
fn text_that_is_no_document_is_refused_with_its_place() {
    let worker = DocumentId::Worker;
    fails(
        worker,
        "- worker\n",
        expect![[r"
        `stocktake.worker` cannot be used
          a document consists of keys with values, not of a list"]],
    );
    fails(
        worker,
        "worker:\n  collector: ['k8s'\n  cleanup: true\n",
        expect![[r"
            `stocktake.worker` cannot be used
              line 3, column 3: not valid YAML: did not find expected ',' or ']'"]],
    );
    fails(
        worker,
        "worker:\n  ...\n",
        expect![[r"
        `stocktake.worker` cannot be used
          line 2, column 3: `worker` wants keys with values, not `...`"]],
    );
    fails(
        worker,
        "worker:\n  cleanup: true\n  cleanup: false\n",
        expect![[r#"
            `stocktake.worker` cannot be used
              line 2, column 3: not valid YAML: worker: duplicate entry with key "cleanup""#]],
    );
}

#[test]
fn bad_schedules_are_named_with_their_place() {
    fails(
        DocumentId::Core,
        "core:\n  workflows:\n    collect_and_cleanup:\n      schedule: '0 * * *'\n    metrics: {schedule: '99 * * * *'}\n",
        expect![[r"
            `stocktake.core` cannot be used
              line 4, column 17: `core.workflows.collect_and_cleanup.schedule`: `0 * * *` is not a cron expression: it has 4 fields, not 5
                hint: five fields, e.g. `0 * * * *`: minute hour day month weekday
              line 5, column 25: `core.workflows.metrics.schedule`: `99 * * * *` is not a cron expression: component error: number out of bounds
                hint: five fields, e.g. `0 * * * *`: minute hour day month weekday"]],
    );
    fails(
        DocumentId::Snapshots,
        "snapshots:\n  daily: {schedule: often, retain: 0}\n",
        expect![[r"
            `stocktake.core.snapshots` cannot be used
              line 2, column 21: `snapshots.daily.schedule`: `often` is not a cron expression: it has 1 fields, not 5
                hint: five fields, e.g. `0 * * * *`: minute hour day month weekday
              line 2, column 36: `snapshots.daily.retain` wants a whole number from 1 to 100000, not `0`"]],
    );
}

#[test]
fn wrong_values_are_named_with_their_place() {
    let worker = DocumentId::Worker;
    fails(
        worker,
        "resotoworker:\n  cleanup: maybe\n",
        expect![[r"
        `stocktake.worker` cannot be used
          line 2, column 12: `resotoworker.cleanup` wants `true` or `false`, not `maybe`"]],
    );
    fails(
        worker,
        "k8s:\n  config_files: a\n  pool_size: 0\n  page_size: 2.5\n",
        expect![[r"
            `stocktake.worker` cannot be used
              line 2, column 17: `k8s.config_files` wants a list, not `a`
              line 3, column 14: `k8s.pool_size` wants a whole number from 1 to 10000, not `0`
              line 4, column 14: `k8s.page_size` wants a whole number from 1 to 10000, not `2.5`"]],
    );
    fails(
        worker,
        "k8s: {config_map_data: ful}\n",
        expect![[r"
        `stocktake.worker` cannot be used
          line 1, column 24: `k8s.config_map_data` wants one of `full`, `keys`, `none`, not `ful`
            hint: did you mean `full`?"]],
    );
    fails(
        worker,
        "worker:\n  cleanup_guards:\n    max_mark_age: soon\n    max_percent: 200\n",
        expect![[r"
            `stocktake.worker` cannot be used
              line 3, column 19: `worker.cleanup_guards.max_mark_age` wants a duration such as `7d`, not `soon`
              line 4, column 18: `worker.cleanup_guards.max_percent` wants a number from 0 to 100, not `200`"]],
    );
}

#[test]
fn harmless_oddities_are_warnings() {
    let text =
        "worker: {fork_process: true}\naws: {x: 1}\nk8s: {clean_namespaces: true}\n_revision: a\n";
    let parsed = parse(DocumentId::Worker, text).unwrap();
    let shown: Vec<String> = parsed
        .warnings
        .iter()
        .map(|warning| format!("{warning} ({})", warning.hint().unwrap_or_default()))
        .collect();
    expect![[r"
        line 1, column 10: `worker.fork_process` has no effect (plugins run as tasks, not as processes)
        line 2, column 1: nothing here reads the section `aws` ()
        line 3, column 7: `k8s.clean_namespaces` has no effect (set `worker.cleanup_guards.clean_namespaces`)"]].assert_eq(&shown.join("\n"));
    assert_eq!(parsed.section("aws").unwrap()["x"], 1);
}

#[test]
fn variables_are_put_in_and_checked_then() {
    let lookup = |name: &str| match name {
        "SIZE" => Some("7".to_owned()),
        "WORD" => Some("seven".to_owned()),
        _ => None,
    };
    let text = "worker: {pool_size: $(SIZE)}\nk8s: {collect: [$(WORD), 'a'], page_size: $(NONE)}\n";
    let parsed = parse(DocumentId::Worker, text).unwrap();
    let expanded = parsed.expanded(&lookup).unwrap();
    let config = expanded.worker().unwrap();
    assert_eq!((config.worker.pool_size, config.k8s.page_size), (7, 500));
    assert_eq!(config.k8s.collect, ["seven", "a"]);
    assert_eq!(
        expanded.warnings[0].to_string(),
        "`k8s.page_size` uses the environment variable `NONE`, which is not set"
    );
    let parsed = parse(DocumentId::Worker, "worker: {pool_size: $(WORD)}\n").unwrap();
    assert!(matches!(
        &parsed.expanded(&lookup).unwrap_err().problems[0].kind,
        ProblemKind::WrongValue { path, .. } if path == "worker.pool_size"
    ));
}

#[test]
fn overrides_are_laid_over_key_by_key() {
    let stored = parse(
        DocumentId::Worker,
        "worker: {pool_size: 2, collector: [a, b]}\n",
    )
    .unwrap();
    let over = assignment(DocumentId::Worker, "resotoworker.collector=[c]").unwrap();
    assert_eq!(over.paths(), ["worker.collector"]);
    let config = stored.overlaid(&over).worker().unwrap();
    assert_eq!(
        (config.worker.pool_size, config.worker.collector),
        (2, vec!["c".to_owned()])
    );
    assert!(assignment(DocumentId::Worker, "worker.pool_sise=3").is_err());
    assert!(assignment(DocumentId::Worker, "nonsense").is_err());
}
