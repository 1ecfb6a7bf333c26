//! The situation a plan is made of: everything marked, and everything guards want to know about it.
use std::collections::BTreeMap;

use serde_json::Value;
use stocktake_act::{
    Candidate, Controller, DeleteEdge, Dependant, Holding, Mark, Population, Situation, Standing,
    protection,
};
use stocktake_command::WithEdges;
use stocktake_engine::EngineError;
use stocktake_model::{Map, NodeId, ObjectRef};
use stocktake_store::AccountHeader;

use crate::core::{Core, now};
use crate::ingest::covers;
use crate::status::reported;

/// What is marked and not yet gone.
const MARKED: &str = "/desired.clean = true and /metadata.cleaned != true";

impl Core {
    pub(crate) async fn situation_now(&self) -> Result<Situation, String> {
        let core = self.clone();
        let situation = tokio::task::spawn_blocking(move || core.situation()).await;
        situation.map_err(|error| error.to_string())?
    }

    /// Everything marked, and everything guards want to know about it.
    fn situation(&self) -> Result<Situation, String> {
        let marked = self
            .find_now(MARKED, WithEdges::No)
            .map_err(|error| error.to_string())?;
        let headers = self.headers();
        let mut situation = Situation::default();
        for node in &marked {
            let candidate = self
                .candidate(node, &headers)
                .map_err(|error| error.to_string())?;
            situation.candidates.extend(candidate);
        }
        situation.edges = self
            .delete_edges(&situation.candidates)
            .map_err(|error| error.to_string())?;
        situation.population = self.population();
        Ok(situation)
    }

    fn candidate(
        &self,
        node: &Value,
        headers: &BTreeMap<String, AccountHeader>,
    ) -> Result<Option<Candidate>, EngineError> {
        let section = |name: &str| {
            node.get(name)
                .and_then(Value::as_object)
                .cloned()
                .unwrap_or_default()
        };
        let id = node
            .get("id")
            .and_then(Value::as_str)
            .and_then(|id| id.parse().ok());
        let Some(id) = id else { return Ok(None) };
        let account = self.graph().account_of(&id).unwrap_or_default();
        let Some(header) = headers.get(&account) else {
            return Ok(None);
        };
        let kind = reported(node, "kind").unwrap_or_default().to_owned();
        let uid = reported(node, "id").unwrap_or_default();
        let namespace = reported(node, "namespace");
        let gaps = &header.gaps;
        let complete = header.complete.iter().any(|complete| complete.kind == kind);
        let reported_section = section("reported");
        Ok(Some(Candidate {
            node: id,
            api_kind: reported(node, "api_kind").unwrap_or_default().to_owned(),
            object: ObjectRef::of(id, &account, header.begin.account.name(), &reported_section),
            metadata: section("metadata"),
            mark: Mark::of(&section("desired")),
            is_phantom: self.graph().model().is_phantom(&kind),
            in_gap: gaps.iter().any(|gap| covers(gap, &kind, namespace, uid)),
            identity: header.begin.identity,
            standing: standing(header, headers),
            last_complete: complete.then_some(header.collected),
            controller: self.controller(node, header)?,
            dependants: self.dependants(id, &kind)?,
            reported: reported_section,
            account,
            kind,
        }))
    }

