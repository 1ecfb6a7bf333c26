//! The program as a person has it: through a pseudo-terminal.
use std::process::Command;

use expectrl::ControlCode;
use stocktake_tests::Ran;

use stocktake_kubernetes_sim::{Effect, Matcher, Times};

use super::screen::{NO_COLOR, PROGRAM, PROMPT, Terminal, place, plain};

#[test]
fn a_person_types_with_completion_history_and_lines_that_go_on() {
    let place = place();
    let mut terminal = Terminal::start(&place, &[NO_COLOR]);
    terminal.wait("nothing is collected yet");
    terminal.wait(PROMPT);

    terminal.type_in("search is(kubernetes_nam\t) | cou\tkind\r");
    terminal.wait("kubernetes_namespace: ");
    terminal.wait(PROMPT);

    terminal.type_in("search is(\rkubernetes_namespace) limit 1 |\rcount kind\r");
    terminal.wait("kubernetes_namespace: 1\r\n");
    terminal.wait(PROMPT);

    terminal.type_in("\u{1b}[A\r");
    terminal.wait("kubernetes_namespace: 1\r\n");
    terminal.wait(PROMPT);

    terminal.line("echo my token is xyz");
    terminal.leave();
    let history = std::fs::read_to_string(place.home().join(".local/state/stocktake/history"));
    let history = history.expect("there is one");
    assert!(
        history.contains("search is(kubernetes_namespace) | count kind\n"),
        "{history}"
    );
    assert!(
        history.contains("search is( kubernetes_namespace) limit 1 | count kind\n"),
        "{history}"
    );
    assert!(!history.contains("xyz"), "{history}");
}

#[test]
fn ctrl_c_ends_the_running_line_and_nothing_else() {
    let place = place();
    let mut terminal = Terminal::start(&place, &[NO_COLOR]);
    terminal.wait(PROMPT);
    terminal.type_in("echo begun; sleep 600\r");
    // The answer, not the echo of what was typed: from then on the line runs.
    terminal.wait("begun\r\n");
    terminal.press(ControlCode::EndOfText);
    terminal.wait("cancelled");
    terminal.wait(PROMPT);
    terminal.type_in("half a li");
    terminal.press(ControlCode::EndOfText);
    terminal.wait(PROMPT);
    assert!(terminal.line("echo still here").contains("still here"));
    terminal.leave();
}

#[test]
fn a_run_is_watched_and_left_without_stopping_it() {
    let place = place();
    let mut terminal = Terminal::start(&place, &[NO_COLOR]);
    terminal.wait(PROMPT);
    let seen = terminal.line("workflows run collect");
    assert!(
        seen.contains("Ctrl-C leaves, and the run goes on"),
        "{seen}"
    );
    assert!(seen.contains(" kinds, "), "{seen}");
    // Nobody answers: the run lasts until it is stopped.
    let hangs = place.sim("prod-eu").faults().add(
        Matcher::on("list", "configmaps"),
        Effect::Hang,
        Times::Forever,
    );
    terminal.type_in("workflows run collect\r");
    terminal.wait(" kinds, ");
    terminal.press(ControlCode::EndOfText);
    terminal.wait("the run goes on: `workflows running`");
    terminal.wait(PROMPT);
    let running = terminal.line("workflows running");
    assert!(running.contains("collect"), "{running}");
    place.sim("prod-eu").faults().remove(hangs);
    terminal.leave();
}

#[test]
fn a_second_one_attaches_and_its_prompt_says_so() {
    let place = place();
    let mut owner = Terminal::start(&place, &[NO_COLOR]);
    owner.wait(PROMPT);
    let mut second = Terminal::start(&place, &[NO_COLOR]);
    second.wait("attached to the stocktake that runs already");
    second.wait("stocktake attached, 1 cluster now> ");
    assert!(
        second
            .line("search is(kubernetes_cluster) | count")
            .contains("total matched: 1")
    );
    second.leave();
    owner.leave();
}

#[test]
fn an_answer_fits_the_terminal_whatever_its_size_and_locale() {
    let table = "search is(kubernetes_pod) limit 3 | list --wide";
    let place = place();
    let mut terminal = Terminal::start(&place, &[NO_COLOR, ("LC_ALL", "C")]);
    terminal.resize(40);
    terminal.wait(PROMPT);
    let widest = |shown: &str| {
        let lines = shown.lines().map(str::trim_end);
        let rows = lines.filter(|line| line.starts_with("kube") || line.starts_with("KIND"));
        rows.map(|line| line.chars().count()).max().unwrap_or(0)
    };
    // The echo of the line takes two rows here: the answer is behind the one that names its columns.
    terminal.type_in(&format!("{table}\r"));
    terminal.wait("KIND");
    let narrow = format!("KIND{}", terminal.wait(PROMPT));
    assert!((30..=40).contains(&widest(&narrow)), "{narrow}");
    assert!(narrow.contains('~') && narrow.is_ascii(), "{narrow}");

    terminal.resize(400);
    let wide = terminal.line(table);
    assert!(widest(&wide) > 100 && !wide.contains('~'), "{wide}");
    terminal.leave();
}

