//! Paths of a query made ready: sections, ancestors and merged names told apart, types looked up, unknown
//! names refused. After `in_section` the first name of a path outside of a context is its section.
use std::collections::BTreeSet;

use stocktake_model::{Metric, PropertyType, near};
use stocktake_query::{Index, Path, Segment};

use crate::compile::Compiler;
use crate::error::{EngineError, EngineErrorKind};
use crate::graph::{Outbound, Stored};
use crate::plan::{From, PathPlan, Section, Step};
use crate::usage::{BESIDE, FIGURES};

/// What stands around a filter.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scope {
    /// Names of the merges of this part.
    pub(crate) merged: Vec<Vec<String>>,
    /// Inside a context: where its element is, as far as types go.
    pub(crate) context: Option<Typed>,
    /// Kinds the nodes are known to be; empty if nothing is known.
    pub(crate) within: Vec<String>,
    /// True for the filter of a navigation.
    pub(crate) edge: bool,
}

/// A place in a section whose types are known.
#[derive(Debug, Clone)]
pub(crate) struct Typed {
    pub(crate) section: Section,
    pub(crate) names: Vec<String>,
}

/// A path with the type of what it leads to.
#[derive(Debug)]
pub(crate) struct TypedPath {
    pub(crate) plan: PathPlan,
    pub(crate) of: Option<PropertyType>,
    pub(crate) typed: Typed,
}

impl TypedPath {
    /// The last name, for properties that have a unit.
    pub(crate) fn name(&self) -> &str {
        self.typed.names.last().map_or("", String::as_str)
    }
}

const SECTIONS: [&str; 6] = [
    "reported",
    "desired",
    "metadata",
    "ancestors",
    "descendants",
    "usage",
];

