//! What can be wrong with a search. Texts are for people; where an error can say the way out, it does.
use stocktake_query::Span;

/// A search that can not be answered.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{kind}")]
pub struct EngineError {
    /// What is wrong.
    pub kind: EngineErrorKind,
    /// Where, in bytes of the query.
    pub span: Option<Span>,
    /// The way out.
    pub hint: Option<String>,
}

/// What is wrong with a search.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineErrorKind {
    /// A word that names no kind.
    #[error("unknown kind `{0}`")]
    UnknownKind(String),
    /// A word that several kinds are called by.
    #[error("`{0}` may be several kinds")]
    SeveralKinds(String),
    /// A property that neither a kind declares nor a node has.
    #[error("unknown property `{0}`")]
    UnknownProperty(String),
    /// The first name of a path is no section.
    #[error("unknown section `{0}`")]
    UnknownSection(String),
    /// A sort key of an aggregate that is not one of its columns.
    #[error("unknown column `{0}`")]
    UnknownColumn(String),
    /// A path below `ancestors.KIND` without a section.
    #[error("`{0}` names no section of the other node")]
    SectionMissing(String),
    /// A pattern that does not compile.
    #[error("`{pattern}` is not a regular expression: {why}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// Why it does not compile.
        why: String,
    },
    /// A pattern with look-around or back references.
    #[error("`{0}` uses look-around or back references, which are not supported")]
    LookAround(String),
    /// A pattern is matched against a text only.
    #[error("`{0}` is not a pattern: expected a text")]
    PatternNotText(String),
    /// A literal that is neither less nor greater than any value of the property.
    #[error("`{literal}` cannot be compared with `{property}`: expected {expected}")]
    NoOrder {
        /// The literal.
        literal: String,
        /// The property, as it was typed.
        property: String,
        /// What could be compared with it.
        expected: &'static str,
    },
    /// `in` without a list.
    #[error("`in` needs a list, not `{0}`")]
    ListNeeded(String),
    /// Not a network.
    #[error("`{0}` is not a network")]
    Network(String),
    /// A sub-query of a merge has to start somewhere.
    #[error("the query of `{0}` does not begin with a navigation")]
    MergeStart(String),
    /// A range that ends before it begins.
    #[error("the range [{min}:{max}] ends before it begins")]
    Range {
        /// Least number of steps.
        min: u32,
        /// Greatest number of steps.
        max: u32,
    },
    /// Nothing has such a metric.
    #[error("nothing is measured as `{0}`")]
    UnknownMetric(String),
    /// Nothing is below a metric under such a name.
    #[error("`{0}` leads to nothing that is measured")]
    UnknownFigure(String),
    /// A metric that the `with_usage` of the part does not name.
    #[error("`with_usage` does not ask for `{0}`")]
    NotJoined(String),
    /// Not a time.
    #[error("`{0}` is neither a time nor a span of time")]
    NoMoment(String),
    /// Begin and end of a window without anything in it.
    #[error("there is no time from {0} to {1}")]
    NoWindow(String, String),
    /// Samples are at hand for the present inventory only.
    #[error("no samples of usage are kept here")]
    Usage,
    /// The deadline has passed.
    #[error("the search took too long")]
    Timeout,
    /// Whoever asked went away.
    #[error("the search was cancelled")]
    Cancelled,
}

impl EngineError {
    pub(crate) fn new(kind: EngineErrorKind) -> Self {
        Self {
            kind,
            span: None,
            hint: None,
        }
    }

    pub(crate) fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// With near names as the hint, if there are any.
    pub(crate) fn near(mut self, near: &[impl AsRef<str>]) -> Self {
        let names: Vec<String> = near
            .iter()
            .map(|name| format!("`{}`", name.as_ref()))
            .collect();
        if !names.is_empty() {
            self.hint = Some(format!("did you mean {}?", names.join(" or ")));
        }
        self
    }
}
