//! What a path means: one file, or the files of a folder, opened when their turn comes and
//! decompressed where their first bytes say that they are gzip.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use crate::compose::Failure;

/// Bytes that are read from the disk at once.
const BUFFER: usize = 256 << 10;
/// How gzip begins.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A file that is to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Its name without the folder and without `.gz`.
    pub name: String,
    path: PathBuf,
}

/// The files at `path`: itself, or those of a folder whose names end in one of `endings` (before a
/// `.gz`), in the order of their names.
///
/// # Errors
/// There is nothing to read.
pub fn find(path: &Path, endings: &[&str]) -> Result<Vec<Input>, Failure> {
    let unreadable = |error: std::io::Error| Failure::Input(format!("{}: {error}", path.display()));
    if !std::fs::metadata(path).map_err(unreadable)?.is_dir() {
        return Ok(vec![Input::at(path.to_owned())]);
    }
    let mut inputs = Vec::new();
    for entry in std::fs::read_dir(path).map_err(unreadable)? {
        let input = Input::at(entry.map_err(unreadable)?.path());
        let fits = endings.iter().any(|ending| input.name.ends_with(ending));
        if fits && !input.name.starts_with('.') && input.path.is_file() {
            inputs.push(input);
        }
    }
    if inputs.is_empty() {
        let endings = endings.join(", ");
        let message = format!("{} holds no file that ends in {endings}", path.display());
        return Err(Failure::Input(message));
    }
    inputs.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(inputs)
}

impl Input {
    fn at(path: PathBuf) -> Self {
        let name = path.file_name().unwrap_or(path.as_os_str());
        let name = name.to_string_lossy();
        let name = name.strip_suffix(".gz").unwrap_or(&name).to_owned();
        Self { name, path }
    }

    /// Its bytes, decompressed. The file is opened by the first read.
    pub fn reader(&self) -> impl BufRead + Send + 'static {
        LazyFile {
            path: self.path.clone(),
            open: None,
        }
    }
}

/// A file that is opened when it is first read, so that a folder may hold more files than a process
/// may have open.
struct LazyFile {
    path: PathBuf,
    open: Option<Box<dyn BufRead + Send>>,
}

impl LazyFile {
    fn open(&mut self) -> std::io::Result<&mut Box<dyn BufRead + Send>> {
        if self.open.is_none() {
            let mut file = BufReader::with_capacity(BUFFER, File::open(&self.path)?);
            // Two bytes are there with the first read of any file that has them.
            let gzip = file.fill_buf()?.starts_with(&GZIP);
            self.open = Some(if gzip {
                let plain = MultiGzDecoder::new(file);
                Box::new(BufReader::with_capacity(BUFFER, plain))
            } else {
                Box::new(file)
            });
        }
        Ok(self.open.as_mut().expect("it was opened above"))
    }
}

impl Read for LazyFile {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.open()?.read(buffer)
    }
}

impl BufRead for LazyFile {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        self.open()?.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        if let Some(open) = &mut self.open {
            open.consume(amount);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn text(input: &Input) -> String {
        let mut text = String::new();
        input.reader().read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn gzip_is_known_by_its_bytes_and_not_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let pack = |text: &str| {
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            packed.write_all(text.as_bytes()).unwrap();
            packed.finish().unwrap()
        };
        let write = |name: &str, bytes: &[u8]| {
            std::fs::write(folder.path().join(name), bytes).unwrap();
        };
        // Two members in one file, as `cat a.gz b.gz` makes.
        write("b.csv.gz", &[pack("one\n"), pack("two\n")].concat());
        write("a.csv", &pack("packed\n"));
        write("c.csv", b"plain\n");
        write("d.csv.gz", b"");
        write("notes.md", b"no");
        write(".e.csv", b"hidden");
        std::fs::create_dir(folder.path().join("f.csv")).unwrap();
        let found = find(folder.path(), &[".csv"]).unwrap();
        let names: Vec<&str> = found.iter().map(|input| input.name.as_str()).collect();
        assert_eq!(names, ["a.csv", "b.csv", "c.csv", "d.csv"]);
        let texts: Vec<String> = found.iter().map(text).collect();
        assert_eq!(texts, ["packed\n", "one\ntwo\n", "plain\n", ""]);
        let alone = find(&folder.path().join("notes.md"), &[".csv"]).unwrap();
        assert_eq!(text(&alone[0]), "no");
    }

    #[test]
    fn a_path_without_files_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(find(folder.path(), &[".csv"]).is_err());
        assert!(find(&folder.path().join("nothing"), &[".csv"]).is_err());
    }
}
