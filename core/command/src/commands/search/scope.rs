//! What kubectl calls `-n`, `-A`, `-l` and `--context`: conditions on where a search begins, written as a query.
//!
//! Nothing is looked up here: a namespace nobody has is no mistake, it is just empty. Whether there are clusters of
//! these names is asked when the search runs.
use stocktake_query::{Filter, Name};

use crate::{CommandError, Word};

/// Where a search begins.
#[derive(Debug, Default)]
pub(super) struct Scope {
    conditions: Vec<String>,
    namespaces: Namespaces,
    clusters: Vec<Name>,
}

#[derive(Debug, Default, PartialEq)]
enum Namespaces {
    #[default]
    Unsaid,
    Some,
    All,
}

impl Scope {
    /// `-n a,b`
    pub(super) fn namespaces(&mut self, names: &Word) -> Result<(), CommandError> {
        self.say(Namespaces::Some, names)?;
        self.one_of("/reported.namespace", names)
    }

    /// `-A`
    pub(super) fn all_namespaces(&mut self, word: &Word) -> Result<(), CommandError> {
        self.say(Namespaces::All, word)
    }

    /// `--context a,b`
    pub(super) fn clusters(&mut self, names: &Word) -> Result<(), CommandError> {
        let clusters = listed(names).map(|text| Name {
            text: text.to_owned(),
            span: names.span,
        });
        self.clusters.extend(clusters);
        self.one_of("/ancestors.account.reported.name", names)
    }

    /// The clusters that were named.
    pub(super) fn into_clusters(self) -> Vec<Name> {
        self.clusters
    }

    /// `-l a=b,c!=d,e in (f, g),h,!i`
    pub(super) fn labels(&mut self, selector: &Word) -> Result<(), CommandError> {
        for requirement in requirements(&selector.text) {
            let condition = label(requirement).ok_or_else(|| {
                CommandError::usage(format!("`{requirement}` selects no label"))
                    .hint("write e.g. `app=web`, `tier!=db`, `'env in (prod, dev)'`, `team` or `!team`")
                    .at(selector.span)
            })?;
            self.conditions.push(condition);
        }
        Ok(())
    }

    /// The conditions, if there are any.
    pub(super) fn filter(&self) -> Option<Filter> {
        let text = self.conditions.join(" and ");
        let query = stocktake_query::parse(&text)
            .ok()
            .filter(|_| !text.is_empty());
        query?.parts.into_iter().next().map(|part| part.filter)
    }

    fn say(&mut self, namespaces: Namespaces, word: &Word) -> Result<(), CommandError> {
        if self.namespaces != Namespaces::Unsaid && self.namespaces != namespaces {
            return Err(CommandError::usage("`-n` and `-A` at once")
                .hint("all namespaces are searched anyway: leave `-A` out")
                .at(word.span));
        }
        self.namespaces = namespaces;
        Ok(())
    }

    fn one_of(&mut self, path: &str, names: &Word) -> Result<(), CommandError> {
        let values: Vec<String> = listed(names).map(quoted).collect();
        self.conditions.push(match values.as_slice() {
            [] => return Err(CommandError::usage("a name is missing").at(names.span)),
            [only] => format!("{path} = {only}"),
            several => format!("{path} in [{}]", several.join(", ")),
        });
        Ok(())
    }
}

/// `a,b` as names.
fn listed(names: &Word) -> impl Iterator<Item = &str> {
    let names = names.text.split(',').map(str::trim);
    names.filter(|name| !name.is_empty())
}

/// The parts of a selector: split at commas outside of brackets.
fn requirements(selector: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut depth) = (0, 0_usize);
    for (at, c) in selector.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(selector[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(selector[start..].trim());
    parts
}

/// One requirement as a condition; `None` if it is none.
fn label(requirement: &str) -> Option<String> {
    if let Some(key) = requirement.strip_prefix('!') {
        return Some(format!("{} = null", path(key)?));
    }
    for (sign, meant) in [("!=", "!="), ("==", "="), ("=", "=")] {
        if let Some((key, value)) = requirement.split_once(sign) {
            return Some(format!("{} {meant} {}", path(key)?, name(value)?));
        }
    }
    let Some((key, set)) = requirement.split_once(char::is_whitespace) else {
        return Some(format!("{} != null", path(requirement)?));
    };
    let set = set.trim();
    let (meant, list) = match set.strip_prefix("notin") {
        Some(list) => ("not in", list),
        None => ("in", set.strip_prefix("in")?),
    };
    let list = list.trim().strip_prefix('(')?.strip_suffix(')')?;
    let values: Option<Vec<String>> = list.split(',').map(name).collect();
    Some(format!("{} {meant} [{}]", path(key)?, values?.join(", ")))
}

fn path(key: &str) -> Option<String> {
    let key = key.trim();
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
    let is_key = !key.is_empty() && key.chars().all(fine);
    is_key.then(|| format!("/reported.labels.`{key}`"))
}

fn name(value: &str) -> Option<String> {
    let value = value.trim();
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    value.chars().all(fine).then(|| quoted(value))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(selector: &str, expected: &[&str]) {
        let conditions: Vec<String> = requirements(selector)
            .into_iter()
            .map(|one| label(one).unwrap_or_else(|| format!("no: {one}")))
            .collect();
        assert_eq!(conditions, expected);
        let text = conditions.join(" and ");
        assert!(
            text.starts_with("no: ") || stocktake_query::parse(&text).is_ok(),
            "{text}"
        );
    }

    #[test]
    fn selectors_become_conditions() {
        check(
            "app=web,tier!=db",
            &[
                "/reported.labels.`app` = \"web\"",
                "/reported.labels.`tier` != \"db\"",
            ],
        );
        check(
            "app.kubernetes.io/name in (a, b),env notin (c)",
            &[
                "/reported.labels.`app.kubernetes.io/name` in [\"a\", \"b\"]",
                "/reported.labels.`env` not in [\"c\"]",
            ],
        );
        check(
            "team,!old,x==",
            &[
                "/reported.labels.`team` != null",
                "/reported.labels.`old` = null",
                "/reported.labels.`x` = \"\"",
            ],
        );
        check("a`b=1", &["no: a`b=1"]);
        check("a b", &["no: a b"]);
        check("", &["no: "]);
    }
}
