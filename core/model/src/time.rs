//! Timestamps: every one is stored as UTC `YYYY-MM-DDTHH:MM:SSZ`, so that text order is time order.
use jiff::civil;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::Duration;

/// A text that is not a timestamp.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time: expected e.g. `2024-05-01`, `2024-05-01T10:00:00Z`")]
pub struct TimeError(String);

/// A timestamp from RFC 3339 text, a date and time without zone (UTC), or a date (its midnight in UTC).
pub fn parse_time(text: &str) -> Result<Timestamp, TimeError> {
    let text = text.trim();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    let wrong = |_| TimeError(text.to_owned());
    let local: civil::DateTime = text.parse().map_err(wrong)?;
    local
        .to_zoned(TimeZone::UTC)
        .map(|zoned| zoned.timestamp())
        .map_err(wrong)
}

/// A moment as people write it: a duration before now (its sign does not matter), `now`, or what [`parse_time`] takes.
pub fn parse_moment(text: &str, now: Timestamp) -> Result<Timestamp, TimeError> {
    if text.trim() == "now" {
        return Ok(now);
    }
    let Ok(ago) = text.parse::<Duration>() else {
        return parse_time(text);
    };
    let ago = SignedDuration::from_secs(ago.seconds().saturating_abs());
    now.checked_sub(ago).map_err(|_| TimeError(text.to_owned()))
}

/// The stored text of a timestamp: whole seconds, UTC.
pub fn normalise(time: Timestamp) -> String {
    let whole = Timestamp::from_second(time.as_second()).unwrap_or(time);
    format!("{whole:.0}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_stored_in_one_form() {
        for (text, stored) in [
            ("2024-05-01", "2024-05-01T00:00:00Z"),
            ("2024-05-01T10:00:00Z", "2024-05-01T10:00:00Z"),
            ("2024-05-01T10:00:00.123456Z", "2024-05-01T10:00:00Z"),
            ("2024-05-01T10:00:00+02:00", "2024-05-01T08:00:00Z"),
            ("2024-05-01T10:00:00", "2024-05-01T10:00:00Z"),
            ("2024-05-01 10:00:00", "2024-05-01T10:00:00Z"),
        ] {
            assert_eq!(
                parse_time(text).map(normalise).as_deref(),
                Ok(stored),
                "{text}"
            );
        }
        for text in ["", "yesterday", "2024-13-01", "10:00"] {
            assert!(parse_time(text).is_err(), "{text}");
        }
    }

    #[test]
    fn moments_are_counted_back_from_now() {
        let now = parse_time("2024-05-10T12:00:00Z").unwrap();
        for (text, stored) in [
            ("now", "2024-05-10T12:00:00Z"),
            ("1d", "2024-05-09T12:00:00Z"),
            ("-1d", "2024-05-09T12:00:00Z"),
            ("90s", "2024-05-10T11:58:30Z"),
            ("2024-05-01", "2024-05-01T00:00:00Z"),
        ] {
            assert_eq!(
                parse_moment(text, now).map(normalise).as_deref(),
                Ok(stored),
                "{text}"
            );
        }
        for text in ["", "yesterday", "99999999d"] {
            assert!(parse_moment(text, now).is_err(), "{text}");
        }
    }
}
