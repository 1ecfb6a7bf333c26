//! What can go wrong between a client and the core.

/// A request that did not come back well.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nothing answered.
    #[error("no core answers at `{address}`: {message}")]
    Connect {
        /// Where it was looked for.
        address: String,
        /// What the system said.
        message: String,
    },
    /// The answer broke off.
    #[error("the connection to the core broke off: {0}")]
    Broken(String),
    /// The core refused the request.
    #[error("{message}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// What the core said.
        message: String,
    },
    /// The answer was not what this version expects.
    #[error("the core answered something this version does not understand: {0}")]
    Understand(String),
}
