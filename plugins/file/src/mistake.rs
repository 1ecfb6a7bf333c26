//! What is wrong in a file, with the place, and how that becomes a gap: a mistake never removes anything.
use stocktake_model::{Gap, GapReason};

/// Mistakes that are told one by one; of the others only how many there are.
const TOLD: usize = 100;

/// Something wrong in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// Line, from one.
    pub(crate) line: usize,
    /// Column, from one, where it is known.
    pub(crate) column: Option<usize>,
    /// What is wrong.
    pub(crate) message: String,
    /// The way out.
    pub(crate) hint: Option<String>,
    /// The kind of the resource that is lost, as far as it could be read.
    pub(crate) kind: Option<String>,
    /// Its id.
    pub(crate) id: Option<String>,
}

impl Mistake {
    /// A mistake at a line; nothing is known of what stands there.
    pub(crate) fn at(line: usize, message: impl Into<String>) -> Self {
        Self {
            line,
            column: None,
            message: message.into(),
            hint: None,
            kind: None,
            id: None,
        }
    }

    /// The same with the way out.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// The same, about this resource.
    pub(crate) fn of(self, kind: &str, id: Option<&str>) -> Self {
        Self {
            kind: Some(kind.to_owned()),
            id: id.map(str::to_owned),
            ..self
        }
    }
}

/// Mistakes as gaps: what is known of the resources they are in stays. `kinds` are the kinds the file declares; a
/// mistake in a kind it does not is one about the file.
pub(crate) fn gaps(path: &str, mistakes: Vec<Mistake>, kinds: &[&str]) -> Vec<Gap> {
    let more = mistakes.len().saturating_sub(TOLD);
    let mut gaps: Vec<Gap> = mistakes
        .into_iter()
        .take(TOLD)
        .map(|mistake| {
            let place = match mistake.column {
                Some(column) => format!("{path}:{}:{column}", mistake.line),
                None => format!("{path}:{}", mistake.line),
            };
            let kind = mistake.kind.filter(|kind| kinds.contains(&kind.as_str()));
            Gap {
                uid: mistake.id.filter(|_| kind.is_some()),
                kind,
                namespace: None,
                except: Vec::new(),
                reason: GapReason::Malformed,
                message: format!("{place}: {}", mistake.message),
                hint: mistake.hint,
            }
        })
        .collect();
    if more > 0 {
        let message = format!("{path}: {more} more mistakes");
        gaps.push(whole(GapReason::Malformed, message, None));
    }
    gaps
}

/// A gap that holds the whole account.
pub(crate) fn whole(reason: GapReason, message: String, hint: Option<&str>) -> Gap {
    Gap {
        kind: None,
        namespace: None,
        except: Vec::new(),
        uid: None,
        reason,
        message,
        hint: hint.map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_say_where_and_hold_what_they_are_in() {
        let found = gaps(
            "a.yaml",
            vec![
                Mistake {
                    column: Some(3),
                    ..Mistake::at(7, "no")
                },
                Mistake::at(9, "no").of("disk", Some("d-1")),
                Mistake::at(9, "no").of("dsik", Some("d-2")),
            ],
            &["disk"],
        );
        let shown: Vec<_> = found
            .iter()
            .map(|gap| (&*gap.message, gap.kind.as_deref(), gap.uid.as_deref()))
            .collect();
        assert_eq!(
            shown,
            [
                ("a.yaml:7:3: no", None, None),
                ("a.yaml:9: no", Some("disk"), Some("d-1")),
                ("a.yaml:9: no", None, None),
            ]
        );
    }

    #[test]
    fn many_mistakes_are_counted_and_hold_everything() {
        let many = vec![Mistake::at(1, "no").of("disk", Some("d")); 130];
        let found = gaps("a", many, &["disk"]);
        assert_eq!(found.len(), 101);
        assert_eq!(found[100].message, "a: 30 more mistakes");
        assert_eq!(found[100].kind, None);
    }
}
