//! The Kubernetes plugin: every kind an API server serves, as typed nodes with edge rules.
mod action;
mod claims;
mod cluster;
mod collect;
mod connect;
mod convert;
mod discovery;
mod identity;
mod kinds;
mod list;
mod model;
mod names;
pub mod offline;
mod page;
mod plugin;
mod raw;
mod rbac;
mod redact;
mod resource;
mod retry;
mod rules;
mod secrets;
mod split;
mod trouble;
mod watch;

#[cfg(test)]
mod tests;

pub use plugin::KubernetesPlugin;
pub use rbac::cluster_roles;
pub use resource::Resource;

pub(crate) use model::{CustomSchema, Places, built_in_model, custom_schema, dynamic_kinds};
pub(crate) use names::kind_name;
pub(crate) use rules::{own_rules, permission_rules};
