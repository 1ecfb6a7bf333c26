//! The store from outside: one test binary. What only its own modules can see is tested there.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "suite/attached.rs"]
mod attached;
#[path = "suite/damage.rs"]
mod damage;
#[path = "suite/graph.rs"]
mod graph;
#[path = "suite/layers.rs"]
mod layers;
#[path = "suite/moments.rs"]
mod moments;
#[path = "suite/past.rs"]
mod past;
#[path = "suite/sample.rs"]
mod sample;
#[path = "suite/small.rs"]
mod small;
#[path = "suite/space.rs"]
mod space;
#[path = "suite/usage.rs"]
mod usage;
