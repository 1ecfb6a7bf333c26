//! Getting to API servers: which contexts there are, what we show to be let in, and one request at a time.
//!
//! Nothing here knows what the requests are about.
mod cause;
mod client;
mod exec;
mod frames;
mod kubeconfig;
mod lines;
mod link;
mod pace;
mod pod;
mod proxy;
mod short;
mod source;

pub(crate) use exec::Credentials;
pub(crate) use frames::Frames;
pub(crate) use kubeconfig::{Surroundings, Target, targets};
pub(crate) use link::{Answer, Ask, JSON, Limits, Link, malformed};
pub(crate) use pace::Paces;
pub(crate) use pod::Pod;
