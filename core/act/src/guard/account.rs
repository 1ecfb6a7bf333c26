//! Guards about the cluster an object is in. They look at no object.
use stocktake_model::Identity;

use super::{Guard, Opens, Scope};
use crate::Standing;

pub(crate) const WEAK_IDENTITY: Guard = Guard {
    name: "weak-identity",
    about: "Refuses everything in a cluster whose identity could only be guessed.",
    opens: Opens::Never("let the worker read the namespace `kube-system`"),
    scope: Scope::Object,
    check: |candidate, _, _| {
        (candidate.identity == Identity::Weak)
            .then(|| "the identity of its cluster is guessed, not read".to_owned())
    },
};

pub(crate) const UNCONFIGURED: Guard = Guard {
    name: "unconfigured",
    about: "Refuses everything in a cluster that is no longer in the configuration.",
    opens: Opens::Never("configure the cluster again"),
    scope: Scope::Object,
    check: |candidate, _, _| {
        (candidate.standing == Standing::Unconfigured)
            .then(|| "its cluster is no longer in the configuration".to_owned())
    },
};

pub(crate) const SWAPPED: Guard = Guard {
    name: "swapped",
    about: "Refuses everything in a cluster whose context now leads to another cluster.",
    opens: Opens::Never("let the context lead to the cluster again, and collect it"),
    scope: Scope::Object,
    check: |candidate, _, _| {
        (candidate.standing == Standing::Swapped)
            .then(|| "the context of its cluster now leads to another cluster".to_owned())
    },
};
