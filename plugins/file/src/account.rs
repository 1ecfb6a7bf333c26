//! One file as an account: read, checked, and sent as a snapshot. A file that cannot be read is a gap that holds
//! everything known of it; so is an empty one, which is more often an accident than an answer.
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use stocktake_act::Approved;
use stocktake_model::{
    Begin, Complete, End, Gap, GapReason, Identity, Map, NodeRecord, ObjectRef, Parent,
    SnapshotItem,
};
use stocktake_plugin_api::{
    Account, Change, Deletion, Memory, Outcome, PluginError, Progress, ProgressSink, Sink,
};

use crate::check::{Inventory, check};
use crate::mistake::{gaps, whole};
use crate::model::{self, FILE_INVENTORY, NAME};
use crate::split::Format;

/// Bytes of a file at most: it is held in memory while it is checked.
const LARGEST: u64 = 512 << 20;

/// A file with resources.
#[derive(Debug)]
pub(crate) struct FileAccount {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) cloud: String,
    pub(crate) path: PathBuf,
}

/// What a file came to.
struct Read {
    inventory: Inventory,
    gaps: Vec<Gap>,
}

impl FileAccount {
    fn begin(&self) -> Begin {
        let reported = Map::from_iter([
            ("kind".to_owned(), FILE_INVENTORY.into()),
            ("id".to_owned(), self.id.as_str().into()),
            ("name".to_owned(), self.name.as_str().into()),
            ("path".to_owned(), self.path.display().to_string().into()),
        ]);
        Begin {
            plugin: NAME.to_owned(),
            cloud: self.cloud.clone(),
            identity: Identity::Strong,
            formerly: None,
            resumes: false,
            account: NodeRecord {
                reported,
                metadata: Map::new(),
                parent: Parent::Account,
            },
        }
    }
}

#[async_trait]
impl Account for FileAccount {
    fn name(&self) -> &str {
        &self.name
    }

    async fn identify(&self) -> Result<String, PluginError> {
        Ok(self.id.clone())
    }

    async fn collect(
        &self,
        sink: Sink,
        progress: &dyn ProgressSink,
        _: &dyn Memory,
    ) -> Result<(), PluginError> {
        let path = self.path.clone();
        let read = tokio::task::spawn_blocking(move || read(&path)).await;
        let Read { inventory, gaps } = read.map_err(|error| {
            let message = format!("reading `{}` broke down: {error}", self.path.display());
            PluginError::new(GapReason::Malformed, message).of(&self.name)
        })?;
        // A receiver that is gone has its own reason, which it tells itself.
        let gone =
            |_| PluginError::new(GapReason::ServerError, "the core did not take the snapshot");
        let send = async |item| sink.send(item).await.map_err(gone);
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        let mut now = Progress {
            account: self.name.clone(),
            kinds: inventory.kinds.len() as u64,
            gaps: gaps.len() as u64,
            ..Progress::default()
        };
        send(SnapshotItem::Begin(self.begin())).await?;
        let mut known = model::model();
        known.kinds.extend(inventory.kinds);
        send(SnapshotItem::Model(known)).await?;
        for record in inventory.records {
            *counts.entry(record.kind().to_owned()).or_default() += 1;
            now.objects += 1;
            send(SnapshotItem::Node(record.into())).await?;
        }
        for (kind, count) in counts {
            send(SnapshotItem::Complete(Complete {
                kind,
                count,
                ..Complete::default()
            }))
            .await?;
        }
        let discovery_complete = gaps.iter().all(|gap| gap.kind.is_some());
        for gap in gaps {
            send(SnapshotItem::Gap(gap)).await?;
        }
        now.kinds_done = now.kinds;
        progress.update(&now);
        send(SnapshotItem::End(End { discovery_complete })).await
    }

    async fn tag(&self, _: &ObjectRef, _: &Change) -> Outcome {
        self.refused()
    }

    async fn delete(&self, _: &Approved, _: &Deletion) -> Outcome {
        self.refused()
    }
}

impl FileAccount {
    fn refused(&self) -> Outcome {
        Outcome::Refused {
            message: format!("`{}` is only read, never changed", self.path.display()),
        }
    }
}

fn read(path: &Path) -> Read {
    let shown = path.display().to_string();
    let text = match text_of(path) {
        Ok(text) => text,
        Err(gap) => {
            return Read {
                inventory: Inventory::default(),
                gaps: vec![*gap],
            };
        }
    };
    let mut inventory = check(Format::of(path), &text);
    let kinds: Vec<&str> = inventory
        .kinds
        .iter()
        .map(|kind| kind.name.as_str())
        .collect();
    let mut found = gaps(&shown, std::mem::take(&mut inventory.mistakes), &kinds);
    if inventory.is_blank {
        found.push(whole(
            GapReason::Malformed,
            format!("`{shown}` holds nothing"),
            Some(
                "what is known of it stays; take the file out of the section `file` if it is meant",
            ),
        ));
    }
    Read {
        inventory,
        gaps: found,
    }
}

fn text_of(path: &Path) -> Result<String, Box<Gap>> {
    let shown = path.display();
    let failed = |error: &io::Error| {
        let (reason, hint) = match error.kind() {
            io::ErrorKind::NotFound => (GapReason::NotFound, "is the path right?"),
            io::ErrorKind::PermissionDenied => (GapReason::Forbidden, "may the worker read it?"),
            _ => (GapReason::Unreachable, "what is known of it stays"),
        };
        let message = format!("cannot read `{shown}`: {error}");
        Box::new(whole(reason, message, Some(hint)))
    };
    let size = std::fs::metadata(path)
        .map_err(|error| failed(&error))?
        .len();
    if size > LARGEST {
        let message = format!("`{shown}` has {size} bytes, more than {LARGEST}");
        let hint = Some("split it into several files");
        return Err(Box::new(whole(GapReason::Malformed, message, hint)));
    }
    let bytes = std::fs::read(path).map_err(|error| failed(&error))?;
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + String::from_utf8_lossy(good).matches('\n').count();
        let message = format!("{shown}:{line}: this is not UTF-8");
        Box::new(whole(GapReason::Malformed, message, None))
    })
}

#[cfg(test)]
mod tests;
