//! The least rights stocktake needs, as the `ClusterRole`s an administrator applies: one to collect, one to tag and
//! clean. Only text; nothing is asked of a cluster.
use std::collections::{BTreeMap, BTreeSet};

use stocktake_config::K8sConfig;
use stocktake_model::Model;

use crate::discovery::USAGE;
use crate::model::built_in_model;

/// Groups of the API and what of them is listed.
const GROUPS: [(&str, &str); 16] = [
    (
        "",
        "componentstatuses configmaps endpoints events limitranges namespaces nodes \
         persistentvolumeclaims persistentvolumes pods podtemplates replicationcontrollers \
         resourcequotas secrets serviceaccounts services",
    ),
    (
        "admissionregistration.k8s.io",
        "mutatingadmissionpolicies mutatingadmissionpolicybindings mutatingwebhookconfigurations \
         validatingadmissionpolicies validatingadmissionpolicybindings \
         validatingwebhookconfigurations",
    ),
    ("apiextensions.k8s.io", "customresourcedefinitions"),
    ("apiregistration.k8s.io", "apiservices"),
    (
        "apps",
        "controllerrevisions daemonsets deployments replicasets statefulsets",
    ),
    ("autoscaling", "horizontalpodautoscalers"),
    ("batch", "cronjobs jobs"),
    (
        "certificates.k8s.io",
        "certificatesigningrequests clustertrustbundles podcertificaterequests",
    ),
    ("coordination.k8s.io", "leasecandidates leases"),
    ("discovery.k8s.io", "endpointslices"),
    ("events.k8s.io", "events"),
    (
        "flowcontrol.apiserver.k8s.io",
        "flowschemas prioritylevelconfigurations",
    ),
    (
        "networking.k8s.io",
        "ingressclasses ingresses ipaddresses networkpolicies servicecidrs",
    ),
    ("node.k8s.io", "runtimeclasses"),
    ("policy", "poddisruptionbudgets"),
    (
        "rbac.authorization.k8s.io",
        "clusterrolebindings clusterroles rolebindings roles",
    ),
];

/// The same, of groups whose names are as long as what is in them.
const MORE_GROUPS: [(&str, &str); 12] = [
    (
        "autoscaling.k8s.io",
        "verticalpodautoscalercheckpoints verticalpodautoscalers",
    ),
    (
        "gateway.networking.k8s.io",
        "backendtlspolicies gatewayclasses gateways grpcroutes httproutes listenersets \
         referencegrants tcproutes tlsroutes udproutes",
    ),
    (
        "groupsnapshot.storage.k8s.io",
        "volumegroupsnapshotclasses volumegroupsnapshotcontents volumegroupsnapshots",
    ),
    ("inference.networking.k8s.io", "inferencepools"),
    ("internal.apiserver.k8s.io", "storageversions"),
    ("multicluster.x-k8s.io", "serviceexports serviceimports"),
    (
        "policy.networking.k8s.io",
        "adminnetworkpolicies baselineadminnetworkpolicies clusternetworkpolicies",
    ),
    (
        "resource.k8s.io",
        "deviceclasses devicetaintrules resourceclaims resourceclaimtemplates resourceslices",
    ),
    ("scheduling.k8s.io", "podgroups priorityclasses workloads"),
    (
        "snapshot.storage.k8s.io",
        "volumesnapshotclasses volumesnapshotcontents volumesnapshots",
    ),
    (
        "storage.k8s.io",
        "csidrivers csinodes csistoragecapacities storageclasses volumeattachments \
         volumeattributesclasses",
    ),
    ("storagemigration.k8s.io", "storageversionmigrations"),
];

/// What is granted: plurals by group; `*` stands for all.
#[derive(Debug, Default)]
struct Wanted {
    resources: BTreeMap<String, BTreeSet<String>>,
    /// Entries of the configuration that name nothing known here.
    unknown: Vec<String>,
}

