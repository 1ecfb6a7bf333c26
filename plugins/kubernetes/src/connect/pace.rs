//! How many requests a second one server gets (`k8s.qps`): a token bucket that holds the requests of one second.
//!
//! Watches are not counted: each is one request that lasts.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The pace of one server.
#[derive(Debug)]
pub(crate) struct Pace {
    /// Time at which the bucket is full again.
    full: Mutex<Instant>,
}

/// The paces of all servers: they last longer than the links that keep them.
#[derive(Debug, Default)]
pub(crate) struct Paces(Mutex<BTreeMap<String, Arc<Pace>>>);

impl Paces {
    /// The pace of the server with this address.
    pub(crate) fn of(&self, server_url: &str) -> Arc<Pace> {
        let mut paces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pace = paces.entry(server_url.to_owned()).or_default();
        pace.clone()
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            full: Mutex::new(Instant::now()),
        }
    }
}

impl Pace {
    /// Waits until another request may be sent, at `qps` requests a second.
    pub(crate) async fn turn(&self, qps: f64) {
        tokio::time::sleep_until(self.book(qps)).await;
    }

    /// When the next request may be sent. Requests are told their times in the order in which they ask.
    fn book(&self, qps: f64) -> Instant {
        let each = Duration::from_secs_f64(1.0 / qps.max(0.001));
        // What may be sent at once after a pause: a second's worth, and at least one.
        let burst = Duration::from_secs(1).max(each).saturating_sub(each);
        let now = Instant::now();
        let mut full = self.full.lock().unwrap_or_else(PoisonError::into_inner);
        let before = (*full).max(now);
        *full = before + each;
        before.checked_sub(burst).map_or(now, |turn| turn.max(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When so many requests that all ask at once are sent, in milliseconds.
    async fn sent(pace: &Pace, qps: f64, requests: usize) -> Vec<u128> {
        let begun = Instant::now();
        let turns = (0..requests).map(|_| async {
            pace.turn(qps).await;
            begun.elapsed().as_millis()
        });
        futures::future::join_all(turns).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_s_worth_goes_at_once_and_the_rest_at_its_pace() {
        let pace = Pace::default();
        assert_eq!(sent(&pace, 4.0, 7).await, [0, 0, 0, 0, 250, 500, 750]);
        // After a pause of a second the bucket is full again.
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(sent(&pace, 4.0, 5).await, [0, 0, 0, 0, 250]);
    }

    #[tokio::test(start_paused = true)]
    async fn less_than_one_a_second_is_one_at_a_time() {
        let pace = Pace::default();
        assert_eq!(sent(&pace, 0.5, 3).await, [0, 2000, 4000]);
    }

    #[tokio::test(start_paused = true)]
    async fn every_server_has_its_own() {
        let paces = Paces::default();
        let (a, b) = (paces.of("https://a"), paces.of("https://b"));
        assert_eq!(sent(&a, 1.0, 1).await, [0]);
        assert_eq!(sent(&b, 1.0, 1).await, [0]);
        assert_eq!(sent(&paces.of("https://a"), 1.0, 1).await, [1000]);
    }
}
