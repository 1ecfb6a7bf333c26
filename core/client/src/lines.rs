//! NDJSON over a body: one JSON value a line, in either direction.
use bytes::{Bytes, BytesMut};
use futures::stream::{BoxStream, Stream, StreamExt as _, unfold};
use serde::de::DeserializeOwned;

/// Reads one JSON value a line from chunks that may break anywhere. An empty line is skipped; a line that is
/// no value of `T`, or chunks that break off, end the stream with an error.
pub fn lines<T, E>(
    chunks: impl Stream<Item = Result<Bytes, E>> + Send + 'static,
) -> BoxStream<'static, Result<T, String>>
where
    T: DeserializeOwned + Send + 'static,
    E: std::fmt::Display + Send + 'static,
{
    unfold(Some(unread_lines(chunks)), |lines| async move {
        let mut lines = lines?;
        let line = lines.next().await?;
        let value =
            line.and_then(|line| serde_json::from_slice(&line).map_err(|error| error.to_string()));
        let rest = value.is_ok().then_some(lines);
        Some((value, rest))
    })
    .boxed()
}

/// The lines themselves, for whoever reads them on another thread: what is allocated there is freed there. An empty line
/// is skipped; chunks that break off end the stream with an error.
pub fn unread_lines<E>(
    chunks: impl Stream<Item = Result<Bytes, E>> + Send + 'static,
) -> BoxStream<'static, Result<Bytes, String>>
where
    E: std::fmt::Display + Send + 'static,
{
    let state = Reader {
        chunks: chunks.boxed(),
        buffer: BytesMut::new(),
        ended: false,
    };
    unfold(Some(state), |state| async move {
        let mut reader = state?;
        match reader.next_line().await {
            Ok(None) => None,
            Ok(Some(line)) => Some((Ok(line.freeze()), Some(reader))),
            Err(message) => Some((Err(message), None)),
        }
    })
    .boxed()
}

struct Reader<E> {
    chunks: BoxStream<'static, Result<Bytes, E>>,
    buffer: BytesMut,
    ended: bool,
}

impl<E: std::fmt::Display> Reader<E> {
    async fn next_line(&mut self) -> Result<Option<BytesMut>, String> {
        let mut searched = 0;
        loop {
            if let Some(at) = memchr::memchr(b'\n', &self.buffer[searched..]) {
                let line = self.buffer.split_to(searched + at + 1);
                if !line.trim_ascii().is_empty() {
                    return Ok(Some(line));
                }
                searched = 0;
                continue;
            }
            searched = self.buffer.len();
            if self.ended {
                let rest = self.buffer.split();
                return Ok((!rest.trim_ascii().is_empty()).then_some(rest));
            }
            match self.chunks.next().await {
                Some(Ok(chunk)) => self.buffer.extend_from_slice(&chunk),
                Some(Err(error)) => return Err(error.to_string()),
                None => self.ended = true,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::{StreamExt as _, stream};

    use super::*;

    async fn read(chunks: &[&'static str]) -> Vec<Result<u32, String>> {
        let chunks: Vec<Result<Bytes, String>> = chunks
            .iter()
            .map(|chunk| Ok(Bytes::from_static(chunk.as_bytes())))
            .collect();
        lines(stream::iter(chunks)).collect().await
    }

    #[tokio::test]
    async fn lines_may_break_anywhere() {
        assert_eq!(read(&["1\n2", "3\n", "\n4"]).await, [Ok(1), Ok(23), Ok(4)]);
        assert_eq!(read(&[]).await, []);
    }

    #[tokio::test]
    async fn a_bad_line_ends_the_stream() {
        let read = read(&["1\nx\n2\n"]).await;
        assert_eq!(read.len(), 2);
        assert!(read[1].is_err());
    }
}
