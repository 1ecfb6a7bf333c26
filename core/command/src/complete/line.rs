//! Where on the line the cursor stands: which command it is in, and what the commands before it gave.
use stocktake_query::suggest;

use super::answer::{Candidate, Completing, What, candidate, plain};
use super::options::{self, without_options};
use super::query::{aggregate, query};
use super::words::{flags, words};
use crate::argument::quoted_end;
use crate::members::paths;
use crate::spec::Spec;
use crate::{COMMANDS, Command, Ground, Shape, command};

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
