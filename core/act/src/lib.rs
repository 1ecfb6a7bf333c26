//! Plans, guards and verdicts: the only way to a change in a cluster. Pure; no I/O, no clock.
mod approved;
mod audit;
mod candidate;
mod course;
mod digest;
mod expiry;
mod graph;
mod guard;
mod judge;
mod plan;
mod settings;

pub use approved::{ApplyError, Approval, Approved, Mode};
pub use audit::{AuditEntry, AuditError, Deed, next_entry, verify};
pub use candidate::{
    Candidate, Controller, DeleteEdge, Dependant, Holding, Mark, Population, Situation, Standing,
};
pub use course::{Course, Fate, Halt};
pub use expiry::{Unreadable, expiry};
pub use guard::{GUARDS, Guard, Opens, Scope, protection};
pub use judge::plan;
pub use plan::{Entry, Plan, Refusal, Verdict};
pub use settings::{Settings, Versions};
