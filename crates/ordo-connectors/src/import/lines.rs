//! Lines of a reader, none of them longer than a limit: what is longer is skipped, not held.

use std::io::{self, BufRead};

/// How much of a line that is too long is kept, to be shown.
const KEPT_OF_LONG: usize = 1 << 10;

/// A line, without what ends it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Counted from 1.
    pub number: u64,
    /// Its bytes; only the first of them where it is too long.
    pub bytes: Vec<u8>,
    /// Whether it had more bytes than the limit.
    pub too_long: bool,
}

/// Reads line by line.
pub(super) struct Lines<R> {
    read: R,
    number: u64,
    bytes_max: usize,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(read: R, bytes_max: usize) -> Self {
        Self {
            read,
            number: 0,
            bytes_max,
        }
    }

    /// The next line; `None` at the end.
    pub(super) fn next_line(&mut self) -> io::Result<Option<Line>> {
        let mut bytes = Vec::new();
        let mut too_long = false;
        let mut any = false;
        loop {
            let buffer = match self.read.fill_buf() {
                Ok(buffer) => buffer,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if buffer.is_empty() {
                break;
            }
            any = true;
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let part = &buffer[..end.unwrap_or(buffer.len())];
            if !too_long && bytes.len() + part.len() <= self.bytes_max {
                bytes.extend_from_slice(part);
            } else {
                // What is kept may come out of this part, where the line has just begun.
                let room = KEPT_OF_LONG.saturating_sub(bytes.len()).min(part.len());
                bytes.extend_from_slice(&part[..room]);
                bytes.truncate(KEPT_OF_LONG);
                too_long = true;
            }
            let used = end.map_or(buffer.len(), |end| end + 1);
            self.read.consume(used);
            if end.is_some() {
                break;
            }
        }
        if !any {
            return Ok(None);
        }
        if !too_long && bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        self.number += 1;
        if self.number == 1 && bytes.starts_with(b"\xef\xbb\xbf") {
            bytes.drain(..3);
        }
        Ok(Some(Line {
            number: self.number,
            bytes,
            too_long,
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    fn lines(text: &[u8], bytes_max: usize, buffer: usize) -> Vec<(String, bool)> {
        let mut lines = Lines::new(BufReader::with_capacity(buffer, text), bytes_max);
        let mut all = Vec::new();
        while let Some(line) = lines.next_line().expect("bytes in memory") {
            assert_eq!(line.number, all.len() as u64 + 1);
            let text = String::from_utf8(line.bytes).expect("test lines are ASCII");
            all.push((text, line.too_long));
        }
        all
    }

    #[test]
    fn lines_end_anyhow_and_the_mark_at_the_start_is_dropped() {
        for buffer in [1, 3, 64] {
            let read = lines(b"\xef\xbb\xbfone\r\n\ntwo\nthree", 8, buffer);
            let texts: Vec<&str> = read.iter().map(|(text, _)| text.as_str()).collect();
            assert_eq!(texts, ["one", "", "two", "three"]);
        }
        assert!(lines(b"", 8, 8).is_empty());
    }

    #[test]
    fn a_long_line_is_skipped_and_the_next_one_read() {
        let mut text = vec![b'x'; 5_000];
        text.extend_from_slice(b"\nnext\n");
        for buffer in [1, 7, 8_192] {
            let read = lines(&text, 2_000, buffer);
            assert_eq!(read[0], ("x".repeat(1_024), true));
            assert_eq!(read[1], ("next".to_owned(), false));
        }
    }
}
