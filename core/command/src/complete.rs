//! What may stand at the cursor of a line: commands, flags, kinds, properties, operators, and which values to look up.
//!
//! What is in the graph and in the record is not known here: the core looks up what [`Completing::wanted`] names.
mod options;

use serde::{Deserialize, Serialize};
use stocktake_model::Model;
use stocktake_query::{Expect, Path, suggest};

use crate::argument::quoted_end;
use crate::members::{paths, value_type};
use crate::spec::Spec;
use crate::{COMMANDS, Command, Ground, Shape, command};
use options::without_options;

/// What may stand at the cursor.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Completions {
    /// First byte of the word that is being typed; a candidate replaces it up to the cursor.
    pub start: usize,
    /// One past its last byte: the cursor.
    pub end: usize,
    /// What may stand there, best first.
    pub candidates: Vec<Candidate>,
    /// Whether a file of the client may stand there.
    pub files: bool,
}

/// One thing that may stand at the cursor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// What is put there.
    pub text: String,
    /// What it is.
    pub what: What,
    /// A few words about it; may be empty.
    pub about: String,
}

/// What a candidate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words say it")]
pub enum What {
    Command,
    Verb,
    Flag,
    Kind,
    Property,
    Operator,
    Value,
    Keyword,
    Name,
}

/// Candidates, and what the core can add to them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Completing {
    /// What is known without looking anything up.
    pub completions: Completions,
    /// The word that is being typed, without its opening quote.
    pub word: String,
    /// What to look up.
    pub wanted: Option<Wanted>,
}

/// What the core can look up.
#[derive(Debug, Clone, PartialEq)]
pub enum Wanted {
    /// Values of a property that there are, in nodes of these kinds (all if empty).
    Values {
        /// The property, as it was typed.
        path: Path,
        /// The kinds, as they were typed.
        kinds: Vec<String>,
    },
    /// Names of clusters.
    Clusters,
    /// Ids of configuration documents.
    Configs,
    /// Ids of jobs.
    Jobs,
    /// Names of query templates.
    Templates,
    /// Names of workflows.
    Workflows,
}

/// Candidates of one answer.
const MOST: usize = 200;

/// What may stand at byte `cursor` of a line. What stands behind it does not count.
pub fn complete(line: &str, cursor: usize, ground: &dyn Ground) -> Completing {
    let cursor = (0..=cursor.min(line.len()))
        .rev()
        .find(|at| line.is_char_boundary(*at))
        .unwrap_or(0);
    let before = &line[..cursor];
    let pieces = pieces(before);
    let start = pieces.last().map_or(0, |(start, _)| *start);
    let text = &before[start..];
    let completing = match text.split_once(char::is_whitespace) {
        None => first_word(text, pieces.len() == 1, ground),
        Some((word, argument)) => {
            let earlier = &pieces[..pieces.len() - 1];
            let kinds = kinds_of(earlier);
            let shift = word.len() + 1;
            let found = match command(word) {
                Some(known) => argument_of(known.spec(), argument, kinds, ground),
                None if pieces.len() == 1 => {
                    return shifted(query(text, &ground.model()), start, cursor);
                }
                None => Completing::default(),
            };
            shifted(found, shift, cursor)
        }
    };
    shifted(completing, start, cursor)
}

fn shifted(mut completing: Completing, by: usize, cursor: usize) -> Completing {
    completing.completions.start += by;
    completing.completions.end = cursor;
    completing.completions.candidates.truncate(MOST);
    completing
}

/// The commands of the sentence at the end of the text: where each begins, blanks left out, and what it says.
fn pieces(before: &str) -> Vec<(usize, &str)> {
    let mut starts = vec![0];
    let mut at = 0;
    while let Some(c) = before[at..].chars().next() {
        if let Some(end) = quoted_end(before, at) {
            at = end;
            continue;
        }
        let next = at + c.len_utf8();
        match c {
            // A quote that is open to the end hides the rest.
            '"' => break,
            '\\' if before[next..].starts_with(['|', ';', '"', '\'']) => at = next,
            ';' => starts = vec![next],
            '|' => starts.push(next),
            _ => {}
        }
        at += before[at..].chars().next().map_or(0, char::len_utf8);
    }
    let ends = starts[1..].iter().map(|start| start - 1);
    let ends: Vec<usize> = ends.chain([before.len()]).collect();
    let trimmed = starts.iter().zip(ends).map(|(start, end)| {
        let text = &before[*start..end];
        let blanks = text.len() - text.trim_start().len();
        (start + blanks, text.trim_start())
    });
    trimmed.collect()
}

