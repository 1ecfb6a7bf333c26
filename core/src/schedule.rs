//! When the scheduled workflow is due. A tick that was missed is skipped, never caught up.
use croner::Cron;
use jiff::{SignedDuration, Timestamp, Zoned};

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
}
