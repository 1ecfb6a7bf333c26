//! Which kinds and namespaces the configuration wants.
use stocktake_config::K8sConfig;
use stocktake_model::{Gap, GapReason, Model};

use super::glob;
use crate::{Resource, discovery};

/// Which kinds and namespaces are collected.
pub(crate) struct Choice {
    config: K8sConfig,
    model: Model,
}

impl Choice {
    /// What `config` says, over the kinds of `model`.
    pub(crate) fn new(config: &K8sConfig, model: Model) -> Self {
        Self {
            config: config.clone(),
            model,
        }
    }

    /// Why a kind is left out, if it is. Namespaces never are: everything else is read by them.
    pub(crate) fn leaves_out(&self, resource: &Resource, kind: &str) -> Option<Gap> {
        if resource.group.is_empty() && resource.plural == "namespaces" {
            return None;
        }
        let named = |list: &[String]| list.iter().any(|entry| self.means(entry, resource, kind));
        let (message, hint) = if resource.plural == "events" && !self.config.collect_events {
            ("events are not collected", "set `k8s.collect_events: true`")
        } else if !self.config.dynamic_kinds && discovery::is_custom(resource) {
            (
                "custom kinds are not collected",
                "set `k8s.dynamic_kinds: true`",
            )
        } else if named(&self.config.no_collect) {
            (
                "left out by the configuration",
                "take it out of `k8s.no_collect`",
            )
        } else if !self.config.collect.is_empty() && !named(&self.config.collect) {
            ("left out by the configuration", "add it to `k8s.collect`")
        } else {
            return None;
        };
        Some(Gap {
            kind: Some(kind.to_owned()),
            namespace: None,
            except: Vec::new(),
            uid: None,
            reason: GapReason::NotCollected,
            message: message.to_owned(),
            hint: Some(hint.to_owned()),
        })
    }

    /// Whether it is asked at all what nodes and pods use.
    pub(super) fn asks_for_usage(&self) -> bool {
        self.config.collect_usage
    }

    /// Whether it is wanted what objects of a resource use; `measured` is where that is told.
    pub(super) fn wants_usage(&self, resource: &Resource, measured: &Resource) -> bool {
        let kind = crate::kind_name(resource);
        let left_out = |entry: &String| self.means(entry, measured, &kind);
        self.config.collect_usage
            && self.leaves_out(resource, &kind).is_none()
            && !self.config.no_collect.iter().any(left_out)
    }

    /// A kind with or without its prefix, a base kind, or a `group/plural` pattern (`core` for the core group).
    fn means(&self, entry: &str, resource: &Resource, kind: &str) -> bool {
        if let Some((group, plural)) = entry.split_once('/') {
            let group = if group == "core" { "" } else { group };
            return glob::matches(group, &resource.group)
                && glob::matches(plural, &resource.plural);
        }
        let bare = kind.strip_prefix("kubernetes_").unwrap_or(kind);
        glob::matches(entry, kind) || entry == bare || self.model.is_a(kind, entry)
    }

    /// Whether every namespace is wanted.
    pub(super) fn wants_all_namespaces(&self) -> bool {
        self.config.namespaces.is_empty() && self.config.no_namespaces.is_empty()
    }

    /// Whether what is in this namespace is wanted.
    pub(crate) fn wants_namespace(&self, name: &str) -> bool {
        let named = |list: &[String]| list.iter().any(|pattern| glob::matches(pattern, name));
        (self.config.namespaces.is_empty() || named(&self.config.namespaces))
            && !named(&self.config.no_namespaces)
    }

    /// The namespaces the configuration names one by one, if it names no patterns.
    pub(crate) fn named_namespaces(&self) -> Option<Vec<String>> {
        let named = &self.config.namespaces;
        let all_names = !named.is_empty() && named.iter().all(|pattern| glob::is_name(pattern));
        all_names.then(|| {
            let mut named: Vec<String> = named.clone();
            named.retain(|name| self.wants_namespace(name));
            named.sort();
            named.dedup();
            named
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discovery::example;

    fn choice(collect: &[&str], no_collect: &[&str]) -> Choice {
        let list = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let config = K8sConfig {
            collect: list(collect),
            no_collect: list(no_collect),
            ..K8sConfig::default()
        };
        let mut model = Model::default();
        model.add(crate::built_in_model().kinds);
        Choice::new(&config, model)
    }

    #[test]
    fn kinds_are_chosen_by_name_base_or_group() {
        let pods = (example("", "pods"), "kubernetes_pod");
        let volumes = (
            example("", "persistentvolumes"),
            "kubernetes_persistent_volume",
        );
        let widgets = (example("acme.dev", "widgets"), "kubernetes_acme_dev_widget");
        let namespaces = (example("", "namespaces"), "kubernetes_namespace");
        let events = (example("events.k8s.io", "events"), "kubernetes_event");
        for (collect, no_collect, expected) in [
            (&[][..], &[][..], [true, true, true, true, false]),
            (&["pod"], &[], [true, false, false, true, false]),
            (
                &["kubernetes_pod", "volume"],
                &[],
                [true, true, false, true, false],
            ),
            (&["*.dev/*"], &[], [false, false, true, true, false]),
            (
                &["core/p*"],
                &["core/pods"],
                [false, true, false, true, false],
            ),
            (&[], &["kubernetes_*"], [false, false, false, true, false]),
        ] {
            let choice = choice(collect, no_collect);
            let wanted = [&pods, &volumes, &widgets, &namespaces, &events]
                .map(|(resource, kind)| choice.leaves_out(resource, kind).is_none());
            assert_eq!(wanted, expected, "{collect:?} {no_collect:?}");
        }
    }

    #[test]
    fn namespaces_are_chosen_by_pattern() {
        let config = K8sConfig {
            namespaces: vec!["team-*".to_owned(), "web".to_owned()],
            no_namespaces: vec!["team-x".to_owned()],
            ..K8sConfig::default()
        };
        let choice = Choice::new(&config, Model::default());
        for (name, wanted) in [
            ("team-a", true),
            ("team-x", false),
            ("web", true),
            ("db", false),
        ] {
            assert_eq!(choice.wants_namespace(name), wanted, "{name}");
        }
        assert_eq!(choice.named_namespaces(), None);
    }
}
