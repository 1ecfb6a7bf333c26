//! Paths inside a document: keys and list positions, written `k8s.configs[0].token`.
//!
//! They say where something is, not what it should be.
use std::fmt::Write as _;

/// One step down.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    Key(String),
    Item(usize),
}

/// The path as text.
pub(crate) fn show(steps: &[Step]) -> String {
    let mut text = String::new();
    for step in steps {
        match step {
            Step::Key(key) if text.is_empty() => text.push_str(key),
            Step::Key(key) => {
                text.push('.');
                text.push_str(key);
            }
            Step::Item(number) => write!(text, "[{number}]").expect("a string takes any text"),
        }
    }
    text
}

/// `path = key ("." key | "[" number "]")*`; `None` if the text is no path.
pub(crate) fn parse(text: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    for part in text.split('.') {
        let mut pieces = part.split('[');
        let key = pieces.next().filter(|key| !key.is_empty())?;
        if key.contains(']') || key.chars().any(char::is_whitespace) {
            return None;
        }
        steps.push(Step::Key(key.to_owned()));
        for piece in pieces {
            steps.push(Step::Item(piece.strip_suffix(']')?.parse().ok()?));
        }
    }
    Some(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_read_back() {
        for path in [
            "worker",
            "worker.cleanup",
            "k8s.configs[0].token",
            "a[1][2].b",
        ] {
            assert_eq!(show(&parse(path).unwrap()), path);
        }
        for path in ["", ".", "a.", "a[", "a[x]", "a]", "[0]", "a b"] {
            assert_eq!(parse(path), None, "{path}");
        }
    }
}
