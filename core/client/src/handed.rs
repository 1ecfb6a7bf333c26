//! Values handed over inside one process: a request that never leaves it carries its stream as it is, instead of as
//! lines that somebody writes and somebody else reads again.
//!
//! The same route takes both; over a socket there is nothing to hand over but bytes.
use std::sync::{Arc, Mutex, PoisonError};

use futures::stream::{BoxStream, Stream, StreamExt as _};

/// A stream on its way, as an extension of a request. It can be taken once.
pub struct Handed<T>(Arc<Mutex<Option<BoxStream<'static, T>>>>);

// Not derived: the values need not be cloned for their way to be.
impl<T> Clone for Handed<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Handed<T> {
    pub(crate) fn new(items: impl Stream<Item = T> + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Some(items.boxed()))))
    }

    /// The stream; `None` if somebody has it already.
    pub fn take(&self) -> Option<BoxStream<'static, T>> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slot.take()
    }
}