/// The first word of a piece: a command, or the beginning of a query.
fn first_word(word: &str, first: bool, ground: &dyn Ground) -> Completing {
    let fits = |spec: &Spec| match spec.input {
        Shape::Nothing => first,
        Shape::NothingOrNodes => true,
        _ => !first,
    };
    let names = COMMANDS.iter().map(|known| known.spec());
    let mut found: Vec<Candidate> = names
        .filter(|spec| fits(spec) && spec.name.starts_with(word))
        .map(|spec| candidate(spec.name, What::Command, spec.about))
        .collect();
    let settings = ground.settings();
    let custom = settings.aliases.iter();
    found.extend(
        custom
            .filter(|(name, _)| name.starts_with(word))
            .map(|(name, meant)| candidate(name, What::Command, &meant.info)),
    );
    let mut completing = Completing {
        word: word.to_owned(),
        ..Completing::default()
    };
    if first {
        let mut asked = query(word, &ground.model());
        if !found.is_empty() && !word.is_empty() {
            // Who begins a line like a command means the command: properties would bury it.
            let said = &mut asked.completions.candidates;
            said.retain(|known| known.what != What::Property);
        }
        completing.completions.start = asked.completions.start;
        found.append(&mut asked.completions.candidates);
        completing.wanted = asked.wanted;
    }
    if completing.completions.start > 0 {
        // Inside of a query, e.g. `is(po`: no command begins there.
        found.retain(|candidate| candidate.what != What::Command);
    }
    completing.completions.candidates = found;
    completing
}

/// The kinds the searches so far have narrowed the elements to; empty if nobody knows.
fn kinds_of(pieces: &[(usize, &str)]) -> Vec<String> {
    let mut kinds = Vec::new();
    for (_, text) in pieces {
        let text = text.trim_end();
        let (word, argument) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        match command(word).map(Command::spec) {
            None => kinds = asked_for(text),
            Some(spec) if spec.name == "search" => kinds = asked_for(&without_options(argument)),
            Some(spec) if spec.input == Shape::Nodes && spec.usage.contains("origin") => {
                kinds.clear();
            }
            Some(_) => {}
        }
    }
    kinds
}

fn asked_for(query: &str) -> Vec<String> {
    let whole = format!("{query} ");
    suggest(&whole, whole.len()).kinds
}

/// The argument of a command.
fn argument_of(
    spec: &'static Spec,
    argument: &str,
    kinds: Vec<String>,
    ground: &dyn Ground,
) -> Completing {
    let start = argument.rfind(char::is_whitespace).map_or(0, |at| {
        at + argument[at..].chars().next().map_or(1, char::len_utf8)
    });
    let word = &argument[start..];
    let model = ground.model();
    if matches!(spec.name, "search" | "history")
        && let Some(completing) = options::value(argument, start)
    {
        return completing;
    }
    let mut completing = match spec.name {
        "search" => query(&without_options(argument), &model),
        "history" => query(argument, &model),
        "aggregate" => aggregate(argument, kinds, &model),
        "count" | "list" | "sort" => {
            let start = start + word.rfind([',', '(']).map_or(0, |at| at + 1);
            let paths = paths(&model, &kinds, &argument[start..]);
            plain(start, &argument[start..], paths)
        }
        _ => words(spec, argument, start, &model),
    };
    if word.starts_with('-') {
        let flags = flags(spec).into_iter();
        let flags = flags.filter(|(flag, _)| flag.starts_with(word));
        let flags: Vec<Candidate> = flags
            .map(|(flag, about)| candidate(flag, What::Flag, about))
            .collect();
        if !flags.is_empty() {
            completing.completions.start = start;
            let walks = completing.completions.candidates.drain(..);
            let walks: Vec<_> = walks.filter(|known| known.text.starts_with(word)).collect();
            completing.completions.candidates = [flags, walks].concat();
        }
    }
    completing
}

