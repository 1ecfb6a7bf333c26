//! What may stand at the cursor.
//!
//! [`Completions`] is what line editing asks. [`Known`] answers it from the records of the commands and from questions to the
//! core (`kinds`, `kinds KIND`, `count PROPERTY`), remembered until the next line has run.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use rustyline::completion::FilenameCompleter;
use stocktake_command::{COMMANDS, Command, Shape, Spec, command};

use crate::lexis::{self, Class};

/// Completes half a line. Called on every press of Tab, so it must be quick.
pub(crate) trait Completions {
    /// What may replace the text from [`Found::start`] to `cursor` (bytes).
    fn complete(&self, line: &str, cursor: usize) -> Found;

    /// A line has run: kinds and values may be others now.
    fn forget(&self);
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Found {
    /// First byte of the text that is replaced.
    pub(crate) start: usize,
    /// What it may be replaced with, in the order it is to be shown.
    pub(crate) candidates: Vec<String>,
}

/// Runs a line and gives back what it printed; empty if that failed or took too long for somebody who waits.
pub(crate) type Ask = Box<dyn Fn(&str) -> Vec<String>>;

/// Completion from what the core answers already.
pub(crate) struct Known {
    ask: Ask,
    answers: Mutex<BTreeMap<String, Arc<Vec<String>>>>,
}

/// Words of the query language that begin a condition or follow one.
const QUERY_WORDS: &[&str] = &[
    "age", "all", "and", "is(", "limit", "not", "or", "sort", "with(",
];

impl Known {
    /// Completion that asks this way.
    pub(crate) fn new(ask: Ask) -> Self {
        Self {
            ask,
            answers: Mutex::default(),
        }
    }

