//! A text with `{path}` holes, filled in for every element.
use serde_json::Value;
use stocktake_query::{Path, Piece};

use super::Render;
use crate::Scene;
use crate::reader::Reader;
use crate::show::scalar_text;

/// A template, ready to be filled in.
#[derive(Debug, Clone)]
pub(crate) struct Template(Vec<Part>);

#[derive(Debug, Clone)]
enum Part {
    Text(String),
    /// `{.}`
    Whole,
    Hole(Box<Reader>),
}

impl Template {
    /// The pieces of a template, its paths relative to the section of the scene.
    pub(crate) fn new(pieces: Vec<Piece>, scene: &Scene) -> Self {
        let parts = pieces.into_iter().map(|piece| match piece {
            Piece::Text(text) => Part::Text(text),
            Piece::Hole(path) if path.segments.is_empty() => Part::Whole,
            Piece::Hole(path) => Part::Hole(Box::new(Reader::new(&path, scene))),
        });
        Self(parts.collect())
    }

    /// Paths it reads.
    pub(crate) fn reads(&self) -> Vec<Path> {
        let holes = self.0.iter().filter_map(|part| match part {
            Part::Hole(reader) => Some(reader.path().clone()),
            _ => None,
        });
        holes.collect()
    }

    /// The text for one element; a missing value is `null`.
    pub(crate) fn fill(&self, element: &Value) -> String {
        let parts = self.0.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Whole => scalar_text(element),
            Part::Hole(reader) => reader
                .value(element)
                .map_or_else(|| "null".to_owned(), |value| scalar_text(&value)),
        });
        parts.collect()
    }

    /// The text for one element; the path of the first hole without a value, if there is one.
    pub(crate) fn fill_all(&self, element: &Value) -> Result<String, &Path> {
        let missing = self.0.iter().find_map(|part| match part {
            Part::Hole(reader) if reader.value(element).is_none() => Some(reader.path()),
            _ => None,
        });
        missing.map_or_else(|| Ok(self.fill(element)), Err)
    }
}

impl Render for Template {
    fn element(&mut self, element: &Value) -> Vec<String> {
        vec![self.fill(element)]
    }
}
