//! When workflows and jobs are due. A tick that was missed is skipped, never caught up.
use croner::Cron;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};

/// Ticks that are older are skipped, e.g. after the machine has slept.
const LATEST: SignedDuration = SignedDuration::from_hours(1);

/// The next time `cron` fires after `now`, in the local time zone; `None` if it never does.
pub(crate) fn next(cron: &str, now: &Zoned) -> Option<Timestamp> {
    let cron: Cron = cron.parse().ok()?;
    cron.find_next_occurrence(now, false)
        .ok()
        .map(|next| next.timestamp())
}

/// Time between two ticks from `now` on; an hour where there are none.
pub(crate) fn interval(cron: Option<&str>, now: &Zoned) -> SignedDuration {
    let ticks = cron.and_then(|cron| {
        let first = next(cron, now)?;
        let second = next(cron, &first.to_zoned(now.time_zone().clone()))?;
        Some(second.duration_since(first))
    });
    ticks.unwrap_or(SignedDuration::from_hours(1))
}

/// The first tick in `(after, to]`, looking back an hour at most.
pub(crate) fn ticked(
    cron: &str,
    after: Timestamp,
    to: Timestamp,
    zone: &TimeZone,
) -> Option<Timestamp> {
    let earliest = to.checked_sub(LATEST).unwrap_or(after);
    let from = after.max(earliest).to_zoned(zone.clone());
    next(cron, &from).filter(|tick| *tick <= to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_tick_is_after_now() {
        let now: Zoned = "2026-03-01T10:00:00+00:00[UTC]".parse().unwrap();
        let next = |cron| next(cron, &now).map(|time| time.to_string());
        assert_eq!(next("0 * * * *").as_deref(), Some("2026-03-01T11:00:00Z"));
        assert_eq!(
            next("*/15 * * * *").as_deref(),
            Some("2026-03-01T10:15:00Z")
        );
        assert_eq!(next("nonsense"), None);
    }

    #[test]
    fn the_interval_is_the_time_between_two_ticks() {
        let now: Zoned = "2026-03-01T10:00:00+00:00[UTC]".parse().unwrap();
        assert_eq!(
            interval(Some("*/15 * * * *"), &now),
            SignedDuration::from_mins(15)
        );
        assert_eq!(interval(None, &now), SignedDuration::from_hours(1));
    }

    #[test]
    fn daylight_saving_does_not_lose_a_night() {
        let now: Zoned = "2026-03-28T12:00:00+01:00[Europe/Berlin]".parse().unwrap();
        let next = next("30 2 * * *", &now).unwrap();
        assert_eq!(next.to_string(), "2026-03-29T01:00:00Z");
    }

    #[test]
    fn old_ticks_are_skipped_and_a_night_with_a_missing_hour_has_its_run() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let ticked = |from: &str, to: &str| {
            ticked(
                "30 2 * * *",
                from.parse().unwrap(),
                to.parse().unwrap(),
                &berlin,
            )
        };
        assert_eq!(ticked("2026-03-20T00:00:00Z", "2026-03-20T12:00:00Z"), None);
        assert_eq!(
            ticked("2026-03-29T00:00:00Z", "2026-03-29T01:00:10Z"),
            Some("2026-03-29T01:00:00Z".parse().unwrap())
        );
    }
}
