//! Why a plugin could not do what it was asked, with the way out.
use stocktake_model::GapReason;

/// Trouble with a whole account: it could not be found, reached or entered.
///
/// Trouble with a part of it is a gap in its snapshot, never an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PluginError {
    /// What happened, for programs.
    pub reason: GapReason,
    /// What happened and where, for people.
    pub message: String,
    /// The way out, for people.
    pub hint: Option<String>,
    /// Name of the account it is about; absent if it is about none in particular (an unreadable file).
    pub account: Option<String>,
}

impl PluginError {
    /// An error without a hint.
    pub fn new(reason: GapReason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            hint: None,
            account: None,
        }
    }

    /// The same error, about this account.
    #[must_use]
    pub fn of(self, account: impl Into<String>) -> Self {
        Self {
            account: Some(account.into()),
            ..self
        }
    }

    /// The same error with the way out.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }
}