impl Compiler<'_> {
    /// Makes a path ready. Ages become their timestamp; whoever compares or sorts turns the operator around.
    pub(crate) fn path(&mut self, path: &Path, scope: &Scope) -> Result<TypedPath, EngineError> {
        let mut typed = self.plain_path(path, scope)?;
        if let Some(stamp) = age_of(&typed) {
            let last = typed.plan.steps.len() - 1;
            typed.plan.steps[last] = Step::Key(self.key(&stamp));
            typed.plan.age = true;
            *typed.typed.names.last_mut().expect("an age has a name") = stamp;
            typed.of = Some(PropertyType::Datetime);
        }
        Ok(typed)
    }

    fn plain_path(&mut self, path: &Path, scope: &Scope) -> Result<TypedPath, EngineError> {
        let segments = path.segments.as_slice();
        if let (Some(context), false) = (&scope.context, path.absolute) {
            let mut names = context.names.clone();
            names.extend(segments.iter().map(|segment| segment.name.clone()));
            let typed = Typed {
                section: context.section,
                names,
            };
            return Ok(self.typed(From::Element, typed, segments, scope));
        }
        if scope.edge {
            let own = match segments.first() {
                Some(first) if first.name == "reported" => &segments[1..],
                _ => segments,
            };
            let typed = Typed {
                section: Section::Nothing,
                names: Vec::new(),
            };
            return Ok(self.typed(From::Element, typed, own, scope));
        }
        if is_merged(segments, scope) {
            let typed = Typed {
                section: Section::Nothing,
                names: Vec::new(),
            };
            return Ok(self.typed(From::Merged, typed, segments, scope));
        }
        self.rooted(path, scope)
    }

    fn rooted(&mut self, path: &Path, scope: &Scope) -> Result<TypedPath, EngineError> {
        let Some((first, rest)) = path.segments.split_first() else {
            let kind = EngineErrorKind::UnknownSection("/".to_owned());
            return Err(EngineError::new(kind).at(path.span));
        };
        let (from, section, rest) = match first.name.as_str() {
            "ancestors" => self.other(path, rest, Outbound::No)?,
            "descendants" => self.other(path, rest, Outbound::Yes)?,
            name => (From::Node, section_of(name, path)?, rest),
        };
        if section == Section::Reported {
            self.refuse_unknown(path, rest, scope)?;
            if let (From::Node, Some(first)) = (from, rest.first()) {
                self.hint_foreign(&first.name, scope);
            }
        }
        let section = match section {
            Section::Usage(_) => {
                self.refuse_unmeasured(path, rest, from)?;
                Section::Usage(self.joined.filter(|_| from == From::Node))
            }
            section => section,
        };
        let names = rest.iter().map(|segment| segment.name.clone()).collect();
        let mut typed = self.typed(from, Typed { section, names }, rest, scope);
        if from == From::Node {
            // `kinds[*]`: brackets right behind the section.
            typed
                .plan
                .steps
                .splice(0..0, first.indexes.iter().map(step));
        }
        Ok(typed)
    }

    /// `ancestors.KIND.SECTION.PATH`
    fn other<'p>(
        &mut self,
        path: &Path,
        rest: &'p [Segment],
        outbound: Outbound,
    ) -> Result<(From, Section, &'p [Segment]), EngineError> {
        let missing = || {
            let kind = EngineErrorKind::SectionMissing(text(path));
            let example = match outbound {
                Outbound::No => "/ancestors.account.reported.name",
                Outbound::Yes => "/descendants.kubernetes_pod.reported.name",
            };
            EngineError::new(kind)
                .at(path.span)
                .hint(format!("write e.g. `{example}`"))
        };
        let [kind, section, rest @ ..] = rest else {
            return Err(missing());
        };
        let stored = Stored::ALL
            .into_iter()
            .find(|stored| outbound == Outbound::No && stored.as_str() == kind.name);
        let from = if let Some(stored) = stored {
            From::Stored(stored)
        } else {
            let name = stocktake_query::Name {
                text: kind.name.clone(),
                span: path.span,
            };
            From::Nearest(self.kind_set(&[name])?, outbound)
        };
        let section = match section.name.as_str() {
            name if SECTIONS.contains(&name) && !name.ends_with("scendants") => {
                section_of(name, path)?
            }
            "id" => Section::Id,
            "kinds" => Section::Kinds,
            _ => return Err(missing()),
        };
        Ok((from, section, rest))
    }

    /// A property that no kind declares and no node has is a typing error.
    fn refuse_unknown(
        &self,
        path: &Path,
        rest: &[Segment],
        scope: &Scope,
    ) -> Result<(), EngineError> {
        let Some(first) = rest.first() else {
            return Ok(());
        };
        let name = first.name.as_str();
        let model = &self.graph.catalog.model;
        let merged = scope
            .merged
            .iter()
            .any(|merge| merge.get(1).is_some_and(|known| known == name));
        let in_data = || {
            let mut partitions = self.graph.partitions.iter();
            partitions.any(|partition| partition.properties.contains(name))
        };
        if merged || !model.declared_by(name).is_empty() || in_data() {
            return Ok(());
        }
        let kind = EngineErrorKind::UnknownProperty(name.to_owned());
        let error = EngineError::new(kind).at(path.span);
        let meant = self.meant(name, scope);
        Err(if meant.is_empty() {
            error.hint("`kinds KIND` shows the properties of a kind; a name may stand in another: `pod_status.phase`")
        } else {
            error.near(&meant)
        })
    }

    /// What an unknown name may stand for: a property that has it further down, else one that is written nearly so.
    fn meant(&self, name: &str, scope: &Scope) -> Vec<String> {
        let model = &self.graph.catalog.model;
        let within: Vec<&str> = scope.within.iter().map(String::as_str).collect();
        let mut nested = model.paths_to(name, &within);
        if nested.is_empty() {
            nested = model.paths_to(name, &[]);
        }
        nested.truncate(3);
        if !nested.is_empty() {
            return nested;
        }
        let mut known: BTreeSet<&str> = self.graph.catalog.top_properties();
        for partition in self.graph.partitions.iter() {
            known.extend(partition.properties.iter().map(String::as_str));
        }
        near(name, known).into_iter().map(str::to_owned).collect()
    }

    /// A name below `usage` that nothing ever has there is a typing error, and so is what a part did not ask for.
    fn refuse_unmeasured(
        &self,
        path: &Path,
        rest: &[Segment],
        from: From,
    ) -> Result<(), EngineError> {
        let names: Vec<&str> = rest.iter().map(|segment| segment.name.as_str()).collect();
        let [name, figure @ ..] = names.as_slice() else {
            return Ok(());
        };
        if BESIDE.contains(name) && figure.is_empty() {
            return Ok(());
        }
        let metric = Metric::named(name).ok_or_else(|| unknown_metric(name).at(path.span))?;
        let is_figure = matches!(figure, [figure] if FIGURES.contains(figure));
        if !figure.is_empty() && !is_figure {
            let kind = EngineErrorKind::UnknownFigure(text(path));
            let hint = format!("there are `min`, `avg` and `max`: `/usage.{name}.avg`");
            return Err(EngineError::new(kind).at(path.span).hint(hint));
        }
        if from == From::Node && self.joined.is_some() && !self.metrics.contains(&metric) {
            let kind = EngineErrorKind::NotJoined((*name).to_owned());
            let hint = format!("name it there: `with_usage(…, [{name}])`");
            return Err(EngineError::new(kind).at(path.span).hint(hint));
        }
        Ok(())
    }

    fn typed(&mut self, from: From, typed: Typed, own: &[Segment], scope: &Scope) -> TypedPath {
        let steps = self.steps(own);
        let plan = PathPlan {
            from,
            section: typed.section,
            steps,
            age: false,
        };
        let names: Vec<&str> = typed.names.iter().map(String::as_str).collect();
        let within: Vec<&str> = match from {
            From::Node | From::Element => scope.within.iter().map(String::as_str).collect(),
            _ => Vec::new(),
        };
        let of = self.type_of(typed.section, &names, &within);
        let indexes = own.last().map_or(0, |segment| segment.indexes.len());
        let of = of.map(|of| (0..indexes).fold(of, |of, _| item_of(of)));
        TypedPath { plan, of, typed }
    }

    fn type_of(&self, section: Section, names: &[&str], within: &[&str]) -> Option<PropertyType> {
        match (section, names) {
            (Section::Reported, [_, ..]) => self.graph.catalog.property_type(names, within),
            (Section::Metadata, ["exported_at" | "expires" | "first_seen" | "last_seen"]) => {
                Some(PropertyType::Datetime)
            }
            (Section::Metadata, ["exported_age"]) => {
                Some(PropertyType::AgeOf("exported_at".to_owned()))
            }
            (Section::Usage(_), ["start"]) => Some(PropertyType::Datetime),
            (Section::Usage(_), ["duration"]) => Some(PropertyType::Duration),
            (Section::Usage(_), ["entries"]) => Some(PropertyType::Int64),
            (Section::Usage(_), [_, figure]) if FIGURES.contains(figure) => {
                Some(PropertyType::Double)
            }
            (Section::Metadata, ["protected" | "cleaned" | "phantom" | "replace"])
            | (Section::Desired, ["clean"]) => Some(PropertyType::Boolean),
            _ => None,
        }
    }

    pub(crate) fn steps(&mut self, segments: &[Segment]) -> Vec<Step> {
        let mut steps = Vec::new();
        for segment in segments {
            steps.push(Step::Key(self.key(&segment.name)));
            steps.extend(segment.indexes.iter().map(step));
        }
        steps
    }
}

