//! Processes that are killed or run out of disk. A binary of its own: a process that is being started holds for a moment
//! whatever its parent has open, locks included, so nobody else may open a store here.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "suite/faults.rs"]
mod faults;
#[expect(dead_code, reason = "other tests need more of it")]
#[path = "suite/sample.rs"]
mod sample;
