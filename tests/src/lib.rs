//! Support for the end-to-end tests: a simulated fleet, an ordinary kubeconfig for it, and the real program run
//! against it with an empty home.
mod place;
mod rooms;

pub use place::{Place, Ran, run};
pub use rooms::{Room, rooms};
