//! How large a query may be: what no text can get around, so that none overflows the stack.

/// How deep brackets, negations, contexts and lists may nest.
///
/// A `with` counts twice and a merged query four times: they take that much more of the stack.
pub const MAX_DEPTH: usize = 64;
/// How long a query may be, in bytes.
pub const MAX_LENGTH: usize = 64 * 1024;
