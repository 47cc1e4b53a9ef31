//! The lines of a body, each as soon as it is there, however long they are:
//! of a line that is too long for a lead only so much is kept as shows that.

use std::io;

use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use tokio::io::{AsyncBufRead, AsyncBufReadExt};
use tokio_util::io::StreamReader;

pub(crate) const MOST_LINES: usize = 10_000;
pub(crate) const MOST_BYTES: usize = 16 * 1024 * 1024;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// From 1, blank lines included.
    pub(crate) number: usize,
    /// Without the white space around it. Of one that is too long, one byte more
    /// than is allowed.
    pub(crate) text: Bytes,
}

/// Why the lines ended before the body did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    TooManyLines,
    TooManyBytes,
    Interrupted,
}

/// The lines that are not blank. `longest`: the most bytes that a line may have.
pub(crate) fn lines<E>(
    body: impl Stream<Item = Result<Bytes, E>> + Unpin,
    longest: usize,
) -> impl Stream<Item = Result<Line, Ended>>
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let reader = StreamReader::new(body.map_err(io::Error::other));
    let pages = Pages { reader, longest, number: 0, left: MOST_BYTES };
    let numbered = stream::unfold(Some(pages), |pages| async move {
        let mut pages = pages?;
        match pages.turn().await.transpose()? {
            Ok(line) => Some((Ok(line), Some(pages))),
            Err(ended) => Some((Err(ended), None)),
        }
    });
    numbered.filter(|line| {
        let blank = line.as_ref().is_ok_and(|line| line.text.is_empty());
        async move { !blank }
    })
}

struct Pages<R> {
    reader: R,
    longest: usize,
    number: usize,
    /// Bytes that may still come.
    left: usize,
}

impl<R: AsyncBufRead + Unpin> Pages<R> {
    async fn turn(&mut self) -> Result<Option<Line>, Ended> {
        let mut text = Vec::new();
        let mut begun = false;
        loop {
            let chunk = self.reader.fill_buf().await.map_err(|_| Ended::Interrupted)?;
            if chunk.is_empty() {
                break;
            }
            if !begun && self.number == MOST_LINES {
                return Err(Ended::TooManyLines);
            }
            begun = true;
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let room = (self.longest + 1).saturating_sub(text.len());
            text.extend_from_slice(&chunk[..end.unwrap_or(chunk.len()).min(room)]);
            let length = end.map_or(chunk.len(), |end| end + 1);
            self.reader.consume(length);
            self.left = self.left.checked_sub(length).ok_or(Ended::TooManyBytes)?;
            if end.is_some() {
                break;
            }
        }
        self.number += usize::from(begun);
        let mut text = Bytes::from(text);
        if text.len() <= self.longest {
            text = text.slice_ref(text.trim_ascii());
        }
        Ok(begun.then_some(Line { number: self.number, text }))
    }
}
