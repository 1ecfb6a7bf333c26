//! `$(NAME)` inside values: which variables a value mentions, and putting them in.
//!
//! The environment is handed in; nothing here reads the one of the process.
use serde_json::Value;

/// The next `$(NAME)`: bytes before it, the name, the bytes after it.
fn split(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some(found) = text[from..].find("$(") {
        let start = from + found;
        let end = start + 2 + text[start + 2..].find(')')?;
        let name = &text[start + 2..end];
        let mut chars = name.chars();
        let fine = chars
            .next()
            .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && chars.all(|c| c.is_ascii_alphanumeric() || c == '_');
        if fine {
            return Some((&text[..start], name, &text[end + 1..]));
        }
        from = start + 2;
    }
    None
}

/// Whether the text mentions a variable.
pub(crate) fn mentions(text: &str) -> bool {
    split(text).is_some()
}

/// Puts the variables in. The name of the first that is not set is the error.
///
/// What a variable holds is not looked through again.
pub(crate) fn expand(
    text: &str,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<String, String> {
    let (mut done, mut rest) = (String::new(), text);
    while let Some((before, name, after)) = split(rest) {
        let value = lookup(name).ok_or_else(|| name.to_owned())?;
        done.push_str(before);
        done.push_str(&value);
        rest = after;
    }
    done.push_str(rest);
    Ok(done)
}

/// Puts the variables into every text of a value. What mentions an unset one becomes null and is
/// handed to `unset` with its path, such as `k8s.configs[0].token`.
pub(crate) fn expand_all(
    value: &mut Value,
    path: &str,
    lookup: &dyn Fn(&str) -> Option<String>,
    unset: &mut dyn FnMut(&str, String),
) {
    match value {
        Value::String(text) if mentions(text) => match expand(text, lookup) {
            Ok(text) => *value = text.into(),
            Err(name) => {
                unset(path, name);
                *value = Value::Null;
            }
        },
        Value::Array(items) => {
            for (number, item) in items.iter_mut().enumerate() {
                expand_all(item, &format!("{path}[{number}]"), lookup, unset);
            }
            items.retain(|item| !item.is_null());
        }
        Value::Object(fields) => {
            for (key, field) in fields.iter_mut() {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                expand_all(field, &path, lookup, unset);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_put_in_once() {
        let lookup = |name: &str| match name {
            "A" => Some("x".to_owned()),
            "B" => Some("$(A)".to_owned()),
            _ => None,
        };
        for (text, expanded) in [
            ("$(A)", Ok("x")),
            ("a-$(A)-$(A)", Ok("a-x-x")),
            ("$(B)", Ok("$(A)")),
            ("$(C)", Err("C")),
            ("$(date +%s) $(A)", Ok("$(date +%s) x")),
            ("$(", Ok("$(")),
            ("$A", Ok("$A")),
        ] {
            let wanted = expanded.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(expand(text, &lookup), wanted, "{text}");
        }
    }
}
