//! Cuts the text of an inventory into single resources, each with its first line, so that a mistake in one costs the
//! others nothing. What stands in a resource is not looked at.

use std::path::Path;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// One JSON object per line.
    Ndjson,
    /// A list of mappings, or several documents of one mapping each.
    Yaml,
}

impl Format {
    /// By the ending of the name of the file.
    pub(crate) fn of(path: &Path) -> Self {
        let ending = path.extension().and_then(|ending| ending.to_str());
        match ending.map(str::to_lowercase).as_deref() {
            Some("yaml" | "yml") => Self::Yaml,
            _ => Self::Ndjson,
        }
    }
}

/// The text of one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece<'t> {
    /// Its first line in the file, from one.
    pub(crate) line: usize,
    /// The lines as they stand in the file.
    pub(crate) text: &'t str,
}

/// The resources of a text, in order. Blank lines and comments between them belong to none.
pub(crate) fn split(format: Format, text: &str) -> Vec<Piece<'_>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match format {
        Format::Ndjson => (1..)
            .zip(text.lines())
            .filter(|(_, line)| !line.trim().is_empty())
            .map(|(line, text)| Piece { line, text })
            .collect(),
        Format::Yaml => yaml(text),
    }
}

/// An element begins with `-` in the first column, a document with `---`. Nothing inside a block can stand in the
/// first column, so no element is cut in two.
fn yaml(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    // Line and offset of the piece that is open.
    let mut open: Option<(usize, usize)> = None;
    let mut at = 0;
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        let bare = line.trim_end();
        let parts = bare == "---" || bare == "..." || bare.starts_with("--- ");
        let element = bare == "-" || line.starts_with("- ");
        if parts || element {
            close(&mut pieces, text, open.take(), at);
        }
        let blank = bare.is_empty() || bare.trim_start().starts_with('#') || bare.starts_with('%');
        if !parts && !blank && open.is_none() {
            open = Some((number, at));
        }
        at += line.len();
    }
    close(&mut pieces, text, open, text.len());
    pieces
}

fn close<'t>(pieces: &mut Vec<Piece<'t>>, text: &'t str, open: Option<(usize, usize)>, end: usize) {
    if let Some((line, start)) = open {
        let text = &text[start..end];
        pieces.push(Piece { line, text });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(format: Format, text: &str, expected: &[(usize, &str)]) {
        let pieces = split(format, text);
        let found: Vec<(usize, &str)> = pieces
            .iter()
            .map(|piece| (piece.line, piece.text.trim_end()))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn every_line_of_json_is_a_resource() {
        check(
            Format::Ndjson,
            "{\"a\":1}\n\n  {\"b\":2}\r\n",
            &[(1, "{\"a\":1}"), (3, "  {\"b\":2}")],
        );
    }

    #[test]
    fn yaml_is_cut_where_elements_and_documents_begin() {
        let text = "# the lot\n\n- kind: a\n  text: |\n    - not one\n\n# between\n-\n  kind: b\n---\nkind: c\n";
        check(
            Format::Yaml,
            text,
            &[
                (3, "- kind: a\n  text: |\n    - not one\n\n# between"),
                (8, "-\n  kind: b"),
                (11, "kind: c"),
            ],
        );
        check(Format::Yaml, "# nothing\n---\n...\n", &[]);
        check(Format::Yaml, "\u{feff}- kind: a", &[(1, "- kind: a")]);
    }
}
