//! The engine through its door: golden questions about a small graph, the resolver of edges, and a plain
//! evaluator over JSON that must give the same answers. No file here looks inside the engine.
#![expect(clippy::unwrap_used, reason = "everything here is a test")]
mod agree;
mod answers;
mod changes;
mod edges;
mod fixture;
mod generate;
mod golden;
mod join;
mod naive;
mod naive_filter;
mod naive_value;
mod naive_walk;
mod told;
mod usage;
