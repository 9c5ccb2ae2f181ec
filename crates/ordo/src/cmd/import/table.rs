//! Files of rows: CSV with a header of field names, or NDJSON, told apart by their first byte. Every
//! row comes out as the body that would be posted.

use std::io::BufRead;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::rejects::Rejected;
use crate::cmd::forms::set_cell;
use crate::compose::Failure;

/// The largest row in bytes.
const ROW_BYTES_MAX: usize = 1 << 20;

/// What columns a file may have.
#[derive(Debug, Clone, Copy)]
pub struct Columns {
    /// Those that are read.
    pub read: &'static [&'static str],
    /// Those that an export has besides, and that are passed over.
    pub ignored: &'static [&'static str],
}

/// A row.
#[derive(Debug, Clone, PartialEq)]
pub struct TableRow {
    /// The file that it stood in.
    pub source: Arc<str>,
    /// The line from 1 where it begins.
    pub row: u64,
    /// The row as it stood there.
    pub raw: String,
    /// Its fields.
    pub body: Map<String, Value>,
}

/// The rows of a file; a row that cannot be read comes out as rejected.
pub struct Table<R> {
    read: R,
    source: Arc<str>,
    columns: Columns,
    form: Option<Form>,
    line: u64,
}

enum Form {
    Ndjson,
    Csv { header: Vec<String>, separator: u8 },
}

/// One physical row: its line, and its bytes unless it is too long.
struct Raw {
    row: u64,
    bytes: Result<Vec<u8>, &'static str>,
}

impl<R: BufRead> Table<R> {
    /// The rows of `read`, which is called `source`.
    pub fn new(read: R, source: &str, columns: Columns) -> Self {
        Self {
            read,
            source: source.into(),
            columns,
            form: None,
            line: 0,
        }
    }

    /// The next row; `None` at the end.
    ///
    /// # Errors
    /// The file cannot be read, or its header has a column that nobody knows.
    pub fn next_row(&mut self) -> Result<Option<Result<TableRow, Rejected>>, Failure> {
        loop {
            if self.form.is_none() && !self.begin()? {
                return Ok(None);
            }
            let in_quotes = matches!(self.form, Some(Form::Csv { .. }));
            let Some(raw) = self.read_raw(in_quotes)? else {
                return Ok(None);
            };
            let row = raw.row;
            let text = match raw.bytes {
                Ok(bytes) => match String::from_utf8(bytes) {
                    Ok(text) => text,
                    Err(error) => {
                        let shown = String::from_utf8_lossy(error.as_bytes()).into_owned();
                        return Ok(Some(Err(self.rejected(row, "is not UTF-8", shown))));
                    }
                },
                Err(reason) => return Ok(Some(Err(self.rejected(row, reason, String::new())))),
            };
            if text.trim().is_empty() {
                continue;
            }
            let body = match &self.form {
                Some(Form::Csv { header, separator }) => csv_body(header, &text, *separator),
                Some(Form::Ndjson) | None => json_body(&text, self.columns),
            };
            let source = Arc::clone(&self.source);
            return Ok(Some(match body {
                Ok(body) => Ok(TableRow {
                    source,
                    row,
                    raw: text,
                    body,
                }),
                Err(reason) => Err(self.rejected(row, &reason, text)),
            }));
        }
    }

    fn rejected(&self, row: u64, reason: &str, raw: String) -> Rejected {
        Rejected {
            source: self.source.to_string(),
            row,
            field: String::new(),
            reason: reason.to_owned(),
            raw,
        }
    }

