//! The plugin for files: resources that other tools wrote down, one account per file.
//!
//! It changes no file and calls no cloud: what it collects can be asked about, not tagged and not deleted.
mod account;
mod check;
mod edges;
mod item;
mod kinds;
mod mistake;
mod model;
mod plugin;
mod split;
mod typed;

pub use plugin::FilePlugin;

/// What another tool would know of the machines and disks under a cluster of `stocktake demo`, in YAML.
pub const SAMPLE: &str = include_str!("../samples/aws.yaml");
