//! Full text: words of the scalar values of `reported`, read one after the other. The index of words gives candidates
//! to [`Phrase::occurs`], it never replaces it.
use memchr::memchr2_iter;

use crate::document::{Cursor, Item};
use crate::intern::Strings;

/// Words that must follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Phrase {
    words: Vec<String>,
}

/// How often a phrase occurs, and in how many words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Occurrence {
    pub(crate) times: u32,
    pub(crate) words: u32,
}

impl Phrase {
    /// The words of a text; a text without words is found nowhere.
    pub(crate) fn new(text: &str) -> Self {
        let mut words = Vec::new();
        each_word(text, &mut |word| words.push(word.to_lowercase()));
        Self { words }
    }

    /// The words, in lower case.
    pub(crate) fn words(&self) -> &[String] {
        &self.words
    }

    /// How often the phrase occurs in a document.
    pub(crate) fn count(&self, reported: Cursor<'_>) -> Occurrence {
        let mut search = Search {
            phrase: &self.words,
            matched: vec![0; self.words.len()],
            found: Occurrence::default(),
        };
        if !self.words.is_empty() {
            scalars(reported, &mut |text| {
                each_word(text, &mut |word| search.take(word));
            });
        }
        search.found
    }

    /// Whether it occurs at all.
    pub(crate) fn occurs(&self, reported: Cursor<'_>) -> bool {
        self.occurs_with(reported, &mut Known::default())
    }

    /// The same for one of many documents with the same strings.
    pub(crate) fn occurs_with(&self, reported: Cursor<'_>, known: &mut Known) -> bool {
        if let [word] = self.words.as_slice()
            && word.is_ascii()
        {
            return has_word(reported, word, known);
        }
        let mut search = Search {
            phrase: &self.words,
            matched: vec![0; self.words.len()],
            found: Occurrence::default(),
        };
        if !self.words.is_empty() {
            scalars(reported, &mut |text| {
                // What comes behind the first place does not matter.
                if search.found.times == 0 {
                    each_word(text, &mut |word| search.take(word));
                }
            });
        }
        search.found.times > 0
    }
}

/// Which of the texts that have a number have a word in them, as far as they were read.
#[derive(Debug, Default)]
pub(crate) struct Known(Vec<Option<bool>>);

impl Known {
    /// For documents with these strings.
    pub(crate) fn of(strings: &Strings) -> Self {
        Self(vec![None; strings.len()])
    }

    fn get(&mut self, number: u32, read: impl FnOnce() -> bool) -> bool {
        match self.0.get_mut(number as usize) {
            Some(known) => *known.get_or_insert_with(read),
            None => read(),
        }
    }
}

/// Where we are in the phrase: bit n of `matched` is set while its first n words were just read.
struct Search<'p> {
    phrase: &'p [String],
    matched: Vec<u8>,
    found: Occurrence,
}

impl Search<'_> {
    fn take(&mut self, word: &str) {
        self.found.words += 1;
        // From the back, so that one word does not count twice.
        for at in (0..self.phrase.len()).rev() {
            let ready = at == 0 || self.matched[at - 1] == 1;
            self.matched[at] = u8::from(ready && same_word(&self.phrase[at], word));
        }
        if self.matched.last() == Some(&1) {
            self.found.times += 1;
        }
    }
}

/// Whether a word, in lower case and without other letters, is anywhere in a document.
fn has_word(value: Cursor<'_>, word: &str, known: &mut Known) -> bool {
    if let Some(number) = value.number_of_text() {
        let has = || text_has_word(value.strings().text(number), word);
        return known.get(number, has);
    }
    match value.item() {
        Item::Text(text) => text_has_word(text, word),
        Item::List(body) => body
            .elements()
            .any(|element| has_word(element, word, known)),
        Item::Object(body) => body
            .entries()
            .any(|(_, member)| has_word(member, word, known)),
        Item::Null | Item::Bool(_) => false,
        // Every word of a number has a digit in it.
        _ if !word.bytes().any(|byte| byte.is_ascii_digit()) => false,
        _ => {
            let mut found = false;
            scalars(value, &mut |text| found |= text_has_word(text, word));
            found
        }
    }
}