#[test]
fn long_answers_go_through_the_pager_and_colours_go_with_them() {
    let place = place();
    let mut terminal = Terminal::start(&place, &[("PAGER", "sed s/^/paged:/")]);
    terminal.wait(PROMPT);
    let long = terminal.line("kinds");
    assert!(
        long.lines()
            .filter(|line| line.starts_with("paged:"))
            .count()
            > 30,
        "{long}"
    );
    terminal.type_in("search is(kubernetes_namespace) limit 1 | count kind\r");
    terminal.wait("\u{1b}[36mkubernetes_namespace\u{1b}[0m: 1");
    let short = terminal.wait(PROMPT);
    assert!(!short.contains("paged:"), "{short}");
    terminal.leave();

    // A person who has seen enough leaves the pager; the line ends, the prompt comes back.
    let mut terminal = Terminal::start(&place, &[NO_COLOR, ("PAGER", "head -n 2")]);
    terminal.wait(PROMPT);
    let seen = terminal.line("kinds");
    assert_eq!(
        seen.trim_end().lines().count(),
        3,
        "two lines and the prompt: {seen}"
    );
    terminal.leave();

    let mut terminal = Terminal::start(&place, &[NO_COLOR, ("PAGER", "no-such-pager")]);
    terminal.wait(PROMPT);
    assert!(terminal.line("kinds").contains("kubernetes_workload"));
    terminal.leave();
}

#[test]
fn an_editor_comes_back_with_the_same_text_until_it_is_right() {
    let place = place();
    let script = "\
#!/bin/sh
if grep -q '^## ' \"$1\"; then
  cp \"$1\" second
  sed -i 's/cleanup: perhaps/cleanup: true/' \"$1\"
else
  sed -i 's/cleanup: false/cleanup: perhaps # mine/' \"$1\"
fi
";
    let editor = format!("sh {}", place.write("editor.sh", script).display());
    let mut terminal = Terminal::start(&place, &[NO_COLOR, ("VISUAL", &editor)]);
    terminal.wait(PROMPT);
    let saved = terminal.line("config edit stocktake.worker");
    assert!(saved.contains("cleanup: true"), "{saved}");
    let second = std::fs::read_to_string(place.home().join("second")).expect("it came back");
    assert!(second.starts_with("## "), "{second}");
    assert!(second.contains("cleanup: perhaps # mine"), "{second}");
    terminal.leave();

    for (editor, expected) in [
        ("no-such-editor", "cannot start the editor `no-such-editor`"),
        (
            "false",
            "the editor `false` ended with exit status: 1; nothing was changed",
        ),
        ("true", "nothing was changed"),
    ] {
        let ran = stocktake_tests::run(
            place.program().env("EDITOR", editor),
            "config edit stocktake.worker\n",
        );
        assert!(ran.err.contains(expected), "{editor}: {}", ran.err);
    }
}

#[test]
fn a_text_that_is_not_taken_is_kept() {
    let place = place();
    let script = "\
#!/bin/sh
if grep -q '^## ' \"$1\"; then exit 1; fi
sed -i 's/cleanup: false/cleanup: perhaps # mine/' \"$1\"
";
    let editor = format!("sh {}", place.write("editor.sh", script).display());
    let mut program = place.program();
    program.env("EDITOR", editor).env("TMPDIR", place.home());
    let ran = stocktake_tests::run(&mut program, "config edit stocktake.worker\n").code(1);
    let (_, path) = ran
        .err
        .split_once("your text is kept in `")
        .expect("it says where");
    let (path, _) = path.split_once('`').expect("it is quoted");
    let kept = std::fs::read_to_string(path).expect("it is there");
    assert!(kept.contains("cleanup: perhaps # mine"), "{kept}");
}

#[test]
fn without_a_terminal_the_text_is_plain_and_the_reader_may_leave() {
    let place = place();
    // No ages: the two answers are seconds apart.
    let table = "search is(kubernetes_pod) limit 3 | list --wide kind, id, name, namespace";
    let auto = place.line(table).code(0);
    assert!(
        !auto.out.contains('\u{1b}') && !auto.err.contains('\u{1b}'),
        "{auto:?}"
    );
    assert!(!auto.out.contains('…'), "{}", auto.out);
    let always = place.arguments(&["--color", "always", "-c", table]).code(0);
    assert!(
        always.out.contains("\u{1b}[36mkubernetes_pod\u{1b}[0m"),
        "{}",
        always.out
    );
    assert_eq!(plain(&always.out), auto.out);

    let mut shell = place.program();
    let typed = format!("{PROGRAM} -c kinds -c kinds | head -n 1");
    let mut head = Command::new("sh");
    head.args(["-c", &typed])
        .current_dir(place.home())
        .env_clear();
    head.envs(
        shell
            .env("LANG", "C")
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let ran = stocktake_tests::run(&mut head, "").code(0);
    assert_eq!(ran.out.lines().count(), 1);
    assert_eq!(ran.err, "");
}

#[test]
fn the_program_keeps_the_conventions_of_programs() {
    let place = place();
    let code = |arguments: &[&str], code: i32| -> Ran { place.arguments(arguments).code(code) };
    for shell in ["bash", "zsh", "fish", "powershell"] {
        assert!(
            code(&["completion", shell], 0).out.contains("data-dir"),
            "{shell}"
        );
    }
    assert!(code(&["man"], 0).out.contains(".TH stocktake 1"));
    let help = code(&["--help"], 0).out;
    let (_, examples) = help.split_once("Examples:\n").expect("it has examples");
    assert_eq!(
        examples
            .lines()
            .take_while(|line| line.starts_with("  "))
            .count(),
        3
    );
    assert_eq!(code(&["--no-such-flag"], 2).out, "");
    assert!(
        code(&["completion", "tcsh"], 2)
            .err
            .contains("possible values")
    );

    let plugin = place.home().join("kubectl-stocktake");
    std::os::unix::fs::symlink(PROGRAM, &plugin).expect("a link");
    let help = stocktake_tests::run(Command::new(plugin).arg("--help"), "").code(0);
    assert!(
        help.out.contains("Usage: kubectl stocktake "),
        "{}",
        help.out
    );
}
