//! What may be deleted in a situation, and in what order: all guards, then the rules about all objects together.
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use stocktake_model::NodeId;

use crate::guard::{self, DELETE_CYCLE, Guard, LIVE_CONTROLLER, MAX_OBJECTS, MAX_PERCENT};
use crate::plan::{Entry, Plan, Verdict};
use crate::{Candidate, Holding, Refusal, Settings, Situation, graph};

/// A judged situation.
pub(crate) struct Judgement {
    /// One per candidate, allowed ones first, by pass and id.
    pub(crate) entries: Vec<Entry>,
    /// Nodes on a cycle of delete edges.
    pub(crate) cycle: Vec<NodeId>,
}

struct Judge<'a> {
    situation: &'a Situation,
    settings: &'a Settings,
    candidates: BTreeMap<NodeId, &'a Candidate>,
    refusals: BTreeMap<NodeId, Vec<Refusal>>,
}

/// Plans what may be deleted in a situation. The same situation always gives the same plan.
pub fn plan(situation: &Situation, settings: &Settings, now: Timestamp) -> Plan {
    let judgement = judge(situation, settings, now);
    let mut plan = Plan {
        created: now,
        // A lifetime beyond the end of time is as good as none at all.
        expires: now.checked_add(settings.plan_lifetime).unwrap_or(now),
        entries: judgement.entries,
        cycle: judgement.cycle,
        allow: settings.also_allow.clone(),
        digest: String::new(),
    };
    plan.digest = plan.computed_digest();
    plan
}

/// Judges every candidate. The order of the candidates does not matter.
pub(crate) fn judge(situation: &Situation, settings: &Settings, now: Timestamp) -> Judgement {
    let mut candidates: BTreeMap<NodeId, &Candidate> = BTreeMap::new();
    for candidate in &situation.candidates {
        candidates.entry(candidate.node).or_insert(candidate);
    }
    let refused = candidates.values().filter_map(|candidate| {
        let refusals = guard::refusals(candidate, settings, now);
        (!refusals.is_empty()).then_some((candidate.node, refusals))
    });
    let mut judge = Judge {
        situation,
        settings,
        refusals: refused.collect(),
        candidates,
    };
    let cycle = judge.refuse_cycles();
    judge.refuse_controlled();
    judge.refuse_too_many();
    // A controller that only stays because of a limit stays none the less.
    judge.refuse_controlled();
    Judgement {
        entries: judge.entries(),
        cycle: cycle.into_iter().collect(),
    }
}

impl Judge<'_> {
    fn allowed(&self) -> BTreeSet<NodeId> {
        let nodes = self.candidates.keys();
        let allowed = nodes.filter(|node| !self.refusals.contains_key(node));
        allowed.copied().collect()
    }

    fn refuse(&mut self, node: NodeId, guard: &Guard, why: String) {
        let refusals = self.refusals.entry(node).or_default();
        refusals.push(guard.refusal(why));
        refusals.sort();
    }

    fn refuse_cycles(&mut self) -> BTreeSet<NodeId> {
        let cycle = graph::cyclic(&self.allowed(), &self.situation.edges);
        for node in &cycle {
            let why = "it would have to go before what has to go before it".to_owned();
            self.refuse(*node, &DELETE_CYCLE, why);
        }
        cycle
    }

    /// Objects whose controller stays. Refusing one may make it a controller that stays, hence the loop; each
    /// round refuses something, so it ends.
    fn refuse_controlled(&mut self) {
        loop {
            let allowed = self.allowed();
            let refused: Vec<(NodeId, String)> = (allowed.iter())
                .map(|node| self.candidates[node])
                .filter(|one| !self.settings.allows(&LIVE_CONTROLLER, &one.kind) && !is_pod(one))
                .filter_map(|one| Some((one.node, stays(one, &allowed)?)))
                .collect();
            if refused.is_empty() {
                return;
            }
            for (node, who) in refused {
                let why = format!("{who} stays and would make it again");
                self.refuse(node, &LIVE_CONTROLLER, why);
            }
        }
    }

    /// Lets the first pass by: by pass, oldest mark, id.
    fn refuse_too_many(&mut self) {
        let passes = graph::passes(&self.allowed(), &self.situation.edges);
        let mut order: Vec<_> = (passes.into_iter())
            .map(|(node, pass)| {
                let mark = self.candidates[&node].mark.as_ref();
                (pass, mark.and_then(|mark| mark.at), node)
            })
            .collect();
        order.sort_unstable();
        let mut objects: BTreeMap<&str, usize> = BTreeMap::new();
        let mut kinds: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for (_, _, node) in order {
            let candidate = self.candidates[&node];
            let (account, kind) = (candidate.account.as_str(), candidate.kind.as_str());
            let of_account = objects.entry(account).or_default();
            let of_kind = kinds.entry((account, kind)).or_default();
            let most = most(self.settings, self.situation.population.of(account, kind));
            if *of_kind >= most {
                let why = format!("a run may delete {most} of `{kind}` in one cluster");
                self.refuse(node, &MAX_PERCENT, why);
            } else if *of_account >= self.settings.max_objects {
                let most = self.settings.max_objects;
                let why = format!("a run may delete {most} objects in one cluster");
                self.refuse(node, &MAX_OBJECTS, why);
            } else {
                *of_account += 1;
                *of_kind += 1;
            }
        }
    }

    fn entries(mut self) -> Vec<Entry> {
        let allowed = self.allowed();
        let passes = graph::passes(&allowed, &self.situation.edges);
        let mut before = graph::between(&allowed, &self.situation.edges);
        let mut entries: Vec<Entry> = (self.candidates.iter())
            .map(|(node, candidate)| {
                let refusals = self.refusals.remove(node);
                let stays = refusals.is_some();
                let verdict = refusals.map_or(Verdict::Allowed, Verdict::Refused);
                let entry = Entry::new(candidate, verdict, self.settings.versions);
                if stays {
                    return entry;
                }
                Entry {
                    pass: passes.get(node).copied().unwrap_or(0),
                    after: before.remove(node).into_iter().flatten().collect(),
                    warnings: warnings(candidate, &allowed),
                    ..entry
                }
            })
            .collect();
        entries.sort_by_key(|entry| (entry.verdict != Verdict::Allowed, entry.pass, entry.node));
        entries
    }
}

fn is_pod(candidate: &Candidate) -> bool {
    candidate.kind == "kubernetes_pod"
}

/// The controller of an object that is not among those that go.
fn stays(candidate: &Candidate, going: &BTreeSet<NodeId>) -> Option<String> {
    let controller = candidate.controller.as_ref()?;
    let node = controller.node?;
    (!going.contains(&node)).then(|| format!("{} `{}`", controller.api_kind, controller.name))
}

fn warnings(candidate: &Candidate, going: &BTreeSet<NodeId>) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(who) = stays(candidate, going) {
        warnings.push(format!("will be recreated by {who}"));
    }
    let lost = candidate.dependants.iter();
    for one in lost.filter(|one| one.holding == Holding::Data) {
        warnings.push(format!(
            "takes the data of {} `{}` with it",
            one.kind, one.name
        ));
    }
    warnings
}

/// How many of a kind may go. A percentage that is no number allows none.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of objects times a percentage, clamped; rounded down on purpose"
)]
fn most(settings: &Settings, population: u64) -> usize {
    let part = population as f64 * settings.max_percent.clamp(0.0, 100.0) / 100.0;
    (part as usize).max(settings.always_allowed)
}
