//! The workflows, as data: names, steps in order, and what each step does.

/// A workflow: steps one after the other.
#[derive(Debug)]
pub(crate) struct Workflow {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its steps, in order.
    pub(crate) steps: &'static [Step],
}

/// One step of a workflow.
#[derive(Debug)]
pub(crate) struct Step {
    /// Name of the step, and of the event that announces it.
    pub(crate) name: &'static str,
    /// What is done.
    pub(crate) action: Action,
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Says that the workflow has come this far, for whoever listens; done at once.
    Announce,
    /// Collects every configured account. Done when every snapshot is committed or has failed.
    Collect,
    /// Joins what accounts know of each other.
    Join,
    /// Freezes what would be deleted.
    Plan,
    /// Deletes what the plan allows.
    Clean,
    /// Measures what is watched over time.
    Measure,
}

const fn announce(name: &'static str) -> Step {
    Step {
        name,
        action: Action::Announce,
    }
}

const PRE_COLLECT: Step = announce("pre_collect");
const COLLECT: Step = Step {
    name: "collect",
    action: Action::Collect,
};
/// Collecting is done when every snapshot is committed, so there is nothing left to wait for.
const MERGED: Step = announce("wait_for_graph_merged");
const JOIN: Step = Step {
    name: "merge_deferred_edges",
    action: Action::Join,
};
const POST_COLLECT: Step = announce("post_collect");
const PRE_PLAN: Step = announce("pre_cleanup_plan");
const PLAN: Step = Step {
    name: "cleanup_plan",
    action: Action::Plan,
};
const POST_PLAN: Step = announce("post_cleanup_plan");
const PRE_CLEAN: Step = announce("pre_cleanup");
const CLEAN: Step = Step {
    name: "cleanup",
    action: Action::Clean,
};
const POST_CLEAN: Step = announce("post_cleanup");
const PRE_METRICS: Step = announce("pre_generate_metrics");
const METRICS: Step = Step {
    name: "generate_metrics",
    action: Action::Measure,
};
const POST_METRICS: Step = announce("post_generate_metrics");

/// Every workflow, by name.
pub(crate) static WORKFLOWS: &[Workflow] = &[
    Workflow {
        name: "cleanup",
        steps: &[
            PRE_PLAN,
            PLAN,
            POST_PLAN,
            PRE_CLEAN,
            CLEAN,
            POST_CLEAN,
            PRE_METRICS,
            METRICS,
            POST_METRICS,
        ],
    },
    Workflow {
        name: "collect",
        steps: &[
            PRE_COLLECT,
            COLLECT,
            MERGED,
            JOIN,
            POST_COLLECT,
            PRE_METRICS,
            METRICS,
            POST_METRICS,
        ],
    },
    Workflow {
        name: "collect_and_cleanup",
        steps: &[
            PRE_COLLECT,
            COLLECT,
            MERGED,
            JOIN,
            POST_COLLECT,
            PRE_PLAN,
            PLAN,
            POST_PLAN,
            PRE_CLEAN,
            CLEAN,
            POST_CLEAN,
            PRE_METRICS,
            METRICS,
            POST_METRICS,
        ],
    },
    Workflow {
        name: "metrics",
        steps: &[PRE_METRICS, METRICS, POST_METRICS],
    },
];

/// The workflow of this name.
pub(crate) fn workflow(name: &str) -> Option<&'static Workflow> {
    WORKFLOWS.iter().find(|workflow| workflow.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workflows_are_sorted_and_plan_before_they_clean() {
        assert!(WORKFLOWS.is_sorted_by(|a, b| a.name < b.name));
        for workflow in WORKFLOWS {
            let place = |action| workflow.steps.iter().position(|step| step.action == action);
            if let Some(clean) = place(Action::Clean) {
                assert!(place(Action::Plan).unwrap() < clean, "{}", workflow.name);
            }
            if let Some(join) = place(Action::Join) {
                assert!(place(Action::Collect).unwrap() < join, "{}", workflow.name);
            }
            let names: Vec<&str> = workflow.steps.iter().map(|step| step.name).collect();
            assert_eq!(
                names
                    .iter()
                    .collect::<std::collections::BTreeSet<_>>()
                    .len(),
                names.len()
            );
        }
    }
}