    /// Finds out which form the file has; answers whether there is anything in it.
    fn begin(&mut self) -> Result<bool, Failure> {
        let mark = b"\xef\xbb\xbf";
        if self.fill()?.starts_with(mark) {
            self.read.consume(mark.len());
        }
        match self.fill()?.first() {
            None => return Ok(false),
            Some(b'{') => {
                self.form = Some(Form::Ndjson);
                return Ok(true);
            }
            Some(_) => {}
        }
        let Some(raw) = self.read_raw(true)? else {
            return Ok(false);
        };
        let text = String::from_utf8_lossy(&raw.bytes.unwrap_or_default()).into_owned();
        let count = |separator: u8| text.bytes().filter(|byte| *byte == separator).count();
        // What spreadsheets write depends on the country.
        let separator = [b',', b';', b'\t']
            .into_iter()
            .max_by_key(|separator| count(*separator))
            .filter(|separator| count(*separator) > 0)
            .unwrap_or(b',');
        let header: Vec<String> = (cells(&text, separator).unwrap_or_default().iter())
            .map(|name| name.trim().to_owned())
            .collect();
        for name in &header {
            let name = name.as_str();
            if !self.columns.read.contains(&name) && !self.columns.ignored.contains(&name) {
                let source = &self.source;
                let known = self.columns.read.join(", ");
                return Err(Failure::Input(format!(
                    "{source} has a column `{name}`; the columns are {known}"
                )));
            }
        }
        // A column that is passed over has no name.
        let header = (header.into_iter())
            .map(|name| match self.columns.ignored.contains(&name.as_str()) {
                true => String::new(),
                false => name,
            })
            .collect();
        self.form = Some(Form::Csv { header, separator });
        Ok(true)
    }

    fn fill(&mut self) -> Result<&[u8], Failure> {
        let source = &self.source;
        self.read
            .fill_buf()
            .map_err(|error| Failure::Input(format!("{source}: {error}")))
    }

    /// Reads to the end of the line, or of the line in which the last quote is closed.
    fn read_raw(&mut self, in_quotes: bool) -> Result<Option<Raw>, Failure> {
        let row = self.line + 1;
        let mut bytes: Vec<u8> = Vec::new();
        let mut quotes = 0;
        let (mut any, mut too_long) = (false, false);
        loop {
            let buffer = self.fill()?;
            if buffer.is_empty() {
                break;
            }
            any = true;
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let part = &buffer[..end.unwrap_or(buffer.len())];
            quotes += part.iter().filter(|byte| **byte == b'"').count();
            if bytes.len() + part.len() > ROW_BYTES_MAX {
                too_long = true;
                bytes.clear();
            } else if !too_long {
                bytes.extend_from_slice(part);
            }
            let used = end.map_or(buffer.len(), |end| end + 1);
            self.read.consume(used);
            if end.is_some() {
                self.line += 1;
                if too_long || !in_quotes || quotes % 2 == 0 {
                    break;
                }
                bytes.push(b'\n');
            }
        }
        if !any {
            return Ok(None);
        }
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        let bytes = if too_long {
            Err("is longer than 1048576 bytes; perhaps a quote is not closed")
        } else {
            Ok(bytes)
        };
        Ok(Some(Raw { row, bytes }))
    }
}

fn json_body(text: &str, columns: Columns) -> Result<Map<String, Value>, String> {
    let parsed: Result<Map<String, Value>, _> = serde_json::from_str(text);
    let mut body = parsed.map_err(|error| format!("is not a JSON object: {error}"))?;
    body.retain(|name, value| !columns.ignored.contains(&name.as_str()) && !value.is_null());
    Ok(body)
}

fn csv_body(header: &[String], text: &str, separator: u8) -> Result<Map<String, Value>, String> {
    let cells = cells(text, separator)?;
    if cells.len() != header.len() {
        let (has, wants) = (cells.len(), header.len());
        return Err(format!("has {has} cells where the header has {wants}"));
    }
    let mut body = Map::new();
    for (column, cell) in header.iter().zip(&cells) {
        if !column.is_empty() {
            set_cell(&mut body, column, cell.trim());
        }
    }
    Ok(body)
}

