//! The way out of every syntax error, in one sentence each.
use crate::ast::{EdgeType, FunctionName, Navigation};
use crate::error::{CONDITIONS, SyntaxKind};
use crate::expected::{Expected, either};

impl SyntaxKind {
    /// What the reader can do about it, given what might have stood there.
    pub(crate) fn hint(&self, expected: &[Expected]) -> Option<String> {
        Some(match self {
            Self::Unexpected { .. } => return expected_hint(expected),
            Self::StrayWord { value, found } => {
                format!("a text with blanks needs double quotes: `\"{value} {found}\"`")
            }
            Self::UpperCase { keyword, .. } => format!("write `{keyword}`"),
            Self::Symbolic { instead, .. } => format!("write `{instead}`"),
            Self::UnknownOperator { found } => operator_hint(found),
            Self::CommandWord { word } => format!("leave `{word}` out: only the query stands here"),
            Self::GluedArrow { value } => {
                format!("write `{value} -->` with a blank; or quote the value if it is no arrow")
            }
            Self::BadCharacter { value, .. } => format!("put it in double quotes: `\"{value}\"`"),
            Self::WithoutBracket { word } => match word.as_str() {
                "with" => "write `with(any, -->)`".to_owned(),
                "with_usage" => "write `with_usage(1w, cpu)`".to_owned(),
                _ => "write `aggregate(kind: sum(1) as n): all`".to_owned(),
            },
            Self::MissingClose { close, .. } => format!("add `{close}`"),
            Self::UnknownCondition { near, .. } => near_hint(near, &CONDITIONS),
            Self::UnknownFunction { near, .. } => {
                near_hint(near, &FunctionName::ALL.map(FunctionName::name))
            }
            Self::UnknownEdgeType { near, .. } => {
                near_hint(near, &EdgeType::ALL.map(EdgeType::name))
            }
            Self::ReversedRange { min, max } => format!("write `[{max}:{min}]`"),
            Self::RangeTooLong { .. } => {
                format!(
                    "a walk has at most {} steps; `[1:]` goes as far",
                    Navigation::UNLIMITED
                )
            }
            fixed => fixed.fixed_hint().to_owned(),
        })
    }

    /// Hints that do not depend on what was written.
    fn fixed_hint(&self) -> &'static str {
        match self {
            Self::KeywordAsCondition { .. } => {
                "conditions look like `name = \"web\"` or `is(pod)`; put a property of that name in backticks"
            }
            Self::TwoConditions => "join them with `and` or `or`",
            Self::SingleQuotes => "use double quotes",
            Self::UnterminatedText => "add `\"`; a quote inside of the text is written `\\\"`",
            Self::UnterminatedBacktick => "add the second backtick",
            Self::EmptyName => "write the name between the backticks",
            Self::Pipe => {
                "pipes join commands: they stand behind the query, outside of quotes and brackets"
            }
            Self::HalfNumber => "write `0.5` or `5.0`; as text put it in double quotes",
            Self::NumberTooBig => {
                "numbers have 64 bits; a value in double quotes is compared as text"
            }
            Self::ExtraClose { .. } => "remove it, or add the bracket it should close",
            Self::RoundList => "write `in [a, b]`",
            Self::CommaOutsideList => "write `in [a, b]`; a text with a comma needs double quotes",
            Self::ContextWithoutDot => "conditions on one element are written `path[*].{…}`",
            Self::BadPathCharacter { .. } => {
                "put that part of the path in backticks: tags.`app/name`"
            }
            Self::BadPathStart { .. } => {
                "names begin with a letter or `_`; put others in backticks, as in `` `1a` = 2 ``"
            }
            Self::WrongOrder { .. } => {
                "the order is: condition, `with`, `#tag`, `sort`, `limit`, `reversed`, navigation"
            }
            Self::LateAggregate => {
                "write `aggregate(…): condition`, or pipe: `condition | aggregate …`"
            }
            Self::NoFunction => "write `group: function`, as in `kind: sum(1) as n`",
            Self::TypesOnBothSides => "name the types before the range or after it",
            Self::NotOnEdges { .. } => {
                "only properties of the edge can be tested there; test the node behind the arrow"
            }
            Self::NotForNumbers => "use one of `= != < <= > >=`",
            Self::MergeWithoutNavigation => {
                "write `{name: --> is(kind)}` or `{name: <-- is(kind)}`"
            }
            Self::BracketsInMergeName => {
                "write `name` for the first node, `name[]` for all of them"
            }
            Self::StrayBrace => "write `}}` for a brace that is part of the text",
            Self::TooDeep => "leave out brackets that are not needed, or split the query",
            _ => "split the query, or move long lists into a stored template",
        }
    }
}

