//! `help query`: the query language on one page, by lines that can be typed as they stand.

/// What a line shows, and the line. All of them answer something in the demo.
const TOUR: [(&str, &str); 20] = [
    ("a kind", "search pods -n resoto"),
    (
        "several kinds",
        "search is(deployment, stateful_set) | count namespace",
    ),
    (
        "a property",
        "search is(pod) and namespace = kube-system | count account",
    ),
    (
        "more or less",
        "search is(pod) and pod_restart_count > 3 | list name, pod_restart_count",
    ),
    (
        "one of several",
        "search is(pod) and namespace in [payments, billing] | count namespace",
    ),
    (
        "part of a name",
        "search is(pod) and name ~ resoto | list name, age",
    ),
    ("any text", "search \"resotocore\" | count kind"),
    ("inside", "search is(pod) | count pod_status.phase"),
    (
        "one of a list",
        "search is(pod) and pod_spec.containers[*].{name = resotocore}",
    ),
    (
        "age",
        "search is(pod) and age > 7d | sort age desc | head 5",
    ),
    (
        "not there",
        "search is(pod) and labels.tier = null | count namespace",
    ),
    (
        "or, not",
        "search is(service) and (name ~ web or name ~ api) and not namespace = search",
    ),
    (
        "what it leads to",
        "search is(deployment) and name ~ resoto -[1:2]-> is(pod)",
    ),
    (
        "what leads to it",
        "search is(pod) and name ~ resoto <-- is(service)",
    ),
    (
        "everything above",
        "search is(pod) and name ~ resoto | ancestors | count kind",
    ),
    (
        "what has none",
        "search is(namespace) with(empty, --> is(pod)) | list name, account",
    ),
    (
        "where it runs",
        "search is(pod) | count /ancestors.kubernetes_node.reported.name",
    ),
    (
        "sums",
        "search is(node) | aggregate account: sum(instance_memory) as memory",
    ),
    (
        "as a tree",
        "search is(deployment) and name ~ resoto | tree",
    ),
    (
        "as a histogram",
        "search is(kubernetes_resource) | count kind --bars",
    ),
];

/// The page.
pub(super) fn page() -> Vec<String> {
    let mut lines = vec![
        "A query says where to begin, where to walk, and what to keep. Tab completes all of it."
            .to_owned(),
        String::new(),
    ];
    let width = TOUR.iter().map(|(about, _)| about.len()).max().unwrap_or(0);
    lines.extend(
        TOUR.iter()
            .map(|(about, line)| format!("{about:<width$}  {line}")),
    );
    lines.push(String::new());
    lines.push("`kinds KIND` lists the properties of a kind, `search --explain …` tells how a query is read.".to_owned());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Fixture;
    use crate::{Context, check};

    #[test]
    fn the_page_is_one_and_its_lines_can_be_read() {
        assert!(page().len() <= 24);
        for (_, line) in TOUR {
            let context = Context {
                line: line.to_owned(),
                ..Context::default()
            };
            if let Err(error) = check(&context, &Fixture::default()) {
                panic!("{line}: {error}");
            }
        }
    }
}
