//! The server: joins store, engine and commands, runs workflows, hands work to workers. In-process and behind a
//! socket it is the same router.
mod attached;
mod certificate;
mod check;
mod cleanup;
mod collect;
mod compact;
mod complete;
mod core;
mod documents;
mod history;
mod ingest;
mod jobs;
mod key;
mod noise;
mod open;
mod overrides;
mod past;
mod perform;
mod queue;
mod routes;
mod runs;
mod schedule;
mod search;
mod services;
mod situation;
mod socket;
mod status;
mod tag;
mod templates;
mod timeseries;
mod workflow;

pub use crate::core::Core;
pub use check::Checker;
pub use open::{OpenError, Options, Schedule};
pub use overrides::{BadOverride, Overrides};
pub use socket::socket_path;
