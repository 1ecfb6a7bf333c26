//! What may stand at the cursor of a line: commands, flags, kinds, properties, operators, and which values to look up.
//!
//! What is in the graph and in the record is not known here: the core looks up what [`Completing::wanted`] names.
mod answer;
mod line;
mod options;
mod query;
#[cfg(test)]
mod tests;
mod words;

pub(crate) use answer::candidate;
pub use answer::{Candidate, Completing, Completions, Wanted, What};
pub use line::complete;
