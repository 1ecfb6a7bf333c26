//! Which objects of this collection were sent already. Sixteen bytes each.
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use blake2::digest::consts::U16;
use blake2::{Blake2b, Digest as _};

/// Ids that were sent; an object that two groups show, or that a restarted list gives again, is sent once.
#[derive(Default)]
pub(super) struct Seen(Mutex<HashSet<u128>>);

impl Seen {
    /// Remembers an id inside a realm (objects, or a kind that objects bring along); false if it was known.
    pub(super) fn is_new(&self, realm: &str, id: &str) -> bool {
        let key: [u8; 16] = Blake2b::<U16>::new()
            .chain_update(realm)
            .chain_update([0])
            .chain_update(id)
            .finalize()
            .into();
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert(u128::from_le_bytes(key))
    }
}
