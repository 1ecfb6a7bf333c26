//! The wire between the core and everybody else, and a typed client that speaks it: over a Unix socket, or
//! straight into the core's router in the same process. Both ways run the same code.
mod client;
mod error;
mod event;
mod handed;
mod lines;
mod task;
mod transport;

pub use client::{Client, Complete, Execute, Info};
pub use error::ClientError;
pub use event::Event;
pub use handed::Handed;
pub use lines::{lines, unread_lines};
pub use task::{
    AccountFailure, AccountReport, CollectRequest, CollectSummary, MergeSpent, Merged, Task,
    TaskResult, WatchRequest, Work, WorkLimits,
};
pub use transport::{Body, BodyError, Transport};
