//! What nodes use: the last sample as a section of the node, and samples of a span of time joined by a part.
use std::sync::Arc;

use expect_test::{Expect, expect};
use serde_json::Value;
use stocktake_engine::{DefaultSort, EngineError, Graph, SearchRequest, Usage, UsageWindow};
use stocktake_model::{Measures, Metric, UsageBlock, UsageSample};

use crate::fixture::{alpha, builder, derived, graph, id, now, request, rows, rules};

fn block(at: &str, pods: &[(&str, f64, f64)]) -> UsageBlock {
    let measured = |(pod, cores, bytes): &(&str, f64, f64)| {
        let measures = Measures::default()
            .with(Metric::CpuCores, Some(*cores))
            .with(Metric::MemoryBytes, Some(*bytes));
        (id("pod", "a", pod), measures)
    };
    let mut nodes: Vec<_> = pods.iter().map(measured).collect();
    nodes.sort_unstable_by_key(|(id, _)| *id);
    UsageBlock {
        kind: "kubernetes_pod".to_owned(),
        at: at.parse().unwrap(),
        nodes,
    }
}

/// Samples of a day, of pods of which one was measured once only.
fn samples() -> [UsageBlock; 3] {
    [
        block("2024-05-10T09:00:00Z", &[("a-web-0", 0.5, 4e9)]),
        block(
            "2024-05-10T10:00:00Z",
            &[("a-web-0", 0.25, 2e9), ("a-web-1", 0.125, 3e9)],
        ),
        block("2024-05-10T11:00:00Z", &[("a-web-0", 1.5, 3e9)]),
    ]
}

fn measured() -> Graph {
    graph().with_usage("a", [&samples()[2]])
}

/// A request with all samples that its windows are about.
fn joined(query: &str) -> Result<SearchRequest, EngineError> {
    let mut request = request(query);
    request.sort = DefaultSort::Names;
    for asked in UsageWindow::all(&request.query.clone()) {
        let window = UsageWindow::read(asked, now())?;
        let inside = |block: &UsageBlock| block.at >= window.start && block.at < window.end;
        let usage = Usage::over(&window, samples().into_iter().filter(inside));
        request.usage.push((asked.clone(), Arc::new(usage)));
    }
    Ok(request)
}

/// Names of nodes with what they use, or rows as they are.
#[track_caller]
fn check(query: &str, expected: Expect) {
    let found = joined(query).and_then(|request| rows(&measured(), &request));
    let shown = match found {
        Ok(rows) => rows.iter().map(shown).collect(),
        Err(error) => format!("{error}\n{}\n", error.hint.clone().unwrap_or_default()),
    };
    expected.assert_eq(&shown);
}

fn shown(row: &Value) -> String {
    match row["reported"]["id"].as_str() {
        Some(id) => format!("{id} {}\n", row["usage"]),
        None => format!("{row}\n"),
    }
}

