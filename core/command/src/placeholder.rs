//! `@TODAY@` and the like: replaced in the text of a line before anything else reads it.
//!
//! Only names that are known are replaced; an `@` anywhere else means itself.
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use stocktake_model::normalise;

use crate::Argument;

/// Every placeholder with what it stands for, as shown by `help placeholders`.
pub(crate) const PLACEHOLDERS: [(&str, &str); 20] = [
    ("UTC", "now, in UTC: 2024-05-01T10:00:00Z"),
    ("NOW", "now, in the time zone of the core"),
    ("TODAY", "the date in UTC: 2024-05-01"),
    ("TOMORROW", "the next day"),
    ("YESTERDAY", "the day before"),
    ("YEAR", "four digits"),
    ("MONTH", "two digits"),
    ("DAY", "two digits"),
    ("TIME", "10:00:00"),
    ("HOUR", "two digits"),
    ("MINUTE", "two digits"),
    ("SECOND", "two digits"),
    ("TZ_OFFSET", "+0200"),
    ("TZ", "name of the time zone"),
    ("MONDAY", "the next Monday, today included"),
    ("TUESDAY", "and so on, up to @SUNDAY@"),
    ("WEDNESDAY", ""),
    ("THURSDAY", ""),
    ("FRIDAY", ""),
    ("SATURDAY", ""),
];

/// The line with every known placeholder replaced.
pub(crate) fn fill(line: &Argument, now: Timestamp, zone: &TimeZone) -> Argument {
    let text = line.text();
    let mut filled = Argument::default();
    let mut at = 0;
    while at < text.len() {
        let (piece, length) = match placeholder(&text[at..], now, zone) {
            Some((value, length)) => (value, length),
            None => one_char(&text[at..]),
        };
        let place = line.place(stocktake_query::Span::new(at..at + length));
        filled.push(&piece, place.start, place.end);
        at += length;
    }
    filled
}

fn one_char(rest: &str) -> (String, usize) {
    let c = rest.chars().next().unwrap_or(' ');
    (c.to_string(), c.len_utf8())
}

/// Value and length of the placeholder the text begins with.
fn placeholder(rest: &str, now: Timestamp, zone: &TimeZone) -> Option<(String, usize)> {
    let (name, _) = rest.strip_prefix('@')?.split_once('@')?;
    let upper = name.to_uppercase();
    if name != upper && name != name.to_lowercase() {
        return None;
    }
    Some((value(&upper, now, zone)?, name.len() + 2))
}

/// Dates derive from UTC, clock parts from the zone.
fn value(name: &str, now: Timestamp, zone: &TimeZone) -> Option<String> {
    let utc = now.to_zoned(TimeZone::UTC).date();
    let local = now.to_zoned(zone.clone());
    let text = |format: &str| local.strftime(format).to_string();
    Some(match name {
        "UTC" => normalise(now),
        "NOW" => text("%Y-%m-%dT%H:%M:%S%:z"),
        "TODAY" => utc.to_string(),
        "TOMORROW" => utc.tomorrow().ok()?.to_string(),
        "YESTERDAY" => utc.yesterday().ok()?.to_string(),
        "YEAR" => utc.strftime("%Y").to_string(),
        "MONTH" => utc.strftime("%m").to_string(),
        "DAY" => utc.strftime("%d").to_string(),
        "TIME" => text("%H:%M:%S"),
        "HOUR" => text("%H"),
        "MINUTE" => text("%M"),
        "SECOND" => text("%S"),
        "TZ" => zone_name(&local),
        "TZ_OFFSET" => text("%z"),
        day => {
            let ahead = utc.weekday().until(weekday(day)?);
            utc.checked_add(jiff::Span::new().days(i64::from(ahead)))
                .ok()?
                .to_string()
        }
    })
}

fn zone_name(local: &Zoned) -> String {
    local.strftime("%Z").to_string()
}

fn weekday(name: &str) -> Option<Weekday> {
    Some(match name {
        "MONDAY" => Weekday::Monday,
        "TUESDAY" => Weekday::Tuesday,
        "WEDNESDAY" => Weekday::Wednesday,
        "THURSDAY" => Weekday::Thursday,
        "FRIDAY" => Weekday::Friday,
        "SATURDAY" => Weekday::Saturday,
        "SUNDAY" => Weekday::Sunday,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &str) {
        let now: Timestamp = "2024-05-01T22:30:05Z".parse().unwrap();
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let filled = fill(&Argument::typed(line), now, &zone);
        assert_eq!(filled.text(), expected);
    }

    #[test]
    fn placeholders_are_replaced_by_dates_of_utc_and_clocks_of_the_zone() {
        check(
            "@TODAY@ @tomorrow@ @YESTERDAY@",
            "2024-05-01 2024-05-02 2024-04-30",
        );
        check("@UTC@", "2024-05-01T22:30:05Z");
        check("@NOW@", "2024-05-02T00:30:05+02:00");
        check(
            "@YEAR@-@MONTH@-@DAY@ @TIME@ @HOUR@",
            "2024-05-01 00:30:05 00",
        );
        check(
            "@WEDNESDAY@ @TUESDAY@ @TZ_OFFSET@",
            "2024-05-01 2024-05-07 +0200",
        );
    }

    #[test]
    fn everything_else_stays() {
        check("a@b.c @Today@ @NOPE@ @", "a@b.c @Today@ @NOPE@ @");
        check("@x@TODAY@", "@x2024-05-01");
    }

    #[test]
    fn a_replaced_piece_points_at_the_placeholder() {
        let now: Timestamp = "2024-05-01T00:00:00Z".parse().unwrap();
        let filled = fill(&Argument::typed("a @DAY@ b"), now, &TimeZone::UTC);
        let span = filled.place(stocktake_query::Span::new(2..4));
        assert_eq!((filled.text(), span.start, span.end), ("a 01 b", 2, 7));
    }
}