/// The `ClusterRole` to collect what `config` wants, and the one to tag and clean it; both YAML.
///
/// A wish with `*` in it may need more than it says: RBAC has no patterns. Kinds that are left out can not be
/// taken back from a rule for everything either; where it matters, write `k8s.collect`.
pub fn cluster_roles(config: &K8sConfig) -> [String; 2] {
    let wanted = Wanted::new(config);
    let verbs = if config.watch {
        "list\", \"watch"
    } else {
        "list"
    };
    [
        collect(&wanted, verbs, &wanted.measured(config)),
        change(&wanted),
    ]
}

impl Wanted {
    fn new(config: &K8sConfig) -> Self {
        let mut wanted = Self::default();
        if config.collect.is_empty() {
            wanted.add("*", "*");
            return wanted;
        }
        let mut model = Model::default();
        model.add(built_in_model().kinds);
        for entry in &config.collect {
            wanted.entry(entry, &model);
        }
        let mut left_out = Self::default();
        for entry in &config.no_collect {
            left_out.entry(entry, &model);
        }
        for (group, plurals) in &mut wanted.resources {
            let none = BTreeSet::new();
            let left_out = left_out.resources.get(group).unwrap_or(&none);
            plurals.retain(|plural| {
                let may_be = plural != "events" || config.collect_events;
                may_be && !left_out.contains(plural)
            });
        }
        // Everything else is read by them, whatever the configuration says.
        wanted.add("", "namespaces");
        wanted.resources.retain(|_, plurals| !plurals.is_empty());
        wanted
    }

    fn reads_secrets(&self) -> bool {
        let has = |group: &str, plural: &str| {
            let plurals = self.resources.get(group);
            plurals.is_some_and(|plurals| plurals.contains(plural))
        };
        has("", "secrets") || has("", "*") || has("*", "*")
    }

    /// Of what it is asked how much it uses, beyond what the other rules cover.
    fn measured(&self, config: &K8sConfig) -> Vec<&'static str> {
        let plurals = ["nodes", "pods"].into_iter();
        let is_asked = |plural: &&str| {
            let of = |group: &str| {
                let plurals = self.resources.get(group);
                plurals.is_some_and(|all| all.contains(*plural) || all.contains("*"))
            };
            config.collect_usage && of("") && !of(USAGE)
        };
        plurals.filter(is_asked).collect()
    }

    fn add(&mut self, group: &str, plural: &str) {
        let plurals = self.resources.entry(group.to_owned()).or_default();
        plurals.insert(plural.to_owned());
    }

    /// A `group/plural` pattern, or a kind or base kind with or without its prefix.
    fn entry(&mut self, entry: &str, model: &Model) {
        if let Some((group, plural)) = entry.split_once('/') {
            let whole = |text: &str| if text.contains('*') { "*" } else { text }.to_owned();
            let group = if group == "core" { "" } else { group };
            self.add(&whole(group), &whole(plural));
            return;
        }
        let mut found = false;
        for kind in model.kinds() {
            let bare = kind.name.strip_prefix("kubernetes_").unwrap_or(&kind.name);
            if bare != entry && !model.is_a(&kind.name, entry) {
                continue;
            }
            for (group, plural) in served(&kind.aliases) {
                self.add(group, plural);
                found = true;
            }
        }
        if !found {
            self.unknown.push(entry.to_owned());
        }
    }
}

/// Where a kind is served, by the words for it: its plural is one.
fn served(words: &[String]) -> impl Iterator<Item = (&'static str, &'static str)> {
    let all = GROUPS.iter().chain(&MORE_GROUPS);
    all.flat_map(|(group, plurals)| plurals.split_whitespace().map(|plural| (*group, plural)))
        .filter(|(_, plural)| words.iter().any(|word| word == plural))
}

