//! What happens in the core, as it is told to whoever listens.
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Something that has happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its name: a step of a workflow, `task_started`, `start_collect_workflow`, a name of somebody's own.
    pub message_type: String,
    /// What there is to know about it.
    #[serde(default)]
    pub data: Value,
}