/// The cells of a row (RFC 4180).
fn cells(text: &str, separator: u8) -> Result<Vec<String>, String> {
    let separator = char::from(separator);
    let mut cells = Vec::new();
    let mut rest = text;
    loop {
        let mut cell = String::new();
        if let Some(mut quoted) = rest.strip_prefix('"') {
            loop {
                let Some(end) = quoted.find('"') else {
                    return Err("has a quote that is not closed".to_owned());
                };
                cell.push_str(&quoted[..end]);
                quoted = &quoted[end + 1..];
                match quoted.strip_prefix('"') {
                    Some(more) => {
                        cell.push('"');
                        quoted = more;
                    }
                    None => break,
                }
            }
            rest = quoted;
            if !rest.is_empty() && !rest.starts_with(separator) {
                return Err("has something after a closing quote".to_owned());
            }
        } else {
            let end = rest.find(separator).unwrap_or(rest.len());
            cell.push_str(&rest[..end]);
            rest = &rest[end..];
        }
        cells.push(cell);
        match rest.strip_prefix(separator) {
            Some(more) => rest = more,
            None => return Ok(cells),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const COLUMNS: Columns = Columns {
        read: &["code", "name", "weight_g", "stock_policy", "length_mm"],
        ignored: &["id"],
    };

    /// Every row: its line and its body, or why not.
    fn rows(text: &[u8]) -> Vec<(u64, Result<Value, String>)> {
        let mut table = Table::new(text, "skus.csv", COLUMNS);
        let mut rows = Vec::new();
        while let Some(row) = table.next_row().unwrap() {
            rows.push(match row {
                Ok(row) => (row.row, Ok(Value::Object(row.body))),
                Err(rejected) => (rejected.row, Err(rejected.reason)),
            });
        }
        rows
    }

    #[test]
    fn csv_and_ndjson_give_the_same_bodies() {
        let csv = "\u{feff}code;name;weight_g;stock_policy;length_mm;id\r\n\
                   A;\"two\nlines; \"\"quoted\"\"\";250;backorder:5;10;sku_1\r\n\
                   \r\n\
                   B;;heavy;untracked;;\r\n";
        let a = json!({"code": "A", "name": "two\nlines; \"quoted\"", "weight_g": 250,
                       "stock_policy": {"backorder": {"limit": 5}},
                       "dimensions": {"length_mm": 10}});
        let b = json!({"code": "B", "weight_g": "heavy", "stock_policy": "untracked"});
        let read = rows(csv.as_bytes());
        assert_eq!(read, [(2, Ok(a.clone())), (5, Ok(b.clone()))]);
        let mut first = a.clone();
        first["id"] = json!("sku_1");
        let ndjson = format!("{first}\n\n{b}");
        assert_eq!(rows(ndjson.as_bytes()), [(1, Ok(a)), (3, Ok(b))]);
    }

    #[test]
    fn a_bad_row_is_rejected_by_itself() {
        let csv = b"code,name\nA\nB,\"x\"y\nC,\xff\nD,fine\nE,\"open\n";
        let read = rows(csv);
        let reasons: Vec<(u64, &str)> = (read.iter())
            .map(|(row, body)| (*row, body.as_ref().map_or_else(String::as_str, |_| "ok")))
            .collect();
        assert_eq!(
            reasons,
            [
                (2, "has 1 cells where the header has 2"),
                (3, "has something after a closing quote"),
                (4, "is not UTF-8"),
                (5, "ok"),
                (6, "has a quote that is not closed"),
            ]
        );
    }

    #[test]
    fn a_quote_that_is_not_closed_does_not_swallow_the_memory() {
        let mut csv = b"code,name\nA,\"open\n".to_vec();
        for _ in 0..200_000 {
            csv.extend_from_slice(b"B,name\n");
        }
        let read = rows(&csv);
        assert!(
            read[0]
                .1
                .as_ref()
                .is_err_and(|reason| reason.contains("quote"))
        );
        // Reading goes on with a later line.
        assert!(read.len() > 1 && read[1].1.is_ok());
    }

    #[test]
    fn an_unknown_column_is_told_before_anything_is_read() {
        let mut table = Table::new(&b"code,colour\nA,red\n"[..], "skus.csv", COLUMNS);
        let error = table.next_row().unwrap_err().to_string();
        assert!(error.contains("`colour`"), "{error}");
    }
}
