//! What a line is read against, before anything runs: time, model, settings, templates.
//!
//! A core has all of it, but so has a program without one: `stocktake check` reads lines against the built-in model.
use std::sync::Arc;

use jiff::Timestamp;
use stocktake_model::Model;

use crate::{CommandError, Settings};

/// What a line is read against.
pub trait Ground: Send + Sync {
    /// The time it is.
    fn now(&self) -> Timestamp;

    /// All kinds.
    fn model(&self) -> Arc<Model>;

    /// What the configuration says about the command line.
    fn settings(&self) -> Settings;

    /// The text of a stored query template; `None` if there is none of this name.
    fn template(&self, name: &str) -> Result<Option<String>, CommandError>;
}
