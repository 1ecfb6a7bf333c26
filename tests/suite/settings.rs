//! The configuration as a person meets it: overrides, variables, checks without storing, and somebody else who edits it too.
use stocktake_kubernetes_sim::fleet::FleetShape;
use stocktake_tests::{Place, run};

use super::screen::PROGRAM;

/// One cluster with next to nothing in it.
fn place() -> Place {
    let shape = FleetShape {
        clusters: 1,
        objects_per_cluster: 50,
        ..FleetShape::demo()
    };
    Place::new(PROGRAM, &shape)
}

#[test]
fn overrides_count_and_are_not_stored() {
    let place = place();
    let commands = "custom_commands:\n  commands:\n    - name: greet\n      template: 'echo good {{what}}, {{args}}'\n      parameters: [{name: what, default: day}]\n      allowed_in_source_position: true\n";
    place.write("resoto.core.commands.yaml", commands);
    let home = place.home().display().to_string();
    let lines = "greet you\nconfig show stocktake.worker\nconfig validate stocktake.worker\n";
    let mut program = place.program();
    program.args([
        "--override",
        "worker.cleanup=true",
        "--override-path",
        &home,
    ]);
    let ran = run(&mut program, lines).code(0);
    assert!(ran.out.contains("good day, you\n"), "{}", ran.out);
    assert!(
        ran.out.contains("## overridden, what stands below does not count: `worker.cleanup` is true, by `--override`\n"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("\n  cleanup: false\n"), "{}", ran.out);
    assert!(
        ran.err
            .contains("hint: overridden: `worker.cleanup` is true"),
        "{}",
        ran.err
    );
    let plain = place.lines(lines).code(2);
    assert!(
        plain.err.contains("unknown command `greet`"),
        "{}",
        plain.err
    );
    assert!(!plain.out.contains("overridden"), "{}", plain.out);
    let wrong = place
        .arguments(&["--override", "worker.cleanup=perhaps"])
        .code(2);
    assert!(
        wrong.err.contains("wants `true` or `false`"),
        "{}",
        wrong.err
    );
}

#[test]
fn overrides_that_are_left_out_are_told() {
    let place = place();
    place.write("stocktake.worker.yaml", "worker: {clean_up: true}\n");
    let home = place.home().display().to_string();
    let show = ["-c", "config show stocktake.worker"];
    let with = |directory: &str| {
        let mut program = place.program();
        program.args(["--override-path", directory]).args(show);
        run(&mut program, "").code(0)
    };
    let wrong = with(&home);
    assert!(
        wrong.err.contains("stocktake.worker.yaml` are left out: `stocktake.worker` cannot be used; line 1, column 10: unknown key `worker.clean_up`"),
        "{}",
        wrong.err
    );
    assert!(
        wrong.out.starts_with("## the overrides in"),
        "{}",
        wrong.out
    );
    let gone = with("nowhere");
    assert!(
        gone.err.contains("there is no directory `nowhere`"),
        "{}",
        gone.err
    );
}

#[test]
fn a_list_is_set_as_yaml_has_it() {
    let place = place();
    for (line, shown) in [
        ("k8s.namespaces=[web,shop]", "namespaces: ['web', 'shop']"),
        ("k8s.no_namespaces='[a, b]'", "no_namespaces: ['a', 'b']"),
        ("k8s.collect=[\"pods\"]", "collect: ['pods']"),
    ] {
        let line = format!("config set stocktake.worker {line}");
        let ran = place.line(&line).code(0);
        assert!(ran.out.contains(shown), "{}", ran.out);
    }
    let wrong = "config set stocktake.worker k8s.namespaces=web";
    let wrong = place.line(wrong).code(2);
    assert!(wrong.err.contains("wants a list"), "{}", wrong.err);
}

#[test]
fn an_empty_text_replaces_nothing() {
    let place = place();
    place.write("empty.yaml", "# nothing\n\n");
    let line = "config update stocktake.worker empty.yaml";
    let refused = place.line(line).code(2);
    assert!(
        refused.err.contains("config delete stocktake.worker"),
        "{}",
        refused.err
    );
    let kept = place.line("config show stocktake.worker");
    assert!(kept.out.contains("protected_namespaces:"), "{}", kept.out);
}

#[test]
fn a_file_is_checked_and_compared_and_nothing_is_stored() {
    let place = place();
    place.write("right.yaml", "worker:\n  cleanup: true\nk8s:\n  config_files:\n    - path: /no/such/file\n  context: [old]\n");
    place.write("wrong.yaml", "worker:\n  claenup: true\n");
    let right = place.arguments(&[
        "-c",
        "config validate stocktake.worker right.yaml ; config diff stocktake.worker right.yaml",
    ]);
    let right = right.code(0);
    assert!(
        right
            .out
            .starts_with("config `stocktake.worker` is valid\n---\n"),
        "{}",
        right.out
    );
    assert!(right.out.contains("\n+  cleanup: true\n"), "{}", right.out);
    for warning in [
        "line 5, column 13: `k8s.config_files[0].path`: there is no file `/no/such/file` here",
        "line 6, column 3: `k8s.context` is the old way to write",
    ] {
        assert!(right.err.contains(warning), "{}", right.err);
    }
    let wrong = place
        .line("config validate stocktake.worker wrong.yaml")
        .code(2);
    assert!(
        wrong
            .err
            .contains("line 2, column 3: unknown key `worker.claenup`"),
        "{}",
        wrong.err
    );
    assert!(
        wrong.err.contains("did you mean `cleanup`?"),
        "{}",
        wrong.err
    );
    assert_eq!(place.line("config diff stocktake.worker").code(0).out, "");
}

#[test]
fn variables_are_put_in_where_they_are_set() {
    let place = place();
    let set = "config set stocktake.core core.cli.default_section='$(WHERE)'";
    let ran = place.line(set).code(0);
    assert!(
        ran.out.contains("+    default_section: $(WHERE)"),
        "{}",
        ran.out
    );
    let unset = place.line("config validate stocktake.core").code(0);
    assert!(
        unset.err.contains("variable `WHERE`, which is not set"),
        "{}",
        unset.err
    );
    let mut program = place.program();
    program
        .env("WHERE", "nowhere")
        .args(["-c", "config validate stocktake.core"]);
    let bad = run(&mut program, "").code(2);
    assert!(bad.err.contains("not `nowhere`"), "{}", bad.err);
}

#[test]
fn two_who_edit_at_once_hear_of_each_other() {
    let place = place();
    let script = format!(
        "\
#!/bin/sh
if grep -q '^## Somebody else' \"$1\"; then
  cp \"$1\" second
  sed -i '/^## /d' \"$1\"
else
  {PROGRAM} -c 'config set stocktake.worker worker.cleanup_pool_size=9' >other 2>&1
  sed -i 's/cleanup: false/cleanup: true/' \"$1\"
fi
"
    );
    let editor = format!("sh {}", place.write("editor.sh", &script).display());
    let mut program = place.program();
    program.env("EDITOR", editor);
    let ran = run(
        &mut program,
        "config edit stocktake.worker\nconfig show stocktake.worker\n",
    );
    let other = std::fs::read_to_string(place.home().join("other")).expect("the editor ran");
    let ran = ran.code(0);
    let second = std::fs::read_to_string(place.home().join("second"))
        .unwrap_or_else(|_| panic!("it came back\n{other}\n{}\n{}", ran.out, ran.err));
    for line in [
        "## -  cleanup_pool_size: 9\n",
        "## +  cleanup_pool_size: 4\n",
        "## +  cleanup: true\n",
    ] {
        assert!(second.contains(line), "{second}");
    }
    assert!(ran.out.contains("\n  cleanup: true\n"), "{}", ran.out);
    assert!(
        ran.out.contains("\n  cleanup_pool_size: 4\n"),
        "{}",
        ran.out
    );
}
