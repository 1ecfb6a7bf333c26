//! The body of one answer as it arrives: its pieces are taken one by one, within the time the answer may take.
//!
//! Only waiting for the server counts: time that whoever takes the pieces needs for them is not the server's. A task of its
//! own unpacks a few pieces ahead.
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use kube::client::Body;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::Link;
use crate::trouble::RequestError;

/// Pieces, of some kilobytes each, that are unpacked before they are wanted.
const AHEAD: usize = 16;

/// Pieces of an answer.
pub(crate) struct Frames {
    path: String,
    largest: usize,
    pieces: mpsc::Receiver<Result<Bytes, RequestError>>,
    waited: Duration,
}

impl Frames {
    /// The pieces of a body that has to be complete once so much time was waited for it.
    pub(super) fn new(link: Arc<Link>, path: &str, body: Body, left: Duration) -> Self {
        let (sender, pieces) = mpsc::channel(AHEAD);
        let largest = link.largest();
        tokio::spawn(async move {
            tokio::select! {
                () = unpack(&link, body, left, &sender) => {}
                () = sender.closed() => {}
            }
        });
        Self {
            path: path.to_owned(),
            largest,
            pieces,
            waited: Duration::ZERO,
        }
    }

    /// Path that was asked.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Bytes that are held at most.
    pub(crate) fn largest(&self) -> usize {
        self.largest
    }

    /// Time that pieces were waited for since this was asked last.
    pub(crate) fn take_waited(&mut self) -> Duration {
        std::mem::take(&mut self.waited)
    }

    /// The next piece; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, RequestError> {
        let begun = Instant::now();
        let piece = self.pieces.recv().await;
        self.waited += begun.elapsed();
        piece.transpose()
    }
}

/// Hands over every piece, then whatever ended it.
async fn unpack(
    link: &Link,
    mut body: Body,
    mut left: Duration,
    sender: &mpsc::Sender<Result<Bytes, RequestError>>,
) {
    loop {
        let begun = Instant::now();
        let frame = tokio::time::timeout(left, body.frame()).await;
        left = left.saturating_sub(begun.elapsed());
        let piece = match frame {
            Err(_) => Err(link.timeout()),
            Ok(None) => return,
            Ok(Some(Err(error))) => Err(link.cause(&error)),
            Ok(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) => Ok(data),
                Err(_) => continue,
            },
        };
        if let Ok(data) = &piece {
            link.count(data.len());
        }
        let is_last = piece.is_err();
        if sender.send(piece).await.is_err() || is_last {
            return;
        }
    }
}
