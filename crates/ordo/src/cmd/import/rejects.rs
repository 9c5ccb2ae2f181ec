//! The file of rejected rows: CSV with row, field, reason, and the row itself, so that nothing that
//! could not be taken in is lost.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::cmd::csv;
use crate::compose::Failure;

/// The columns.
const HEADER: [&str; 5] = ["row", "field", "reason", "raw", "source"];

/// A row that was not taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The file that it stood in.
    pub source: String,
    /// The line from 1, or the element of a JSON array.
    pub row: u64,
    /// The field at fault; empty for the row as a whole.
    pub field: String,
    /// What is wrong.
    pub reason: String,
    /// The row.
    pub raw: String,
}

/// Where rejected rows go. The file is made with the first of them.
pub struct Rejects {
    path: PathBuf,
    file: Option<BufWriter<File>>,
}

impl Rejects {
    /// Rejects of `input`: in `chosen`, which is emptied now, else in a file of this folder that is
    /// named after the input.
    ///
    /// # Errors
    /// The chosen file cannot be written.
    pub fn new(chosen: Option<PathBuf>, input: &Path) -> Result<Self, Failure> {
        let Some(path) = chosen else {
            let name = input.file_name().unwrap_or(input.as_os_str());
            let path = PathBuf::from(format!("{}.rejects.csv", name.to_string_lossy()));
            return Ok(Self { path, file: None });
        };
        let mut rejects = Self { path, file: None };
        rejects.open()?;
        Ok(rejects)
    }

    /// Its name.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps a row.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn keep(&mut self, rejected: &Rejected) -> Result<(), Failure> {
        let row = rejected.row.to_string();
        let line = [
            row.as_str(),
            &rejected.field,
            &rejected.reason,
            &rejected.raw,
            &rejected.source,
        ];
        let written = self.open()?.write_all(csv::row(line).as_bytes());
        written.map_err(|error| self.failed(&error))
    }

    /// Writes what is still in memory.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(&mut self) -> Result<(), Failure> {
        let flushed = self.file.as_mut().map_or(Ok(()), BufWriter::flush);
        flushed.map_err(|error| self.failed(&error))
    }

    fn open(&mut self) -> Result<&mut BufWriter<File>, Failure> {
        if self.file.is_none() {
            let opened = File::create(&self.path).and_then(|file| {
                let mut file = BufWriter::new(file);
                file.write_all(csv::row(HEADER).as_bytes())?;
                Ok(file)
            });
            self.file = Some(opened.map_err(|error| self.failed(&error))?);
        }
        Ok(self.file.as_mut().expect("it was opened above"))
    }

    fn failed(&self, error: &std::io::Error) -> Failure {
        Failure::Input(format!("{}: {error}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rejected_row_is_kept_word_for_word() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rejects.csv");
        let mut rejects = Rejects::new(Some(path.clone()), Path::new("orders.csv")).unwrap();
        rejects
            .keep(&Rejected {
                source: "orders.csv".into(),
                row: 7,
                field: "/lines/0/quantity".into(),
                reason: "must be from 1, so \"0\" is not".into(),
                raw: "a,\"b\"\r\nc\n".into(),
            })
            .unwrap();
        rejects.finish().unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        assert_eq!(
            text,
            "row,field,reason,raw,source\n7,/lines/0/quantity,\"must be from 1, so \"\"0\"\" is not\",\
             \"a,\"\"b\"\"\r\nc\n\",orders.csv\n"
        );
    }

    #[test]
    fn without_rejects_and_without_a_chosen_name_no_file_is_made() {
        let rejects = Rejects::new(None, Path::new("/some/where/orders.csv.gz")).unwrap();
        assert_eq!(rejects.path(), Path::new("orders.csv.gz.rejects.csv"));
        assert!(!rejects.path().exists());
    }
}
