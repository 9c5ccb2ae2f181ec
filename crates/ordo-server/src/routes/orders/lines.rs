//! Splits a body into lines as it streams in, holding no more than one of them.

use axum::body::{Body, BodyDataStream, Bytes};
use futures_util::StreamExt;

/// A line of a body.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// With something on it.
    Text(Bytes),
    /// White space.
    Blank,
    /// Longer than allowed; its bytes were not kept.
    TooLong,
}

/// The lines of a body.
pub struct Lines {
    chunks: BodyDataStream,
    /// What has come in and was not looked at.
    rest: Bytes,
    /// The beginning of a line whose end has not come in.
    begun: Vec<u8>,
    /// Whether the line that has begun is too long already.
    too_long: bool,
    ended: bool,
    length_max: usize,
}

impl Lines {
    /// The lines of `body`, of at most `length_max` bytes each.
    pub fn of(body: Body, length_max: usize) -> Self {
        Self {
            chunks: body.into_data_stream(),
            rest: Bytes::new(),
            begun: Vec::new(),
            too_long: false,
            ended: false,
            length_max,
        }
    }

    /// The next line; `None` after the last, and an error once where the body breaks off.
    pub async fn next(&mut self) -> Option<Result<Line, axum::Error>> {
        loop {
            if let Some(at) = self.rest.iter().position(|byte| *byte == b'\n') {
                let end = self.rest.split_to(at + 1);
                return Some(Ok(self.finish(end.slice(..at))));
            }
            let rest = std::mem::take(&mut self.rest);
            self.begin(&rest);
            if self.ended {
                return None;
            }
            match self.chunks.next().await {
                Some(Ok(chunk)) => self.rest = chunk,
                Some(Err(error)) => {
                    self.ended = true;
                    self.begun.clear();
                    return Some(Err(error));
                }
                None => {
                    self.ended = true;
                    let nothing = self.begun.is_empty() && !self.too_long;
                    return (!nothing).then(|| Ok(self.finish(Bytes::new())));
                }
            }
        }
    }

    /// Keeps the beginning of a line.
    fn begin(&mut self, part: &[u8]) {
        if self.begun.len() + part.len() > self.length_max {
            self.too_long = true;
            self.begun = Vec::new();
        }
        if !self.too_long {
            self.begun.extend_from_slice(part);
        }
    }

    /// The line that ends with `end`.
    fn finish(&mut self, end: Bytes) -> Line {
        let begun = std::mem::take(&mut self.begun);
        if std::mem::take(&mut self.too_long) || begun.len() + end.len() > self.length_max {
            return Line::TooLong;
        }
        let text = if begun.is_empty() {
            end
        } else {
            Bytes::from([begun, end.to_vec()].concat())
        };
        if text.trim_ascii().is_empty() {
            Line::Blank
        } else {
            Line::Text(text)
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    async fn lines(chunks: &[&'static str]) -> Vec<Line> {
        let chunks: Vec<std::io::Result<&'static str>> = chunks.iter().copied().map(Ok).collect();
        let mut lines = Lines::of(Body::from_stream(stream::iter(chunks)), 4);
        let mut all = Vec::new();
        while let Some(line) = lines.next().await {
            all.push(line.unwrap());
        }
        all
    }

    fn text(text: &'static str) -> Line {
        Line::Text(Bytes::from_static(text.as_bytes()))
    }

    #[tokio::test]
    async fn lines_are_found_wherever_the_chunks_end() {
        let expected = vec![text("ab"), Line::Blank, text("c\r"), text("d")];
        assert_eq!(lines(&["ab\n\nc\r\nd"]).await, expected);
        assert_eq!(lines(&["a", "b", "\n", "\nc", "\r\n", "d"]).await, expected);
        assert_eq!(lines(&["ab\n\nc\r\nd\n"]).await, expected);
        assert_eq!(lines(&[]).await, vec![]);
        assert_eq!(lines(&["", ""]).await, vec![]);
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_is_skipped_and_the_next_one_read() {
        let expected = vec![text("abcd"), Line::TooLong, text("ok")];
        assert_eq!(lines(&["abcd\nabcde\nok"]).await, expected);
        assert_eq!(lines(&["abcd\nabc", "de", "fgh", "i\nok"]).await, expected);
        assert_eq!(lines(&["abcde"]).await, vec![Line::TooLong]);
        assert_eq!(lines(&["abcd", "e"]).await, vec![Line::TooLong]);
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_gives_an_error_and_no_half_line() {
        let chunks = vec![Ok("ab\ncd"), Err(std::io::Error::other("gone"))];
        let mut lines = Lines::of(Body::from_stream(stream::iter(chunks)), 4);
        assert_eq!(lines.next().await.unwrap().unwrap(), text("ab"));
        assert!(lines.next().await.unwrap().is_err());
        assert!(lines.next().await.is_none());
    }
}
