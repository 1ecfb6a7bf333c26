//! The format version of a directory, and the ways up from older ones.
use crate::StoreError;

/// Version of keys and values this program writes.
pub const FORMAT: u32 = 2;

const KEY: &[u8] = b"format";

/// A step from one format to the next. It must leave a directory that it was stopped in usable by itself.
pub(crate) type Step = fn(&sled::Db) -> Result<(), StoreError>;

/// The steps, by the format they start from. Format 1 is the first; its documents have no revisions, and its versions are
/// whole. Both can be read as they are, but not the other way round.
const STEPS: &[(u32, Step)] = &[(1, nothing)];

#[expect(clippy::unnecessary_wraps, reason = "other steps can fail")]
fn nothing(_: &sled::Db) -> Result<(), StoreError> {
    Ok(())
}

/// Writes the version into an empty database; brings an older one up; refuses a newer one.
pub(crate) fn ensure(db: &sled::Db, meta: &sled::Tree) -> Result<(), StoreError> {
    up(db, meta, FORMAT, STEPS)
}

/// Says that what comes into an empty database has an older format: the next open brings it up.
pub(crate) fn stamp(db: &sled::Db, found: u32) -> Result<(), StoreError> {
    let trouble = |error| StoreError::sled(std::path::Path::new("meta"), error);
    let meta = db.open_tree("meta").map_err(trouble)?;
    let done = meta.insert(KEY, found.to_string().as_bytes());
    done.map(drop).map_err(trouble)
}

fn up(
    db: &sled::Db,
    meta: &sled::Tree,
    known: u32,
    steps: &[(u32, Step)],
) -> Result<(), StoreError> {
    let trouble = |error| StoreError::sled(std::path::Path::new("meta"), error);
    let write = |version: u32| {
        meta.insert(KEY, version.to_string().as_bytes())
            .map_err(trouble)
    };
    let Some(text) = meta.get(KEY).map_err(trouble)? else {
        write(known)?;
        return Ok(());
    };
    let mut found: u32 = std::str::from_utf8(&text)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| StoreError::Corrupt {
            dir: "meta".into(),
            why: "its format version can not be read".to_owned(),
        })?;
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    while found < known {
        let Some((_, step)) = steps.iter().find(|(from, _)| *from == found) else {
            return Err(StoreError::NoMigration { found, known });
        };
        step(db)?;
        found += 1;
        write(found)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database() -> (sled::Db, sled::Tree) {
        let db = sled::Config::new().temporary(true).open().unwrap();
        let meta = db.open_tree("meta").unwrap();
        (db, meta)
    }

    fn mark(db: &sled::Db) -> Result<(), StoreError> {
        let done = db.insert("steps", "done");
        done.map(drop)
            .map_err(|error| StoreError::sled("steps".as_ref(), error))
    }

    #[test]
    fn an_older_format_is_brought_up_step_by_step() {
        let (db, meta) = database();
        meta.insert(KEY, "1").unwrap();
        up(&db, &meta, 3, &[(1, mark), (2, mark)]).unwrap();
        assert_eq!(meta.get(KEY).unwrap().unwrap(), "3");
        assert!(db.contains_key("steps").unwrap());
    }

    #[test]
    fn a_format_that_is_newer_or_has_no_way_up_is_refused_untouched() {
        let (db, meta) = database();
        for (found, said) in [
            (
                "7",
                "the store has format 7, newer than format 3, the newest this stocktake knows",
            ),
            (
                "1",
                "the store has format 1, and no way leads from there to format 3",
            ),
            (
                "x",
                "the store in `meta` is damaged: its format version can not be read",
            ),
        ] {
            meta.insert(KEY, found).unwrap();
            let error = up(&db, &meta, 3, &[(2, mark)]).unwrap_err();
            assert_eq!(error.to_string(), said);
            assert_eq!(meta.get(KEY).unwrap().unwrap(), found);
        }
    }
}