/// Sub-commands, then what they work on; or kinds, commands, files, variables.
fn words(spec: &'static Spec, argument: &str, start: usize, model: &Model) -> Completing {
    let word = &argument[start..];
    let earlier: Vec<&str> = argument[..start].split_whitespace().collect();
    let mut completing = plain(start, word, Vec::new());
    let verbs = || {
        verbs(spec)
            .filter(|(verb, _)| verb.starts_with(word))
            .map(|(verb, about)| candidate(verb, What::Verb, about))
            .collect()
    };
    let found: Vec<Candidate> = match (spec.name, earlier.as_slice()) {
        ("kinds", ["-p"]) => paths(model, &[], word),
        ("kinds", _) => kinds(model, word),
        ("help", []) => COMMANDS
            .iter()
            .map(|known| known.spec())
            .filter(|known| known.name.starts_with(word))
            .map(|known| candidate(known.name, What::Command, known.about))
            .collect(),
        ("write", _) | ("configs", ["update", _]) => {
            completing.completions.files = true;
            Vec::new()
        }
        ("predecessors" | "successors" | "ancestors" | "descendants", _) => {
            ["default", "delete", "iam"]
                .iter()
                .filter(|known| known.starts_with(word))
                .map(|known| candidate(known, What::Keyword, "type of the edges"))
                .collect()
        }
        (_, []) => verbs(),
        (name, [_]) => {
            completing.wanted = wanted(name);
            Vec::new()
        }
        _ => Vec::new(),
    };
    completing.completions.candidates = found;
    completing
}

fn wanted(command: &str) -> Option<Wanted> {
    match command {
        "clusters" => Some(Wanted::Clusters),
        "configs" => Some(Wanted::Configs),
        "jobs" => Some(Wanted::Jobs),
        "templates" => Some(Wanted::Templates),
        "workflows" => Some(Wanted::Workflows),
        _ => None,
    }
}

/// First words of the described arguments that are typed as they stand.
fn verbs(spec: &'static Spec) -> impl Iterator<Item = (&'static str, &'static str)> {
    spec.arguments.iter().filter_map(|(name, about)| {
        let word = name.split_whitespace().next()?;
        let typed = word.starts_with(|c: char| c.is_ascii_lowercase());
        typed.then_some((word, *about))
    })
}

/// Options among the described arguments: `--wait, --no-wait`, `--at TIME`, `-a`.
fn flags(spec: &'static Spec) -> Vec<(&'static str, &'static str)> {
    let described = spec.arguments.iter().flat_map(|(name, about)| {
        name.split([',', ' ', '|', '[', ']', '`'])
            .filter(|word| word.len() > 1 && word.starts_with('-'))
            .map(|word| (word, *about))
    });
    let mut found: Vec<(&str, &str)> = described.collect();
    for word in spec.usage.split([',', ' ', '|', '[', ']']) {
        let flag = word.len() > 2 && word.starts_with("--");
        if flag && !found.iter().any(|(known, _)| *known == word) {
            found.push((word, ""));
        }
    }
    found
}

fn aggregate(argument: &str, kinds: Vec<String>, model: &Model) -> Completing {
    const BEFORE: &str = "aggregate(";
    let mut completing = query(&format!("{BEFORE}{argument}"), model);
    completing.completions.start = completing.completions.start.saturating_sub(BEFORE.len());
    let start = completing.completions.start;
    let property = |known: &Candidate| known.what == What::Property;
    if completing.completions.candidates.iter().any(property) {
        let found = &mut completing.completions.candidates;
        found.retain(|known| !property(known));
        found.extend(paths(model, &kinds, &argument[start..]));
    }
    completing
}

