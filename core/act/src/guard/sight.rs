//! Guards about how well an object was seen.
use super::{Guard, Opens, Scope};

pub(crate) const GAP: Guard = Guard {
    name: "gap",
    about: "Refuses what lies in a gap: it was kept, not seen.",
    opens: Opens::Never("close the gap and collect again"),
    scope: Scope::Object,
    check: |candidate, _, _| {
        (candidate.in_gap).then(|| "it lies in a gap of the last collection".to_owned())
    },
};

pub(crate) const STALE: Guard = Guard {
    name: "stale",
    about: "Refuses kinds that were not read to the end during the last two intervals.",
    opens: Opens::Allow,
    scope: Scope::Object,
    check: |candidate, settings, now| {
        let kind = &candidate.kind;
        let Some(complete) = candidate.last_complete else {
            return Some(format!("`{kind}` was never read to the end"));
        };
        (now.duration_since(complete) > settings.interval.saturating_mul(2))
            .then(|| format!("`{kind}` was last read to the end at {complete}"))
    },
};
