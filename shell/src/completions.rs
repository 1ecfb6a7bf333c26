//! What may stand at the cursor: the core knows, the shell adds what is only its own.
//!
//! Of its own are the files of this machine and the words no core hears of. Nothing is remembered: the core answers from
//! memory, and what it answered before the last line may be wrong after it.
use rustyline::completion::{FilenameCompleter, Pair};
use stocktake_command as command;
use stocktake_command::{Candidate, What};

use crate::local::Local;

/// Completes half a line. Called on every press of Tab, so it must be quick.
pub(crate) trait Completions {
    /// What may replace the text from [`Found::start`] to `cursor` (bytes).
    fn complete(&self, line: &str, cursor: usize) -> Found;
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Found {
    /// First byte of the text that is replaced.
    pub(crate) start: usize,
    /// What it may be replaced with, in the order it is to be shown.
    pub(crate) offers: Vec<Offer>,
}

/// One thing that may stand at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    /// What is put there.
    pub(crate) text: String,
    /// What is shown in the list.
    pub(crate) shown: String,
}

/// Asks a core what may stand at byte `cursor` of a line; nothing if it does not answer soon.
pub(crate) type Ask = Box<dyn Fn(&str, usize) -> command::Completions>;

/// Completion by the core.
pub(crate) struct ByCore {
    ask: Ask,
}

/// A list that is longer is shown without the words about each: they would not fit on a screen.
const TALKATIVE: usize = 16;
/// Longest words about a candidate, in characters.
const ABOUT: usize = 60;

impl ByCore {
    /// Completion that asks this way.
    pub(crate) fn new(ask: Ask) -> Self {
        Self { ask }
    }
}

impl Completions for ByCore {
    fn complete(&self, line: &str, cursor: usize) -> Found {
        let answer = (self.ask)(line, cursor);
        if answer.files {
            return files(&line[..cursor]);
        }
        // A core of another version must not make a prompt panic.
        let start = answer.start.min(cursor);
        let Some(word) = line.get(start..cursor) else {
            return Found::default();
        };
        let mut candidates = answer.candidates;
        if line[..start].trim().is_empty() {
            let own = Local::WORDS.iter().filter(|own| own.0.starts_with(word));
            candidates.extend(own.map(|(name, about)| Candidate {
                text: (*name).to_owned(),
                what: What::Command,
                about: (*about).to_owned(),
            }));
        }
        candidates.retain(|known| known.text != word || known.what == What::Command);
        if let [only] = &mut candidates[..] {
            // Behind a word that is clear there is more to type.
            if cursor == line.len() && goes_on(only) {
                only.text.push(' ');
            }
        }
        Found {
            start,
            offers: listed(candidates),
        }
    }
}

/// Whether a blank follows. Behind a property or a kind there may be an operator or a bracket as well.
fn goes_on(known: &Candidate) -> bool {
    match known.what {
        What::Command | What::Verb | What::Flag => true,
        What::Keyword => known.text.ends_with(char::is_alphabetic),
        What::Kind | What::Property | What::Operator | What::Value | What::Name => false,
    }
}

/// A short list says what each is.
fn listed(candidates: Vec<Candidate>) -> Vec<Offer> {
    let widths = candidates.iter().map(|known| known.text.chars().count());
    let width = widths.max().unwrap_or(0);
    let says = candidates.len() <= TALKATIVE && candidates.iter().any(|one| !one.about.is_empty());
    let offer = |Candidate { text, about, .. }: Candidate| {
        let about = about.lines().next().unwrap_or_default();
        let shown = if says && !about.is_empty() {
            let cut: String = about.chars().take(ABOUT).collect();
            format!("{text:<width$}  {cut}")
        } else {
            text.clone()
        };
        Offer { text, shown }
    };
    candidates.into_iter().map(offer).collect()
}

fn files(typed: &str) -> Found {
    let found = FilenameCompleter::new().complete_path(typed, typed.len());
    // A directory that cannot be read completes to nothing.
    let (start, pairs) = found.unwrap_or_default();
    let offer = |pair: Pair| Offer {
        text: pair.replacement,
        shown: pair.display,
    };
    Found {
        start,
        offers: pairs.into_iter().map(offer).collect(),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn candidate(text: &str, what: What, about: &str) -> Candidate {
        Candidate {
            text: text.to_owned(),
            what,
            about: about.to_owned(),
        }
    }

    /// The core answers this about the last word of every line.
    #[track_caller]
    fn check(line: &str, candidates: &[Candidate], expected: Expect) {
        let start = line.rfind(' ').map_or(0, |at| at + 1);
        let candidates = candidates.to_vec();
        let by_core = ByCore::new(Box::new(move |line, cursor| command::Completions {
            start,
            end: cursor,
            candidates: candidates.clone(),
            files: line.starts_with("write"),
        }));
        let found = by_core.complete(line, line.len());
        let shown = found.offers.iter();
        let shown: Vec<String> = shown
            .map(|offer| format!("{}{}| {}", &line[..found.start], offer.text, offer.shown))
            .collect();
        expected.assert_eq(&shown.join("\n"));
    }

    #[test]
    fn a_short_list_says_what_each_is() {
        check(
            "search all | co",
            &[
                candidate("count", What::Command, "count elements"),
                candidate("configs", What::Command, "read and\nchange"),
            ],
            expect![[r"
                search all | count| count    count elements
                search all | configs| configs  read and"]],
        );
        check(
            "search phase = ",
            &[candidate("Running", What::Value, "")],
            expect!["search phase = Running| Running"],
        );
    }

    #[test]
    fn a_blank_follows_what_cannot_end_there() {
        check(
            "search all | cou",
            &[candidate("count", What::Command, "")],
            expect!["search all | count | count "],
        );
        check(
            "search an",
            &[candidate("and", What::Keyword, "")],
            expect!["search and | and "],
        );
        check(
            "search i",
            &[candidate("is(", What::Keyword, "")],
            expect!["search is(| is("],
        );
        check(
            "search na",
            &[candidate("name", What::Property, "")],
            expect!["search name| name"],
        );
        check(
            "search name",
            &[candidate("name", What::Property, "")],
            expect![""],
        );
    }

    #[test]
    fn the_words_of_the_shell_are_offered_where_a_line_begins() {
        check("cle", &[], expect!["clear | clear   empty the screen"]);
        check("search all | cle", &[], expect![""]);
    }

    #[test]
    fn files_are_those_of_this_machine() {
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join("service.dot"), "").unwrap();
        let line = format!("write {}/serv", place.path().display());
        let by_core = ByCore::new(Box::new(|_, _| command::Completions {
            files: true,
            ..command::Completions::default()
        }));
        let found = by_core.complete(&line, line.len());
        assert_eq!(found.offers.len(), 1);
        assert!(found.offers[0].text.ends_with("service.dot"), "{found:?}");
    }

    #[test]
    fn an_answer_about_another_line_offers_nothing() {
        let by_core = ByCore::new(Box::new(|_, cursor| command::Completions {
            start: cursor + 9,
            end: cursor + 9,
            candidates: vec![candidate("x", What::Kind, "")],
            files: false,
        }));
        for (at, _) in "é x".char_indices() {
            by_core.complete("é x", at);
        }
    }
}
