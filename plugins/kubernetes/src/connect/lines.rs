//! The answer to a watch: lines as they come, each of a size that can be held.
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use kube::client::Body;

use super::Link;
use super::client::Seat;
use crate::trouble::RequestError;

/// Lines of an answer that goes on.
pub(crate) struct Lines {
    link: Arc<Link>,
    path: String,
    body: Body,
    buffer: BytesMut,
    /// Bytes of the buffer without an end of line in them.
    searched: usize,
    /// Its place in a connection.
    _seat: Seat,
}

impl Lines {
    pub(super) fn new(link: Arc<Link>, path: String, body: Body, seat: Seat) -> Self {
        Self {
            link,
            path,
            body,
            buffer: BytesMut::new(),
            searched: 0,
            _seat: seat,
        }
    }

    /// The next line; `None` when the server is done. Nothing is lost if it is dropped while it waits.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, RequestError> {
        loop {
            let found = memchr::memchr(b'\n', &self.buffer[self.searched..]);
            if let Some(at) = found {
                let line = self.buffer.split_to(self.searched + at + 1);
                self.searched = 0;
                return Ok(Some(line.freeze()));
            }
            self.searched = self.buffer.len();
            if self.searched > self.link.largest() {
                return Err(RequestError::TooLarge {
                    what: self.path.clone(),
                    limit: self.link.largest(),
                });
            }
            match self.body.frame().await {
                // A line without an end was not sent to its end.
                None => return Ok(None),
                Some(Err(error)) => return Err(self.link.cause(&error)),
                Some(Ok(frame)) => {
                    if let Some(data) = frame.data_ref() {
                        self.buffer.extend_from_slice(data);
                    }
                }
            }
        }
    }
}
