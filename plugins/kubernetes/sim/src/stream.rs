//! The body of a watch: lines as things happen, until its time is over, its connection is cut or nobody reads it.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::{self, Stream};
use http_body::Frame;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::server::Shared;
use crate::watch::Watch;

/// Marks a response that must not be held back, e.g., by a compressor.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Streamed;

struct Reader {
    shared: Arc<Shared>,
    watch: Watch,
    cuts: watch::Receiver<u64>,
    ends: Instant,
    /// Bytes that still arrive, when a fault says so.
    left: Option<usize>,
    /// Nothing was told yet: what there is is told at once.
    fresh: bool,
    over: bool,
}

/// What a watch waits for.
enum Woken {
    News,
    Quiet,
    Cut,
    Over,
}

/// The frames of a watch. With `cut_after` the connection breaks after so many bytes.
pub(crate) fn frames(
    shared: Arc<Shared>,
    watch: Watch,
    cut_after: Option<usize>,
) -> impl Stream<Item = io::Result<Frame<Bytes>>> + Send {
    let reader = Reader {
        cuts: shared.cuts.subscribe(),
        ends: Instant::now() + watch.lasts,
        shared,
        watch,
        left: cut_after,
        fresh: true,
        over: false,
    };
    stream::unfold(reader, |mut reader| async move {
        let frame = reader.next().await?;
        Some((frame, reader))
    })
}

impl Reader {
    async fn next(&mut self) -> Option<io::Result<Frame<Bytes>>> {
        while !self.over {
            if self.left == Some(0) {
                return Some(Err(self.cut()));
            }
            let woken = if std::mem::take(&mut self.fresh) {
                Woken::News
            } else {
                self.wait().await
            };
            let lines = match woken {
                Woken::News => {
                    self.watch.news.mark_unchanged();
                    self.shared.api.read().events(&mut self.watch)
                }
                Woken::Quiet => self.shared.api.read().progress(&mut self.watch),
                Woken::Cut => return Some(Err(self.cut())),
                Woken::Over => return None,
            };
            let lines = lines.unwrap_or_else(|last| {
                self.over = true;
                last
            });
            if !lines.is_empty() {
                return Some(Ok(self.send(lines)));
            }
        }
        None
    }

    async fn wait(&mut self) -> Woken {
        let quiet = async {
            if self.watch.wants_bookmarks {
                tokio::time::sleep(self.shared.bookmarks).await;
            } else {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            biased;
            _ = self.cuts.changed() => Woken::Cut,
            () = tokio::time::sleep_until(self.ends) => Woken::Over,
            // The sender lives as long as the world does.
            _ = self.watch.news.changed() => Woken::News,
            () = quiet => Woken::Quiet,
        }
    }

    fn send(&mut self, mut lines: Vec<u8>) -> Frame<Bytes> {
        if let Some(left) = &mut self.left {
            lines.truncate(*left);
            *left -= lines.len();
        }
        Frame::data(lines.into())
    }

    fn cut(&mut self) -> io::Error {
        self.over = true;
        io::Error::new(io::ErrorKind::ConnectionReset, "cut on demand")
    }
}
