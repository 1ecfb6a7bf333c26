//! From paths as people write them to paths from the root: shorthands first, then the section, once.
//! Whether a path exists is the engine's question.
use crate::ast::{
    Aggregate, Argument, Filter, Function, Group, GroupValue, Merge, Part, Path, Piece, Preamble,
    Query, Segment, SortKey, With,
};

/// Ancestors whose name alone is a path.
const ANCESTORS: [&str; 4] = ["cloud", "account", "region", "zone"];
/// Sections that a path of `has_desired_change` is relative to, both at once.
const COMPARED: [&str; 2] = ["desired", "reported"];

impl Path {
    /// The same place seen from the root, for a path written in a section (`/` or empty: the root).
    ///
    /// `cloud`, `account`, `region` and `zone` become the name of that ancestor, `cloud.x` its
    /// property, `usage.x` the joined usage; any other relative path goes below the section. Absolute
    /// paths, and the whole element (`.`), stay what they are, so doing it twice does no harm.
    #[must_use]
    pub fn in_section(self, section: &str) -> Self {
        if self.absolute || self.segments.is_empty() {
            return self;
        }
        self.shorthand().unwrap_or_else(|path| path.below(section))
    }

    /// The long form of a shorthand, or the path as it was.
    fn shorthand(mut self) -> Result<Self, Self> {
        let first = &self.segments[0];
        let bare = self.segments.len() == 1;
        if !first.indexes.is_empty() {
            return Err(self);
        }
        if first.name == "usage" && !bare {
            return Ok(Self {
                absolute: true,
                ..self
            });
        }
        if !ANCESTORS.contains(&first.name.as_str()) {
            return Err(self);
        }
        if bare {
            self.segments.push(Segment::plain("name"));
        }
        self.segments.insert(1, Segment::plain("reported"));
        self.segments.insert(0, Segment::plain("ancestors"));
        Ok(Self {
            absolute: true,
            ..self
        })
    }

    /// The path from the root, without shorthands.
    fn below(mut self, section: &str) -> Self {
        if self.absolute {
            return self;
        }
        if !matches!(section, "" | "/") {
            self.segments.insert(0, Segment::plain(section));
        }
        Self {
            absolute: true,
            ..self
        }
    }

    /// Relative to both compared sections: `/x`, `/desired.x` and `x` are the same.
    fn in_both_sections(mut self) -> Self {
        let named = self
            .segments
            .first()
            .is_some_and(|first| COMPARED.contains(&first.name.as_str()));
        if self.absolute && named && self.segments.len() > 1 {
            self.segments.remove(0);
        }
        Self {
            absolute: false,
            ..self
        }
    }
}

impl Segment {
    /// A name without list brackets.
    fn plain(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            indexes: Vec::new(),
        }
    }
}

impl Query {
    /// Every path seen from the root, for a query written in a section; see [`Path::in_section`].
    ///
    /// Not changed: paths inside of a context `{…}`, which are relative to its elements; paths in
    /// edge filters, which name properties of the edge; and the paths of `has_desired_change`, which
    /// come out relative to `desired` and `reported` at once. Names of merged queries go below the
    /// section without regard to shorthands. Columns of an aggregation keep the name that they had
    /// before.
    #[must_use]
    pub fn in_section(self, section: &str) -> Self {
        let aggregate = self
            .preamble
            .aggregate
            .map(|found| found.in_section(section));
        let parts = self
            .parts
            .into_iter()
            .map(|found| part(found, section))
            .collect();
        Self {
            preamble: Preamble {
                aggregate,
                ..self.preamble
            },
            parts,
        }
    }
}

impl Aggregate {
    /// Every path seen from the root; the columns keep their names. See [`Query::in_section`].
    #[must_use]
    pub fn in_section(self, section: &str) -> Self {
        let groups = self
            .groups
            .into_iter()
            .map(|found| group(found, section))
            .collect();
        let functions = self
            .functions
            .into_iter()
            .map(|found| function(found, section))
            .collect();
        Self { groups, functions }
    }
}

fn group(group: Group, section: &str) -> Group {
    let name = Some(group.column());
    let value = match group.value {
        GroupValue::Path(path) => GroupValue::Path(path.in_section(section)),
        GroupValue::Template(pieces) => {
            let pieces = pieces.into_iter().map(|piece| match piece {
                Piece::Hole(path) => Piece::Hole(path.in_section(section)),
                text @ Piece::Text(_) => text,
            });
            GroupValue::Template(pieces.collect())
        }
    };
    Group { value, name }
}

fn function(function: Function, section: &str) -> Function {
    let alias = Some(function.column());
    let argument = match function.argument {
        Argument::Path(path) => Argument::Path(path.in_section(section)),
        number @ Argument::Number(_) => number,
    };
    Function {
        argument,
        alias,
        ..function
    }
}

fn part(part: Part, section: &str) -> Part {
    let merge = part
        .merge
        .into_iter()
        .map(|found| merge(found, section))
        .collect();
    let sort = part
        .sort
        .into_iter()
        .map(|key| sort_key(key, section))
        .collect();
    Part {
        filter: filter(part.filter, section),
        merge,
        post: part.post.map(|found| filter(found, section)),
        with: part.with.map(|found| with(found, section)),
        sort,
        ..part
    }
}

fn merge(merge: Merge, section: &str) -> Merge {
    let name = merge.name.below(section);
    Merge {
        name,
        query: merge.query.in_section(section),
        ..merge
    }
}

