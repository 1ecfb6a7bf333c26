//! Who runs a line, and where: what a client sends along with it.
use std::collections::BTreeMap;

/// Who runs a line, and where.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Context {
    /// The line as it was typed; what [`crate::execute`] runs.
    pub line: String,
    /// Who runs it, for the audit log.
    pub user: String,
    /// Whether a person sits in front of it.
    pub terminal: Terminal,
    /// Variables of the client, e.g. `section`, `search_timeout`, `edge_type`; assignments on the line win.
    pub env: BTreeMap<String, String>,
    /// Files the client uploaded, by the name on the line.
    pub files: BTreeMap<String, String>,
}

/// What the client is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Terminal {
    /// A program: a pipe, a job, the API.
    #[default]
    None,
    /// A person at a prompt.
    Prompt {
        /// Columns of the screen.
        width: Option<u16>,
    },
}

impl Terminal {
    /// Columns of the screen, if there is one of which that is known.
    pub(crate) fn width(self) -> Option<u16> {
        match self {
            Self::None => None,
            Self::Prompt { width } => width,
        }
    }
}
