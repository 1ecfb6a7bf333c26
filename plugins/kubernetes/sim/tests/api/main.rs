//! What the simulator answers over HTTPS, fact by fact.
//!
//! The facts were read off a real 1.36 server; `replay` asks it all again where those recordings are at hand.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod client;
mod controllers;
mod delete;
mod discovery;
mod door;
mod errors;
mod eviction;
mod faults;
mod fixture;
mod metrics;
mod openapi;
mod paging;
mod patch;
mod replay;
mod watch;
