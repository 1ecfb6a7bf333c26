//! Guards about the run as a whole.
use super::{ELSEWHERE, Guard, Opens, Scope};

pub(crate) const CLEANUP_OFF: Guard = Guard {
    name: "cleanup-off",
    about: "Refuses every run until deleting is switched on.",
    opens: Opens::Setting("worker.cleanup"),
    scope: Scope::Run,
    check: ELSEWHERE,
};

pub(crate) const DRY_RUN: Guard = Guard {
    name: "dry-run",
    about: "Lets servers only be asked whether they would delete.",
    opens: Opens::Setting("worker.cleanup_dry_run"),
    scope: Scope::Run,
    check: ELSEWHERE,
};

pub(crate) const DELETE_CYCLE: Guard = Guard {
    name: "delete-cycle",
    about: "Refuses objects each of which would have to go before the other.",
    opens: Opens::Never("delete one of them by hand"),
    scope: Scope::Plan,
    check: ELSEWHERE,
};
