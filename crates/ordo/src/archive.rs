//! A backup in one file that no store owns: NDJSON under gzip, readable with `zcat` years from now.
//!
//! The first line says what the file is. Each table begins with a line that names it and its columns,
//! and every row is a JSON array in their order; ids and hashes are hexadecimal. The last line counts
//! the rows. A file is restored only where every line was read and the count is right.
//!
//! Invariant: a file has its name only once it is whole and on the disk.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;
use ordo_store::StoreError;
use ordo_store::portable::{Dump, Fill, Kind, Row, Table, Value};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The form of the file; another one is refused.
const FORM: u32 = 1;

/// Rows that are handed on at once.
const PAGE: usize = 1_000;

/// A line that is not a row.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mark {
    /// The first.
    OrdoArchive { form: u32 },
    /// Rows of this table follow.
    Table { name: String, columns: Vec<String> },
    /// The last.
    End { rows: u64 },
}

/// Begins an archive at `path`, which may not be there yet.
///
/// # Errors
/// Something is there, or the file cannot be written.
pub fn create(path: &Path) -> io::Result<Box<dyn Fill>> {
    if path.try_exists()? {
        let said = format!("{} is there already", path.display());
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, said));
    }
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    // Persons' data is in it. What an earlier attempt left is thrown away.
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&partial)?;
    let out = GzEncoder::new(BufWriter::new(file), Compression::fast());
    let mut writing = Writing {
        out: Some(out),
        whole: None,
        path: path.to_owned(),
        partial,
        table: None,
        rows: 0,
        is_finished: false,
    };
    writing.line(&Mark::OrdoArchive { form: FORM })?;
    Ok(Box::new(writing))
}

/// Opens an archive to read it.
///
/// # Errors
/// It is not there, or not an archive of a form that is known.
pub fn open(path: &Path) -> io::Result<Box<dyn Dump>> {
    Ok(Box::new(Reading::new(File::open(path)?)?))
}

/// The size and SHA-256 of a file.
///
/// # Errors
/// It cannot be read.
pub fn fingerprint(path: &Path) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; 1 << 16];
    let mut size = 0;
    loop {
        let count = file.read(&mut piece)?;
        if count == 0 {
            break;
        }
        size += count as u64;
        hash.update(&piece[..count]);
    }
    let hash = hash.finalize();
    let hex = hash.iter().map(|byte| format!("{byte:02x}"));
    Ok((size, hex.collect()))
}

/// An archive that is being written.
struct Writing {
    /// Closed by the last line.
    out: Option<GzEncoder<BufWriter<File>>>,
    /// The file with its last line.
    whole: Option<File>,
    path: PathBuf,
    partial: PathBuf,
    table: Option<&'static str>,
    rows: u64,
    is_finished: bool,
}

/// What is half an archive leaves its room to others: the disk may be full because of it.
impl Drop for Writing {
    fn drop(&mut self) {
        if !self.is_finished {
            // The failure that led here is the one to tell.
            let _ = fs::remove_file(&self.partial);
        }
    }
}

impl Writing {
    fn line(&mut self, line: &impl Serialize) -> io::Result<()> {
        let Some(out) = &mut self.out else {
            return Err(io::Error::other("the archive has its last line already"));
        };
        serde_json::to_writer(&mut *out, line)?;
        out.write_all(b"\n")
    }

    fn begin(&mut self, table: &'static Table) -> io::Result<()> {
        let columns = table.columns.iter().map(|(name, _)| (*name).to_owned());
        let mark = Mark::Table {
            name: table.name.to_owned(),
            columns: columns.collect(),
        };
        self.table = Some(table.name);
        self.line(&mark)
    }

    fn close(&mut self) -> io::Result<()> {
        self.line(&Mark::End { rows: self.rows })?;
        if let Some(out) = self.out.take() {
            let file = out
                .finish()?
                .into_inner()
                .map_err(|error| error.into_error())?;
            file.sync_all()?;
            self.whole = Some(file);
        }
        Ok(())
    }
}

#[async_trait]
impl Fill for Writing {
    async fn add(&mut self, table: &'static Table, rows: &[Row]) -> Result<(), StoreError> {
        if self.table != Some(table.name) {
            self.begin(table).map_err(failed)?;
        }
        for row in rows {
            let values: Vec<serde_json::Value> = row.iter().map(json).collect();
            self.line(&values).map_err(failed)?;
        }
        self.rows += rows.len() as u64;
        Ok(())
    }

