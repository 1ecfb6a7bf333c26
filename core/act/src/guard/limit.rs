//! Guards about how much goes at once, in one run and one cluster.
use super::{ELSEWHERE, Guard, Opens, Scope};

pub(crate) const MAX_OBJECTS: Guard = Guard {
    name: "max-objects",
    about: "Refuses what is more than a run may delete in one cluster.",
    opens: Opens::Setting("worker.cleanup_guards.max_objects"),
    scope: Scope::Plan,
    check: ELSEWHERE,
};

pub(crate) const MAX_PERCENT: Guard = Guard {
    name: "max-percent",
    about: "Refuses what is more of a kind than a run may delete in one cluster.",
    opens: Opens::Setting("worker.cleanup_guards.max_percent"),
    scope: Scope::Plan,
    check: ELSEWHERE,
};
