//! The body of one answer as it arrives: its pieces are taken one by one, within the time the answer may take.
//!
//! Only waiting for the server counts: time that whoever takes the pieces needs for them is not the server's.
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use kube::client::Body;
use tokio::time::Instant;

use super::Link;
use crate::trouble::RequestError;

/// Pieces of an answer.
pub(crate) struct Frames<'l> {
    link: &'l Link,
    path: String,
    body: Body,
    /// Time that is left to wait.
    left: Duration,
    waited: Duration,
}

impl<'l> Frames<'l> {
    pub(super) fn new(link: &'l Link, path: &str, body: Body, left: Duration) -> Self {
        Self {
            link,
            path: path.to_owned(),
            body,
            left,
            waited: Duration::ZERO,
        }
    }

    /// Path that was asked.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Bytes that are held at most.
    pub(crate) fn largest(&self) -> usize {
        self.link.largest()
    }

    /// Time that pieces were waited for since this was asked last.
    pub(crate) fn take_waited(&mut self) -> Duration {
        std::mem::take(&mut self.waited)
    }

    /// The next piece; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, RequestError> {
        loop {
            let begun = Instant::now();
            let frame = tokio::time::timeout(self.left, self.body.frame()).await;
            let waited = begun.elapsed();
            self.left = self.left.saturating_sub(waited);
            self.waited += waited;
            match frame {
                Err(_) => return Err(self.link.timeout()),
                Ok(None) => return Ok(None),
                Ok(Some(Err(error))) => return Err(self.link.cause(&error)),
                Ok(Some(Ok(frame))) => {
                    if let Ok(data) = frame.into_data() {
                        self.link.count(data.len());
                        return Ok(Some(data));
                    }
                }
            }
        }
    }
}
