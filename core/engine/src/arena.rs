//! The bytes of all documents of a partition: those it was built with, and pieces that later changes added behind
//! them. A place stays valid as long as there is any partition that knows it; knows nothing about documents.
use std::sync::Arc;

/// Bytes in pieces that lie one behind the other; cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arena {
    base: Arc<Vec<u8>>,
    more: Vec<Piece>,
}

#[derive(Debug, Clone)]
struct Piece {
    start: usize,
    bytes: Arc<Vec<u8>>,
}

impl Arena {
    pub(crate) fn new(mut bytes: Vec<u8>) -> Self {
        bytes.shrink_to_fit();
        Self {
            base: Arc::new(bytes),
            more: Vec::new(),
        }
    }

    /// How many bytes there are.
    pub(crate) fn len(&self) -> usize {
        let end = |piece: &Piece| piece.start + piece.bytes.len();
        self.more.last().map_or(self.base.len(), end)
    }

    /// How many of them were added later.
    pub(crate) fn added(&self) -> usize {
        self.len() - self.base.len()
    }

    /// The bytes from a place to the end of its piece.
    pub(crate) fn from(&self, place: usize) -> &[u8] {
        if place < self.base.len() {
            return &self.base[place..];
        }
        let at = self.more.partition_point(|piece| piece.start <= place) - 1;
        let piece = &self.more[at];
        &piece.bytes[place - piece.start..]
    }

    /// Adds a piece behind all others. Pieces of about the same size grow together, so that there are few of them
    /// and every byte is copied a few times only.
    pub(crate) fn push(&mut self, bytes: Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let start = self.len();
        let bytes = Arc::new(bytes);
        self.more.push(Piece { start, bytes });
        while let [.., before, last] = self.more.as_slice()
            && before.bytes.len() <= 2 * last.bytes.len()
        {
            let joined = [before.bytes.as_slice(), last.bytes.as_slice()].concat();
            let start = before.start;
            self.more.truncate(self.more.len() - 2);
            let bytes = Arc::new(joined);
            self.more.push(Piece { start, bytes });
        }
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        let more: usize = self.more.iter().map(|piece| piece.bytes.capacity()).sum();
        self.base.capacity() + more
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_stay_where_they_are_and_pieces_grow_together() {
        let mut arena = Arena::new(vec![0, 1, 2]);
        let old = arena.clone();
        for at in 3..100 {
            arena.push(vec![at]);
        }
        assert_eq!((arena.len(), arena.added(), old.len()), (100, 97, 3));
        for at in 0..100_u8 {
            assert_eq!(arena.from(usize::from(at))[0], at);
        }
        assert!(arena.more.len() < 8, "{}", arena.more.len());
    }
}