/// The way out where something else should stand.
fn expected_hint(expected: &[Expected]) -> Option<String> {
    due_hint(expected)
        .or_else(|| expected.iter().find_map(|what| single_hint(*what)))
        .map(str::to_owned)
        .or_else(|| expected.first().map(|what| format!("write {what} here")))
}

/// The way out where a larger thing is due, of which the others are only the beginnings.
fn due_hint(expected: &[Expected]) -> Option<&'static str> {
    let has = |what: Expected| expected.contains(&what);
    if has(Expected::Condition) {
        return Some(
            "conditions look like `name = \"web\"` or `is(pod)`; `all` selects everything",
        );
    }
    if has(Expected::EdgeCondition) {
        return Some("conditions on edges look like `relation = targets`");
    }
    if has(Expected::Hole) {
        return Some("write `{{` for a brace that is part of the text");
    }
    if has(Expected::Symbol("->")) {
        return single_hint(Expected::Symbol("->"));
    }
    if has(Expected::Symbol("*")) {
        return Some("list brackets hold a number, `*` or nothing");
    }
    if has(Expected::Operator) {
        return Some("operators are `= != < <= > >= =~ !~ in` and `not in`");
    }
    None
}

/// The way out where one certain thing is due.
fn single_hint(what: Expected) -> Option<&'static str> {
    Some(match what {
        Expected::Value => {
            "values look like `web-0`, `\"two words\"`, `42`, `3d`, `[a, b]`, `true`, `null`"
        }
        Expected::Property => "properties look like `name`, `tags.owner` or `/metadata.protected`",
        Expected::Segment => {
            "names have letters, digits, `_` and `-` and begin with a letter; put others in backticks"
        }
        Expected::Kind => {
            "write one kind or several: `is(pod, service)`; put others in double quotes"
        }
        Expected::Id => "write one id or several; ids with other characters need double quotes",
        Expected::Name | Expected::MergeName => {
            "names have letters, digits, `_` and `-`; put others in double quotes"
        }
        Expected::Number => "write digits, as in `10`",
        Expected::Time => "write a duration such as `2w` or a time such as `2024-05-01`",
        Expected::Function => "functions are `sum count min max avg stddev variance`",
        Expected::Arithmetic => "arithmetic looks like `sum(size * 1024 + 1)`",
        Expected::EdgeType => "edge types are `default`, `delete` and `iam`",
        Expected::Navigation => "navigations look like `-->`, `<--`, `-[1:3]->` or `-delete[1:]->`",
        Expected::Keyword("and") => "join conditions with `and` or `or`",
        Expected::Keyword("empty") => {
            "write `with(any, -->)`, `with(empty, -->)` or `with(count > 2, -->)`"
        }
        Expected::End => "leave out what follows",
        Expected::Symbol(",") => "separate them with a comma",
        Expected::Symbol(":") => "add the colon",
        Expected::Symbol("->" | "-") => "arrows end in `->` or, inbound, in `-`",
        _ => return None,
    })
}

/// The operator that was meant.
fn operator_hint(found: &str) -> String {
    let meant = match found {
        "<>" | "=!" | "!==" | "ne" => "!=",
        "===" => "==",
        "=<" => "<=",
        "=>" => ">=",
        "~=" | "~~" | "=~=" | "==~" | "like" | "matches" | "contains" | "regex" => "=~",
        "!=~" | "~!" | "!~=" => "!~",
        "is" | "equals" | "eq" => "=",
        "in_subnet" => return "write `in_subnet(PATH, 10.0.0.0/8)`".to_owned(),
        _ => return "operators are `= != < <= > >= =~ !~ in` and `not in`".to_owned(),
    };
    format!("write `{meant}`")
}

/// "did you mean …" or, if nothing is near, the whole list.
fn near_hint(near: &[&str], known: &[&str]) -> String {
    let quoted = |words: &[&str]| either(words.iter().map(|word| format!("`{word}`")).collect());
    if near.is_empty() {
        return format!("known are {}", quoted(known).replace(" or ", " and "));
    }
    format!("did you mean {}", quoted(near))
}
