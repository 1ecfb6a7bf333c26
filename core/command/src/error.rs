//! What goes wrong on a command line: the fact, where it stands, and the way out.
//!
//! Rendering (carets, colours) is the client's business.
use stocktake_query::Span;

/// Who can do something about an error; decides the exit code and the HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The line says something that cannot be done: exit code 2, HTTP 400.
    Usage,
    /// The line is fine, the world is not: exit code 1.
    World,
    /// There is a result, but it is known to be incomplete: exit code 3.
    Partial,
}

impl Class {
    /// The exit code of a client that stops because of it.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::World => 1,
            Self::Usage => 2,
            Self::Partial => 3,
        }
    }
}

/// An error of a command or of a service it used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CommandError {
    /// Whose turn it is.
    pub class: Class,
    /// The fact: lower case, no full stop, names in backticks.
    pub message: String,
    /// The way out.
    pub hint: Option<String>,
    /// Bytes of the line it is about.
    pub span: Option<Span>,
}

impl CommandError {
    /// An error of whoever typed the line.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Class::Usage, message)
    }

    /// An error nobody typed: something is missing, refused or broken.
    pub fn world(message: impl Into<String>) -> Self {
        Self::new(Class::World, message)
    }

    /// The result is incomplete, and this is why.
    pub fn partial(message: impl Into<String>) -> Self {
        Self::new(Class::Partial, message)
    }

    fn new(class: Class, message: impl Into<String>) -> Self {
        Self {
            class,
            message: message.into(),
            hint: None,
            span: None,
        }
    }

    /// The same error with a way out.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same error, pointing into the line; a place that is known already is kept.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.span.get_or_insert(span);
        self
    }
}
