//! What a collection that builds on the one before has to know: which objects are known at which version, and what stays
//! with those that stay.
use std::collections::{BTreeSet, HashSet};

use stocktake_model::{Begin, EdgeType, NodeId, Parent};

use crate::Graph;
use crate::document::Item;
use crate::partition::{NO_ROW, Partition, Row, parent_of};

/// What is remembered of a row while it is found out whether it stays.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stay {
    Unknown,
    Yes,
    No,
}

impl Graph {
    /// The `reported.id` and `reported.resource_version` of every object of a kind that was sent and has both.
    pub fn versions(&self, account: &str, kind: &str) -> impl Iterator<Item = (&str, &str)> {
        let partition = self.partition(account);
        let rows = partition.and_then(|partition| {
            let kind = partition.kind_named(kind)?;
            Some((partition, partition.kinds[kind].rows.clone()))
        });
        rows.into_iter().flat_map(|(partition, rows)| {
            let sent = rows.filter(|row| !partition.is_stub(*row));
            sent.filter_map(|row| partition.version(row))
        })
    }

    /// What comes with these objects without being one: their parts, and nodes of the `shared` kinds that they or their parts
    /// refer to.
    pub fn company(
        &self,
        account: &str,
        objects: &HashSet<NodeId>,
        shared: &BTreeSet<&str>,
    ) -> Vec<NodeId> {
        let partition = self.partition(account);
        partition.map_or_else(Vec::new, |partition| partition.company(objects, shared))
    }
}

impl Partition {
    /// Whether a snapshot that begins so can be told as changes of this partition.
    pub fn goes_on_with(&self, begin: &Begin) -> bool {
        self.account == begin.account.id()
            && self.cloud == begin.cloud
            && self.account_name == begin.account.name()
            && self.explicit.is_empty()
    }

    fn version(&self, row: Row) -> Option<(&str, &str)> {
        let version = self.reported(row).member("resource_version")?;
        let Item::Text(version) = version.item() else {
            return None;
        };
        let uid = self.uid(row);
        (!uid.is_empty() && !version.is_empty()).then_some((uid, version))
    }

    fn company(&self, objects: &HashSet<NodeId>, shared: &BTreeSet<&str>) -> Vec<NodeId> {
        if objects.is_empty() {
            return Vec::new();
        }
        let mut stays = vec![Stay::Unknown; self.len()];
        for (row, stay) in self.rows().zip(&mut stays) {
            if objects.contains(&self.id(row)) {
                *stay = Stay::Yes;
            }
        }
        let mut company = Vec::new();
        for row in self.rows() {
            let is_object = stays[row as usize] == Stay::Yes;
            if self.is_with(row, &mut stays) && !is_object {
                company.push(self.id(row));
            }
        }
        let of_shared = self
            .kinds
            .iter()
            .filter(|kind| shared.contains(&*kind.name));
        for row in of_shared.flat_map(|kind| kind.rows.clone()) {
            let mut sources = EdgeType::ALL
                .into_iter()
                .flat_map(|edge_type| self.edges[edge_type as usize].inbound(row));
            if sources.any(|(from, _)| stays[from as usize] == Stay::Yes) {
                company.push(self.id(row));
            }
        }
        company
    }

    /// Whether a row stays: as an object, or as a part of one.
    fn is_with(&self, row: Row, stays: &mut [Stay]) -> bool {
        let mut parts = Vec::new();
        let mut at = row;
        while stays[at as usize] == Stay::Unknown {
            // Whatever contains itself stays with nobody.
            stays[at as usize] = Stay::No;
            parts.push(at);
            let parent = self.parent[at as usize];
            if parent == NO_ROW || !self.is_part(at, parent) {
                break;
            }
            at = parent;
        }
        let stay = stays[at as usize];
        for part in parts {
            stays[part as usize] = stay;
        }
        stay == Stay::Yes
    }

    /// Whether a row names what contains it by its id. What is in a namespace is no part of it.
    fn is_part(&self, row: Row, parent: Row) -> bool {
        parent != self.account_row
            && self.region[parent as usize] != parent
            && matches!(
                parent_of(&self.sections(row).parent.to_value()),
                Parent::Uid(_)
            )
    }
}
