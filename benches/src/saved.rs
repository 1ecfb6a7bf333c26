//! Generated inventories as files, so that a process that measures memory holds nothing of what made them: a handful of
//! generated clusters, converted by the Kubernetes plugin, each a file of nodes; repeated under other ids until there are
//! enough. Inventories in memory are [`crate::fleet`].
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::{Value, json};
use stocktake_engine::{Graph, Partition, PartitionBuilder};
use stocktake_kubernetes::offline::{self, Offline};
use stocktake_kubernetes_sim::fleet::{FleetShape, fleet};
use stocktake_model::{Model, NodeRecord, PluginModel};

use crate::fleet::{begin, resource_of};

/// Converted clusters on disk.
pub(crate) struct Saved {
    dir: PathBuf,
    pub(crate) model: Arc<Model>,
    pub(crate) plugin: PluginModel,
    clusters: Vec<Cluster>,
}

struct Cluster {
    account: NodeRecord,
    /// Objects of the API; with containers and images they are more nodes.
    objects: usize,
}

/// A loaded inventory.
pub(crate) struct Loaded {
    pub(crate) graph: Graph,
    /// Objects of the API it was made of.
    pub(crate) objects: usize,
    /// Time to encode records and to resolve their references.
    pub(crate) loading: Duration,
}

/// What it took to make objects nodes.
pub(crate) struct Converted {
    pub(crate) nodes: usize,
    pub(crate) took: Duration,
}

/// Records that are read before they are encoded.
const CHUNK: usize = 512;

impl Saved {
    /// Generates clusters of about this many objects each and writes them to a directory.
    pub(crate) fn generate(
        dir: &Path,
        distinct: usize,
        objects_per_cluster: usize,
    ) -> anyhow::Result<Converted> {
        let shape = FleetShape {
            clusters: distinct,
            objects_per_cluster,
            troubles: Vec::new(),
            ..FleetShape::default()
        };
        let mut converted = Converted {
            nodes: 0,
            took: Duration::ZERO,
        };
        let mut resources = BTreeSet::new();
        let mut clusters = Vec::new();
        for (number, cluster) in fleet(&shape).into_iter().enumerate() {
            let offline = Offline::new(&cluster.uid, &cluster.name);
            let mut file = BufWriter::new(File::create(nodes_file(dir, number))?);
            let mut objects = 0;
            for object in cluster.objects() {
                let resource = resource_of(&object);
                let start = Instant::now();
                let records = offline.nodes(&resource, object);
                converted.took += start.elapsed();
                for record in &records {
                    serde_json::to_writer(&mut file, record)?;
                    file.write_all(b"\n")?;
                }
                converted.nodes += records.len();
                objects += 1;
                resources.insert(resource);
            }
            file.flush()?;
            clusters.push(json!({"account": offline.account(), "objects": objects}));
        }
        let mut plugin = offline::model();
        let resources: Vec<_> = resources.into_iter().collect();
        plugin.kinds.extend(offline::kinds_of(&resources));
        let index = json!({"plugin": plugin, "clusters": clusters});
        std::fs::write(dir.join(INDEX), index.to_string())?;
        Ok(converted)
    }

    /// Clusters that were written before.
    pub(crate) fn open(dir: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read(dir.join(INDEX))
            .with_context(|| format!("no inventory in `{}`", dir.display()))?;
        let mut index: Value = serde_json::from_slice(&text)?;
        let plugin: PluginModel = serde_json::from_value(index["plugin"].take())?;
        let clusters = index["clusters"].as_array_mut().map(std::mem::take);
        let read = |mut cluster: Value| -> anyhow::Result<Cluster> {
            let objects = cluster["objects"].as_u64().unwrap_or_default();
            Ok(Cluster {
                account: serde_json::from_value(cluster["account"].take())?,
                objects: usize::try_from(objects)?,
            })
        };
        let clusters = clusters.unwrap_or_default().into_iter().map(read);
        let mut model = Model::default();
        model.add(plugin.kinds.clone());
        Ok(Self {
            dir: dir.to_owned(),
            model: Arc::new(model),
            plugin,
            clusters: clusters.collect::<anyhow::Result<_>>()?,
        })
    }

    /// So many clusters, in memory.
    pub(crate) fn load(&self, clusters: usize) -> anyhow::Result<Loaded> {
        let mut partitions = Vec::new();
        let (mut objects, mut loading) = (0, Duration::ZERO);
        for number in 0..clusters {
            partitions.push(Arc::new(self.partition(number, &mut loading)?));
            objects += self.clusters[number % self.clusters.len()].objects;
        }
        Ok(Loaded {
            graph: Graph::new(Arc::clone(&self.model)).with_partitions(partitions),
            objects,
            loading,
        })
    }

    fn partition(&self, number: usize, loading: &mut Duration) -> anyhow::Result<Partition> {
        let same = number % self.clusters.len();
        let begin = begin(&self.clusters[same].account, number);
        let mut lines = BufReader::new(File::open(nodes_file(&self.dir, same))?).lines();
        let mut builder = PartitionBuilder::new(Arc::clone(&self.model), &begin);
        loop {
            let lines = lines.by_ref().take(CHUNK);
            let chunk = lines.map(|line| Ok(serde_json::from_str(&line?)?));
            let chunk: Vec<NodeRecord> = chunk.collect::<anyhow::Result<_>>()?;
            if chunk.is_empty() {
                break;
            }
            let start = Instant::now();
            for record in &chunk {
                builder.node(record);
            }
            *loading += start.elapsed();
        }
        let start = Instant::now();
        let partition = builder.resolve(&self.plugin.rules, &self.plugin.derived);
        *loading += start.elapsed();
        Ok(partition)
    }

    /// The nodes of the first cluster, each read when it is asked for.
    pub(crate) fn records(&self) -> anyhow::Result<Records> {
        let file = File::open(nodes_file(&self.dir, 0))?;
        let mut lines = BufReader::new(file.try_clone()?);
        let mut ends = Vec::new();
        let mut end = 0;
        loop {
            let length = lines.skip_until(b'\n')?;
            if length == 0 {
                return Ok(Records { file, ends });
            }
            end += length as u64;
            ends.push(end);
        }
    }
}

/// Nodes in a file.
pub(crate) struct Records {
    file: File,
    /// Where the line of each ends.
    ends: Vec<u64>,
}

impl Records {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// One of them.
    pub(crate) fn read(&mut self, at: usize) -> anyhow::Result<NodeRecord> {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.file.seek(SeekFrom::Start(start))?;
        let mut line = vec![0; usize::try_from(self.ends[at] - start)?];
        self.file.read_exact(&mut line)?;
        Ok(serde_json::from_slice(&line)?)
    }
}

const INDEX: &str = "fleet.json";

fn nodes_file(dir: &Path, cluster: usize) -> PathBuf {
    dir.join(format!("nodes-{cluster}.ndjson"))
}