    async fn written(&mut self) -> Result<Box<dyn Dump + '_>, StoreError> {
        self.close().map_err(failed)?;
        let file = File::open(&self.partial).map_err(failed)?;
        Ok(Box::new(Reading::new(file).map_err(failed)?))
    }

    async fn finish(mut self: Box<Self>) -> Result<(), StoreError> {
        fs::rename(&self.partial, &self.path).map_err(failed)?;
        self.is_finished = true;
        let folder = (self.path.parent()).filter(|parent| !parent.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))
            .and_then(|folder| folder.sync_all())
            .map_err(failed)
    }
}

fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::None => serde_json::Value::Null,
        Value::Id(id) => format!("{id:032x}").into(),
        Value::Integer(number) => (*number).into(),
        Value::Text(text) => text.as_str().into(),
        Value::Hash(hash) => {
            let hex = hash.iter().map(|byte| format!("{byte:02x}"));
            hex.collect::<String>().into()
        }
    }
}

/// An archive that is being read.
struct Reading {
    lines: BufReader<GzDecoder<BufReader<File>>>,
    line: String,
    /// A line that was read and is not a row.
    mark: Option<Mark>,
    at: Option<&'static Table>,
    rows: u64,
}

impl Reading {
    fn new(mut file: File) -> io::Result<Self> {
        file.seek(SeekFrom::Start(0))?;
        let mut reading = Self {
            lines: BufReader::with_capacity(1 << 16, GzDecoder::new(BufReader::new(file))),
            line: String::new(),
            mark: None,
            at: None,
            rows: 0,
        };
        if reading.row()?.is_some() {
            return Err(damaged("it begins with a row"));
        }
        match reading.mark.take() {
            Some(Mark::OrdoArchive { form: FORM }) => {}
            Some(Mark::OrdoArchive { form }) => {
                return Err(damaged(&format!("its form {form} is not known here")));
            }
            Some(Mark::Table { .. } | Mark::End { .. }) | None => {
                return Err(damaged("it is not an archive of Ordo"));
            }
        }
        // The next line tells which table comes first.
        reading.row()?;
        Ok(reading)
    }

    /// The next row; none where another line comes first, which is kept in `mark`.
    fn row(&mut self) -> io::Result<Option<Vec<serde_json::Value>>> {
        if self.mark.is_some() {
            return Ok(None);
        }
        self.line.clear();
        if self.lines.read_line(&mut self.line)? == 0 {
            return Err(damaged("it ends too early"));
        }
        if self.line.starts_with('[') {
            return Ok(Some(serde_json::from_str(&self.line)?));
        }
        self.mark = Some(serde_json::from_str(&self.line)?);
        Ok(None)
    }

    fn begin(&mut self, table: &'static Table) -> io::Result<()> {
        self.at = None;
        match &self.mark {
            Some(Mark::Table { name, columns }) if name == table.name => {
                let known = table.columns.iter().map(|(name, _)| *name);
                if !columns.iter().map(String::as_str).eq(known) {
                    let said = format!("the table {name} has other columns here");
                    return Err(damaged(&said));
                }
                self.mark = None;
                self.at = Some(table);
            }
            Some(Mark::Table { name, .. }) if Table::named(name).is_none() => {
                let said = format!("a later release wrote it: the table {name} is not known here");
                return Err(damaged(&said));
            }
            // A table without rows has no line.
            Some(Mark::Table { .. }) => {}
            Some(Mark::End { .. }) => self.check_end()?,
            Some(Mark::OrdoArchive { .. }) | None => return Err(damaged("lines are missing")),
        }
        Ok(())
    }

    /// Compares the count of the last line, where that was read, and reads on to the end: only
    /// there gzip says whether what was read is what was written.
    fn check_end(&mut self) -> io::Result<()> {
        let Some(Mark::End { rows }) = &self.mark else {
            return Ok(());
        };
        if *rows != self.rows {
            let said = format!("{rows} rows were written and {} are here", self.rows);
            return Err(damaged(&said));
        }
        if self.lines.read(&mut [0])? > 0 {
            return Err(damaged("something follows its last line"));
        }
        Ok(())
    }

    fn next(&mut self) -> io::Result<Vec<Row>> {
        let mut rows = Vec::new();
        let Some(table) = self.at else {
            return Ok(rows);
        };
        while rows.len() < PAGE {
            let Some(values) = self.row()? else {
                self.at = None;
                break;
            };
            if values.len() != table.columns.len() {
                return Err(damaged("a row has too few or too many columns"));
            }
            let row = (table.columns.iter().zip(&values))
                .map(|((_, kind), value)| parse(*kind, value))
                .collect::<Option<Row>>();
            rows.push(row.ok_or_else(|| damaged("a row cannot be read"))?);
        }
        self.rows += rows.len() as u64;
        self.check_end()?;
        Ok(rows)
    }
}

