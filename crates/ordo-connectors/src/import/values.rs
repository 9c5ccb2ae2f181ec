//! Takes JSON apart into the values that may be orders, without holding more than one of them.
//!
//! A file may be one order, a list, a list below fields that only wrap it, or one such value per
//! line. Lines are read by themselves, so that a broken one does not disturb the next. In any other
//! shape the brackets are counted; after a value that is broken, reading goes on at the next line
//! that begins with a brace.

use std::io::{self, BufRead, Cursor, Read};
use std::sync::Arc;

use serde::de::IgnoredAny;

use super::json::WRAPPERS;
use super::lines::{Line, Lines};
use super::{ROW_BYTES_MAX, ReadError, Source};

/// How much of a value that is too long is kept, to be shown.
const KEPT_OF_LONG: usize = 1 << 10;

type Input = Box<dyn BufRead + Send>;

/// The values of a source. In a [`Line`], the number is that of the line where each line is a value
/// by itself, and else counts the values.
pub(super) struct Values {
    pub(super) source: Arc<str>,
    shape: Shape,
}

enum Shape {
    Unknown(Option<Input>),
    Lines(Lines<Input>),
    Brackets(Brackets),
}

impl Values {
    pub(super) fn new(source: Source) -> Self {
        Self {
            source: source.name.into(),
            shape: Shape::Unknown(Some(source.read)),
        }
    }

    /// The next value; `None` at the end.
    pub(super) fn next_value(&mut self) -> Result<Option<Line>, ReadError> {
        self.advance().map_err(|error| ReadError {
            source_name: self.source.clone(),
            error,
        })
    }

    fn advance(&mut self) -> io::Result<Option<Line>> {
        if let Shape::Unknown(read) = &mut self.shape {
            let Some(read) = read.take() else {
                return Ok(None);
            };
            self.shape = shape_of(read)?;
        }
        match &mut self.shape {
            Shape::Unknown(_) => Ok(None),
            Shape::Brackets(brackets) => brackets.next_value(),
            Shape::Lines(lines) => loop {
                match lines.next_line()? {
                    Some(line) if !line.too_long && line.bytes.trim_ascii().is_empty() => {}
                    line => return Ok(line),
                }
            },
        }
    }
}

/// Lines, where there are two that hold anything, one of them is an object by itself, and the first
/// does not open something that goes on.
fn shape_of(mut read: Input) -> io::Result<Shape> {
    let mut start = Vec::new();
    let mut seen = 0;
    let mut whole = 0;
    let mut goes_on = false;
    while seen < 2 {
        let from = start.len();
        let room = (ROW_BYTES_MAX + 1).saturating_sub(from) as u64;
        read.by_ref().take(room).read_until(b'\n', &mut start)?;
        let line = start[from..].trim_ascii();
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        if start.len() == from {
            break;
        }
        if !line.is_empty() {
            seen += 1;
            goes_on |= seen == 1 && opens(line);
            let object = line.starts_with(b"{");
            whole += usize::from(object && serde_json::from_slice::<IgnoredAny>(line).is_ok());
        }
    }
    let all: Input = Box::new(Cursor::new(start).chain(read));
    Ok(if seen == 2 && whole > 0 && !goes_on {
        Shape::Lines(Lines::new(all, ROW_BYTES_MAX))
    } else {
        Shape::Brackets(Brackets::new(all))
    })
}

/// Whether the first line of a file opens something that goes on below it.
fn opens(line: &[u8]) -> bool {
    let scan = Scan {
        bytes: line.to_vec(),
        ..Scan::default()
    };
    !line.starts_with(b"{") || line.ends_with(b"[") || line.ends_with(b"{") || scan.wraps()
}

/// Counts brackets.
struct Brackets {
    read: Input,
    /// The brackets that stand open around the values: lists, and objects that only wrap.
    around: Vec<u8>,
    count: u64,
}

