//! Where an edge rule finds the reference: a path, or a text with holes. Bound to the keys of one partition.
use stocktake_model::Path;

use crate::document::{Cursor, Item};
use crate::intern::Strings;
use crate::steps::Steps;
use crate::view::View;

/// `path` or `{/name}-{name}`; a leading `/` starts at the reported section instead of the element.
#[derive(Debug)]
pub(crate) enum Template {
    Path(Hole),
    Pieces(Vec<Piece>),
}

#[derive(Debug)]
pub(crate) struct Hole {
    from_top: bool,
    steps: Steps,
}

#[derive(Debug)]
pub(crate) enum Piece {
    Text(String),
    Hole(Hole),
}

impl Template {
    /// `None` if the text is malformed or a path leads nowhere in every document.
    pub(crate) fn bind(text: &str, strings: &Strings) -> Option<Self> {
        if !text.contains('{') {
            return hole(text, strings).map(Self::Path);
        }
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (inside, behind) = after.split_once('}')?;
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(Piece::Hole(hole(inside, strings)?));
            rest = behind;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Some(Self::Pieces(pieces))
    }

    /// Every value of a path; a text with holes has none.
    pub(crate) fn each<'a>(
        &self,
        reported: Cursor<'a>,
        element: Cursor<'a>,
        found: &mut dyn FnMut(Cursor<'a>),
    ) {
        if let Self::Path(hole) = self {
            hole.steps.each(hole.start(reported, element), found);
        }
    }

    /// Every scalar as text; lists are looked through. With holes: one text, if no hole is empty.
    pub(crate) fn each_text<'a>(
        &self,
        reported: Cursor<'a>,
        element: Cursor<'a>,
        found: &mut dyn FnMut(&str),
    ) {
        match self {
            Self::Path(_) => self.each(reported, element, &mut |value| scalars(value, found)),
            Self::Pieces(pieces) => {
                if let Some(text) = filled(pieces, reported, element) {
                    found(&text);
                }
            }
        }
    }
}

impl Hole {
    fn start<'a>(&self, reported: Cursor<'a>, element: Cursor<'a>) -> Cursor<'a> {
        if self.from_top { reported } else { element }
    }
}

fn hole(text: &str, strings: &Strings) -> Option<Hole> {
    let (from_top, text) = match text.strip_prefix('/') {
        Some(text) => (true, text),
        None => (false, text),
    };
    let path: Path = text.trim().parse().ok()?;
    let steps = Steps::bind(&path, strings);
    (!steps.leads_nowhere()).then_some(Hole { from_top, steps })
}

fn scalars(value: Cursor<'_>, found: &mut dyn FnMut(&str)) {
    match value.item() {
        Item::Null | Item::Object(_) => {}
        Item::List(body) => body.elements().for_each(|element| scalars(element, found)),
        _ => found(&View::Doc(value).text_form()),
    }
}

fn filled(pieces: &[Piece], reported: Cursor<'_>, element: Cursor<'_>) -> Option<String> {
    let mut filled = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => filled.push_str(text),
            Piece::Hole(hole) => {
                let value = hole.steps.first(hole.start(reported, element))?;
                let mut first = None;
                scalars(value, &mut |text| {
                    first.get_or_insert_with(|| text.to_owned());
                });
                filled.push_str(&first?);
            }
        }
    }
    Some(filled)
}
