//! Colours for a line of an answer: kinds, states, names of properties. Nothing but escape sequences is ever added, so a line
//! without them is the line as the core sent it.
use std::borrow::Cow;

/// What a word is painted with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Paint {
    Good,
    Warn,
    Bad,
    Kind,
    Dim,
}

impl Paint {
    fn code(self) -> &'static str {
        match self {
            Self::Good => "\x1b[32m",
            Self::Warn => "\x1b[33m",
            Self::Bad => "\x1b[31m",
            Self::Kind => "\x1b[36m",
            Self::Dim => "\x1b[2m",
        }
    }
}

const RESET: &str = "\x1b[0m";

/// States as Kubernetes and we ourselves spell them.
const GOOD: &[&str] = &[
    "Active",
    "Available",
    "Bound",
    "Complete",
    "Completed",
    "Ready",
    "Running",
    "Succeeded",
    "available",
    "in-use",
    "ok",
    "running",
];
const WARN: &[&str] = &[
    "ContainerCreating",
    "NotReady",
    "Pending",
    "PodInitializing",
    "Progressing",
    "Released",
    "Terminating",
    "Unknown",
    "Unschedulable",
    "busy",
    "incomplete",
    "stale",
    "unconfigured",
];
const BAD: &[&str] = &[
    "BackOff",
    "CrashLoopBackOff",
    "CreateContainerConfigError",
    "CreateContainerError",
    "Error",
    "ErrImagePull",
    "Evicted",
    "Failed",
    "ImagePullBackOff",
    "InvalidImageName",
    "Lost",
    "NodeLost",
    "OOMKilled",
    "error",
    "failed",
    "forbidden",
    "unreachable",
];

/// The line with colours.
pub(crate) fn tint(line: &str) -> Cow<'_, str> {
    // Text that brings its own escapes is left as it is: `plain` has taken out whatever came from a cluster.
    if line.contains('\x1b') {
        return Cow::Borrowed(line);
    }
    let mut out = String::new();
    let mut kept = 0;
    for (start, end) in words(line) {
        let Some(paint) = paint(&line[start..end], &line[end..]) else {
            continue;
        };
        out.push_str(&line[kept..start]);
        out.push_str(paint.code());
        out.push_str(&line[start..end]);
        out.push_str(RESET);
        kept = end;
    }
    if kept == 0 {
        return Cow::Borrowed(line);
    }
    out.push_str(&line[kept..]);
    Cow::Owned(out)
}

/// Runs of letters, digits, `_`, `-`, `.` and `/`.
fn words(line: &str) -> Vec<(usize, usize)> {
    let inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    let mut words = Vec::new();
    let mut start = None;
    for (at, c) in line.char_indices() {
        match (start, inside(c)) {
            (None, true) => start = Some(at),
            (Some(from), false) => {
                words.push((from, at));
                start = None;
            }
            _ => {}
        }
    }
    words.extend(start.map(|from| (from, line.len())));
    words
}

fn paint(word: &str, rest: &str) -> Option<Paint> {
    if rest.starts_with('=') {
        return Some(Paint::Dim);
    }
    if GOOD.contains(&word) {
        return Some(Paint::Good);
    }
    if WARN.contains(&word) {
        return Some(Paint::Warn);
    }
    if BAD.contains(&word) {
        return Some(Paint::Bad);
    }
    let name = word.strip_prefix("kubernetes_")?;
    let kind = name
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    kind.then_some(Paint::Kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Escapes spelt out, so that the expectation can be read.
    fn shown(line: &str) -> String {
        tint(line)
            .replace("\x1b[32m", "<good>")
            .replace("\x1b[33m", "<warn>")
            .replace("\x1b[31m", "<bad>")
            .replace("\x1b[36m", "<kind>")
            .replace("\x1b[2m", "<dim>")
            .replace(RESET, "</>")
    }

    #[test]
    fn kinds_states_and_names_of_properties_are_coloured() {
        let cases = [
            ("web-0", "web-0"),
            (
                "kind=kubernetes_pod, a=1",
                "<dim>kind</>=<kind>kubernetes_pod</>, <dim>a</>=1",
            ),
            ("web  Running", "web  <good>Running</>"),
            ("Pending: 24", "<warn>Pending</>: 24"),
            ("web (CrashLoopBackOff)", "web (<bad>CrashLoopBackOff</>)"),
            ("Running-late", "Running-late"),
            ("", ""),
        ];
        for (line, expected) in cases {
            assert_eq!(shown(line), expected);
        }
    }

    #[test]
    fn without_its_escapes_it_is_the_same_line() {
        for line in ["kind=kubernetes_pod, ä=日本", "a=b=c Error", "\x1b[1mError"] {
            let painted = tint(line).into_owned();
            assert_eq!(
                console::strip_ansi_codes(&painted),
                console::strip_ansi_codes(line)
            );
        }
    }

    #[test]
    fn no_state_is_listed_twice() {
        let mut all: Vec<&str> = [GOOD, WARN, BAD].concat();
        all.sort_unstable();
        let count = all.len();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
