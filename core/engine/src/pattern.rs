//! A pattern of `=~`, and a text that stands in everything it matches, which is found faster than a match. Patterns do
//! not regard case.
use memchr::memmem::Finder;
use regex::{Error, Regex, RegexBuilder};
use regex_syntax::Parser;
use regex_syntax::hir::{Hir, HirKind};

/// A compiled pattern may take this many bytes.
const PATTERN_BYTES: usize = 1 << 20;
/// Shorter texts are in too many names to be worth looking for.
const SHORTEST: usize = 2;

/// A compiled pattern.
#[derive(Debug)]
pub(crate) struct Pattern {
    regex: Regex,
    /// In lower case.
    needle: Option<Finder<'static>>,
}

impl Pattern {
    pub(crate) fn new(pattern: &str) -> Result<Self, Error> {
        let regex = RegexBuilder::new(pattern)
            .case_insensitive(true)
            .size_limit(PATTERN_BYTES)
            .build()?;
        let tree = Parser::new().parse(pattern).ok();
        let needle = tree.map(|tree| needle(&tree)).unwrap_or_default();
        Ok(Self {
            regex,
            needle: (needle.len() >= SHORTEST).then(|| Finder::new(&needle).into_owned()),
        })
    }

    /// Whether it matches a text somewhere.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// What finds a text without which nothing matches in `haystack`; `None` if there is no such text.
    pub(crate) fn finder(&self, haystack: &[u8]) -> Option<&Finder<'static>> {
        // Other letters may be another case of one of ours.
        self.needle.as_ref().filter(|_| is_lower(haystack))
    }
}

/// Whether there are neither upper case nor other letters.
fn is_lower(text: &[u8]) -> bool {
    let other = |byte: &u8| !byte.is_ascii() | byte.is_ascii_uppercase();
    // Piece by piece, so that there is no branch per byte.
    text.chunks(4096)
        .all(|piece| !piece.iter().fold(false, |any, byte| any | other(byte)))
}

/// The longest text that is in every match, in lower case; empty if none is.
fn needle(tree: &Hir) -> Vec<u8> {
    match tree.kind() {
        HirKind::Literal(literal) => longest_ascii(&literal.0),
        HirKind::Capture(capture) => needle(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => needle(&repetition.sub),
        HirKind::Concat(parts) => {
            let needles = parts.iter().map(needle);
            needles.max_by_key(Vec::len).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

fn longest_ascii(literal: &[u8]) -> Vec<u8> {
    let pieces = literal.split(|byte| !byte.is_ascii());
    let longest = pieces.max_by_key(|piece| piece.len());
    longest.unwrap_or_default().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, expected: &str) {
        let needle = needle(&Parser::new().parse(pattern).unwrap());
        assert_eq!(String::from_utf8(needle).unwrap(), expected);
    }

    #[test]
    fn the_longest_text_of_every_match_is_found() {
        check("gateway-.*-[x-z]", "gateway-");
        check("^web$", "web");
        check("a.b(longer)+c", "longer");
        check("(longer)?web", "web");
        check("(longer)*web|other", "");
        check("one|other", "");
        check("[a-z]+", "");
        check("Gr\u{f6}\u{df}eLimit", "elimit");
        check("(?i)web", "");
        check("(?-i)WEB", "web");
        check("", "");
    }

    #[test]
    fn other_letters_are_left_to_the_pattern() {
        let pattern = Pattern::new("kube").unwrap();
        assert!(pattern.finder(b"my-kube").is_some());
        assert!(pattern.finder(b"my-Kube").is_none());
        // The sign for Kelvin is another `k`.
        assert!(pattern.finder("\u{212a}ube".as_bytes()).is_none());
        assert!(pattern.is_match("\u{212a}ube"));
        assert!(Pattern::new("x").unwrap().finder(b"x").is_none());
    }
}