fn text_has_word(text: &str, word: &str) -> bool {
    if text.len() < word.len() {
        return false;
    }
    if !text.is_ascii() || is_timestamp(text) {
        let mut found = false;
        each_word(text, &mut |other| found |= same_word(word, other));
        return found;
    }
    let (text, word) = (text.as_bytes(), word.as_bytes());
    let is_end = |at: usize| text.get(at).is_none_or(|byte| ENDS[usize::from(*byte)]);
    let (lower, upper) = (word[0], word[0].to_ascii_uppercase());
    let mut places = memchr2_iter(lower, upper, &text[..=text.len() - word.len()]);
    places.any(|at| {
        text[at..at + word.len()].eq_ignore_ascii_case(word)
            && is_end(at + word.len())
            && (at == 0 || is_end(at - 1))
    })
}

fn same_word(lower: &str, word: &str) -> bool {
    if word.is_ascii() {
        return lower.eq_ignore_ascii_case(word);
    }
    lower == word.to_lowercase()
}

/// Words end at blanks and at `_ - @ : / .`; in a timestamp also at `T` and `Z`.
pub(crate) fn each_word(text: &str, found: &mut dyn FnMut(&str)) {
    let time = is_timestamp(text);
    if text.is_ascii() {
        let ends = |byte: &u8| ENDS[usize::from(*byte)] || (time && matches!(byte, b'T' | b'Z'));
        let mut start = 0;
        for word in text.as_bytes().split(ends) {
            if !word.is_empty() {
                found(&text[start..start + word.len()]);
            }
            start += word.len() + 1;
        }
        return;
    }
    let ends = |c: char| {
        c.is_whitespace()
            || matches!(c, '_' | '-' | '@' | ':' | '/' | '.')
            || (time && matches!(c, 'T' | 'Z'))
    };
    text.split(ends)
        .filter(|word| !word.is_empty())
        .for_each(found);
}

/// The same for texts without other letters, by byte.
const ENDS: [bool; 256] = {
    let mut ends = [false; 256];
    let all = b"\t\n\x0B\x0C\r _-@:/.";
    let mut at = 0;
    while at < all.len() {
        ends[all[at] as usize] = true;
        at += 1;
    }
    ends
};

/// `2024-05-01T10:00:00Z`
fn is_timestamp(text: &str) -> bool {
    let shape = b"0000-00-00T00:00:00Z";
    text.len() == shape.len()
        && text.bytes().zip(shape).all(|(byte, shape)| match shape {
            b'0' => byte.is_ascii_digit(),
            other => byte == *other,
        })
}

/// Texts and numbers of a document, depth first; keys, booleans and nulls are no text.
pub(crate) fn scalars(value: Cursor<'_>, found: &mut dyn FnMut(&str)) {
    match value.item() {
        Item::Text(text) => found(text),
        Item::Int(int) => found(&int.to_string()),
        Item::UInt(int) => found(&int.to_string()),
        Item::Float(_) => found(&value.to_value().to_string()),
        Item::List(body) => body.elements().for_each(|element| scalars(element, found)),
        Item::Object(body) => body
            .members()
            .for_each(|(_, member)| scalars(member, found)),
        Item::Null | Item::Bool(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::encode::encode;
    use crate::intern::StringsBuilder;

    #[test]
    fn phrases_are_words_in_order() {
        let document = json!({
            "a": "kube-proxy runs in kube system",
            "b": ["2024-05-01T10:00:00Z", 42, true],
            "c": {"d": "ÄPFEL a a b"},
        });
        let mut strings = StringsBuilder::default();
        let mut bytes = Vec::new();
        encode(&document, &mut strings, &mut bytes);
        let strings = strings.finish();
        let reported = Cursor::new(&strings, &bytes);
        for (text, times) in [
            ("kube", 2),
            ("KUBE proxy", 1),
            ("kube_proxy", 1),
            ("proxy kube", 0),
            ("kub", 0),
            ("2024-05-01", 1),
            ("01 10:00", 1),
            ("system 2024", 1),
            ("42", 1),
            ("true", 0),
            ("äpfel", 1),
            ("a a b", 1),
            ("00z", 0),
            ("00", 2),
            ("b", 1),
            ("uns", 0),
            ("run", 0),
            ("runs", 1),
            ("-", 0),
        ] {
            let phrase = Phrase::new(text);
            assert_eq!(phrase.count(reported).times, times, "{text}");
            assert_eq!(phrase.occurs(reported), times > 0, "{text}");
        }
    }
}