/// A query up to the cursor.
fn query(text: &str, model: &Model) -> Completing {
    let suggestion = suggest(text, text.len());
    let word = suggestion.word.as_str();
    let mut completing = plain(suggestion.span.start, word, Vec::new());
    let mut found = Vec::new();
    for expect in &suggestion.expect {
        match expect {
            Expect::Kind => found.extend(kinds(model, word)),
            Expect::Property => {
                let within: Vec<String> =
                    suggestion.within.iter().map(ToString::to_string).collect();
                let within = within.join(".");
                found.extend(members(model, &suggestion.kinds, &within, word));
            }
            Expect::Value { path: Some(path) } => {
                let path = inside(&suggestion.within, path);
                found.extend(value_words(model, &path, word));
                completing.wanted = Some(Wanted::Values {
                    path,
                    kinds: suggestion.kinds.clone(),
                });
            }
            other => found.extend(signs(other, word)),
        }
    }
    // Properties are many: what is short and closed comes first once something is typed.
    if !word.is_empty() {
        found.sort_by_key(|known| known.what == What::Property);
    }
    completing.completions.candidates = found;
    completing
}

fn inside(within: &[Path], path: &Path) -> Path {
    let Some(first) = within.first().filter(|_| !path.absolute) else {
        return path.clone();
    };
    let inner = within.iter().chain([path]);
    Path {
        segments: inner.flat_map(|path| path.segments.clone()).collect(),
        ..first.clone()
    }
}

fn members(model: &Model, kinds: &[String], within: &str, word: &str) -> Vec<Candidate> {
    if within.is_empty() {
        return paths(model, kinds, word);
    }
    let prefix = format!("{within}.");
    let mut found = paths(model, kinds, &format!("{prefix}{word}"));
    for known in &mut found {
        known.text = known.text.trim_start_matches(&prefix).to_owned();
    }
    found
}

/// Words that every property of this type may be compared with.
fn value_words(model: &Model, path: &Path, word: &str) -> Vec<Candidate> {
    let names: Vec<&str> = path.segments.iter().map(|one| one.name.as_str()).collect();
    let words: &[&str] = if value_type(model, &names).as_deref() == Some("boolean") {
        &["true", "false"]
    } else {
        &[]
    };
    words
        .iter()
        .filter(|known| known.starts_with(word))
        .map(|known| candidate(known, What::Value, ""))
        .collect()
}

/// Operators, walks, functions and words of the language.
fn signs(expect: &Expect, word: &str) -> Vec<Candidate> {
    let (what, bracket) = match expect {
        Expect::Operator { .. } | Expect::Symbol(_) | Expect::Navigation => (What::Operator, ""),
        Expect::Call(_) | Expect::Function => (What::Keyword, "("),
        _ => (What::Keyword, ""),
    };
    let words = expect.words().into_iter();
    words
        .filter(|known| known.starts_with(word))
        .map(|known| candidate(&format!("{known}{bracket}"), what, ""))
        .collect()
}

/// Kinds that begin like the word, with or without `kubernetes_` in front, or are known under such a name.
fn kinds(model: &Model, word: &str) -> Vec<Candidate> {
    let lower = word.trim_start_matches('"').to_lowercase();
    let long = format!("kubernetes_{lower}");
    let fits = |name: &str, aliases: &[String]| {
        name.starts_with(&lower)
            || name.starts_with(&long)
            || aliases.iter().any(|alias| alias.starts_with(&lower))
    };
    model
        .kinds()
        .filter(|kind| fits(&kind.name, &kind.aliases))
        .map(|kind| candidate(&kind.name, What::Kind, &kind.about))
        .collect()
}

fn plain(start: usize, word: &str, candidates: Vec<Candidate>) -> Completing {
    Completing {
        completions: Completions {
            start,
            end: start + word.len(),
            candidates,
            files: false,
        },
        word: word.trim_start_matches('"').to_owned(),
        wanted: None,
    }
}

