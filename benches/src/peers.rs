//! The same documents and the same questions to stocktake and to the databases people would use instead, in one run.
//!
//! The peers are driven by `benches/peers.py`; which of them are there is its business. Nothing here tunes an answer:
//! everybody reads the same file of JSON lines and answers with ids.
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use anyhow::{Context as _, bail};
use serde_json::Value;
use stocktake_engine::{Graph, Partition, PartitionBuilder};
use stocktake_kubernetes::Resource;
use stocktake_kubernetes::offline::{self, Offline};
use stocktake_kubernetes_sim::fleet::{Cluster, FleetShape, fleet};
use stocktake_model::{Begin, Identity, Model, PluginModel};

use crate::fleet::{DISTINCT, resource_of};
use crate::questions::{QUESTIONS, count, request};
use crate::report::{Report, Row, repeat, rss_mib};

/// Objects of one cluster.
const CLUSTER: usize = 5_000;
/// Threads that read the file, as many as the peers get.
const THREADS: usize = 2;
/// Times a question is asked before it is measured: the second time makes the index for full text.
const WARM: usize = 2;

/// Which part of the file belongs to which cluster.
struct Documents {
    path: PathBuf,
    clusters: Vec<(String, std::ops::Range<u64>)>,
    resources: BTreeSet<Resource>,
    objects: usize,
}

/// Measures and prints. `engines` are those that `peers.py` knows; all of them if there is none.
pub(crate) fn run(
    objects: usize,
    directory: &Path,
    engines: &[String],
    report: &mut Report,
) -> anyhow::Result<()> {
    std::fs::create_dir_all(directory).with_context(|| directory.display().to_string())?;
    let documents = write(objects, &directory.join("objects.ndjson"))?;
    let size = std::fs::metadata(&documents.path)?.len() >> 20;
    report.note(&format!("{} objects, {size} MiB", documents.objects))?;
    let ours = ask_ourselves(&documents, report)?;
    let theirs = ask_peers(&documents, directory, engines, report)?;
    for (question, ours) in ours {
        report.note(&compare(&question, &ours, &theirs))?;
    }
    Ok(())
}

fn write(objects: usize, path: &Path) -> anyhow::Result<Documents> {
    let shape = FleetShape {
        clusters: DISTINCT,
        objects_per_cluster: CLUSTER,
        troubles: Vec::new(),
        ..FleetShape::default()
    };
    let distinct = fleet(&shape);
    let mut file = BufWriter::new(File::create(path).with_context(|| path.display().to_string())?);
    let mut documents = Documents {
        path: path.to_owned(),
        clusters: Vec::new(),
        resources: BTreeSet::new(),
        objects: 0,
    };
    while documents.objects < objects {
        let number = documents.clusters.len();
        let name = format!("c{number:04}");
        let start = file.stream_position()?;
        documents.write(&name, &distinct[number % DISTINCT], &mut file)?;
        let end = file.stream_position()?;
        documents.clusters.push((name, start..end));
    }
    file.flush()?;
    Ok(documents)
}

impl Documents {
    fn write(
        &mut self,
        name: &str,
        cluster: &Cluster,
        file: &mut impl std::io::Write,
    ) -> anyhow::Result<()> {
        for mut object in cluster.objects() {
            self.resources.insert(resource_of(&object));
            prefix_uids(&mut object, name);
            object["cluster"] = name.into();
            serde_json::to_writer(&mut *file, &object)?;
            file.write_all(b"\n")?;
            self.objects += 1;
        }
        Ok(())
    }
}

/// Makes uids and what refers to them unique over all clusters.
fn prefix_uids(value: &mut Value, cluster: &str) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(uid) if key == "uid" => *uid = format!("{cluster}-{uid}"),
                    other => prefix_uids(other, cluster),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| prefix_uids(item, cluster)),
        _ => {}
    }
}

fn ask_ourselves(documents: &Documents, report: &mut Report) -> anyhow::Result<Vec<(String, Row)>> {
    let start = Instant::now();
    let graph = load(documents)?;
    let counts = graph.counts();
    report.once(
        "stocktake: load, edges included",
        counts.nodes,
        counts.accounts,
        start.elapsed(),
    )?;
    report.note(&format!(
        "stocktake: {} edges, {} MiB in the graph, {} MiB in the process",
        counts.edges,
        graph.memory_bytes() >> 20,
        rss_mib()
    ))?;
    let mut rows = Vec::new();
    for (name, query) in QUESTIONS {
        let request = request(query)?;
        for _ in 0..WARM {
            count(&graph, &request)?;
        }
        let row = repeat(&format!("stocktake: {name}"), counts.nodes, || {
            count(&graph, &request)
        })?;
        report.add(&row)?;
        rows.push((name.to_owned(), row));
    }
    Ok(rows)
}

