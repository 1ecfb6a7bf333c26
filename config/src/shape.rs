//! The form of a document as data: which keys there are, what they mean, what they hold.
//!
//! The values themselves are plain structs; a test keeps both in step.

use serde_json::{Map, Value};

/// A documented key of a section.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    /// As it is written, `snake_case`.
    pub(crate) name: &'static str,
    /// One or more lines for people.
    pub(crate) about: &'static str,
    /// What it holds.
    pub(crate) shape: Shape,
    /// Other spellings that are understood.
    pub(crate) also: &'static [&'static str],
}

impl Key {
    /// A key with one spelling.
    pub(crate) const fn new(name: &'static str, about: &'static str, shape: Shape) -> Self {
        Self {
            name,
            about,
            shape,
            also: &[],
        }
    }

    /// Understands a further spelling.
    pub(crate) const fn also(mut self, also: &'static [&'static str]) -> Self {
        self.also = also;
        self
    }
}

/// The keys of one section.
#[derive(Debug)]
pub(crate) struct Section {
    pub(crate) keys: &'static [Key],
    /// Keys of Resoto that are read over with a warning: name, and what to do instead.
    pub(crate) ignored: &'static [(&'static str, &'static str)],
}

impl Section {
    /// Whether it has this key, in any spelling.
    pub(crate) fn has(&self, name: &str) -> bool {
        let mut keys = self.keys.iter();
        keys.any(|key| key.name == name || key.also.contains(&name))
    }
}

/// Keys of a section that must be there.
#[derive(Debug)]
pub(crate) struct Needs {
    pub(crate) always: &'static [&'static str],
    /// And those that others ask for.
    pub(crate) also: fn(&Map<String, Value>) -> &'static [&'static str],
}

/// What a key holds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// `true` or `false`.
    Switch,
    /// A whole number, both ends included.
    Whole(i64, i64),
    /// A number, both ends included.
    Number(f64, f64),
    /// A span given as whole seconds or as a duration, kept as seconds.
    Seconds,
    /// A span such as `7d`, kept as text.
    Duration,
    /// A cron expression of five fields.
    Cron,
    /// A cron expression, or an empty text for never.
    CronOrNever,
    /// Any text.
    Text,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list of equal things.
    List(&'static Shape),
    /// Labels chosen by the user, each with an equal thing.
    Map(&'static Shape),
    /// A section of its own.
    Section(&'static Section),
    /// A section some of whose keys must be there.
    Record(&'static Section, &'static Needs),
    /// Where a property is, such as `pod_spec.volumes[*].name`.
    Path,
    /// Anything, e.g., a kubeconfig.
    Anything,
}

impl Shape {
    /// What a person should write, for messages.
    pub(crate) fn wanted(self) -> String {
        match self {
            Self::Switch => "`true` or `false`".into(),
            Self::Whole(low, i64::MAX) => format!("a whole number of at least {low}"),
            Self::Whole(low, high) => format!("a whole number from {low} to {high}"),
            Self::Number(low, high) => format!("a number from {low} to {high}"),
            Self::Seconds => "seconds or a duration such as `90s`".into(),
            Self::Duration => "a duration such as `7d`".into(),
            Self::Cron | Self::CronOrNever => "a cron expression such as `0 * * * *`".into(),
            Self::Text => "text".into(),
            Self::Choice(words) => {
                let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
                format!("one of {}", words.join(", "))
            }
            Self::List(_) => "a list".into(),
            Self::Path => "a path such as `pod_spec.volumes[*].name`".into(),
            Self::Map(_) | Self::Section(_) | Self::Record(..) => "keys with values".into(),
            Self::Anything => "anything".into(),
        }
    }
}
