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
    /// Freezes what would be deleted.
    Plan,
    /// Deletes what the plan allows.
    Clean,
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

/// Every workflow, by name.
pub(crate) static WORKFLOWS: &[Workflow] = &[
    Workflow {
        name: "cleanup",
        steps: &[PRE_PLAN, PLAN, POST_PLAN, PRE_CLEAN, CLEAN, POST_CLEAN],
    },
    Workflow {
        name: "collect",
        steps: &[PRE_COLLECT, COLLECT, POST_COLLECT],
    },
    Workflow {
        name: "collect_and_cleanup",
        steps: &[
            PRE_COLLECT,
            COLLECT,
            POST_COLLECT,
            PRE_PLAN,
            PLAN,
            POST_PLAN,
            PRE_CLEAN,
            CLEAN,
            POST_CLEAN,
        ],
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
