//! What a running line sends to its client: one JSON object per line of the answer.
//!
//! The client decides how it looks: colours, carets, progress bars and files are its business.
use serde::{Deserialize, Serialize};

use crate::CommandError;

/// One message to the client. [`Output::Done`] is the last one of an answer, always.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Output {
    /// A line for standard output, without its line feed.
    Text {
        /// The line.
        line: String,
    },
    /// A piece of a file for the client to store.
    File {
        /// Path as it was typed, relative to the client.
        name: String,
        /// Next bytes of it, line feeds included.
        content: String,
        /// What to do with a file that is there already.
        mode: FileMode,
    },
    /// A document to open in an editor. If it was changed, the client uploads it as `file` and sends `follow_up`.
    Edit {
        /// Id of the document.
        id: String,
        /// Text to edit; lines that begin with `## ` tell what was wrong with the last try.
        text: String,
        /// Revision the text is of.
        revision: u64,
        /// Name to upload the changed text under.
        file: String,
        /// Line to send with it.
        follow_up: String,
    },
    /// A graph in the language of Graphviz, to be shown as a picture.
    Picture {
        /// The graph.
        text: String,
    },
    /// The line cannot run before these files are uploaded; nothing was done.
    NeedFiles {
        /// Paths as they were typed.
        names: Vec<String>,
    },
    /// A hint for people, for standard error.
    Note {
        /// The hint, one line.
        message: String,
    },
    /// How far something that runs has come.
    Progress(Progress),
    /// What it means if the person breaks the line off now: what was started goes on.
    Leave {
        /// Said in the place of `cancelled`; one line.
        message: String,
    },
    /// What went wrong, for standard error.
    Error {
        /// The fact.
        message: String,
        /// First byte, and one past the last, of the place in `line`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        span: Option<(usize, usize)>,
        /// The line as it was typed, if `span` points into it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        line: Option<String>,
        /// The way out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hint: Option<String>,
        /// 1: the world, 2: the line, 3: the result is incomplete.
        code: u8,
    },
    /// The end of the answer.
    Done {
        /// Elements (not lines) that reached the end of the pipelines.
        elements: u64,
        /// Exit code of a client that ran nothing else.
        exit_code: u8,
        /// Age of the oldest data that was read, in seconds; absent if nothing was read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data_age_secs: Option<u64>,
        /// Gaps in the data that was read.
        #[serde(default)]
        gaps: u64,
    },
}

/// What to do with a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileMode {
    /// First piece: an existing file is an error.
    Create,
    /// First piece: an existing file is replaced.
    Replace,
    /// A further piece: goes to the end of what this answer has sent already.
    Append,
}

/// How far something that runs has come.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// Workflow or job it belongs to.
    pub workflow: String,
    /// Id of the run.
    pub task: String,
    /// Step it is in.
    pub step: String,
    /// What is worked on, e.g. the name of a cluster; empty for the step as a whole.
    pub part: String,
    /// What happens, for people; one line.
    pub message: String,
    /// Units done.
    pub done: u64,
    /// Units there are; zero if nobody knows.
    pub total: u64,
    /// Objects read so far, for the rate; zero where nothing is counted.
    pub objects: u64,
}

impl Output {
    /// A line for standard output.
    pub fn text(line: impl Into<String>) -> Self {
        Self::Text { line: line.into() }
    }

    /// A hint for people.
    pub fn note(message: impl Into<String>) -> Self {
        Self::Note {
            message: message.into(),
        }
    }

    /// An error in `line`, as it was typed.
    pub fn error(error: &CommandError, line: &str) -> Self {
        let span = error.span.map(|span| (span.start, span.end));
        Self::Error {
            message: error.message.clone(),
            span,
            line: span.map(|_| line.to_owned()),
            hint: error.hint.clone(),
            code: error.class.exit_code(),
        }
    }
}
