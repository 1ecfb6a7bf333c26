//! The eight questions that peers were asked, in the language of stocktake. Names are those of generated clusters,
//! chosen so that about as many rows match (of three hops: 2,000).
use anyhow::Context as _;
use stocktake_engine::{Graph, SearchRequest};
use stocktake_query::parse;

/// Name and query; every query is asked in the section `reported`.
pub(crate) const QUESTIONS: [(&str, &str); 8] = [
    ("count by kind", "aggregate(kind: sum(1) as n): all"),
    (
        "kind, namespace, cluster",
        "is(kubernetes_pod) and namespace = payments and /ancestors.account.reported.name = c0000",
    ),
    (
        "name regex",
        "is(kubernetes_pod) and name =~ \"gateway-.*-[x-z]\"",
    ),
    (
        "nested array: restarts > 5",
        "is(kubernetes_pod) and pod_status.container_statuses[*].restart_count > 5",
    ),
    (
        "pods per node",
        "aggregate(/ancestors.kubernetes_node.reported.name as node: sum(1) as n): is(kubernetes_pod)",
    ),
    (
        "3 hops",
        "is(kubernetes_deployment) and name = gateway and /ancestors.account.reported.name < c0038 \
         -[2]-> is(kubernetes_pod)",
    ),
    ("top 20 by name", "is(kubernetes_pod) sort name limit 20"),
    ("full text", "\"OOMKilled\""),
];

/// A request for a query, with the defaults.
pub(crate) fn request(query: &str) -> anyhow::Result<SearchRequest> {
    let parsed = parse(query).with_context(|| format!("`{query}`"))?;
    let now = jiff::Timestamp::from_second(1_795_176_000)?;
    Ok(SearchRequest::new(parsed.in_section("reported"), now))
}

/// The number of nodes or rows that answer a request; documents are not built.
pub(crate) fn count(graph: &Graph, request: &SearchRequest) -> anyhow::Result<usize> {
    let mut results = 0;
    for id in graph.search(request)?.ids() {
        id?;
        results += 1;
    }
    Ok(results)
}

/// The number of nodes or rows that answer a request, each with its whole document.
pub(crate) fn documents(graph: &Graph, request: &SearchRequest) -> anyhow::Result<usize> {
    let mut results = 0;
    for row in graph.search(request)? {
        row?;
        results += 1;
    }
    Ok(results)
}
