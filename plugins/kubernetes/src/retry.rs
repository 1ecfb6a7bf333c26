//! Asking again: how often, and how long to wait in between.
//!
//! Which errors are worth it is known to [`RequestError`]; what is asked, to the caller.
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use crate::trouble::RequestError;

/// How patient we are with a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Patience {
    /// Tries after the first.
    pub retries: u32,
    /// Wait before the second try; doubles with each further one.
    pub base: Duration,
    /// Longest wait, whatever the server asks for.
    pub longest: Duration,
    /// Time a deleted object has to be gone, at most; the configuration may say less.
    pub verify: Duration,
    /// Time changes may be missing before that is told.
    pub gap: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            retries: 3,
            base: Duration::from_millis(250),
            longest: Duration::from_mins(1),
            verify: Duration::from_hours(1),
            gap: Duration::from_mins(1),
        }
    }
}

impl Patience {
    /// How long to wait before try number `tries + 1`; `None` if it is not worth trying again.
    ///
    /// `Retry-After` is a lower bound; jitter comes on top, so that many waiters do not come back at once.
    pub(crate) fn wait(&self, tries: u32, error: &RequestError) -> Option<Duration> {
        // One that does not answer in time has cost enough after the second try.
        let retries = match error {
            RequestError::Timeout { .. } => self.retries.min(1),
            _ => self.retries,
        };
        if tries > retries || !error.transient() {
            return None;
        }
        let backoff = self
            .base
            .saturating_mul(1 << (tries.saturating_sub(1)).min(16));
        let least = error.retry_after().unwrap_or(backoff / 2);
        Some((least + backoff.mul_f64(dice() / 2.0)).min(self.longest))
    }

    /// How long to wait before try number `tries + 1` of something that is never given up.
    pub(crate) fn backoff(&self, tries: u32, error: &RequestError) -> Duration {
        let backoff = self
            .base
            .saturating_mul(1 << tries.saturating_sub(1).min(16));
        let least = error.retry_after().unwrap_or(backoff / 2);
        (least + backoff.mul_f64(dice() / 2.0)).min(self.longest / 2)
    }

    /// Calls `ask` until it succeeds, fails for good, or patience ends.
    pub(crate) async fn persist<T, F>(&self, mut ask: impl FnMut() -> F) -> Result<T, RequestError>
    where
        F: Future<Output = Result<T, RequestError>>,
    {
        let mut tries = 0;
        loop {
            let error = match ask().await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            tries += 1;
            let Some(wait) = self.wait(tries, &error) else {
                return Err(error);
            };
            tracing::debug!(%error, tries, ?wait, "asking again");
            tokio::time::sleep(wait).await;
        }
    }
}

/// A number in 0..1 that differs between processes and calls; nothing depends on its quality.
fn dice() -> f64 {
    let bits = RandomState::new().hash_one(0) >> 40;
    let bits = u32::try_from(bits).unwrap_or_default();
    f64::from(bits) / f64::from(1_u32 << 24)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trouble::Refusal;

    fn refused(code: u16, retry_after: Option<u64>) -> RequestError {
        let after = retry_after.map(Duration::from_secs);
        RequestError::Refused(Box::new(Refusal::read(code, after, b"")))
    }

    #[test]
    fn waits_grow_and_end() {
        let patience = Patience::default();
        for (tries, low, high) in [(1, 125, 250), (2, 250, 500), (3, 500, 1000)] {
            let wait = patience.wait(tries, &refused(503, None)).unwrap();
            assert!(
                (low..=high).contains(&wait.as_millis()),
                "try {tries}: {wait:?}"
            );
        }
        assert_eq!(patience.wait(4, &refused(503, None)), None);
    }

    #[test]
    fn the_server_says_how_long_within_reason() {
        let patience = Patience::default();
        let wait = patience.wait(1, &refused(429, Some(7))).unwrap();
        assert!(wait >= Duration::from_secs(7) && wait < Duration::from_secs(8));
        let wait = patience.wait(1, &refused(429, Some(86_400))).unwrap();
        assert_eq!(wait, patience.longest);
    }

    #[test]
    fn what_will_not_change_is_not_asked_again() {
        for code in [400, 401, 403, 404, 405, 410, 422] {
            assert_eq!(
                Patience::default().wait(1, &refused(code, None)),
                None,
                "{code}"
            );
        }
    }

    #[tokio::test]
    async fn persisting_gives_the_last_error() {
        let mut calls = 0;
        let patience = Patience {
            base: Duration::from_micros(1),
            ..Patience::default()
        };
        let result: Result<(), _> = patience
            .persist(|| {
                calls += 1;
                std::future::ready(Err(refused(500 + calls % 2 * 3, None)))
            })
            .await;
        assert_eq!(calls, 4);
        assert_eq!(result.unwrap_err().code(), Some(500));
    }
}
