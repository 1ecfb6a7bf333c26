//! What an answer to Tab is made of.
use serde::{Deserialize, Serialize};
use stocktake_query::Path;

/// What may stand at the cursor.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Completions {
    /// First byte of the word that is being typed; a candidate replaces it up to the cursor.
    pub start: usize,
    /// One past its last byte: the cursor.
    pub end: usize,
    /// What may stand there, best first.
    pub candidates: Vec<Candidate>,
    /// Whether a file of the client may stand there.
    pub files: bool,
}

/// One thing that may stand at the cursor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// What is put there.
    pub text: String,
    /// What it is.
    pub what: What,
    /// A few words about it; may be empty.
    pub about: String,
}

/// What a candidate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words say it")]
pub enum What {
    Command,
    Verb,
    Flag,
    Kind,
    Property,
    Operator,
    Value,
    Keyword,
    Name,
}

/// Candidates, and what the core can add to them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Completing {
    /// What is known without looking anything up.
    pub completions: Completions,
    /// The word that is being typed, without its opening quote.
    pub word: String,
    /// What to look up.
    pub wanted: Option<Wanted>,
}

/// What the core can look up.
#[derive(Debug, Clone, PartialEq)]
pub enum Wanted {
    /// Values of a property that there are, in nodes of these kinds (all if empty).
    Values {
        /// The property, as it was typed.
        path: Path,
        /// The kinds, as they were typed.
        kinds: Vec<String>,
    },
    /// Names of clusters.
    Clusters,
    /// Ids of configuration documents.
    Configs,
    /// Ids of jobs.
    Jobs,
    /// Names of query templates.
    Templates,
    /// Names of workflows.
    Workflows,
}

/// These candidates for the word that begins at `start`.
pub(super) fn plain(start: usize, word: &str, candidates: Vec<Candidate>) -> Completing {
    Completing {
        completions: Completions {
            start,
            end: start + word.len(),
            candidates,
            files: false,
        },
        word: word.trim_start_matches('"').to_owned(),
        wanted: None,
    }
}

/// A candidate with a few words about it.
pub(crate) fn candidate(text: &str, what: What, about: &str) -> Candidate {
    Candidate {
        text: text.to_owned(),
        what,
        about: about.to_owned(),
    }
}
