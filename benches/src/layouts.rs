//! Two forms of the same inventory, side by side: documents that are read in place with columns where they are asked for
//! (what the engine has), and a column per property from the start ([`shredded`]). The second is a prototype.
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use regex::Regex;
use stocktake_engine::{Graph, Partition};

use crate::fleet::{DISTINCT, Fleet};
use crate::questions::{count, documents, request};
use crate::report::{Report, repeat};
use crate::shredded::Shredded;

/// Objects of one cluster.
const CLUSTER: usize = 5_000;
/// Compression of both.
const LEVEL: i32 = 1;
const RESTARTS: &str = "pod_status.container_statuses[].restart_count";
const GATEWAY: &str = "gateway-.*-[x-z]";
const WORD: &str = "OOMKilled";
/// Documents that are put together.
const WHOLE: usize = 1_000;

/// Measures both and prints.
pub(crate) fn run(report: &mut Report) -> anyhow::Result<()> {
    let fleet = Fleet::generate(DISTINCT, CLUSTER);
    in_place(&fleet, report)?;
    in_columns(&fleet, report)
}

fn in_place(fleet: &Fleet, report: &mut Report) -> anyhow::Result<()> {
    let name = "documents in place";
    let start = Instant::now();
    let partitions: Vec<_> = (0..DISTINCT)
        .map(|at| Arc::new(fleet.partition(at)))
        .collect();
    let n = partitions.iter().map(|partition| partition.len()).sum();
    report.once(
        &format!("{name}: make, edges included"),
        n,
        DISTINCT,
        start.elapsed(),
    )?;
    // Without the index for full text, which the other has not either.
    let bytes: usize = partitions
        .iter()
        .map(|partition| partition.memory_bytes())
        .sum();
    let mut packed = Vec::new();
    for partition in &partitions {
        let mut arrays = Vec::new();
        partition.to_arrays(|array| {
            arrays.push(pack(array)?);
            anyhow::Ok(())
        })?;
        packed.push(arrays);
    }
    let sizes = packed.iter().flatten().map(|(bytes, _)| bytes.len());
    // The last three are the index for full text.
    let words = packed.iter().flat_map(|arrays| arrays.iter().rev().take(3));
    let words: usize = words.map(|(bytes, _)| bytes.len()).sum();
    sized(name, n, (bytes, sizes.sum::<usize>() - words), report)?;
    report.add(&repeat(&format!("{name}: open"), n, || {
        let mut rows = 0;
        for arrays in &packed {
            let arrays = arrays.iter().filter_map(unpack);
            rows += Partition::from_arrays(arrays).map_or(0, |partition| partition.len());
        }
        Ok(rows)
    })?)?;
    let graph = Graph::new(Arc::clone(&fleet.model)).with_partitions(partitions);
    for (question, query) in [
        (
            "restarts",
            format!(
                "is(kubernetes_pod) and {} > 5",
                RESTARTS.replace("[]", "[*]")
            ),
        ),
        (
            "name regex",
            format!("is(kubernetes_pod) and name =~ \"{GATEWAY}\""),
        ),
        ("word, with its index", format!("\"{WORD}\"")),
    ] {
        let request = request(&query)?;
        let start = Instant::now();
        let results = count(&graph, &request)?;
        report.once(
            &format!("{name}: {question}, first"),
            n,
            results,
            start.elapsed(),
        )?;
        report.add(&repeat(&format!("{name}: {question}"), n, || {
            count(&graph, &request)
        })?)?;
    }
    let request = request(&format!("is(kubernetes_pod) limit {WHOLE}"))?;
    report.add(&repeat(&format!("{name}: {WHOLE} documents"), n, || {
        documents(&graph, &request)
    })?)
}

fn in_columns(fleet: &Fleet, report: &mut Report) -> anyhow::Result<()> {
    let name = "column per property";
    let start = Instant::now();
    let clusters: Vec<_> = (0..DISTINCT)
        .map(|at| Shredded::new(fleet.cluster(at).1))
        .collect();
    let n = clusters.iter().map(Shredded::rows).sum();
    report.once(
        &format!("{name}: make, no edges"),
        n,
        DISTINCT,
        start.elapsed(),
    )?;
    let edges = (0..DISTINCT)
        .map(|at| 16 * fleet.partition(at).edge_count())
        .sum::<usize>();
    let bytes = clusters.iter().map(Shredded::memory_bytes).sum::<usize>();
    let mut packed = Vec::new();
    for cluster in &clusters {
        packed.push(pack(&cluster.to_bytes())?);
    }
    let size = packed.iter().map(|(bytes, _)| bytes.len()).sum::<usize>();
    // As much for edges as the other has; they look the same in both.
    sized(
        &format!("{name}, edges added"),
        n,
        (bytes + edges, size + edges / 4),
        report,
    )?;
    report.add(&repeat(&format!("{name}: open"), n, || {
        let opened = packed.iter().filter_map(unpack);
        Ok(opened
            .filter_map(|bytes| Shredded::from_bytes(&bytes))
            .map(|one| one.rows())
            .sum())
    })?)?;
    let regex = Regex::new(GATEWAY)?;
    let pods = "kubernetes_pod";
    let restarted = |text: &str| text.parse::<f64>().is_ok_and(|count| count > 5.0);
    report.add(&repeat(&format!("{name}: restarts"), n, || {
        Ok(clusters
            .iter()
            .map(|one| one.matching(pods, RESTARTS, restarted))
            .sum())
    })?)?;
    report.add(&repeat(&format!("{name}: name regex"), n, || {
        let found = clusters
            .iter()
            .map(|one| one.matching(pods, "name", |text| regex.is_match(text)));
        Ok(found.sum())
    })?)?;
    report.add(&repeat(&format!("{name}: word, no index"), n, || {
        Ok(clusters.iter().map(|one| one.containing(WORD)).sum())
    })?)?;
    report.add(&repeat(&format!("{name}: {WHOLE} documents"), n, || {
        let all = clusters.iter().flat_map(|one| one.documents(pods, WHOLE));
        Ok(all.take(WHOLE).map(black_box).count())
    })?)
}

/// Compressed bytes, and how many they were.
type Packed = (Vec<u8>, usize);

fn pack(bytes: &[u8]) -> anyhow::Result<Packed> {
    Ok((zstd::bulk::compress(bytes, LEVEL)?, bytes.len()))
}

fn unpack((bytes, length): &Packed) -> Option<Vec<u8>> {
    zstd::bulk::decompress(bytes, *length).ok()
}

/// What it takes in memory and on the disk.
fn sized(name: &str, n: usize, sizes: (usize, usize), report: &mut Report) -> anyhow::Result<()> {
    let each = |bytes: usize| bytes / n.max(1);
    report.once(
        &format!("{name}: bytes in memory each"),
        n,
        each(sizes.0),
        Duration::ZERO,
    )?;
    report.once(
        &format!("{name}: bytes on disk each"),
        n,
        each(sizes.1),
        Duration::ZERO,
    )
}
