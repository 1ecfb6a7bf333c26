//! Moments in arguments, with the way out where one cannot be read.
use jiff::Timestamp;
use stocktake_model::parse_moment;

use crate::CommandError;

/// A duration before now, `now`, or a time.
pub fn moment(text: &str, now: Timestamp) -> Result<Timestamp, CommandError> {
    parse_moment(text, now).map_err(|_| {
        CommandError::usage(format!("`{text}` is not a time")).hint(
            "write a duration before now (`3d`), `now`, a date, or e.g. `2024-05-01T10:00:00Z`",
        )
    })
}