impl Brackets {
    fn new(read: Input) -> Self {
        Self {
            read,
            around: Vec::new(),
            count: 0,
        }
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        loop {
            match self.read.fill_buf() {
                Ok(buffer) => return Ok(buffer.first().copied()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn next_value(&mut self) -> io::Result<Option<Line>> {
        while let Some(byte) = self.peek()? {
            match byte {
                b',' | b' ' | b'\t' | b'\r' | b'\n' | 0xef | 0xbb | 0xbf => self.read.consume(1),
                b']' | b'}' => {
                    self.read.consume(1);
                    self.around.pop();
                    self.leave_wrapper()?;
                }
                // Deeper than any list of orders, so that brackets alone cannot fill the memory.
                b'[' if self.around.len() < 16 => {
                    self.read.consume(1);
                    self.around.push(byte);
                }
                _ => {
                    let Some(scan) = self.value()? else {
                        self.around.push(b'{');
                        continue;
                    };
                    self.leave_wrapper()?;
                    self.count += 1;
                    return Ok(Some(Line {
                        number: self.count,
                        bytes: scan.bytes,
                        too_long: scan.too_long,
                    }));
                }
            }
        }
        Ok(None)
    }

    /// Reads a value to its end. `None` where it turns out to be an object that only wraps: what
    /// comes next is what it wraps.
    fn value(&mut self) -> io::Result<Option<Scan>> {
        let mut scan = Scan::default();
        while let Some(byte) = self.peek()? {
            if scan.is_at_end(byte) {
                break;
            }
            if matches!(byte, b'{' | b'[') && self.around.len() < 16 && scan.wraps() {
                return Ok(None);
            }
            if scan.in_string && byte == b'\n' {
                // No JSON text goes on over a line break: what was not closed ends here.
                self.skip_to_next_object()?;
                break;
            }
            scan.take(byte);
            self.read.consume(1);
        }
        Ok(Some(scan))
    }

    /// After the value of an object that only wraps: skips its other fields.
    fn leave_wrapper(&mut self) -> io::Result<()> {
        while self.around.last() == Some(&b'{') {
            self.around.pop();
            let mut scan = Scan::inside_object();
            while scan.depth > 0 {
                let Some(byte) = self.peek()? else {
                    return Ok(());
                };
                scan.take(byte);
                self.read.consume(1);
            }
        }
        Ok(())
    }

    fn skip_to_next_object(&mut self) -> io::Result<()> {
        let mut at_line_start = false;
        while let Some(byte) = self.peek()? {
            if at_line_start && byte == b'{' {
                break;
            }
            at_line_start = byte == b'\n';
            self.read.consume(1);
        }
        Ok(())
    }
}

/// What has been read of a value.
#[derive(Default)]
struct Scan {
    bytes: Vec<u8>,
    too_long: bool,
    depth: u32,
    in_string: bool,
    escaped: bool,
}

impl Scan {
    /// Within an object, of which nothing is kept.
    fn inside_object() -> Self {
        Self {
            too_long: true,
            depth: 1,
            ..Self::default()
        }
    }

    fn take(&mut self, byte: u8) {
        if !self.too_long && self.bytes.len() == ROW_BYTES_MAX {
            self.too_long = true;
            self.bytes.truncate(KEPT_OF_LONG);
        }
        if !self.too_long {
            self.bytes.push(byte);
        }
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth = self.depth.saturating_add(1),
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }

    /// Whether the value ended before `next`.
    fn is_at_end(&self, next: u8) -> bool {
        match self.bytes.first() {
            None => false,
            Some(b'{' | b'[' | b'"') => self.depth == 0 && !self.in_string,
            // A number, a word, or no JSON at all: it ends where something else begins.
            Some(_) => self.depth == 0 && !self.in_string && b",]}[{\" \t\r\n".contains(&next),
        }
    }

    /// Whether this is the beginning of an object, up to the value of a field that only wraps.
    fn wraps(&self) -> bool {
        // Names are short: no need to look again and again at what is long already.
        let name = (self.bytes.len() < 64)
            .then(|| self.bytes.strip_prefix(b"{"))
            .flatten()
            .and_then(|rest| rest.trim_ascii().strip_suffix(b":"))
            .and_then(|name| name.trim_ascii().strip_prefix(b"\""))
            .and_then(|name| name.strip_suffix(b"\""));
        name.is_some_and(|name| WRAPPERS.iter().any(|wrapper| wrapper.as_bytes() == name))
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    fn values(text: &str) -> Vec<(u64, String, bool)> {
        let text = text.as_bytes().to_vec();
        let read = BufReader::with_capacity(3, Cursor::new(text));
        let mut values = Values::new(Source::new("test", read));
        let mut all = Vec::new();
        while let Some(value) = values.next_value().expect("bytes in memory") {
            let shown = String::from_utf8(value.bytes).expect("test values are UTF-8");
            all.push((value.number, shown, value.too_long));
        }
        all
    }

    fn texts(text: &str) -> Vec<String> {
        values(text).into_iter().map(|(_, text, _)| text).collect()
    }

    #[test]
    fn every_shape_gives_its_orders() {
        let two = [r#"{"id":1,"a":["]"]}"#, r#"{"id":2}"#];
        let [one, other] = two;
        for text in [
            format!("{one}\n{other}\n"),
            format!("{one}{other}"),
            format!("[{one},{other}]"),
            format!(" [\n {one} ,\n {other} ]\n"),
            format!("\u{feff}{{\"orders\":[{one},{other}]}}"),
            format!(
                "{{ \"data\" : {{\"orders\": [{one},{other}],\"x\":[{{}}]}}, \"errors\": {{}} }}"
            ),
            format!("{{\"order\":{one}}}{{\"order\":{other},\"y\":\"}}\"}}"),
            format!("[[{one}],[{other}]]"),
        ] {
            assert_eq!(texts(&text), two, "{text}");
        }
        let lines = format!("{one}\n\n{{\"orders\":[{other}]}}\n");
        assert_eq!(values(&lines)[1].0, 3);
        assert_eq!(texts(""), Vec::<String>::new());
        assert_eq!(texts("[]"), Vec::<String>::new());
    }

    #[test]
    fn pretty_printed_orders_are_whole() {
        let order = "{\n  \"id\": 1,\n  \"lines\": [\n    {\n      \"x\": 2\n    }\n  ]\n}";
        assert_eq!(texts(&format!("[\n{order},\n{order}\n]\n")), [order, order]);
        assert_eq!(texts(&format!("{order}\n")), [order]);
        for (open, close) in [("[", "]"), ("{\"orders\":[", "]}"), ("{\"order\":", "}")] {
            assert_eq!(
                texts(&format!("{open}\n{{\"id\":1}}\n{close}\n")),
                ["{\"id\":1}"]
            );
        }
    }

    #[test]
    fn what_is_broken_does_not_take_the_rest_along() {
        assert_eq!(
            texts("{\"id\":\n{\"id\":2}\n{\"id\":3}\n"),
            ["{\"id\":", "{\"id\":2}", "{\"id\":3}"]
        );
        assert_eq!(
            texts("[{\"id\":\"a\n\"},\n{\"id\":2}]"),
            ["{\"id\":\"a", "{\"id\":2}"]
        );
        assert_eq!(
            texts("hello {\"id\":2} 7,true"),
            ["hello", "{\"id\":2}", "7", "true"]
        );
        assert_eq!(texts("{\"id\":1"), ["{\"id\":1"]);
    }

    #[test]
    fn a_long_value_is_not_held() {
        let long = format!(
            "[{{\"id\":\"{}\"}},{{\"id\":2}}]",
            "x".repeat(ROW_BYTES_MAX)
        );
        let all = values(&long);
        assert_eq!(
            (all.len(), all[0].1.len(), all[0].2),
            (2, KEPT_OF_LONG, true)
        );
        assert_eq!(all[1].1, "{\"id\":2}");
        let wrapped = format!(
            "{{\"orders\":[{}{{\"id\":2}}]}}",
            "{\"id\":1},".repeat(1_000_000)
        );
        assert_eq!(values(&wrapped).len(), 1_000_001);
    }
}