fn collect(wanted: &Wanted, verbs: &str, measured: &[&str]) -> String {
    let mut text = head(
        "stocktake-collect",
        "Everything stocktake needs to collect.",
    );
    for entry in &wanted.unknown {
        text.extend([
            "# `",
            entry,
            "` is no kind of Kubernetes itself: write it as `group/plural` to have its rule here.\n",
        ]);
    }
    if wanted.reads_secrets() {
        text.push_str(
            "# Who may list secrets may read their values. stocktake asks for their metadata only; to be sure\n\
             # of it, leave them out with `k8s.no_collect: [secret]` and name the rest in `k8s.collect`.\n",
        );
    }
    text.push_str("rules:\n");
    text.push_str(&rules(wanted, verbs));
    if !measured.is_empty() {
        text.extend([
            "# What they use, where the cluster measures it.\n",
            &rule(USAGE, measured, "list"),
        ]);
    }
    text.push_str(
        "\
# Who the cluster is: the uid of this namespace.
- apiGroups: [\"\"]
  resources: [\"namespaces\"]
  resourceNames: [\"kube-system\"]
  verbs: [\"get\"]
# What it serves, its version and whether it is well.
- nonResourceURLs: [\"/api\", \"/api/*\", \"/apis\", \"/apis/*\", \"/version\", \"/livez\", \"/readyz\"]
  verbs: [\"get\"]
",
    );
    text
}

fn change(wanted: &Wanted) -> String {
    let about = "In addition, what it needs to tag and to clean what it collects.";
    let mut text = head("stocktake-change", about);
    text.push_str("rules:\n");
    text.push_str(&rules(wanted, "get\", \"patch\", \"delete"));
    text.push_str(
        "\
# Pods go by eviction, so that disruption budgets hold.
- apiGroups: [\"\"]
  resources: [\"pods/eviction\"]
  verbs: [\"create\"]
# Every change is told by an event, unless `k8s.write_events` is false.
- apiGroups: [\"\"]
  resources: [\"events\"]
  verbs: [\"create\"]
# `restore` creates what was deleted: add the verb `create` on the kinds it may bring back.
",
    );
    text
}

fn head(name: &str, about: &str) -> String {
    format!(
        "\
# {about}
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {name}
"
    )
}

fn rules(wanted: &Wanted, verbs: &str) -> String {
    let rule = |(group, plurals): (&String, &BTreeSet<String>)| {
        let plurals: Vec<&str> = plurals.iter().map(String::as_str).collect();
        rule(group, &plurals, verbs)
    };
    wanted.resources.iter().map(rule).collect()
}

fn rule(group: &str, plurals: &[&str], verbs: &str) -> String {
    let plurals: Vec<String> = plurals
        .iter()
        .map(|plural| format!("\"{plural}\""))
        .collect();
    format!(
        "- apiGroups: [\"{group}\"]\n  resources: [{}]\n  verbs: [\"{verbs}\"]\n",
        plurals.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn config(collect: &[&str]) -> K8sConfig {
        K8sConfig {
            collect: collect.iter().map(|&entry| entry.to_owned()).collect(),
            ..K8sConfig::default()
        }
    }

    #[track_caller]
    fn check(collect: &[&str], expected: Expect) {
        let [first, second] = cluster_roles(&config(collect));
        for role in [&first, &second] {
            let parsed: serde_yaml::Value = serde_yaml::from_str(role).unwrap();
            assert_eq!(parsed["kind"], "ClusterRole");
        }
        expected.assert_eq(&format!("{first}---\n{second}"));
    }

    #[test]
    fn the_roles_for_everything() {
        check(
            &[],
            expect![[r#"
                # Everything stocktake needs to collect.
                apiVersion: rbac.authorization.k8s.io/v1
                kind: ClusterRole
                metadata:
                  name: stocktake-collect
                # Who may list secrets may read their values. stocktake asks for their metadata only; to be sure
                # of it, leave them out with `k8s.no_collect: [secret]` and name the rest in `k8s.collect`.
                rules:
                - apiGroups: ["*"]
                  resources: ["*"]
                  verbs: ["list"]
                # Who the cluster is: the uid of this namespace.
                - apiGroups: [""]
                  resources: ["namespaces"]
                  resourceNames: ["kube-system"]
                  verbs: ["get"]
                # What it serves, its version and whether it is well.
                - nonResourceURLs: ["/api", "/api/*", "/apis", "/apis/*", "/version", "/livez", "/readyz"]
                  verbs: ["get"]
                ---
                # In addition, what it needs to tag and to clean what it collects.
                apiVersion: rbac.authorization.k8s.io/v1
                kind: ClusterRole
                metadata:
                  name: stocktake-change
                rules:
                - apiGroups: ["*"]
                  resources: ["*"]
                  verbs: ["get", "patch", "delete"]
                # Pods go by eviction, so that disruption budgets hold.
                - apiGroups: [""]
                  resources: ["pods/eviction"]
                  verbs: ["create"]
                # Every change is told by an event, unless `k8s.write_events` is false.
                - apiGroups: [""]
                  resources: ["events"]
                  verbs: ["create"]
                # `restore` creates what was deleted: add the verb `create` on the kinds it may bring back.
            "#]],
        );
    }

    #[test]
    fn a_cluster_that_is_watched_needs_one_more_verb() {
        let config = K8sConfig {
            watch: true,
            ..config(&["pod"])
        };
        let [collect, change] = cluster_roles(&config);
        assert!(
            collect.contains("verbs: [\"list\", \"watch\"]"),
            "{collect}"
        );
        assert!(!change.contains("watch"), "{change}");
    }

    #[test]
    fn the_roles_for_some_kinds() {
        check(
            &[
                "pod",
                "volume",
                "kubernetes_secret",
                "cert-manager.io/certificates",
                "acme.dev/*",
                "nonsense",
            ],
            expect![[r#"
                # Everything stocktake needs to collect.
                apiVersion: rbac.authorization.k8s.io/v1
                kind: ClusterRole
                metadata:
                  name: stocktake-collect
                # `nonsense` is no kind of Kubernetes itself: write it as `group/plural` to have its rule here.
                # Who may list secrets may read their values. stocktake asks for their metadata only; to be sure
                # of it, leave them out with `k8s.no_collect: [secret]` and name the rest in `k8s.collect`.
                rules:
                - apiGroups: [""]
                  resources: ["namespaces", "persistentvolumes", "pods", "secrets"]
                  verbs: ["list"]
                - apiGroups: ["acme.dev"]
                  resources: ["*"]
                  verbs: ["list"]
                - apiGroups: ["cert-manager.io"]
                  resources: ["certificates"]
                  verbs: ["list"]
                # What they use, where the cluster measures it.
                - apiGroups: ["metrics.k8s.io"]
                  resources: ["pods"]
                  verbs: ["list"]
                # Who the cluster is: the uid of this namespace.
                - apiGroups: [""]
                  resources: ["namespaces"]
                  resourceNames: ["kube-system"]
                  verbs: ["get"]
                # What it serves, its version and whether it is well.
                - nonResourceURLs: ["/api", "/api/*", "/apis", "/apis/*", "/version", "/livez", "/readyz"]
                  verbs: ["get"]
                ---
                # In addition, what it needs to tag and to clean what it collects.
                apiVersion: rbac.authorization.k8s.io/v1
                kind: ClusterRole
                metadata:
                  name: stocktake-change
                rules:
                - apiGroups: [""]
                  resources: ["namespaces", "persistentvolumes", "pods", "secrets"]
                  verbs: ["get", "patch", "delete"]
                - apiGroups: ["acme.dev"]
                  resources: ["*"]
                  verbs: ["get", "patch", "delete"]
                - apiGroups: ["cert-manager.io"]
                  resources: ["certificates"]
                  verbs: ["get", "patch", "delete"]
                # Pods go by eviction, so that disruption budgets hold.
                - apiGroups: [""]
                  resources: ["pods/eviction"]
                  verbs: ["create"]
                # Every change is told by an event, unless `k8s.write_events` is false.
                - apiGroups: [""]
                  resources: ["events"]
                  verbs: ["create"]
                # `restore` creates what was deleted: add the verb `create` on the kinds it may bring back.
            "#]],
        );
    }

    #[test]
    fn every_built_in_kind_has_a_rule() {
        for kind in built_in_model().kinds {
            let is_listed =
                !kind.is_abstract && kind.bases.iter().any(|base| base == "kubernetes_resource");
            if is_listed {
                assert!(
                    served(&kind.aliases).next().is_some(),
                    "{}: {:?}",
                    kind.name,
                    kind.aliases
                );
            }
        }
    }
}
