//! What the prompt does with what is typed: completion by the core, words of the shell.
use super::screen::{NO_COLOR, PROMPT, Terminal, place};

/// Erases what is typed.
const CTRL_U: &str = "\u{15}";

#[test]
fn tab_completes_commands_properties_values_and_names() {
    let place = place();
    let mut terminal = Terminal::start(&place, &[NO_COLOR]);
    terminal.wait(PROMPT);
    for (typed, completed) in [
        ("se\t", "search "),
        ("search is(namesp\t", "search is(kubernetes_namespace"),
        ("search is(pod) and name\t", "namespace"),
        (
            "search is(pod) and namespace = kube-sy\t",
            "namespace = kube-system",
        ),
        ("search account = \t", "account = prod-eu"),
        ("config show stocktake.w\t", "stocktake.worker"),
        ("workflows run collect_\t", "collect_and_cleanup"),
        ("cle\t", "clear"),
        ("search all | li\t", "list"),
    ] {
        terminal.type_in(typed);
        terminal.wait(completed);
        terminal.type_in(CTRL_U);
    }
    terminal.leave();
}

#[test]
fn clear_empties_the_screen_and_asks_nobody() {
    let place = place();
    let mut terminal = Terminal::start(&place, &[NO_COLOR]);
    terminal.wait(PROMPT);
    terminal.type_in("clear\r");
    terminal.wait("\u{1b}[H\u{1b}[J");
    let after = terminal.wait(PROMPT);
    assert!(!after.contains("error"), "{after}");
    terminal.leave();
}

#[test]
fn trees_and_bars_are_drawn_with_what_the_terminal_knows() {
    let place = place();
    let mut terminal = Terminal::start(&place, &[NO_COLOR]);
    terminal.wait(PROMPT);
    let tree = terminal.line("search is(deployment) limit 1 | tree");
    assert!(tree.contains("\n└── replica_set "), "{tree}");
    let bars = terminal.line("search is(kubernetes_resource) | count kind --bars | tail -3");
    assert!(bars.contains("██"), "{bars}");
    terminal.leave();

    let mut terminal = Terminal::start(&place, &[NO_COLOR, ("LC_ALL", "C")]);
    terminal.resize(40);
    terminal.wait(PROMPT);
    terminal.type_in("search is(deployment) limit 1 | tree\r");
    terminal.wait("\n`-- replica_set ");
    terminal.wait(PROMPT);
    terminal.leave();
}

#[test]
fn a_graph_becomes_a_picture_where_graphviz_is() {
    let place = place();
    let line = "search --with-edges is(namespace) limit 1 -[0:1]-> | format --dot | show";
    // A `dot` of our own: what it is given, and where it is to draw, is all that matters here.
    let script = "#!/bin/sh\ncat >seen.dot\necho drawn >\"$3\"\n";
    let dot = place.write("dot", script);
    let make = std::process::Command::new("chmod")
        .arg("+x")
        .arg(&dot)
        .status();
    assert!(make.is_ok_and(|status| status.success()));
    let path = format!("{}:/usr/bin:/bin", place.home().display());
    let mut program = place.program();
    program.env("PATH", path).env("TMPDIR", place.home());
    let ran = stocktake_tests::run(&mut program, &format!("{line}\n")).code(0);
    let seen = std::fs::read_to_string(place.home().join("seen.dot")).expect("it was drawn");
    assert!(seen.starts_with("digraph {"), "{seen}");
    let (_, picture) = ran
        .err
        .split_once("the picture is `")
        .expect("it says where");
    let picture = picture.split('`').next().expect("it is quoted");
    assert_eq!(
        std::fs::read_to_string(picture).expect("it is there"),
        "drawn\n"
    );

    let mut without = place.program();
    without.env("PATH", place.home().join("nowhere"));
    let ran = stocktake_tests::run(&mut without, &format!("{line}\n")).code(1);
    assert!(ran.err.contains("there is no Graphviz here"), "{}", ran.err);
    assert!(ran.err.contains("hint: install it"), "{}", ran.err);
}

#[test]
fn a_search_is_asked_as_kubectl_is_asked() {
    let place = place();
    let ask = |arguments: &[&str]| place.arguments(arguments);
    let pods = ask(&["search", "pods", "-n", "kube-system", "-o", "name"]).code(0);
    assert!(pods.out.lines().count() > 1, "{}", pods.out);
    assert!(
        pods.out
            .lines()
            .all(|line| line.starts_with("kubernetes_pod/")),
        "{}",
        pods.out
    );
    let wide = ask(&["search", "po", "-nkube-system", "-owide"]).code(0);
    assert!(wide.out.starts_with("KIND "), "{}", wide.out);
    let none = ask(&["search", "pods", "--context", "nowhere"]);
    assert!(none.err.contains("nowhere"), "{none:?}");
    let lines = "search --context nowhere is(pod) | count\nsearch pods | list --csv name\n";
    let ran = place.lines(lines).code(2);
    assert!(ran.err.contains("no cluster `nowhere`\n"), "{}", ran.err);
    assert!(ran.out.starts_with("\"name\"\r\n\""), "{}", ran.out);
    let bad = ask(&["search", "pods", "-l", "a b"]).code(2);
    assert_eq!(bad.out, "");
    assert!(bad.err.contains("`a b` selects no label"), "{}", bad.err);
    assert!(
        ask(&["kinds", "pod"])
            .code(0)
            .out
            .contains("kubernetes_pod")
    );
    assert!(
        ask(&["kidns"])
            .code(2)
            .err
            .contains("did you mean `kinds`?")
    );
    let help = ask(&["count", "--help"]).code(0).out;
    assert!(
        help.lines().filter(|line| line.starts_with("  > ")).count() >= 3,
        "{help}"
    );
}

#[test]
fn without_a_cluster_it_says_what_to_do() {
    let place = place();
    let mut program = place.program();
    program.env_remove("KUBECONFIG");
    let ran = stocktake_tests::run(&mut program, "").code(1);
    for line in [
        "error: k8s: no Kubernetes context was found",
        "  hint: set `KUBECONFIG`",
        "  stocktake demo  ",
    ] {
        assert!(ran.err.contains(line), "{}", ran.err);
    }
    let mut program = place.program();
    program.env_remove("KUBECONFIG");
    // Shipped kinds are known all the same; those of custom resources are not.
    let lines = "search all | count\nsearch is(kubernetes_acme_io_thing)\n";
    let ran = stocktake_tests::run(&mut program, lines);
    assert!(ran.out.contains("total matched: 0"), "{}", ran.out);
    let known = "  hint: a kind is known once it was collected";
    assert!(ran.err.contains(known), "{}", ran.err);
}
