//! What the kinds that were read say together: which are complete, and what that means for the nodes their
//! objects brought along.
use std::collections::BTreeMap;

use stocktake_model::{Complete, Gap, GapReason, Part, SnapshotItem};

use super::reader::Listed;

/// A kind that objects of others bring along, the kinds that do, and whether it lives in their namespace.
const BROUGHT: [(&str, &[&str], bool); 4] = [
    ("kubernetes_container", &["kubernetes_pod"], true),
    (
        "kubernetes_image",
        &["kubernetes_pod", "kubernetes_node"],
        false,
    ),
    ("kubernetes_subject_user", BINDINGS, false),
    ("kubernetes_subject_group", BINDINGS, false),
];
/// Kinds that objects of others bring along together.
pub(crate) const SHARED: [&str; 3] = [
    "kubernetes_image",
    "kubernetes_subject_user",
    "kubernetes_subject_group",
];
const BINDINGS: &[&str] = &["kubernetes_role_binding", "kubernetes_cluster_role_binding"];

/// What was read so far.
#[derive(Default)]
pub(super) struct Summary {
    gaps: Vec<Gap>,
    sent: BTreeMap<String, u64>,
    /// What of the usage could not be read.
    usage: Vec<Gap>,
    /// Kinds that were tried.
    tried: Vec<String>,
    /// Gaps there are; what the configuration leaves out is none.
    pub count: u64,
}

impl Summary {
    /// Takes a gap that no list made.
    pub(super) fn gap(&mut self, gap: Gap) -> SnapshotItem {
        self.tried.extend(gap.kind.clone());
        self.count += u64::from(gap.reason != GapReason::NotCollected);
        self.gaps.push(gap.clone());
        SnapshotItem::Gap(gap)
    }

    /// The gaps so far, without those of what others bring along.
    pub(super) fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// Takes what makes that usage is not known: nothing else is missing for it.
    pub(super) fn no_usage(&mut self, gaps: impl IntoIterator<Item = Gap>) {
        self.usage.extend(gaps);
    }

    /// What of the usage could not be read.
    pub(super) fn usage(&self) -> &[Gap] {
        &self.usage
    }

    /// Whether something of this kind could not be read, or was not to be.
    pub(super) fn lacks(&self, kind: &str) -> bool {
        let of_kind = |gap: &Gap| gap.kind.as_deref() == Some(kind);
        self.gaps.iter().any(of_kind)
    }

    /// Takes a kind that was read; what there is to tell about it.
    pub(super) fn listed(&mut self, listed: Listed) -> Vec<SnapshotItem> {
        if listed.is_usage {
            self.no_usage(listed.gaps);
            return Vec::new();
        }
        let whole = listed.gaps.iter().all(|gap| !is_wide(gap));
        let mut parts = listed.parts;
        // What is gone from a namespace goes only outside of gaps: who resumes from there has to know it.
        parts.retain(|namespace, _| {
            let mut wide = listed.gaps.iter().filter(|gap| is_wide(gap));
            wide.all(|gap| gap.except.contains(namespace))
        });
        let mut items: Vec<SnapshotItem> =
            listed.gaps.into_iter().map(|gap| self.gap(gap)).collect();
        if whole {
            let count = listed.sent.get(&listed.kind).copied().unwrap_or_default();
            items.push(SnapshotItem::Complete(Complete {
                kind: listed.kind.clone(),
                count,
                resource_version: listed.resource_version,
                reading: listed.reading.name,
                shared: false,
            }));
        }
        items.extend(parts.into_iter().map(|(namespace, resource_version)| {
            SnapshotItem::Part(Part {
                kind: listed.kind.clone(),
                namespace,
                resource_version,
            })
        }));
        for (kind, count) in listed.sent {
            *self.sent.entry(kind).or_default() += count;
        }
        self.tried.push(listed.kind);
        items
    }

    /// What is to be told at the end: a kind that others bring along is complete if they all are, and lacks
    /// what they lack.
    pub(super) fn end(&mut self) -> Vec<SnapshotItem> {
        let mut items = Vec::new();
        for (kind, sources, namespaced) in BROUGHT {
            if !sources
                .iter()
                .any(|source| self.tried.iter().any(|tried| tried == source))
            {
                continue;
            }
            let mut gaps: Vec<Gap> = Vec::new();
            for gap in &self.gaps {
                let from = gap.kind.as_deref().filter(|from| sources.contains(from));
                let Some(from) = from else { continue };
                let gap = Gap {
                    kind: Some(kind.to_owned()),
                    namespace: gap.namespace.clone().filter(|_| namespaced),
                    except: gap.except.iter().filter(|_| namespaced).cloned().collect(),
                    uid: None,
                    message: format!("it comes with `{from}`: {}", gap.message),
                    ..gap.clone()
                };
                if gaps.iter().all(|other| other.namespace != gap.namespace) {
                    gaps.push(gap);
                }
            }
            if gaps.iter().any(is_wide) {
                gaps.retain(is_wide);
            } else {
                items.push(SnapshotItem::Complete(Complete {
                    kind: kind.to_owned(),
                    count: self.sent.get(kind).copied().unwrap_or_default(),
                    resource_version: None,
                    reading: None,
                    shared: SHARED.contains(&kind),
                }));
            }
            items.extend(gaps.into_iter().map(SnapshotItem::Gap));
        }
        items
    }
}