fn parse(kind: Kind, value: &serde_json::Value) -> Option<Value> {
    Some(match (kind, value) {
        (
            Kind::OptionalId | Kind::OptionalInteger | Kind::OptionalText,
            serde_json::Value::Null,
        ) => Value::None,
        (Kind::Organization | Kind::Id | Kind::OptionalId | Kind::Owner, value) => {
            Value::Id(u128::from_str_radix(value.as_str()?, 16).ok()?)
        }
        (Kind::Integer | Kind::OptionalInteger, value) => Value::Integer(value.as_i64()?),
        (Kind::Text | Kind::OptionalText, value) => Value::Text(value.as_str()?.to_owned()),
        (Kind::Hash, value) => {
            let text = value
                .as_str()
                .filter(|text| text.is_ascii() && text.len() == 64)?;
            let mut hash = [0; 32];
            for (byte, at) in hash.iter_mut().zip((0..64).step_by(2)) {
                *byte = u8::from_str_radix(&text[at..at + 2], 16).ok()?;
            }
            Value::Hash(hash)
        }
    })
}

#[async_trait]
impl Dump for Reading {
    async fn begin(&mut self, table: &'static Table) -> Result<(), StoreError> {
        Self::begin(self, table).map_err(failed)
    }

    async fn next(&mut self) -> Result<Vec<Row>, StoreError> {
        Self::next(self).map_err(failed)
    }
}

fn damaged(why: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("the archive cannot be read: {why}"),
    )
}

fn failed(error: io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
            StoreError::Corrupt(error.to_string())
        }
        _ => StoreError::Unavailable(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ordo_store::portable::{TABLES, tally};

    fn row(table: &Table) -> Row {
        (table.columns.iter())
            .map(|(_, kind)| match kind {
                Kind::Organization | Kind::Id | Kind::Owner => Value::Id(u128::MAX - 1),
                Kind::OptionalId | Kind::OptionalText | Kind::OptionalInteger => Value::None,
                Kind::Integer => Value::Integer(i64::MIN),
                Kind::Text => Value::Text("[\"ü\n\\\u{1}]".to_owned()),
                Kind::Hash => Value::Hash([0xa5; 32]),
            })
            .collect()
    }

    async fn write(path: &Path) {
        let mut archive = create(path).unwrap();
        for table in TABLES {
            if table.name != "blocks" {
                archive.add(table, &[row(table), row(table)]).await.unwrap();
            }
        }
        archive.written().await.unwrap();
        archive.finish().await.unwrap();
    }

    #[tokio::test]
    async fn what_was_written_is_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        write(&path).await;
        let mut back = open(&path).unwrap();
        for table in TABLES {
            back.begin(table).await.unwrap();
            let rows = back.next().await.unwrap();
            let expected = if table.name == "blocks" { 0 } else { 2 };
            assert_eq!(rows, vec![row(table); expected], "{}", table.name);
        }
        assert!(create(&path).is_err(), "nothing is written over");
    }

    #[tokio::test]
    async fn an_archive_that_is_given_up_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut archive = create(&dir.path().join("a")).unwrap();
        let table = &TABLES[0];
        archive.add(table, &[row(table)]).await.unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        drop(archive);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    async fn is_whole(path: &Path) -> bool {
        match open(path) {
            Ok(mut archive) => tally(&mut *archive).await.is_ok(),
            Err(_) => false,
        }
    }

    #[tokio::test]
    async fn an_archive_that_lacks_a_row_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        write(&path).await;
        let mut text = String::new();
        let packed = File::open(&path).unwrap();
        let mut lines = GzDecoder::new(BufReader::new(packed));
        lines.read_to_string(&mut text).unwrap();
        assert!(is_whole(&path).await);
        // One of two equal rows of the last table.
        let row = text.lines().rfind(|line| line.starts_with('[')).unwrap();
        let short = text.replacen(&format!("{row}\n{row}\n"), &format!("{row}\n"), 1);
        assert!(short.len() < text.len());
        let mut out = GzEncoder::new(File::create(&path).unwrap(), Compression::fast());
        out.write_all(short.as_bytes()).unwrap();
        out.finish().unwrap();
        assert!(!is_whole(&path).await);
    }

    #[tokio::test]
    async fn half_an_archive_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        write(&path).await;
        let whole = fs::read(&path).unwrap();
        for kept in [0, 1, whole.len() / 2, whole.len() - 9] {
            fs::write(&path, &whole[..kept]).unwrap();
            assert!(!is_whole(&path).await, "{kept} of {} bytes", whole.len());
        }
        fs::write(&path, "{\"other\":1}\n").unwrap();
        assert!(open(&path).is_err());
    }
}
