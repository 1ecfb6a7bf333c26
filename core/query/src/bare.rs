//! Queries typed without the word `search`: tells them from commands. Whether they can be read is not decided here.
use crate::error::CONDITIONS;
use crate::filter::starts_comparison;
use crate::lexer::{call, word};
use crate::path::quiet_path;
use crate::text::Text;
use crate::trace::Trace;

/// True if a line reads like a query rather than like a command with arguments.
///
/// Only the beginning counts: `is(`, `id(` and the other calls, `all`, `not`, a quote, a bracket, a
/// walk, or a path and an operator. The caller has ruled out that the first word is a command.
pub fn looks_like_query(text: &str) -> bool {
    let trace = Trace::default();
    let start = Text::new(text, &trace).trimmed();
    let calls = CONDITIONS
        .iter()
        .chain(&["with", "with_usage", "aggregate"]);
    if start.rest.starts_with(['"', '('])
        || ["-->", "-[", "<-"]
            .iter()
            .any(|walk| start.rest.starts_with(walk))
    {
        return true;
    }
    if calls.into_iter().any(|name| call(start, name).is_some()) {
        return true;
    }
    if ["all", "not"]
        .iter()
        .any(|name| word(start, name).is_some())
    {
        return true;
    }
    quiet_path(start).is_ok_and(|(rest, _)| rest.rest.starts_with(".{") || starts_comparison(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_look_like_queries_and_commands_do_not() {
        for query in [
            "is(pod)",
            "id(x)",
            "all",
            "all -->",
            "\"web\"",
            "(a = 1)",
            "not is(a)",
            "a=1",
            "a.b in [1]",
            "a not in [1]",
            "ports any = 80",
            "a[*].{b = 1}",
            "-->",
            "<-- is(a)",
            "/metadata.x = 1",
            "aggregate(sum(1)): all",
            "with(any, -->)",
            "has_key(tags, a)",
            "  is (a)",
        ] {
            assert!(looks_like_query(query), "{query}");
        }
        for command in [
            "",
            "list name",
            "sort name desc",
            "limit 5",
            "count kind",
            "aggregate kind: sum(1) as n",
            "format {name}",
            "format --json",
            "json {\"a\": 1}",
            "tag update a b",
            "search all",
            "kinds",
            "name",
        ] {
            assert!(!looks_like_query(command), "{command}");
        }
    }
}