/// The error about a metric that nothing measures.
pub(crate) fn unknown_metric(name: &str) -> EngineError {
    let known = Metric::ALL.map(Metric::as_str).join("`, `");
    EngineError::new(EngineErrorKind::UnknownMetric(name.to_owned()))
        .hint(format!("what is measured is `{known}`"))
}

fn step(index: &Index) -> Step {
    match index {
        Index::Any => Step::Any,
        Index::At(at) => Step::At(*at),
    }
}

fn is_merged(segments: &[Segment], scope: &Scope) -> bool {
    scope.merged.iter().any(|merge| {
        segments.len() >= merge.len()
            && merge
                .iter()
                .zip(segments)
                .all(|(name, segment)| *name == segment.name)
    })
}

/// The type of the elements, if it is a list.
pub(crate) fn item_of(of: PropertyType) -> PropertyType {
    match of {
        PropertyType::Array(item) => *item,
        other => other,
    }
}

/// A path as it would be written.
pub(crate) fn text(path: &Path) -> String {
    let names: Vec<&str> = path
        .segments
        .iter()
        .map(|segment| segment.name.as_str())
        .collect();
    format!("/{}", names.join("."))
}

fn section_of(name: &str, path: &Path) -> Result<Section, EngineError> {
    Ok(match name {
        "reported" => Section::Reported,
        "desired" => Section::Desired,
        "metadata" => Section::Metadata,
        "id" => Section::Id,
        "type" => Section::Type,
        "kinds" => Section::Kinds,
        "usage" => Section::Usage(None),
        "security" | "revision" | "refs" | "created" | "updated" | "hash" => Section::Nothing,
        name => {
            let kind = EngineErrorKind::UnknownSection(name.to_owned());
            let near = near(name, SECTIONS);
            return Err(EngineError::new(kind).at(path.span).near(&near));
        }
    })
}

/// The timestamp a synthetic age is computed from.
fn age_of(typed: &TypedPath) -> Option<String> {
    match (&typed.of, typed.plan.steps.last()) {
        (Some(PropertyType::AgeOf(stamp)), Some(Step::Key(_))) => Some(stamp.clone()),
        _ => None,
    }
}
