//! Properties that none of the nodes asked about can have: no mistake, since any known property may be asked of any kind,
//! but the answer is empty for a reason worth a hint. What nothing has at all is refused in [`crate::paths`].
use stocktake_model::{Kind, PropertyType};

use crate::compile::Compiler;
use crate::paths::Scope;

/// The base of kinds that a cluster defines itself: what they have need not be declared.
const CUSTOM: &str = "kubernetes_custom_resource";
/// Kinds that a hint names at most.
const NAMED: usize = 3;

impl Compiler<'_> {
    /// Notes that a property belongs to other kinds than those that the query demands, if that is sure.
    pub(crate) fn hint_foreign(&mut self, name: &str, scope: &Scope) {
        let merged = scope.merged.iter();
        let merged = merged
            .filter_map(|merge| merge.get(1))
            .any(|merge| merge == name);
        if merged || !self.is_foreign(name, &scope.within) {
            return;
        }
        let model = &self.graph.catalog.model;
        let mut kinds = model.declared_by(name);
        // A base is asked for by name less often than what inherits from it.
        kinds.sort_by_key(|kind| model.kind(kind).is_some_and(|kind| kind.is_abstract));
        if kinds.is_empty() {
            return;
        }
        let others = kinds.len().saturating_sub(NAMED);
        kinds.truncate(NAMED);
        let kinds = kinds.join("`, `");
        let more = match others {
            0 => String::new(),
            others => format!(" and {others} more kinds"),
        };
        let within: Vec<&str> = scope.within.iter().map(String::as_str).collect();
        let nested = model.paths_to(name, &within);
        let there = nested.first().map(|path| format!("; there it is `{path}`"));
        let hint = format!(
            "`{name}` is a property of `{kinds}`{more}, not of `{}`{}",
            within.join("`, `"),
            there.unwrap_or_default()
        );
        if !self.hints.contains(&hint) {
            self.hints.push(hint);
        }
    }

    /// Whether the model knows everything about these kinds, and that none of them has the property. Of a kind with a
    /// section without types it does not.
    fn is_foreign(&self, name: &str, within: &[String]) -> bool {
        let catalog = &self.graph.catalog;
        let names: Vec<&str> = within.iter().map(String::as_str).collect();
        if within.is_empty() || catalog.property_type(&[name], &names).is_some() {
            return false;
        }
        let model = &catalog.model;
        let is_typed = |kind: &Kind| {
            kind.properties
                .iter()
                .all(|one| one.of != PropertyType::Any)
        };
        let is_known =
            |kind: &String| model.kind(kind).is_some_and(is_typed) && !model.is_a(kind, CUSTOM);
        within
            .iter()
            .all(|base| catalog.concrete(base).iter().all(is_known))
    }
}
