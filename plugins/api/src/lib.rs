//! What a plugin is to the worker: it finds accounts, collects each as a snapshot, and acts on objects.
//!
//! It knows no cloud, no store and no query.
mod error;
mod plugin;
mod progress;
mod watch;

pub use error::PluginError;
pub use plugin::{Account, Change, Deletion, Manifest, Outcome, Plugin, Redacted, Tagged, Trial};
pub use progress::{Memory, NoMemory, Progress, ProgressSink, Sink, Spent};
pub use watch::{Changed, WatchItem, WatchSink, WatchStart};