/// Reads the file as the peers do: every line is parsed, made into nodes, joined by edges.
fn load(documents: &Documents) -> anyhow::Result<Graph> {
    let plugin = offline::model();
    let mut model = Model::default();
    model.add(plugin.kinds.clone());
    let resources: Vec<Resource> = documents.resources.iter().cloned().collect();
    model.add(offline::kinds_of(&resources));
    let model = Arc::new(model);
    let next = AtomicUsize::new(0);
    let done = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        let work = || -> anyhow::Result<()> {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some((name, range)) = documents.clusters.get(number) else {
                    return Ok(());
                };
                let mut file = BufReader::new(File::open(&documents.path)?);
                file.seek(SeekFrom::Start(range.start))?;
                let lines = file.take(range.end - range.start);
                let partition = partition(name, lines, &model, &plugin)?;
                done.lock()
                    .expect("nobody panics holding it")
                    .insert(number, Arc::new(partition));
            }
        };
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().expect("loading does not panic"))
    })?;
    let partitions = done.into_inner().expect("nobody panics holding it");
    Ok(Graph::new(model).with_partitions(partitions.into_values().collect::<Vec<_>>()))
}

fn partition(
    name: &str,
    lines: impl std::io::BufRead,
    model: &Arc<Model>,
    plugin: &PluginModel,
) -> anyhow::Result<Partition> {
    let offline = Offline::new(name, name);
    let begin = Begin {
        plugin: "k8s".to_owned(),
        cloud: "k8s".to_owned(),
        identity: Identity::default(),
        formerly: None,
        resumes: false,
        account: offline.account().clone(),
    };
    let mut builder = PartitionBuilder::new(Arc::clone(model), &begin);
    for line in lines.lines() {
        let mut object: Value = serde_json::from_str(&line?)?;
        let resource = resource_of(&object);
        // Only the peers need it in every document.
        object
            .as_object_mut()
            .and_then(|fields| fields.remove("cluster"));
        for node in offline.nodes(&resource, object) {
            builder.node(&node);
        }
    }
    Ok(builder.resolve(&plugin.rules, &plugin.derived))
}

/// What the peers answered: question → engine → median in milliseconds.
type Answers = BTreeMap<String, BTreeMap<String, f64>>;

fn ask_peers(
    documents: &Documents,
    directory: &Path,
    engines: &[String],
    report: &mut Report,
) -> anyhow::Result<Answers> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers.py");
    let mut child = Command::new("python3")
        .arg(&script)
        .arg(&documents.path)
        .arg(directory)
        .args(engines)
        .stdout(Stdio::piped())
        .spawn()
        .context("the peers are driven by python3")?;
    let mut answers = Answers::new();
    let lines = BufReader::new(child.stdout.take().expect("it is piped"));
    for line in lines.lines() {
        let row: Value = serde_json::from_str(&line?)?;
        if let Some(note) = row["note"].as_str() {
            report.note(note)?;
            continue;
        }
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let number = |name: &str| row[name].as_f64().unwrap_or(f64::NAN);
        let whole = |name: &str| row[name].as_u64().and_then(|n| usize::try_from(n).ok());
        report.add(&Row {
            name: format!("{}: {}", text("engine"), text("name")),
            n: documents.objects,
            results: whole("results").unwrap_or_default(),
            p50_ms: number("p50_ms"),
            p95_ms: number("p95_ms"),
            cpu_ms: f64::NAN,
            rss_mib: row["rss_mib"].as_u64().unwrap_or_default(),
        })?;
        answers
            .entry(text("name"))
            .or_default()
            .insert(text("engine"), number("p50_ms"));
    }
    if !child.wait()?.success() {
        bail!(
            "`{}` failed; `benches/README.md` says what it needs",
            script.display()
        );
    }
    Ok(answers)
}

fn compare(question: &str, ours: &Row, theirs: &Answers) -> String {
    let engines = theirs.get(question).into_iter().flatten();
    let Some((engine, theirs)) = engines.min_by(|a, b| a.1.total_cmp(b.1)) else {
        return format!("{question}: no peer answered");
    };
    let ours = ours.p50_ms;
    format!(
        "{question}: {ours:.3} ms, the fastest peer is {engine} with {theirs:.3} ms: {:.1} times",
        theirs / ours
    )
}
