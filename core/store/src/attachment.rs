//! What the owner of an account keeps beside a state of it: a faster form of the same data, in sections without a
//! meaning here. It belongs to exactly one state, and is given out together with what changed since, or not at all.
//!
//! A file of its own per account, named by its content; the record says which one counts. So nothing has to wait for the
//! disk, a torn or damaged file is not the one that is named, and what is replaced leaves no garbage in the record.
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use blake2::digest::consts::U16;
use blake2::{Blake2b, Digest as _};
use serde::{Deserialize, Serialize};
use stocktake_model::NodeId;

use crate::key::Section;
use crate::layers::Layers;
use crate::manifest::Run;
use crate::open::guard;
use crate::seal::{from_sealed, to_sealed};
use crate::settle::kind_of;
use crate::view::{View, node};
use crate::{Store, StoreError, StoredNode, key};

/// Directory of the files.
const DIR: &str = "attachments";
/// They are derived from the record: what counts is how soon they are read.
const LEVEL: i32 = 1;
/// Bytes that are packed together: what they are packed into is as large.
const PIECE: usize = 4 << 20;

/// What is attached, and what it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attachment {
    /// Number of the form, given by its owner.
    format: u32,
    /// The state it belongs to.
    generation: u64,
    /// Hash of the account as it was introduced.
    begin: String,
    /// Name and hash of the file.
    file: String,
    /// The layers of every kind in that state.
    kinds: BTreeMap<String, Vec<Run>>,
}

/// What was attached, and how the present state differs from the one it belongs to.
#[derive(Debug, Default)]
pub struct Attached {
    packed: Vec<u8>,
    /// Nodes that came or changed since.
    pub changed: Vec<StoredNode>,
    /// Nodes that went since.
    pub removed: Vec<NodeId>,
    /// Kinds that were written anew since: all their nodes are among the changed ones, and no others are left.
    pub whole: Vec<String>,
}

impl Attached {
    /// The sections in their order; one that cannot be unpacked ends them.
    pub fn sections(&self) -> impl Iterator<Item = Vec<u8>> {
        let mut rest = self.packed.as_slice();
        let mut zstd = zstd::bulk::Decompressor::new().ok();
        std::iter::from_fn(move || {
            let zstd = zstd.as_mut()?;
            let mut section = vec![0; number(&mut rest)?];
            for piece in section.chunks_mut(PIECE) {
                let length = number(&mut rest)?;
                let (packed, after) = rest.split_at_checked(length)?;
                rest = after;
                let length = zstd.decompress_to_buffer(packed, piece).ok()?;
                if length != piece.len() {
                    return None;
                }
            }
            Some(section)
        })
    }
}

fn number(rest: &mut &[u8]) -> Option<usize> {
    let (number, after) = rest.split_first_chunk()?;
    *rest = after;
    usize::try_from(u64::from_le_bytes(*number)).ok()
}

/// Takes sections, one after the other.
pub type PutSection<'p> = &'p mut dyn FnMut(&[u8]) -> io::Result<()>;

impl Store {
    /// Keeps sections beside the state that commit number `commit` made, instead of what was kept before; does
    /// nothing and tells so if that is not the present state. May be lost in a crash, which does no harm.
    pub fn attach(
        &self,
        account: &str,
        commit: u64,
        format: u32,
        sections: impl FnOnce(PutSection<'_>) -> io::Result<()>,
    ) -> Result<bool, StoreError> {
        key::check("an account", account)?;
        let _pass = self.enter();
        let dir = self.0.dir.join(DIR);
        let written = write(&dir, sections).map_err(|error| StoreError::io(&dir, error))?;
        let slot = self.slot(account)?;
        let _writing = guard(&slot.writing);
        let view = self.view(account)?;
        let begin = view.begin();
        if view.generation != commit || !view.damaged().is_empty() || begin.is_none() {
            let _ = fs::remove_file(&written.path);
            return Ok(false);
        }
        let before = view.attached();
        let kinds = view.manifests.iter();
        let attachment = Attachment {
            format,
            generation: commit,
            begin: begin.unwrap_or_default(),
            file: written.name,
            kinds: kinds
                .filter_map(|(part, manifest)| Some((kind_of(part)?.to_owned(), manifest)))
                .map(|(kind, manifest)| (kind, manifest.runs.clone()))
                .collect(),
        };
        let path = dir.join(&attachment.file);
        fs::rename(&written.path, &path).map_err(|error| StoreError::io(&path, error))?;
        let value = to_sealed("attachment", &attachment)?;
        let done = (view.trees().graph).insert(key::attachment(account), value);
        done.map_err(|error| self.trouble(error))?;
        if let Some(before) = before.filter(|before| before.file != attachment.file) {
            let _ = fs::remove_file(dir.join(before.file));
        }
        Ok(true)
    }

    /// Bytes of all that is attached.
    pub(crate) fn attachment_bytes(&self) -> u64 {
        let files = fs::read_dir(self.0.dir.join(DIR)).into_iter().flatten();
        let sizes = files.filter_map(|file| Some(file.ok()?.metadata().ok()?.len()));
        sizes.sum()
    }

    /// Removes the file of an account that is forgotten.
    pub(crate) fn detach(&self, view: &View) {
        if let Some(attachment) = view.attached() {
            let _ = fs::remove_file(self.0.dir.join(DIR).join(attachment.file));
        }
    }

    /// Removes files that nothing in the record names. Nobody writes one yet.
    pub(crate) fn remove_stray_attachments(&self) -> Result<(), StoreError> {
        let dir = self.0.dir.join(DIR);
        let Ok(entries) = fs::read_dir(&dir) else {
            return Ok(());
        };
        let mut named = std::collections::BTreeSet::new();
        for found in self.trees()?.graph.scan_prefix(key::ATTACHMENTS) {
            let (_, value) = found.map_err(|error| self.trouble(error))?;
            let known = from_sealed::<Attachment>("attachment", &value);
            named.extend(known.ok().map(|known| known.file));
        }
        for entry in entries.flatten() {
            if !named.contains(entry.file_name().to_string_lossy().as_ref()) {
                let _ = fs::remove_file(entry.path());
            }
        }
        Ok(())
    }
}

/// A file that has not its name yet.
struct Written {
    path: PathBuf,
    name: String,
}

fn write(
    dir: &Path,
    sections: impl FnOnce(PutSection<'_>) -> io::Result<()>,
) -> io::Result<Written> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    fs::create_dir_all(dir)?;
    let path = dir.join(format!("new-{}", NUMBER.fetch_add(1, Ordering::Relaxed)));
    let mut hasher = Blake2b::<U16>::new();
    let fill = || -> io::Result<()> {
        let mut out = BufWriter::new(File::create(&path)?);
        let mut put = |bytes: &[u8]| {
            hasher.update(bytes);
            out.write_all(bytes)
        };
        let mut zstd = zstd::bulk::Compressor::new(LEVEL)?;
        sections(&mut |section| {
            put(&(section.len() as u64).to_le_bytes())?;
            for piece in section.chunks(PIECE) {
                let packed = zstd.compress(piece)?;
                put(&(packed.len() as u64).to_le_bytes())?;
                put(&packed)?;
            }
            Ok(())
        })?;
        out.flush()
    };
    if let Err(error) = fill() {
        let _ = fs::remove_file(&path);
        return Err(error);
    }
    let name = name(hasher);
    Ok(Written { path, name })
}

fn name(hasher: Blake2b<U16>) -> String {
    let hash: [u8; 16] = hasher.finalize().into();
    format!("{:032x}", u128::from_be_bytes(hash))
}

impl View {
    fn attached(&self) -> Option<Attachment> {
        let value = self.attachment.as_deref()?;
        from_sealed("attachment", value).ok()
    }

