//! `--text`: what `dump` prints.
use super::{Format, Render, document};
use crate::Call;

pub(super) struct Text;

impl Format for Text {
    fn flag(&self) -> &'static str {
        "--text"
    }

    fn begin(&self, call: &Call) -> Box<dyn Render> {
        Box::new(document::Dump::ordered(call, Vec::new()))
    }
}