#[test]
fn the_last_sample_is_a_section_of_the_node() {
    check(
        "is(kubernetes_pod) and name = web-0",
        expect![[r#"
        a-web-0 {"cpu_cores":{"avg":1.5,"max":1.5,"min":1.5},"duration":"0s","entries":1,"memory_bytes":{"avg":3000000000,"max":3000000000,"min":3000000000},"start":"2024-05-10T11:00:00Z"}
        b-web-0 null
    "#]],
    );
    check(
        "/usage.memory_bytes.avg > 2GiB",
        expect![[r#"
        a-web-0 {"cpu_cores":{"avg":1.5,"max":1.5,"min":1.5},"duration":"0s","entries":1,"memory_bytes":{"avg":3000000000,"max":3000000000,"min":3000000000},"start":"2024-05-10T11:00:00Z"}
    "#]],
    );
    check("/usage.memory_bytes.avg > 3GiB", expect![[""]]);
    check(
        "usage.cpu_cores.max = 1.5 and /usage.start < -30min",
        expect![[r#"
            a-web-0 {"cpu_cores":{"avg":1.5,"max":1.5,"min":1.5},"duration":"0s","entries":1,"memory_bytes":{"avg":3000000000,"max":3000000000,"min":3000000000},"start":"2024-05-10T11:00:00Z"}
        "#]],
    );
    check(
        "aggregate(/usage.entries as n: sum(/usage.cpu_cores.avg) as cores): is(kubernetes_pod)",
        expect![[r#"
            {"cores":0,"group":{"n":null}}
            {"cores":1.5,"group":{"n":1}}
        "#]],
    );
    check(
        "is(kubernetes_pod) and has_key(/usage, memory_bytes) --> all sort name limit 1",
        expect![[r"
            a-token null
        "]],
    );
}

#[test]
fn a_part_joins_the_samples_of_its_window() {
    check(
        "with_usage(3h::90min, [cpu_cores, memory_bytes]) is(kubernetes_pod) and /usage.cpu_cores.avg > 0",
        expect![[r#"
            a-web-0 {"cpu_cores":{"avg":0.375,"max":0.5,"min":0.25},"duration":"1h30min","entries":2,"memory_bytes":{"avg":3000000000,"max":4000000000,"min":2000000000},"start":"2024-05-10T09:00:00Z"}
            a-web-1 {"cpu_cores":{"avg":0.125,"max":0.125,"min":0.125},"duration":"1h30min","entries":1,"memory_bytes":{"avg":3000000000,"max":3000000000,"min":3000000000},"start":"2024-05-10T09:00:00Z"}
        "#]],
    );
    check(
        "with_usage(1d, memory_bytes) is(kubernetes_pod) sort /usage.memory_bytes.avg desc limit 2",
        expect![[r#"
            a-web-0 {"duration":"1d","entries":3,"memory_bytes":{"avg":3000000000,"max":4000000000,"min":2000000000},"start":"2024-05-09T12:00:00Z"}
            a-web-1 {"duration":"1d","entries":1,"memory_bytes":{"avg":3000000000,"max":3000000000,"min":3000000000},"start":"2024-05-09T12:00:00Z"}
        "#]],
    );
    check(
        "aggregate(name: max(/usage.cpu_cores.max) as top, sum(/usage.entries) as n): \
         with_usage(2024-05-10T09:30:00Z::2024-05-10T11:00:00Z, cpu_cores) /usage.entries > 0",
        expect![[r#"
            {"group":{"name":"web-1"},"n":1,"top":0.125}
            {"group":{"name":"web-0"},"n":1,"top":0.25}
        "#]],
    );
    // Only the part that asks for it.
    check(
        "with_usage(1d, cpu_cores) name = web-0 and /usage.entries = 3 <-[0:]- /usage.entries = 1",
        expect![[r#"
            a-web-0 {"cpu_cores":{"avg":1.5,"max":1.5,"min":1.5},"duration":"0s","entries":1,"memory_bytes":{"avg":3000000000,"max":3000000000,"min":3000000000},"start":"2024-05-10T11:00:00Z"}
        "#]],
    );
}

#[test]
fn what_means_nothing_is_told_with_the_way_out() {
    check(
        "/usage.cpu.avg > 3",
        expect![[r"
        nothing is measured as `cpu`
        what is measured is `cpu_cores`, `cpu_utilization`, `memory_bytes`
    "]],
    );
    check(
        "/usage.cpu_cores.mean > 3",
        expect![[r"
        `/usage.cpu_cores.mean` leads to nothing that is measured
        there are `min`, `avg` and `max`: `/usage.cpu_cores.avg`
    "]],
    );
    check(
        "/usage.cpu_cores.avg > lots",
        expect![[r"
        `lots` cannot be compared with `/usage.cpu_cores.avg`: expected a number
        write e.g. `3` or `10GiB`
    "]],
    );
    check(
        "with_usage(1w, [cpu, mem]) is(kubernetes_pod)",
        expect![[r"
            nothing is measured as `cpu`
            what is measured is `cpu_cores`, `cpu_utilization`, `memory_bytes`
        "]],
    );
    check(
        "with_usage(1w, cpu_cores) is(kubernetes_pod) sort /usage.memory_bytes.avg",
        expect![[r"
            `with_usage` does not ask for `memory_bytes`
            name it there: `with_usage(…, [memory_bytes])`
        "]],
    );
    let unread = request("with_usage(1w, cpu_cores) is(kubernetes_pod)");
    let error = rows(&measured(), &unread).unwrap_err();
    assert_eq!(error.to_string(), "no samples of usage are kept here");
}

#[test]
fn samples_belong_to_the_account_and_live_as_long_as_it_is_there() {
    let pods = |graph: &Graph| {
        let found = rows(graph, &request("has_key(/usage, memory_bytes)"));
        found.unwrap().len()
    };
    let graph = measured();
    assert_eq!(pods(&graph), 1);
    assert!(graph.memory_bytes() > crate::fixture::graph().memory_bytes());
    let again = builder("a", "alpha", &alpha()).resolve(&rules(), &derived());
    let graph = graph.with_partition(Arc::new(again));
    assert_eq!(pods(&graph), 1, "what was known stays");
    let graph = graph.with_usage("a", [&samples()[1]]);
    assert_eq!(pods(&graph), 2, "the later sample takes its place");
    let gone = graph.without("a");
    assert_eq!(pods(&gone), 0);
    let again = builder("a", "alpha", &alpha()).resolve(&rules(), &derived());
    assert_eq!(pods(&gone.with_partition(Arc::new(again))), 0);
}

#[test]
fn samples_find_their_nodes_by_namespace_and_name() {
    let partition = builder("a", "alpha", &alpha()).resolve(&rules(), &derived());
    let sample = |namespace: &str, name: &str, cores: f64| UsageSample {
        kind: "kubernetes_pod".to_owned(),
        namespace: Some(namespace.to_owned()),
        name: name.to_owned(),
        cpu_cores: Some(cores),
        memory_bytes: None,
    };
    let samples = [
        sample("default", "web-0", 9.0),
        sample("default", "web-0", 1.0),
        sample("kube-system", "web-0", 2.0),
        sample("default", "nobody", 3.0),
        UsageSample {
            cpu_cores: None,
            ..sample("kube-system", "dns", 0.0)
        },
    ];
    let at = now();
    let found = partition.measured("kubernetes_pod", at, &samples, &["missing", "restarts"]);
    let of = id("pod", "a", "a-web-0");
    let measures = Measures::default().with(Metric::CpuCores, Some(1.0));
    let restarts = partition_restarts();
    let measures = measures.with(Metric::CpuUtilization, Some(100.0 / restarts));
    assert_eq!(found.nodes, [(of, measures)]);
    assert_eq!(partition.measured("unknown", at, &samples, &[]).nodes, []);
}

/// What the pod has for the property that stands for its cores.
fn partition_restarts() -> f64 {
    let pod = graph().node(&id("pod", "a", "a-web-0")).unwrap();
    pod["reported"]["restarts"].as_f64().unwrap()
}
