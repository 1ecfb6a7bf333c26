//! Aggregates made ready: groups, functions, the lists that are taken apart, and which column a sort means.
use stocktake_model::near;
use stocktake_query::{
    Aggregate, Argument, Function, Group, GroupValue, Order, Part, Piece, SortKey,
};

use crate::compile::Compiler;
use crate::error::{EngineError, EngineErrorKind};
use crate::paths::Scope;
use crate::plan::{
    AggregatePlan, ArgumentPlan, ColumnAt, FunctionPlan, GroupPlan, GroupValuePlan, PathPlan,
    PiecePlan, Step,
};

impl Compiler<'_> {
    pub(crate) fn aggregate(
        &mut self,
        aggregate: &Aggregate,
        last: &Part,
        scope: &Scope,
    ) -> Result<AggregatePlan, EngineError> {
        let groups = aggregate
            .groups
            .iter()
            .map(|group| self.group(group, scope));
        let groups = groups.collect::<Result<Vec<_>, _>>()?;
        let functions = aggregate
            .functions
            .iter()
            .map(|one| self.function(one, scope));
        let functions = functions.collect::<Result<Vec<_>, _>>()?;
        let sort = last.sort.iter().map(|key| {
            let column = column(key, &groups, &functions)?;
            Ok((column, key.order == Order::Desc))
        });
        let sort = sort.collect::<Result<Vec<_>, _>>()?;
        let loops = loops(&groups);
        Ok(AggregatePlan {
            groups,
            functions,
            sort,
            loops,
            limit: last.limit.map(|limit| (limit.offset, limit.length)),
            reversed: last.reversed,
        })
    }

    fn group(&mut self, group: &Group, scope: &Scope) -> Result<GroupPlan, EngineError> {
        let value = match &group.value {
            GroupValue::Path(path) => GroupValuePlan::Path(self.path(path, scope)?.plan),
            GroupValue::Template(pieces) => {
                let pieces = pieces.iter().map(|piece| {
                    Ok(match piece {
                        Piece::Text(text) => PiecePlan::Text(text.clone()),
                        Piece::Hole(path) => PiecePlan::Hole(self.path(path, scope)?.plan),
                    })
                });
                GroupValuePlan::Template(pieces.collect::<Result<_, EngineError>>()?)
            }
        };
        Ok(GroupPlan {
            column: group.column(),
            value,
        })
    }

    fn function(
        &mut self,
        function: &Function,
        scope: &Scope,
    ) -> Result<FunctionPlan, EngineError> {
        Ok(FunctionPlan {
            column: function.column(),
            name: function.name,
            argument: match &function.argument {
                Argument::Path(path) => ArgumentPlan::Path(self.path(path, scope)?.plan),
                Argument::Number(number) => ArgumentPlan::Number(*number),
            },
            steps: function.steps.clone(),
        })
    }
}

/// The column a sort key names: `/n`, `n` or `/group.n`.
fn column(
    key: &SortKey,
    groups: &[GroupPlan],
    functions: &[FunctionPlan],
) -> Result<ColumnAt, EngineError> {
    let names: Vec<&str> = key
        .path
        .segments
        .iter()
        .map(|segment| segment.name.as_str())
        .collect();
    let names = match names.as_slice() {
        ["reported" | "group", rest @ ..] if !rest.is_empty() => rest,
        names => names,
    };
    let name = names.join(".");
    let function = functions
        .iter()
        .position(|function| function.column == name);
    let group = || groups.iter().position(|group| group.column == name);
    if let Some(at) = function {
        return Ok(ColumnAt::Function(at));
    }
    if let Some(at) = group() {
        return Ok(ColumnAt::Group(at));
    }
    let columns = groups.iter().map(|group| group.column.as_str());
    let columns = columns.chain(functions.iter().map(|function| function.column.as_str()));
    let near = near(&name, columns);
    let kind = EngineErrorKind::UnknownColumn(name.clone());
    Err(EngineError::new(kind).at(key.path.span).near(&near))
}

/// Every prefix of a group path up to a `[*]`, each once, outer lists before inner ones.
fn loops(groups: &[GroupPlan]) -> Vec<PathPlan> {
    let mut loops: Vec<PathPlan> = Vec::new();
    let paths = groups.iter().flat_map(|group| match &group.value {
        GroupValuePlan::Path(path) => vec![path],
        GroupValuePlan::Template(pieces) => pieces
            .iter()
            .filter_map(|piece| match piece {
                PiecePlan::Hole(path) => Some(path),
                PiecePlan::Text(_) => None,
            })
            .collect(),
    });
    for path in paths {
        for (at, step) in path.steps.iter().enumerate() {
            if *step != Step::Any {
                continue;
            }
            let prefix = PathPlan {
                steps: path.steps[..=at].to_vec(),
                age: false,
                ..path.clone()
            };
            if !loops
                .iter()
                .any(|known| known.is_prefix_of(&prefix) && known.steps.len() == prefix.steps.len())
            {
                loops.push(prefix);
            }
        }
    }
    loops.sort_by_key(|path| path.steps.len());
    loops
}

impl PathPlan {
    /// Whether `other` leads on from where this path ends.
    pub(crate) fn is_prefix_of(&self, other: &Self) -> bool {
        (self.from, self.section) == (other.from, other.section)
            && other.steps.starts_with(&self.steps)
    }
}
