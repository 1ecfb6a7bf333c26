//! Durations as people write them (`3d4h`, `3 days and 2 hours`, `P1DT2H`) and ages as they read them.
//!
//! Units have a fixed length (a month is 31 days, a year 365), as the query language defines them.
use std::fmt::{self, Write as _};
use std::str::FromStr;

/// A signed span of time in whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Duration(i64);

/// A text that is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a duration: expected e.g. `3d`, `1mo2d`, `90s` or `3 days and 2 hours`")]
pub struct DurationError(String);

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Names of a unit, its seconds, and how it is printed (weeks never are).
const UNITS: [(&[&str], i64, Option<&str>); 7] = [
    (&["years", "year", "yr", "y"], 365 * DAY, Some("yr")),
    (&["months", "month", "mo", "M"], 31 * DAY, Some("mo")),
    (&["weeks", "week", "w"], 7 * DAY, None),
    (&["days", "day", "d"], DAY, Some("d")),
    (&["hours", "hour", "h"], HOUR, Some("h")),
    (&["minutes", "minute", "min", "m"], MINUTE, Some("min")),
    (&["seconds", "second", "s"], 1, Some("s")),
];

impl Duration {
    /// A span of this many seconds.
    pub fn from_seconds(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Whole seconds, negative for the past.
    pub fn seconds(self) -> i64 {
        self.0
    }

    /// The text an age is shown as: at most two units, where a unit that is zero after the first counts
    /// (`3d4h`, `3d`, `1min30s`); `0s` for less than a second.
    pub fn as_age(self) -> String {
        let mut rest = self.0.unsigned_abs();
        let mut text = String::from(if self.0 < 0 { "-" } else { "" });
        let mut levels = 0;
        for (unit, seconds) in printed_units() {
            let count = rest / seconds;
            rest %= seconds;
            if count > 0 {
                write!(text, "{count}{unit}").expect("a string takes any text");
            }
            if count > 0 || levels > 0 {
                levels += 1;
            }
            if levels == 2 {
                break;
            }
        }
        if levels == 0 { "0s".to_owned() } else { text }
    }
}

fn printed_units() -> impl Iterator<Item = (&'static str, u64)> {
    UNITS
        .iter()
        .filter_map(|(_, seconds, unit)| unit.map(|unit| (unit, seconds.unsigned_abs())))
}

impl fmt::Display for Duration {
    /// Every unit that is not zero, largest first: reads back as the same duration.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        if self.0 < 0 {
            f.write_str("-")?;
        }
        let mut rest = self.0.unsigned_abs();
        for (unit, seconds) in printed_units() {
            if rest >= seconds {
                write!(f, "{}{unit}", rest / seconds)?;
            }
            rest %= seconds;
        }
        Ok(())
    }
}

impl FromStr for Duration {
    type Err = DurationError;

    /// `duration = sign? (number unit separator?)+ | sign? "P" iso`; a sign applies to the whole.
    fn from_str(text: &str) -> Result<Self, DurationError> {
        let wrong = || DurationError(text.to_owned());
        let trimmed = text.trim();
        let (sign, body) = match trimmed.strip_prefix('-') {
            Some(body) => (-1, body.trim_start()),
            None => (1, trimmed.strip_prefix('+').unwrap_or(trimmed).trim_start()),
        };
        let seconds = if body.starts_with('P') {
            iso(body)
        } else {
            groups(body)
        };
        seconds
            .and_then(|seconds| seconds.checked_mul(sign))
            .map(Self)
            .ok_or_else(wrong)
    }
}

/// `3d4h`, `3 days and 2 hours`, `1h, 5min`.
fn groups(mut rest: &str) -> Option<i64> {
    let mut total = 0_i64;
    loop {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: i64 = rest[..digits].parse().ok()?;
        rest = rest[digits..].trim_start();
        let letters = rest
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(rest.len());
        total = total.checked_add(number.checked_mul(unit_seconds(&rest[..letters])?)?)?;
        rest = rest[letters..].trim_start();
        if rest.is_empty() {
            return Some(total);
        }
        rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
        rest = rest.strip_prefix("and ").unwrap_or(rest).trim_start();
    }
}

fn unit_seconds(name: &str) -> Option<i64> {
    UNITS
        .iter()
        .find(|(names, ..)| names.contains(&name))
        .map(|(_, seconds, _)| *seconds)
}

/// `P1Y2M3W4DT5H6M7S`, any part left out.
fn iso(body: &str) -> Option<i64> {
    let body = body.strip_prefix('P')?;
    let (date, time) = body.split_once('T').unwrap_or((body, ""));
    if date.is_empty() && time.is_empty() {
        return None;
    }
    let dates = [
        ('Y', 365 * DAY),
        ('M', 31 * DAY),
        ('W', 7 * DAY),
        ('D', DAY),
    ];
    let times = [('H', HOUR), ('M', MINUTE), ('S', 1)];
    iso_part(date, &dates)?.checked_add(iso_part(time, &times)?)
}

fn iso_part(mut rest: &str, units: &[(char, i64)]) -> Option<i64> {
    let mut total = 0_i64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: i64 = rest[..digits].parse().ok()?;
        let letter = rest[digits..].chars().next()?;
        let (_, seconds) = units.iter().find(|(unit, _)| *unit == letter)?;
        total = total.checked_add(number.checked_mul(*seconds)?)?;
        rest = &rest[digits + letter.len_utf8()..];
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, seconds) in [
            ("3d", 3 * DAY),
            ("1mo2d", 33 * DAY),
            ("-3h", -3 * HOUR),
            ("3 days and 2 hours", 3 * DAY + 2 * HOUR),
            ("1h, 5min", HOUR + 5 * MINUTE),
            ("10m", 10 * MINUTE),
            ("2M", 62 * DAY),
            ("90s", 90),
            ("P1DT2H", DAY + 2 * HOUR),
            ("-P1M", -31 * DAY),
            ("PT1M", MINUTE),
        ] {
            assert_eq!(text.parse(), Ok(Duration::from_seconds(seconds)), "{text}");
        }
        for text in [
            "",
            "3",
            "d",
            "3x",
            "3d and",
            "P",
            "1e3s",
            "99999999999999999y",
            "- ",
        ] {
            assert!(text.parse::<Duration>().is_err(), "{text}");
        }
    }

    #[test]
    fn ages_are_shown_with_two_units_at_most() {
        for (seconds, age) in [
            (0, "0s"),
            (59, "59s"),
            (90, "1min30s"),
            (3 * DAY + 4 * HOUR + 5, "3d4h"),
            (3 * DAY + 120, "3d"),
            (365 * DAY + 5 * DAY, "1yr"),
            (181 * DAY, "5mo26d"),
            (-90, "-1min30s"),
        ] {
            assert_eq!(Duration::from_seconds(seconds).as_age(), age);
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_reads_back(seconds in -4_000_000_000_i64..4_000_000_000) {
            let duration = Duration::from_seconds(seconds);
            proptest::prop_assert_eq!(duration.to_string().parse(), Ok(duration));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,30}") {
            let _ = text.parse::<Duration>();
        }
    }
}