    #[cfg(feature = "spoil")]
    pub(crate) fn attachment_path(&self) -> Option<PathBuf> {
        let attachment = self.attached()?;
        Some(self.store().0.dir.join(DIR).join(attachment.file))
    }

    /// Hash of the account as it was introduced.
    fn begin(&self) -> Option<String> {
        let header = self.header().ok()??;
        let json = serde_json::to_vec(&header.begin).ok()?;
        Some(name(Blake2b::<U16>::new().chain_update(json)))
    }

    /// Whether something in this format is attached to exactly this state; it may still be damaged.
    pub fn has_attachment(&self, format: u32) -> bool {
        self.attached()
            .is_some_and(|one| self.fits(&one, format) && one.generation == self.generation)
    }

    fn fits(&self, one: &Attachment, format: u32) -> bool {
        one.format == format
            && one.generation <= self.generation
            && Some(&one.begin) == self.begin().as_ref()
    }

    /// What was attached in this format, and what changed since; `None` if there is nothing or something is damaged.
    pub fn attachment(&self, format: u32) -> Result<Option<Attached>, StoreError> {
        let Some(attachment) = self.attached().filter(|one| self.fits(one, format)) else {
            return Ok(None);
        };
        if !self.damaged().is_empty() {
            return Ok(None);
        }
        let path = self.store().0.dir.join(DIR).join(&attachment.file);
        let Ok(packed) = fs::read(&path) else {
            return Ok(None);
        };
        if name(Blake2b::<U16>::new().chain_update(&packed)) != attachment.file {
            let account = self.account();
            tracing::warn!(
                account,
                "what is kept beside the account is damaged and made anew"
            );
            return Ok(None);
        }
        let mut attached = Attached {
            packed,
            ..Attached::default()
        };
        let whole =
            attachment.generation == self.generation || self.since(&attachment, &mut attached)?;
        Ok(whole.then_some(attached))
    }

    /// Finds what changed since: the layers that came. False if something is damaged.
    fn since(&self, old: &Attachment, attached: &mut Attached) -> Result<bool, StoreError> {
        let gone = old.kinds.keys();
        let gone = gone.filter(|kind| !self.manifests.contains_key(&part(kind)));
        attached.whole.extend(gone.cloned());
        for (part, manifest) in &self.manifests {
            let Some(kind) = kind_of(part) else { continue };
            let known = old.kinds.get(kind).map_or(&[][..], Vec::as_slice);
            let pairs = known.iter().zip(&manifest.runs);
            let same = pairs.take_while(|(old, new)| old == new).count();
            if same == 0 && !known.is_empty() {
                attached.whole.push(kind.to_owned());
            }
            // Whatever was folded since is in what it was folded into, if the base is the same.
            let above = manifest.runs[same..].iter().cloned();
            let runs = std::iter::once(Run::default()).chain(above).collect();
            if !self.read_layers(kind, runs, attached)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn read_layers(
        &self,
        kind: &str,
        runs: Vec<Run>,
        attached: &mut Attached,
    ) -> Result<bool, StoreError> {
        let mut layers = Layers::open(self.trees(), self.account(), Some(kind), runs)?;
        while let Some(live) = layers.next() {
            match live.and_then(|live| layers.docs(&live)) {
                Ok(docs) => {
                    for (entry, doc) in docs {
                        attached.changed.push(node(self.account(), &entry, &doc)?);
                    }
                }
                Err(StoreError::Damaged(_)) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        attached.removed.extend(layers.removed());
        Ok(true)
    }
}

fn part(kind: &str) -> crate::settle::Part {
    (Section::Nodes, kind.to_owned())
}
