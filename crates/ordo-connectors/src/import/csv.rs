//! Comma-separated values (RFC 4180), as spreadsheets really write them: any of comma, semicolon and
//! tab between fields, quotes where needed, line breaks within quotes, a mark at the start.
//!
//! Invariant: no record is held beyond [`ROW_BYTES_MAX`]. A quote that is never closed costs the one
//! line it stands on, and not the rest of the file.

use std::collections::{BTreeMap, VecDeque};
use std::io::BufRead;
use std::sync::Arc;

use super::lines::{Line, Lines};
use super::ndjson::text;
use super::{ImportError, ROW_BYTES_MAX, ReadError, Reject, RowOrigin, Source};

/// More fields than any format has; what has more is no table.
const FIELDS_MAX: usize = 1_000;

/// A record, or a line that is none.
#[derive(Debug)]
pub(super) enum Row {
    Record(Record),
    Bad(Reject),
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) origin: RowOrigin,
    pub(super) raw: String,
    fields: Vec<String>,
}

/// A table whose first record names the columns.
pub(super) struct Table {
    pub(super) source: Arc<str>,
    lines: Lines<Box<dyn BufRead + Send>>,
    /// Lines that were read as a part of a record that never ended.
    again: VecDeque<Line>,
    delimiter: u8,
    columns: BTreeMap<String, usize>,
}

impl Table {
    /// Reads the names of the columns; letter case and spaces around them do not matter.
    pub(super) fn open(source: Source) -> Result<Self, ImportError> {
        let name: Arc<str> = source.name.into();
        let mut table = Self {
            source: name.clone(),
            lines: Lines::new(source.read, ROW_BYTES_MAX),
            again: VecDeque::new(),
            delimiter: b',',
            columns: BTreeMap::new(),
        };
        let first = loop {
            match table.next_line()? {
                Some(line) if line.bytes.trim_ascii().is_empty() && !line.too_long => {}
                other => break other,
            }
        };
        let Some(first) = first else {
            return Ok(table); // An empty file is a table without rows.
        };
        let count = |delimiter: u8| {
            first
                .bytes
                .iter()
                .filter(|byte| **byte == delimiter)
                .count()
        };
        // The first of the most frequent ones: a table of one column has none.
        for delimiter in [b',', b';', b'\t'] {
            if count(delimiter) > count(table.delimiter) {
                table.delimiter = delimiter;
            }
        }
        table.again.push_front(first);
        match table.next_row()? {
            Some(Row::Record(header)) => {
                for (index, column) in header.fields.iter().enumerate() {
                    let column = column.trim().to_lowercase();
                    table.columns.entry(column).or_insert(index);
                }
                Ok(table)
            }
            Some(Row::Bad(reject)) => Err(ImportError::Header {
                source_name: name,
                reason: reject.reason,
            }),
            None => Ok(table),
        }
    }

    /// Fails where one of `names` is no column.
    pub(super) fn expect(&self, names: &[&str]) -> Result<(), ImportError> {
        match names.iter().find(|name| !self.has(name)) {
            Some(name) if !self.columns.is_empty() => Err(ImportError::Header {
                source_name: self.source.clone(),
                reason: format!("there is no column {name}"),
            }),
            _ => Ok(()),
        }
    }

    /// Whether there is such a column.
    pub(super) fn has(&self, column: &str) -> bool {
        self.columns.contains_key(&column.to_lowercase())
    }

    /// What stands in a column of `record`; nothing where it is empty or missing.
    pub(super) fn get<'a>(&self, record: &'a Record, column: &str) -> Option<&'a str> {
        let index = match self.columns.get(column) {
            Some(index) => *index,
            None => *self.columns.get(&column.to_lowercase())?,
        };
        (record.fields.get(index))
            .map(|field| field.trim())
            .filter(|field| !field.is_empty())
    }

    fn next_line(&mut self) -> Result<Option<Line>, ReadError> {
        self.lines.next_line().map_err(|error| ReadError {
            source_name: self.source.clone(),
            error,
        })
    }

    /// The next row that holds anything; `None` at the end.
    pub(super) fn next_row(&mut self) -> Result<Option<Row>, ReadError> {
        loop {
            // What is read again has shown to hold an open quote: its lines stand by themselves.
            let (line, alone) = match self.again.pop_front() {
                Some(line) => (line, true),
                None => match self.next_line()? {
                    Some(line) => (line, false),
                    None => return Ok(None),
                },
            };
            if let Some(row) = self.row(line, alone)? {
                return Ok(Some(row));
            }
        }
    }

    /// The record that begins on `line`; `None` where it holds nothing.
    fn row(&mut self, line: Line, alone: bool) -> Result<Option<Row>, ReadError> {
        let origin = RowOrigin {
            source: self.source.clone(),
            row: line.number,
        };
        if line.too_long {
            let reason = format!("is longer than {ROW_BYTES_MAX} bytes");
            let raw = String::from_utf8_lossy(&line.bytes).into_owned();
            return Ok(Some(Row::Bad(Reject::row(origin, reason, raw))));
        }
        let mut fields = Fields::new(self.delimiter);
        fields.feed(&line.bytes);
        let mut bytes = line.bytes.len();
        let mut lines = vec![line];
        while fields.in_quotes && !alone {
            let next = self.next_line()?;
            let ends = match &next {
                Some(next) => next.too_long || bytes + next.bytes.len() > ROW_BYTES_MAX,
                None => true,
            };
            if ends {
                self.again.extend(lines.drain(1..));
                self.again.extend(next);
                break;
            }
            if let Some(next) = next {
                bytes += next.bytes.len() + 1;
                fields.line_break();
                fields.feed(&next.bytes);
                lines.push(next);
            }
        }
        let open = fields.in_quotes;
        let raw: Vec<u8> = lines
            .iter()
            .fold(Vec::with_capacity(bytes), |mut raw, line| {
                raw.extend_from_slice(&line.bytes);
                raw.push(b'\n');
                raw
            });
        let raw = match text(raw) {
            Ok(raw) => raw,
            Err((reason, raw)) => return Ok(Some(Row::Bad(Reject::row(origin, reason, raw)))),
        };
        let reason = match () {
            () if open => "has a quote that is not closed".to_owned(),
            () if fields.done.len() >= FIELDS_MAX => format!("has more than {FIELDS_MAX} fields"),
            () => {
                // Delimiters and quotes are ASCII, so parts of UTF-8 between them are UTF-8.
                let fields: Vec<String> = (fields.finish().into_iter())
                    .map(|field| String::from_utf8_lossy(&field).into_owned())
                    .collect();
                let empty = fields.iter().all(|field| field.trim().is_empty());
                return Ok((!empty).then_some(Row::Record(Record {
                    origin,
                    raw,
                    fields,
                })));
            }
        };
        Ok(Some(Row::Bad(Reject::row(origin, reason, raw))))
    }
}

