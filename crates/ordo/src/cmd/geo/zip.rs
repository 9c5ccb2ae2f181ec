//! Reads the files of a zip archive, as GeoNames publishes its tables: stored or deflated, below 4 GB.
//!
//! The directory at the end of the archive counts; what stands before each file may leave its sizes
//! out.

use std::io::{self, Read};

use flate2::read::DeflateDecoder;

/// How an archive begins.
pub const MAGIC: [u8; 4] = *b"PK\x03\x04";

const END: [u8; 4] = *b"PK\x05\x06";
const ENTRY: [u8; 4] = *b"PK\x01\x02";
/// Bytes of the end of the directory without its comment, of an entry without its name, and of the
/// head of a file without its name.
const END_BYTES: usize = 22;
const ENTRY_BYTES: usize = 46;
const HEAD_BYTES: usize = 30;

/// A file of an archive.
pub struct Member<'a> {
    packed: &'a [u8],
    is_deflated: bool,
}

impl<'a> Member<'a> {
    /// Its bytes.
    pub fn reader(&self) -> Box<dyn Read + 'a> {
        match self.is_deflated {
            true => Box::new(DeflateDecoder::new(self.packed)),
            false => Box::new(self.packed),
        }
    }
}

/// The files of an archive.
///
/// # Errors
/// It is damaged, or packed in another way.
pub fn members(archive: &[u8]) -> io::Result<Vec<Member<'_>>> {
    let end = (0..=archive.len().saturating_sub(END_BYTES))
        .rev()
        .find(|at| archive[*at..].starts_with(&END))
        .ok_or_else(damaged)?;
    let count = number(archive, end + 10, 2)?;
    let mut at = number(archive, end + 16, 4)?;
    let mut members = Vec::new();
    for _ in 0..count {
        let entry = archive.get(at..).ok_or_else(damaged)?;
        if !entry.starts_with(&ENTRY) {
            return Err(damaged());
        }
        let is_deflated = match number(entry, 10, 2)? {
            0 => false,
            8 => true,
            _ => {
                return Err(io::Error::other(
                    "the archive is packed in a way that is not known",
                ));
            }
        };
        let packed = number(entry, 20, 4)?;
        let name_bytes = number(entry, 28, 2)?;
        let head = number(entry, 42, 4)?;
        let data =
            head + HEAD_BYTES + number(archive, head + 26, 2)? + number(archive, head + 28, 2)?;
        members.push(Member {
            packed: archive.get(data..data + packed).ok_or_else(damaged)?,
            is_deflated,
        });
        at += ENTRY_BYTES + name_bytes + number(entry, 30, 2)? + number(entry, 32, 2)?;
    }
    Ok(members)
}

fn damaged() -> io::Error {
    io::Error::other("the archive is damaged, or larger than 4 GB")
}

/// A little-endian number of `bytes` bytes.
fn number(from: &[u8], at: usize, bytes: usize) -> io::Result<usize> {
    let field = from.get(at..at + bytes).ok_or_else(damaged)?;
    Ok(field
        .iter()
        .rev()
        .fold(0, |sum, byte| sum << 8 | usize::from(*byte)))
}

#[cfg(test)]
pub mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::DeflateEncoder;

    use super::*;

    /// An archive of files, every other one deflated; the heads leave the sizes out, as archives
    /// that were written in one go do.
    pub fn archive(files: &[(&str, &str)]) -> Vec<u8> {
        let short = |n: usize| (n as u16).to_le_bytes();
        let long = |n: usize| (n as u32).to_le_bytes();
        let (mut bytes, mut directory) = (Vec::new(), Vec::new());
        for (nth, (name, text)) in files.iter().enumerate() {
            let deflated = nth % 2 == 0;
            let packed = match deflated {
                true => {
                    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
                    encoder.write_all(text.as_bytes()).unwrap();
                    encoder.finish().unwrap()
                }
                false => text.as_bytes().to_vec(),
            };
            let method = short(if deflated { 8 } else { 0 });
            let head = bytes.len();
            bytes.extend(MAGIC);
            bytes.extend([20, 0, 8, 0]);
            bytes.extend(method);
            bytes.extend([0; 16]);
            bytes.extend(short(name.len()));
            bytes.extend(short(3));
            bytes.extend(name.as_bytes());
            bytes.extend(b"xyz");
            bytes.extend(&packed);

            directory.extend(ENTRY);
            directory.extend([20, 0, 20, 0, 8, 0]);
            directory.extend(method);
            directory.extend([0; 8]);
            directory.extend(long(packed.len()));
            directory.extend(long(text.len()));
            directory.extend(short(name.len()));
            directory.extend([0; 12]);
            directory.extend(long(head));
            directory.extend(name.as_bytes());
        }
        let at = bytes.len();
        bytes.extend(&directory);
        bytes.extend(END);
        bytes.extend([0; 4]);
        bytes.extend(short(files.len()));
        bytes.extend(short(files.len()));
        bytes.extend(long(directory.len()));
        bytes.extend(long(at));
        bytes.extend(short(4));
        bytes.extend(b"note");
        bytes
    }

    #[test]
    fn stored_and_deflated_files_are_read() {
        let files = [
            ("DE.txt", "one\ntwo\n"),
            ("readme.txt", "three"),
            ("empty", ""),
        ];
        let bytes = archive(&files);
        let read: Vec<String> = (members(&bytes).unwrap().iter())
            .map(|member| {
                let mut text = String::new();
                member.reader().read_to_string(&mut text).unwrap();
                text
            })
            .collect();
        let expected = files.map(|(_, text)| text.to_owned());
        assert_eq!(read, expected);
    }

    #[test]
    fn a_damaged_archive_is_an_error_and_never_a_panic() {
        let bytes = archive(&[("DE.txt", "one\ntwo\n"), ("b", "three")]);
        for len in 0..bytes.len() - 4 {
            assert!(members(&bytes[..len]).is_err(), "{len}");
        }
        for at in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at] ^= 0xff;
            for member in members(&bytes).unwrap_or_default() {
                let _ = member.reader().read_to_end(&mut Vec::new());
            }
        }
    }
}