    fn answers(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Vec<String>>>> {
        self.answers
            .lock()
            .expect("nothing panics while it holds the answers")
    }

    fn lines(&self, line: &str) -> Arc<Vec<String>> {
        if let Some(known) = self.answers().get(line) {
            return Arc::clone(known);
        }
        let lines = Arc::new((self.ask)(line));
        self.answers().insert(line.to_owned(), Arc::clone(&lines));
        lines
    }

    fn kinds(&self) -> Vec<String> {
        self.lines("kinds").to_vec()
    }

    /// Properties of the kinds a line names in `is(…)`, or of every resource.
    fn properties(&self, line: &str) -> Vec<String> {
        let mut kinds = named_kinds(line);
        if kinds.is_empty() {
            kinds.push("resource");
        }
        let mut names: Vec<String> = kinds
            .into_iter()
            .flat_map(|kind| {
                let shown = self.lines(&format!("kinds {kind}"));
                let names = shown.iter().skip_while(|line| *line != "properties:");
                names.filter_map(|line| property(line)).collect::<Vec<_>>()
            })
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// Values a property has, most frequent first.
    fn values(&self, line: &str, property: &str) -> Vec<String> {
        let found = match named_kinds(line).first() {
            Some(kind) => format!("search is({kind}) | count {property}"),
            None => format!("search all | count {property}"),
        };
        let lines = self.lines(&found);
        let values = lines.iter().filter_map(|line| line.rsplit_once(": "));
        let mut values: Vec<String> = values
            .map(|(value, _)| value)
            .take_while(|value| *value != "total matched")
            .map(quoted)
            .collect();
        values.reverse();
        values
    }

    fn argument(&self, spec: Option<&Spec>, stage: &Half<'_>, line: &str) -> Vec<String> {
        let before = stage.before.trim_end();
        if before.ends_with("is(") {
            return self.kinds();
        }
        if let Some(property) = compared(before) {
            return self.values(line, property);
        }
        let Some(spec) = spec else {
            return self.condition(line);
        };
        if stage.word.starts_with('-') {
            return flags(spec);
        }
        match spec.name {
            "help" => COMMANDS.iter().map(|c| c.spec().name.to_owned()).collect(),
            "kinds" => self.kinds(),
            "search" | "ancestors" | "descendants" | "predecessors" | "successors" => {
                self.condition(line)
            }
            "list" | "count" | "sort" | "aggregate" => self.properties(line),
            _ => verbs(spec),
        }
    }

    fn condition(&self, line: &str) -> Vec<String> {
        let words = QUERY_WORDS.iter().map(|&word| word.to_owned());
        words.chain(self.properties(line)).collect()
    }
}

impl Completions for Known {
    fn complete(&self, line: &str, cursor: usize) -> Found {
        let typed = &line[..cursor];
        let half = Half::of(typed);
        let spec = half.head.and_then(command).map(Command::spec);
        if spec.is_some_and(|spec| takes_file(spec, &half)) {
            return files(typed);
        }
        let mut candidates = match half.head {
            None => heads(half.first),
            Some(_) => self.argument(spec, &half, typed),
        };
        candidates.retain(|candidate| candidate.starts_with(half.word) && candidate != half.word);
        // Behind a command that is clear there is more to type.
        if let (None, [only], true) = (half.head, &mut candidates[..], cursor == line.len()) {
            only.push(' ');
        }
        Found {
            start: cursor - half.word.len(),
            candidates,
        }
    }

    fn forget(&self) {
        self.answers().clear();
    }
}

/// The stage of a pipeline the cursor is in.
struct Half<'l> {
    /// Its first word, if the cursor is past it.
    head: Option<&'l str>,
    /// The text of the stage between its head and the word.
    before: &'l str,
    /// The word at the cursor, up to the cursor.
    word: &'l str,
    /// Whether it is the first of its line.
    first: bool,
}

impl<'l> Half<'l> {
    fn of(typed: &'l str) -> Self {
        let pieces = lexis::read(typed).pieces;
        let joint = pieces.iter().rfind(|piece| piece.class == Class::Joint);
        let from = joint.map_or(0, |piece| piece.span.end);
        let piped = joint.is_some_and(|piece| typed[piece.span.clone()].starts_with('|'));
        let ends = |c: char| c.is_whitespace() || "()[]{},=~<>!\"'|;".contains(c);
        let start = typed
            .rfind(ends)
            .map_or(0, |at| {
                at + typed[at..].chars().next().map_or(1, char::len_utf8)
            })
            .max(from);
        let head = pieces.iter().find(|piece| {
            piece.class == Class::Head && piece.span.start >= from && piece.span.end <= start
        });
        Self {
            head: head.map(|piece| &typed[piece.span.clone()]),
            before: &typed[head.map_or(from, |piece| piece.span.start)..start],
            word: &typed[start..],
            first: !piped,
        }
    }
}

/// Commands that may stand here.
fn heads(first: bool) -> Vec<String> {
    let fits = |spec: &Spec| {
        let begins = matches!(spec.input, Shape::Nothing | Shape::NothingOrNodes);
        if first {
            begins
        } else {
            spec.input != Shape::Nothing
        }
    };
    let specs = COMMANDS.iter().map(|command| command.spec());
    specs
        .filter(|spec| fits(spec))
        .map(|spec| spec.name.to_owned())
        .collect()
}

/// First words of what a command's record tells about its arguments.
fn arguments(spec: &Spec) -> impl Iterator<Item = &'static str> {
    let names = spec.arguments.iter().map(|(name, _)| *name);
    names.filter_map(|name| name.split([' ', '=', ',', '[']).next())
}

fn flags(spec: &Spec) -> Vec<String> {
    arguments(spec)
        .filter(|name| name.starts_with('-'))
        .map(str::to_owned)
        .collect()
}

fn verbs(spec: &Spec) -> Vec<String> {
    let lower =
        |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    arguments(spec)
        .filter(|name| lower(name))
        .map(str::to_owned)
        .collect()
}

/// Whether a file may stand here: right behind `write`, behind the id in `configs update ID FILE`.
fn takes_file(spec: &Spec, half: &Half<'_>) -> bool {
    let words = half.before.split_whitespace().count();
    let verb = spec.input == Shape::Nothing;
    spec.usage.contains("FILE") && !half.word.starts_with('-') && words >= if verb { 3 } else { 1 }
}

fn files(typed: &str) -> Found {
    let found = FilenameCompleter::new().complete_path(typed, typed.len());
    // A directory that cannot be read completes to nothing.
    let (start, pairs) = found.unwrap_or_default();
    let candidates = pairs.into_iter().map(|pair| pair.replacement).collect();
    Found { start, candidates }
}

/// Kinds named in `is(…)`, as far as they are written.
fn named_kinds(line: &str) -> Vec<&str> {
    line.match_indices("is(")
        .filter_map(|(at, opening)| line[at + opening.len()..].split_once(')'))
        .flat_map(|(kinds, _)| kinds.split(','))
        .map(|kind| kind.trim().trim_matches(['"', '\'', '[', ']']))
        .filter(|kind| !kind.is_empty())
        .collect()
}

/// `- name: type` of a kind's description.
fn property(line: &str) -> Option<String> {
    let (name, _) = line.strip_prefix("- ")?.split_once(':')?;
    Some(name.to_owned())
}

/// The property in front of a comparison that ends here: `name =`.
fn compared(before: &str) -> Option<&str> {
    let left = ["!=", "==", "="]
        .iter()
        .find_map(|sign| before.strip_suffix(sign))?;
    if left.ends_with(['<', '>']) {
        return None;
    }
    let left = left.trim_end();
    let start = left
        .rfind(|c: char| c.is_whitespace() || "(),".contains(c))
        .map_or(0, |at| at + 1);
    Some(&left[start..]).filter(|name| !name.is_empty())
}

/// A value as it is written in a query.
fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    if !value.is_empty() && value.chars().all(plain) {
        return value.to_owned();
    }
    format!("\"{}\"", value.replace('\\', r"\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn known() -> Known {
        Known::new(Box::new(|line| {
            let text = match line {
                "kinds" => "kubernetes_node\nkubernetes_pod\nvolume",
                "kinds kubernetes_pod" => {
                    "name: kubernetes_pod\nproperties:\n- name: string\n- pod_status: object"
                }
                "kinds resource" => "properties:\n- name: string\n- age: duration",
                "search is(kubernetes_pod) | count namespace" => {
                    "a b: 1\ndefault: 3\ntotal matched: 4\ntotal unmatched: 0"
                }
                _ => "",
            };
            text.lines().map(str::to_owned).collect()
        }))
    }

    /// `_` is where the cursor stands; shown is the line for each candidate.
    #[track_caller]
    fn check(line: &str, expected: Expect) {
        let cursor = line.len();
        let found = known().complete(line, cursor);
        let shown: Vec<String> = found
            .candidates
            .iter()
            .map(|text| format!("{}{text}", &line[..found.start]))
            .collect();
        expected.assert_eq(&shown.join("\n"));
    }

    #[test]
    fn commands_come_first_and_after_pipes() {
        check("se", expect!["search "]);
        check("search all | cou", expect!["search all | count "]);
        check("search all | kin", expect![[""]]);
        check("help cou", expect![["help count"]]);
        check("kinds ; kin", expect!["kinds ; kinds "]);
    }

    #[test]
    fn flags_and_verbs_come_from_the_record() {
        check("search --wi", expect![["search --with-edges"]]);
        check(
            "search all | list --wi",
            expect![[r"
                search all | list --wide
                search all | list --with-defaults"]],
        );
        check(
            "workflows ru",
            expect![[r"
            workflows run
            workflows running"]],
        );
    }

    #[test]
    fn files_stand_where_the_record_says_so() {
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join("service.dot"), "").unwrap();
        let line = format!("search all | write {}/serv", place.path().display());
        let found = known().complete(&line, line.len());
        assert_eq!(found.candidates.len(), 1);
        assert!(found.candidates[0].ends_with("service.dot"), "{found:?}");
        check("configs upd", expect![["configs update"]]);
        check(
            "search all | write --fo",
            expect![["search all | write --force"]],
        );
    }

    #[test]
    fn kinds_properties_and_values_come_from_the_core() {
        check(
            "search is(kubernetes_p",
            expect![["search is(kubernetes_pod"]],
        );
        check("is(vol", expect![["is(volume"]]);
        check("kinds kubernetes_n", expect![["kinds kubernetes_node"]]);
        check(
            "search is(kubernetes_pod) and pod",
            expect![["search is(kubernetes_pod) and pod_status"]],
        );
        check(
            "search is(kubernetes_pod) | list name, pod",
            expect![["search is(kubernetes_pod) | list name, pod_status"]],
        );
        check(
            "search is(kubernetes_pod) and namespace=",
            expect![[r#"
                search is(kubernetes_pod) and namespace=default
                search is(kubernetes_pod) and namespace="a b""#]],
        );
        check(
            "search is(kubernetes_pod) and namespace = d",
            expect![["search is(kubernetes_pod) and namespace = default"]],
        );
    }

    #[test]
    fn the_core_is_asked_once() {
        let asked = Arc::new(Mutex::new(0));
        let count = Arc::clone(&asked);
        let known = Known::new(Box::new(move |_| {
            *count.lock().unwrap() += 1;
            vec!["pod".to_owned()]
        }));
        known.complete("is(", 3);
        known.complete("is(p", 4);
        assert_eq!(*asked.lock().unwrap(), 1);
        known.forget();
        known.complete("is(p", 4);
        assert_eq!(*asked.lock().unwrap(), 2);
    }

    #[test]
    fn any_half_of_a_line_is_fine() {
        let line = "a=1 search is(\"ö\") and x != 'y' --> [1:] | list -";
        for (at, _) in line.char_indices() {
            known().complete(line, at);
        }
    }
}
