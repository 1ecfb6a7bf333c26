//! Keys of the trees. Text parts end with a zero byte, which no name may hold; numbers are big endian.
//!
//! ```text
//! graph   a account                    attachment: which file is kept beside the account
//!         f account                    earliest moment the versions lead back to
//!         g account                    generation: number of the last commit that changed something
//!         h account                    header of an account
//!         m account section kind       manifest: which blocks hold the nodes (`n`) or edges (`e`)
//!         p account kind moment part   a piece of what was measured
//!         r account writer             blocks nobody needs any more
//!         s account writer             a writer at work; its blocks are nothing until this is gone
//!         u account kind moment        something was measured of a kind at a moment (milliseconds); no value
//!         v account generation         version: the way back to the state before a commit
//!         w                            last writer number
//! block   account writer number part   a piece of a block; one byte more: nothing, it keeps room
//! record  table key                    everything small
//! overlay node                         what people added to a node
//! ```
use jiff::Timestamp;

use crate::StoreError;
use crate::manifest::BlockRef;

/// Longest name that may be part of a key, in bytes.
const LONGEST: usize = 1024;

pub(crate) const WRITER: &[u8] = b"w";

/// What a manifest lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Section {
    Nodes,
    Edges,
}

impl Section {
    fn byte(self) -> u8 {
        match self {
            Self::Nodes => b'n',
            Self::Edges => b'e',
        }
    }
}

/// Refuses a name that would run into its neighbours.
pub(crate) fn check(what: &'static str, name: &str) -> Result<(), StoreError> {
    if name.is_empty() || name.len() > LONGEST || name.contains('\0') {
        return Err(StoreError::Name {
            what,
            name: name.chars().take(80).collect(),
        });
    }
    Ok(())
}

fn text(key: &mut Vec<u8>, part: &str) {
    key.extend_from_slice(part.as_bytes());
    key.push(0);
}

fn of(letter: u8, account: &str) -> Vec<u8> {
    let mut key = vec![letter];
    text(&mut key, account);
    key
}

pub(crate) const ATTACHMENTS: &[u8] = b"a";
pub(crate) const HEADERS: &[u8] = b"h";
pub(crate) const RETIRED: &[u8] = b"r";
pub(crate) const STAGED: &[u8] = b"s";
pub(crate) const VERSIONS: &[u8] = b"v";

pub(crate) fn header(account: &str) -> Vec<u8> {
    of(b'h', account)
}

pub(crate) fn attachment(account: &str) -> Vec<u8> {
    of(b'a', account)
}

pub(crate) fn floor(account: &str) -> Vec<u8> {
    of(b'f', account)
}

pub(crate) fn generation(account: &str) -> Vec<u8> {
    of(b'g', account)
}

/// Prefix of all versions of an account.
pub(crate) fn versions(account: &str) -> Vec<u8> {
    of(b'v', account)
}

pub(crate) fn version(account: &str, generation: u64) -> Vec<u8> {
    numbered(b'v', account, generation)
}

/// Prefix of all manifests of an account.
pub(crate) fn manifests(account: &str) -> Vec<u8> {
    of(b'm', account)
}

pub(crate) fn manifest(account: &str, section: Section, kind: &str) -> Vec<u8> {
    let mut key = manifests(account);
    key.push(section.byte());
    key.extend_from_slice(kind.as_bytes());
    key
}

/// Section and kind of a manifest, from what follows the prefix.
pub(crate) fn section(rest: &[u8]) -> Option<(Section, String)> {
    let (letter, kind) = rest.split_first()?;
    let section = match letter {
        b'n' => Section::Nodes,
        b'e' => Section::Edges,
        _ => return None,
    };
    Some((section, String::from_utf8(kind.to_vec()).ok()?))
}

pub(crate) fn retired(account: &str, writer: u64) -> Vec<u8> {
    numbered(b'r', account, writer)
}

