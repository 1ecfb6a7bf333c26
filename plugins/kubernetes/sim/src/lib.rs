//! A Kubernetes API server in memory, over HTTPS: for tests, and for `stocktake demo`.
//!
//! Its answers follow what a real 1.36 server was recorded to answer: status codes, reasons, message forms, shapes.
//! It is not a cluster: nothing is scheduled and no container runs. What a cluster does by itself after a deletion
//! (replacing pods, collecting dependants, emptying namespaces) is simulated in `controllers`.
//!
//! In reading order:
//! - `sim`, `hand`, `options`, `auth`, `faults`, `clock`, `kubeconfig`: what a caller holds in hand;
//! - `server`, `tls`: the front door; `api`, `paths`: from a request to an answer (`request`, `accept`, `status`);
//! - `discovery`, `catalog`, `builtin`: what is served;
//! - `list`, `watch`, `stream`, `table`, `selector`, `token`: reading; `metrics`: what is measured;
//! - `write`, `managed`, `validate`, `delete`, `eviction`: changing;
//! - `world`, `store`, `object`, `convert`, `controllers`: the cluster itself;
//! - [`fleet`]: seeded objects to fill it with.
//!
//! Not built yet: update, deletecollection, subresources other than eviction.

mod accept;
mod access;
mod api;
mod apply;
mod auth;
mod builtin;
mod catalog;
mod clock;
mod controllers;
mod convert;
mod delete;
mod discovery;
mod eviction;
mod faults;
pub mod fleet;
mod hand;
mod kubeconfig;
mod list;
mod managed;
mod metrics;
mod object;
mod openapi;
mod options;
mod patch;
mod paths;
mod request;
mod running;
mod selector;
mod server;
mod sim;
mod status;
mod store;
mod stream;
mod table;
mod tls;
mod token;
mod validate;
mod watch;
mod world;
mod write;

pub use auth::{Permissions, Rule, User};
pub use builtin::built_in_kinds;
pub use clock::Clock;
pub use faults::{Effect, FaultId, Faults, Matcher, Times};
pub use kubeconfig::merge_kubeconfigs;
pub use metrics::metrics_api;
pub use options::{
    AggregatedDiscovery, Controllers, PodTermination, Protocols, SimError, SimOptions, Version,
};
pub use running::RunningFleet;
pub use server::RequestLog;
pub use sim::{Credential, Sim};