fn sort_key(key: SortKey, section: &str) -> SortKey {
    SortKey {
        path: key.path.in_section(section),
        ..key
    }
}

fn with(found: With, section: &str) -> With {
    With {
        filter: filter(found.filter, section),
        with: found.with.map(|inner| Box::new(with(*inner, section))),
        ..found
    }
}

fn filter(found: Filter, section: &str) -> Filter {
    let many = |all: Vec<Filter>| all.into_iter().map(|one| filter(one, section)).collect();
    match found {
        Filter::Compare(mut comparison) => {
            comparison.path = comparison.path.in_section(section);
            Filter::Compare(comparison)
        }
        Filter::HasKey(path, keys) => Filter::HasKey(path.in_section(section), keys),
        Filter::InSubnet(path, net) => Filter::InSubnet(path.in_section(section), net),
        Filter::DesiredChange(path) => Filter::DesiredChange(path.in_both_sections()),
        Filter::NoDesiredChange(path) => Filter::NoDesiredChange(path.in_both_sections()),
        Filter::Context(path, inner) => Filter::Context(context(path, section), inner),
        Filter::Not(inner) => Filter::Not(Box::new(filter(*inner, section))),
        Filter::And(all) => Filter::And(many(all)),
        Filter::Or(any) => Filter::Or(many(any)),
        same @ (Filter::All | Filter::Is(_) | Filter::Id(_) | Filter::Text(_)) => same,
    }
}

/// The name of a context: `account.{…}` looks into what the ancestor reports, not into its name.
fn context(path: Path, section: &str) -> Path {
    let bare = path.segments.len() == 1;
    if path.absolute {
        return path;
    }
    match path.shorthand() {
        Ok(mut long) => {
            if bare {
                long.segments.pop();
            }
            long
        }
        Err(path) => path.below(section),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use crate::parse;

    #[track_caller]
    fn check(query: &str, section: &str, expect: Expect) {
        let resolved = parse(query).unwrap().in_section(section);
        assert_eq!(
            resolved,
            resolved.clone().in_section(section),
            "a second time changes nothing"
        );
        expect.assert_eq(&resolved.to_string());
    }

    #[test]
    fn relative_paths_go_below_the_section_and_absolute_ones_stay() {
        check("name = a", "reported", expect!["/reported.name = a"]);
        check("name = a", "/", expect!["/name = a"]);
        check("/name = a", "reported", expect!["/name = a"]);
        check(
            "reported.name = a",
            "reported",
            expect!["/reported.reported.name = a"],
        );
        check(
            "is(a) sort x, /y desc",
            "reported",
            expect!["is(a) sort /reported.x, /y desc"],
        );
        check(
            "has_key(tags, a)",
            "reported",
            expect!["has_key(/reported.tags, a)"],
        );
    }

    #[test]
    fn shorthands_come_before_the_section() {
        check(
            "account = a",
            "reported",
            expect!["/ancestors.account.reported.name = a"],
        );
        check(
            "zone.id = a",
            "/",
            expect!["/ancestors.zone.reported.id = a"],
        );
        check(
            "usage.cpu.avg > 3",
            "reported",
            expect!["/usage.cpu.avg > 3"],
        );
        check("usage = 3", "reported", expect!["/reported.usage = 3"]);
        check(
            "accounts = a",
            "reported",
            expect!["/reported.accounts = a"],
        );
        check(
            "account[0] = a",
            "reported",
            expect!["/reported.account[0] = a"],
        );
        check(
            "a.account = a",
            "reported",
            expect!["/reported.a.account = a"],
        );
    }

    #[test]
    fn only_the_name_of_a_context_changes() {
        check(
            "a[*].{b = 1 and account = c}",
            "reported",
            expect!["/reported.a[*].{b = 1 and account = c}"],
        );
        check(
            "account.{x = 1}",
            "reported",
            expect!["/ancestors.account.reported.{x = 1}"],
        );
        check(
            "account.tags.{x = 1}",
            "reported",
            expect!["/ancestors.account.reported.tags.{x = 1}"],
        );
    }

    #[test]
    fn merged_names_go_below_the_section_and_edges_have_their_own_paths() {
        check(
            "is(a) {n: <-{w = 1}- x = 1, /m[]: -->} n.reported.y = 1",
            "reported",
            expect![[
                "is(a) {/reported.n: <-{w = 1}- /reported.x = 1, /m[]: -->} /reported.n.reported.y = 1"
            ]],
        );
        check(
            "is(a) with(any, -{w = 1}-> x = 1)",
            "reported",
            expect!["is(a) with(any, -{w = 1}-> /reported.x = 1)"],
        );
    }

    #[test]
    fn desired_changes_are_relative_to_both_sections() {
        check(
            "has_desired_change(/replicas)",
            "reported",
            expect!["has_desired_change(replicas)"],
        );
        check(
            "has_no_desired_change(a.b)",
            "reported",
            expect!["has_no_desired_change(a.b)"],
        );
        check(
            "has_desired_change(/desired.a)",
            "reported",
            expect!["has_desired_change(a)"],
        );
    }

    #[test]
    fn columns_keep_their_names() {
        check(
            "aggregate(account, a.b, \"{x}-{/y}\": sum(size), sum(1)): all",
            "reported",
            expect![[
                r#"aggregate(/ancestors.account.reported.name as account, /reported.a.b as b, "{/reported.x}-{/y}" as "{x}-{/y}": sum(/reported.size) as sum_of_size, sum(1) as sum_of_1): all"#
            ]],
        );
    }
}