/// Whether a gap covers every object of its kind.
fn is_wide(gap: &Gap) -> bool {
    gap.namespace.is_none() && gap.uid.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn gap(kind: &str, namespace: Option<&str>, uid: Option<&str>) -> Gap {
        Gap {
            kind: Some(kind.to_owned()),
            namespace: namespace.map(str::to_owned),
            except: Vec::new(),
            uid: uid.map(str::to_owned),
            reason: GapReason::Forbidden,
            message: "no".to_owned(),
            hint: None,
        }
    }

    fn listed(kind: &str, sent: &[(&str, u64)], gaps: Vec<Gap>) -> Listed {
        Listed {
            kind: kind.to_owned(),
            sent: sent
                .iter()
                .map(|&(kind, count)| (kind.to_owned(), count))
                .collect(),
            gaps,
            ..Listed::default()
        }
    }

    #[track_caller]
    fn check(kinds: Vec<Listed>, expected: Expect) {
        let mut summary = Summary::default();
        let mut items: Vec<_> = kinds
            .into_iter()
            .flat_map(|kind| summary.listed(kind))
            .collect();
        items.extend(summary.end());
        let shown: Vec<String> = items
            .into_iter()
            .map(|item| match item {
                SnapshotItem::Complete(complete) => {
                    format!("{} {}\n", complete.kind, complete.count)
                }
                SnapshotItem::Part(part) => {
                    format!(
                        "{} in {} at {}\n",
                        part.kind, part.namespace, part.resource_version
                    )
                }
                SnapshotItem::Gap(gap) => {
                    format!("gap {:?} {:?} {}\n", gap.kind, gap.namespace, gap.message)
                }
                _ => unreachable!("a summary has no other items"),
            })
            .collect();
        expected.assert_eq(&shown.concat());
    }

    #[test]
    fn what_pods_bring_along_is_complete_with_them() {
        let pods = listed(
            "kubernetes_pod",
            &[("kubernetes_pod", 2), ("kubernetes_container", 3)],
            vec![],
        );
        check(
            vec![pods, listed("kubernetes_node", &[], vec![])],
            expect![[r"
            kubernetes_pod 2
            kubernetes_node 0
            kubernetes_container 3
            kubernetes_image 0
        "]],
        );
    }

    #[test]
    fn what_pods_lack_their_containers_lack() {
        let gaps = vec![
            gap("kubernetes_pod", Some("web"), None),
            gap("kubernetes_pod", Some("web"), Some("u")),
        ];
        check(
            vec![listed("kubernetes_pod", &[], gaps)],
            expect![[r#"
            gap Some("kubernetes_pod") Some("web") no
            gap Some("kubernetes_pod") Some("web") no
            kubernetes_pod 0
            kubernetes_container 0
            gap Some("kubernetes_container") Some("web") it comes with `kubernetes_pod`: no
            gap Some("kubernetes_image") None it comes with `kubernetes_pod`: no
        "#]],
        );
    }

    #[test]
    fn a_namespace_has_a_version_unless_it_lies_in_a_gap() {
        let of_parts = |gaps: Vec<Gap>| {
            let mut listed = listed("kubernetes_job", &[("kubernetes_job", 1)], gaps);
            for (namespace, version) in [("db", "7"), ("web", "8")] {
                listed
                    .parts
                    .insert(namespace.to_owned(), version.to_owned());
            }
            listed
        };
        let wide = gap("kubernetes_job", None, None);
        let but_web = Gap {
            except: vec!["web".to_owned()],
            ..wide.clone()
        };
        let else_where = gap("kubernetes_job", Some("other"), None);
        check(
            vec![
                of_parts(vec![else_where]),
                of_parts(vec![but_web.clone()]),
                of_parts(vec![but_web, wide]),
            ],
            expect![[r#"
                gap Some("kubernetes_job") Some("other") no
                kubernetes_job 1
                kubernetes_job in db at 7
                kubernetes_job in web at 8
                gap Some("kubernetes_job") None no
                kubernetes_job in web at 8
                gap Some("kubernetes_job") None no
                gap Some("kubernetes_job") None no
            "#]],
        );
    }

    #[test]
    fn a_kind_that_was_not_read_is_not_complete() {
        let pods = listed(
            "kubernetes_pod",
            &[],
            vec![gap("kubernetes_pod", None, None)],
        );
        check(
            vec![pods],
            expect![[r#"
            gap Some("kubernetes_pod") None no
            gap Some("kubernetes_container") None it comes with `kubernetes_pod`: no
            gap Some("kubernetes_image") None it comes with `kubernetes_pod`: no
        "#]],
        );
    }
}
