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