pub(crate) fn staged(account: &str, writer: u64) -> Vec<u8> {
    numbered(b's', account, writer)
}

fn numbered(letter: u8, account: &str, writer: u64) -> Vec<u8> {
    let mut key = of(letter, account);
    key.extend_from_slice(&writer.to_be_bytes());
    key
}

/// Prefix of the moments at which something was measured in an account.
pub(crate) fn usage(account: &str) -> Vec<u8> {
    of(b'u', account)
}

/// A moment at which a kind was measured; moments before 1970 are those of 1970.
pub(crate) fn usage_at(account: &str, kind: &str, at: Timestamp) -> Vec<u8> {
    moment(usage(account), kind, at)
}

/// Prefix of the pieces of all measurements of an account.
pub(crate) fn usage_parts(account: &str) -> Vec<u8> {
    of(b'p', account)
}

/// Prefix of the pieces of one measurement.
pub(crate) fn usage_parts_at(account: &str, kind: &str, at: Timestamp) -> Vec<u8> {
    moment(usage_parts(account), kind, at)
}

fn moment(mut key: Vec<u8>, kind: &str, at: Timestamp) -> Vec<u8> {
    text(&mut key, kind);
    let moment = u64::try_from(at.as_millisecond()).unwrap_or_default();
    key.extend_from_slice(&moment.to_be_bytes());
    key
}

/// Kind and moment of what follows the prefix made by [`usage`].
pub(crate) fn measured(rest: &[u8]) -> Option<(&str, Timestamp)> {
    let end = rest.iter().position(|byte| *byte == 0)?;
    let kind = std::str::from_utf8(&rest[..end]).ok()?;
    let (moment, _) = rest[end + 1..].split_first_chunk::<8>()?;
    let moment = i64::try_from(u64::from_be_bytes(*moment)).ok()?;
    Some((kind, Timestamp::from_millisecond(moment).ok()?))
}

/// Prefix of the blocks of a writer.
pub(crate) fn blocks(account: &str, writer: u64) -> Vec<u8> {
    let mut key = Vec::new();
    text(&mut key, account);
    key.extend_from_slice(&writer.to_be_bytes());
    key
}

/// One piece of a block.
pub(crate) fn part(account: &str, block: &BlockRef, part: u32) -> Vec<u8> {
    let mut key = blocks(account, block.writer);
    key.extend_from_slice(&block.number.to_be_bytes());
    key.extend_from_slice(&part.to_be_bytes());
    key
}

/// A key behind one made by [`part`] and before the next, which never has a value.
pub(crate) fn beside(part: &[u8]) -> Vec<u8> {
    [part, &[0]].concat()
}

/// Account of a key of the tree `graph` that belongs to one.
pub(crate) fn account(key: &[u8]) -> Option<&str> {
    let rest = key.get(1..)?;
    let end = rest.iter().position(|byte| *byte == 0)?;
    std::str::from_utf8(&rest[..end]).ok()
}

/// Account and writer of a key made by [`staged`] or [`retired`].
pub(crate) fn writer(key: &[u8]) -> Option<(String, u64)> {
    let (rest, number) = key.get(1..)?.split_last_chunk::<8>()?;
    let account = String::from_utf8(rest.strip_suffix(b"\0")?.to_vec()).ok()?;
    Some((account, u64::from_be_bytes(*number)))
}

pub(crate) fn record(table: &str, key: &str) -> Vec<u8> {
    let mut full = Vec::new();
    text(&mut full, table);
    full.extend_from_slice(key.as_bytes());
    full
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_account_reaches_into_another() {
        let blocks = blocks("a", 1);
        assert!(!self::blocks("ab", 1).starts_with(&blocks));
        assert!(!manifest("ab", Section::Nodes, "k").starts_with(&manifests("a")));
        assert_eq!(writer(&staged("a", 258)), Some(("a".into(), 258)));
        assert!(check("an account", "a\0b").is_err());
        assert!(check("an account", "").is_err());
    }
}