pub(crate) fn candidate(text: &str, what: What, about: &str) -> Candidate {
    Candidate {
        text: text.to_owned(),
        what,
        about: about.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect as Golden, expect};

    use super::*;
    use crate::fixture::Fixture;

    /// The cursor is at the end of the line.
    #[track_caller]
    fn check(line: &str, expected: Golden) {
        let found = complete(line, line.len(), &Fixture::default());
        let all = &found.completions.candidates;
        let mut texts: Vec<&str> = all
            .iter()
            .map(|known| known.text.as_str())
            .take(9)
            .collect();
        if all.len() > 9 {
            texts.push("…");
        }
        let place = &line[found.completions.start..found.completions.end];
        let wanted = match &found.wanted {
            Some(Wanted::Values { path, kinds }) => format!(" values of {path} in {kinds:?}"),
            Some(other) => format!(" {other:?}"),
            None => String::new(),
        };
        let files = if found.completions.files {
            " files"
        } else {
            ""
        };
        expected.assert_eq(&format!("{place:?} {}{wanted}{files}", texts.join(" ")));
    }

    #[test]
    fn commands_are_offered_where_they_fit() {
        check("se", expect![[r#""se" search"#]]);
        check("search all | c", expect![[r#""c" chunk clean count"#]]);
        check("echo a ; kin", expect![[r#""kin" kinds"#]]);
        check(
            "is(kubernetes_po",
            expect![[r#""kubernetes_po" kubernetes_pod"#]],
        );
        check("search \"a | cou", expect![[r#""\"a | cou" "#]]);
    }

    #[test]
    fn queries_offer_kinds_properties_operators_and_values() {
        check("search is(po", expect![[r#""po" kubernetes_pod policy"#]]);
        check(
            "search is(kubernetes_pod) and na",
            expect![[r#""na" name namespace"#]],
        );
        check(
            "search is(kubernetes_cluster) and cluster_info.m",
            expect![[r#""cluster_info.m" cluster_info.major cluster_info.minor"#]],
        );
        check(
            "search is(kubernetes_pod) and name ",
            expect![[r#""" any all none = != < <= > >= …"#]],
        );
        check(
            "search is(kubernetes_pod) and namespace = de",
            expect![[r#""de"  values of namespace in ["kubernetes_pod"]"#]],
        );
        check(
            "search /ancestors.acc",
            expect![[r#""/ancestors.acc" /ancestors.account.reported.name"#]],
        );
        check(
            "search is(kubernetes_pod) --",
            expect![[
                r#""--" --with-edges --explain --at --namespace --selector --context --output -->"#
            ]],
        );
        check(
            "search --with-edges is(kubernetes_cl",
            expect![[r#""kubernetes_cl" kubernetes_cluster"#]],
        );
    }

    #[test]
    fn arguments_know_what_came_before() {
        check(
            "search is(kubernetes_cluster) | count cluster_info.",
            expect![[
                r#""cluster_info." cluster_info.major cluster_info.minor cluster_info.platform cluster_info.server_url"#
            ]],
        );
        check(
            "search is(kubernetes_cluster) | list name, clu",
            expect![[r#""clu" cluster_info"#]],
        );
        check(
            "search is(kubernetes_cluster) | aggregate clu",
            expect![[r#""clu" cluster_info"#]],
        );
        check("search all | aggregate kind: su", expect![[r#""su" sum("#]]);
        check(
            "search all | list --",
            expect![[r#""--" --csv --json-table --markdown --wide --with-defaults"#]],
        );
        check(
            "search pods -o ",
            expect![[r#""" csv json name table wide yaml"#]],
        );
        check(
            "search pods -o wide -n ku",
            expect![[r#""ku"  values of namespace in []"#]],
        );
        check("search pods --context ", expect![[r#"""  Clusters"#]]);
        check(
            "search -n default is(kubernetes_po",
            expect![[r#""kubernetes_po" kubernetes_pod"#]],
        );
        check("search all | write ", expect![[r#"""  files"#]]);
        check("workflows r", expect![[r#""r" run running"#]]);
        check("workflows run c", expect![[r#""c"  Workflows"#]]);
        check(
            "jobs add --wa",
            expect![[r#""--wa" --wait-for-event Jobs"#]],
        );
        check("configs edit ", expect![[r#"""  Configs"#]]);
        check(
            "kinds kubernetes_p",
            expect![[r#""kubernetes_p" kubernetes_pod"#]],
        );
        check("help ag", expect![[r#""ag" aggregate"#]]);
        check(
            "search all | successors d",
            expect![[r#""d" default delete"#]],
        );
    }

    proptest::proptest! {
        #[test]
        fn no_line_panics(line in "[a-z(|;\"' \\\\=@.,ä-]{0,40}", cursor in 0..60_usize) {
            let found = complete(&line, cursor, &Fixture::default()).completions;
            proptest::prop_assert!(found.start <= found.end && found.end <= line.len());
            proptest::prop_assert!(line.is_char_boundary(found.start));
        }
    }
}
