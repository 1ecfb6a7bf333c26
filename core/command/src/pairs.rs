//! `name=value name2=value2`: values are JSON, quoted text or a bare word.
use serde_json::Value;

use crate::{Argument, CommandError};

/// Every pair of an argument, in order. Names are paths; `,` between pairs may be left out.
pub(crate) fn read(argument: &Argument) -> Result<Vec<(String, Value)>, CommandError> {
    let text = argument.text();
    let mut pairs = Vec::new();
    let mut at = 0;
    loop {
        at += text[at..].len() - text[at..].trim_start_matches([' ', '\t', ',']).len();
        if at == text.len() {
            break;
        }
        let name_end = text[at..].find(|c: char| c == '=' || c.is_whitespace());
        let equals = name_end
            .map(|end| at + end)
            .filter(|end| text[*end..].starts_with('='));
        let Some(equals) = equals.filter(|equals| *equals > at) else {
            let rest = argument.slice(at..text.len());
            return Err(wrong().at(rest.span()));
        };
        let end = value_end(text, equals + 1);
        pairs.push((text[at..equals].to_owned(), value(&text[equals + 1..end])));
        at = end;
    }
    if pairs.is_empty() {
        return Err(wrong());
    }
    Ok(pairs)
}

fn wrong() -> CommandError {
    CommandError::usage("expected `name=value`").hint("e.g. `protected=true note=\"keep it\"`")
}

/// Where the value that begins at `start` ends: quotes and brackets are taken whole.
fn value_end(text: &str, start: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    while let Some(c) = text[at..].chars().next() {
        if let Some(end) = crate::argument::quoted_end(text, at) {
            at = end;
            continue;
        }
        match c {
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            _ if depth == 0 && (c.is_whitespace() || c == ',') => break,
            _ => {}
        }
        at += c.len_utf8();
    }
    at
}

/// JSON if it is JSON, otherwise the text itself.
pub(crate) fn value(text: &str) -> Value {
    let bare = || {
        let single = text
            .strip_prefix('\'')
            .and_then(|rest| rest.strip_suffix('\''));
        Value::String(single.unwrap_or(text).to_owned())
    };
    serde_json::from_str(text).unwrap_or_else(|_| bare())
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Expect) {
        let shown = match read(&Argument::typed(text)) {
            Ok(pairs) => pairs
                .iter()
                .map(|(name, value)| format!("{name}: {value}"))
                .collect::<Vec<_>>()
                .join(" "),
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&shown);
    }

    #[test]
    fn values_are_json_or_words() {
        check("a=1 b=true, c=null", expect!["a: 1 b: true c: null"]);
        check(
            r#"a="x y" b='z w' c=web-0"#,
            expect![[r#"a: "x y" b: "z w" c: "web-0""#]],
        );
        check(
            r#"worker.list=["a", "b"] o={"k": 1}"#,
            expect![[r#"worker.list: ["a","b"] o: {"k":1}"#]],
        );
        check("", expect!["expected `name=value`"]);
        check("a", expect!["expected `name=value`"]);
        check("a = 1", expect!["expected `name=value`"]);
        check("=1", expect!["expected `name=value`"]);
    }
}
