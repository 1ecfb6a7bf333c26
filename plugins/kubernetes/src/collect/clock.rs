//! Where the time of a collection goes, added up over the lists that run beside each other.
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use stocktake_plugin_api::Spent;

/// Times in microseconds.
#[derive(Debug, Default)]
pub(super) struct Clock {
    waiting: AtomicU64,
    decoding: AtomicU64,
    converting: AtomicU64,
    sending: AtomicU64,
    /// Objects that took none, because they are known.
    unchanged: AtomicU64,
}

/// What time is spent with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum With {
    Waiting,
    Decoding,
    Converting,
    Sending,
}

impl Clock {
    /// Adds some time.
    pub(super) fn add(&self, with: With, time: Duration) {
        let counter = match with {
            With::Waiting => &self.waiting,
            With::Decoding => &self.decoding,
            With::Converting => &self.converting,
            With::Sending => &self.sending,
        };
        // Nanoseconds: an object takes a few microseconds.
        counter.fetch_add(nanos(time), Ordering::Relaxed);
    }

    /// Counts an object that is known as it is.
    pub(super) fn unchanged(&self) {
        self.unchanged.fetch_add(1, Ordering::Relaxed);
    }

    /// Everything so far, with requests and bytes as the connection counts them.
    pub(super) fn spent(&self, (requests, bytes): (u64, u64)) -> Spent {
        let micros = |counter: &AtomicU64| counter.load(Ordering::Relaxed) / 1_000;
        Spent {
            requests,
            bytes,
            unchanged: self.unchanged.load(Ordering::Relaxed),
            waiting_us: micros(&self.waiting),
            decoding_us: micros(&self.decoding),
            converting_us: micros(&self.converting),
            sending_us: micros(&self.sending),
        }
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