    /// The owner that would make the object again. One that was looked for everywhere and is not there is gone.
    fn controller(
        &self,
        node: &Value,
        header: &AccountHeader,
    ) -> Result<Option<Controller>, EngineError> {
        let owners = node
            .pointer("/reported/owner_references")
            .and_then(Value::as_array);
        let is_controller = |owner: &&Value| owner.get("controller") == Some(&Value::Bool(true));
        let Some(owner) = owners.and_then(|owners| owners.iter().find(is_controller)) else {
            return Ok(None);
        };
        let text = |key: &str| {
            owner
                .get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let found = self.find_now(&format!("id = {}", Value::from(text("uid"))), WithEdges::No)?;
        let alive = found
            .first()
            .and_then(|owner| owner.get("id")?.as_str()?.parse().ok());
        // With a gap the owner may only be unseen: any id says that it may live.
        let unseen = (!header.gaps.is_empty()).then_some(NodeId::ROOT);
        Ok(Some(Controller {
            api_kind: text("resource_kind"),
            name: text("name"),
            node: alive.or(unseen),
        }))
    }

    /// What a cluster would delete together with a node: everything it owns, directly or not; all that is in a namespace;
    /// the volume of a claim.
    fn dependants(&self, id: NodeId, kind: &str) -> Result<Vec<Dependant>, EngineError> {
        let mut asked = vec![format!("id(\"{id}\") -[1:]{{relation = owns}}->")];
        match kind {
            "kubernetes_namespace" => asked.push(format!("id(\"{id}\") -[1:]->")),
            "kubernetes_persistent_volume_claim" => asked.push(format!(
                "id(\"{id}\") <-[1:1]-> is(kubernetes_persistent_volume)"
            )),
            _ => {}
        }
        let mut found = BTreeMap::new();
        for query in asked {
            for node in self.find_now(&query, WithEdges::No)? {
                let dependant = dependant(&node);
                found.extend(dependant.map(|dependant| (dependant.node, dependant)));
            }
        }
        found.remove(&id);
        Ok(found.into_values().collect())
    }

    fn delete_edges(&self, candidates: &[Candidate]) -> Result<Vec<DeleteEdge>, EngineError> {
        if candidates.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<String> = candidates
            .iter()
            .map(|candidate| format!("\"{}\"", candidate.node))
            .collect();
        let query = format!("id({}) -delete[0:1]->", ids.join(", "));
        let end = |edge: &Value, key: &str| edge.get(key)?.as_str()?.parse().ok();
        let found = self.find_now(&query, WithEdges::Yes)?;
        let edges = found
            .iter()
            .filter(|element| element.get("edge_type").and_then(Value::as_str) == Some("delete"));
        Ok(edges
            .filter_map(|edge| {
                Some(DeleteEdge {
                    from: end(edge, "from")?,
                    to: end(edge, "to")?,
                })
            })
            .collect())
    }

    fn population(&self) -> Population {
        let graph = self.graph();
        let mut population = Population::default();
        for partition in graph.partitions() {
            for (kind, count) in partition.kind_counts() {
                population.set(partition.account(), kind, count as u64);
            }
        }
        population
    }
}

/// Something that would go together with a node. Views (containers, images) go with their object and are not told.
fn dependant(node: &Value) -> Option<Dependant> {
    let kind = reported(node, "kind")?.to_owned();
    reported(node, "api_resource")?;
    let section = |name: &str| node.get(name).and_then(Value::as_object);
    let empty = Map::new();
    let metadata = section("metadata").unwrap_or(&empty);
    let protected = protection(metadata, section("reported").unwrap_or(&empty), now()).is_some();
    let holding = match kind.as_str() {
        _ if protected => Holding::Protected,
        "kubernetes_persistent_volume_claim" | "kubernetes_persistent_volume" => Holding::Data,
        _ => Holding::Nothing,
    };
    Some(Dependant {
        node: node.get("id")?.as_str()?.parse().ok()?,
        name: reported(node, "name")?.to_owned(),
        kind,
        holding,
    })
}

/// How an account stands to the configuration: one whose name another account has taken was swapped, which says more than
/// that it is not configured any more.
fn standing(header: &AccountHeader, headers: &BTreeMap<String, AccountHeader>) -> Standing {
    let name = header.begin.account.name();
    let newer = headers.values().any(|other| {
        other.begin.account.name() == name
            && other.account() != header.account()
            && other.collected > header.collected
    });
    match (newer, header.unconfigured) {
        (true, _) => Standing::Swapped,
        (false, true) => Standing::Unconfigured,
        (false, false) => Standing::Configured,
    }
}