/// Fields of a record so far.
struct Fields {
    delimiter: u8,
    done: Vec<Vec<u8>>,
    current: Vec<u8>,
    in_quotes: bool,
    /// Whether a quote has just closed, so that another one means a quote within.
    closed: bool,
}

impl Fields {
    fn new(delimiter: u8) -> Self {
        Self {
            delimiter,
            done: Vec::new(),
            current: Vec::new(),
            in_quotes: false,
            closed: false,
        }
    }

    fn feed(&mut self, line: &[u8]) {
        for byte in line {
            let closed = std::mem::take(&mut self.closed);
            match *byte {
                b'"' if self.in_quotes => {
                    self.in_quotes = false;
                    self.closed = true;
                }
                b'"' if closed => {
                    self.current.push(b'"');
                    self.in_quotes = true;
                }
                b'"' if self.current.is_empty() => self.in_quotes = true,
                byte if byte == self.delimiter && !self.in_quotes => {
                    // Counted on, not kept: what has too many fields is refused.
                    if self.done.len() < FIELDS_MAX {
                        self.done.push(std::mem::take(&mut self.current));
                    }
                    self.current.clear();
                }
                byte => self.current.push(byte),
            }
        }
    }

    fn line_break(&mut self) {
        self.closed = false;
        self.current.push(b'\n');
    }

    fn finish(mut self) -> Vec<Vec<u8>> {
        self.done.push(self.current);
        self.done
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn rows(text: &[u8]) -> Vec<Result<Vec<String>, (u64, String)>> {
        let source = Source::new("test.csv", Cursor::new(text.to_vec()));
        let mut table = Table::open(source).expect("a header");
        let mut all = Vec::new();
        while let Some(row) = table.next_row().expect("bytes in memory") {
            all.push(match row {
                Row::Record(record) => Ok(record.fields),
                Row::Bad(reject) => Err((reject.origin.row, reject.reason)),
            });
        }
        all
    }

    #[test]
    fn fields_come_as_spreadsheets_write_them() {
        for (text, fields) in [
            ("a,b\n1,2\n", vec!["1", "2"]),
            ("\u{feff}a;b\r\n\"x;\"\"y\"\"\";2\r\n", vec!["x;\"y\"", "2"]),
            ("a\tb\n\n\t\n1\t\n", vec!["1", ""]),
            ("a,b\n\"line\nbreak\",é\n", vec!["line\nbreak", "é"]),
            ("a,b\n5\" pipe,\"\"\n", vec!["5\" pipe", ""]),
            ("a,b\n\"x\"y,2", vec!["xy", "2"]),
        ] {
            assert_eq!(
                rows(text.as_bytes()),
                [Ok(fields.iter().map(|f| (*f).to_owned()).collect())],
                "{text}"
            );
        }
    }

    #[test]
    fn an_open_quote_costs_its_own_line() {
        let good = |text: &str| Ok(text.split(',').map(str::to_owned).collect());
        let open = |row| Err((row, "has a quote that is not closed".to_owned()));
        assert_eq!(
            rows(b"a,b\n1,2\n\"3,4\n5,6\n7,8\n"),
            [good("1,2"), open(3), good("5,6"), good("7,8")]
        );
        let mut long = b"a,b\n\"".to_vec();
        for _ in 0..ROW_BYTES_MAX / 1_000 {
            long.extend_from_slice(&[b'x'; 1_000]);
            long.push(b'\n');
        }
        long.extend_from_slice(b"1,2\n");
        let read = rows(&long);
        assert_eq!(read[0], open(2));
        assert_eq!(read.last(), Some(&good("1,2")));
    }

    #[test]
    fn what_is_no_table_is_refused_by_the_line() {
        let many = format!("a,b\n{}\n1,2\n", ",x".repeat(FIELDS_MAX));
        assert_eq!(
            rows(many.as_bytes())[0],
            Err((2, "has more than 1000 fields".to_owned()))
        );
        assert_eq!(
            rows(b"a\n\xff\n")[0],
            Err((2, "is not UTF-8 from byte 1 on".to_owned()))
        );
        assert_eq!(rows(b"a\n\0\n")[0], Err((2, "holds a NUL".to_owned())));
        assert!(rows(b"").is_empty());
    }
}
