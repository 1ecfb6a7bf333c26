//! Plans, guards and verdicts from outside: one test binary.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "suite/apply.rs"]
mod apply;
#[path = "suite/audit.rs"]
mod audit;
#[path = "suite/course.rs"]
mod course;
#[path = "suite/expiry.rs"]
mod expiry;
#[path = "suite/guards.rs"]
mod guards;
#[path = "suite/names.rs"]
mod names;
#[path = "suite/order.rs"]
mod order;
#[path = "suite/property.rs"]
mod property;
#[path = "suite/sample.rs"]
mod sample;
