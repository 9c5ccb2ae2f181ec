//! The master key, from which the secrets of webhooks derive: given, or kept beside the database.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use ordo_engine::{MasterKey, hash_secret};

use crate::compose::Failure;

/// The file in the folder of the embedded database.
const FILE: &str = "master.key";
/// The shortest key that is accepted.
const LENGTH_MIN: usize = 32;

/// The key that `given` (any text of at least 32 characters) stands for; else that of the folder,
/// which is made with mode 0600 where it is not there. None where there is neither.
///
/// # Errors
/// The text is too short, or the file cannot be read or made.
pub fn master_key(
    given: Option<&str>,
    folder: Option<&Path>,
) -> Result<Option<MasterKey>, Failure> {
    if let Some(text) = given {
        if text.len() < LENGTH_MIN {
            let message = "ORDO_MASTER_KEY must have at least 32 characters";
            return Err(Failure::Usage(message.to_owned()));
        }
        return Ok(Some(MasterKey::new(hash_secret(text))));
    }
    let Some(folder) = folder else {
        return Ok(None);
    };
    let text = kept(&folder.join(FILE))?;
    Ok(Some(MasterKey::new(hash_secret(text.trim()))))
}

/// The text of the file, which is made where it is not there. It has its name only once it is whole
/// and on the disk: a key that was cut short could be guessed, and one that is lost changes every
/// secret that derives from it.
fn kept(path: &Path) -> Result<String, Failure> {
    match fs::read_to_string(path) {
        Ok(text) if text.trim().len() >= LENGTH_MIN => return Ok(text),
        Ok(_) => {
            let said = format!(
                "{} is cut short: put the key back from where it is kept, or remove the file to \
                 have another one made, with which the secrets of webhooks change",
                path.display()
            );
            return Err(Failure::Input(said));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    let text = random()?;
    let partial = path.with_extension("key.partial");
    let mut fresh = OpenOptions::new();
    fresh.write(true).create(true).truncate(true).mode(0o600);
    let mut file = fresh.open(&partial)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&partial, path)?;
    if let Some(folder) = path.parent() {
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(text)
}

/// 64 hexadecimal digits that nobody can guess.
fn random() -> Result<String, std::io::Error> {
    let mut bytes = [0_u8; 32];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(digits.concat() + "\n")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_folder_keeps_its_key_and_nobody_else_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let first = master_key(None, Some(folder.path())).unwrap();
        assert!(first.is_some());
        assert_eq!(master_key(None, Some(folder.path())).unwrap(), first);
        let mode = fs::metadata(folder.path().join(FILE))
            .unwrap()
            .permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
        let other = tempfile::tempdir().unwrap();
        assert_ne!(master_key(None, Some(other.path())).unwrap(), first);
    }

    /// As a start leaves it whose disk was full, or that was killed or lost power halfway.
    #[test]
    fn a_key_that_was_cut_short_is_not_taken_for_one() {
        for rest in ["", "\n", "0123456789abcdef"] {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(FILE), rest).unwrap();
            assert!(master_key(None, Some(folder.path())).is_err(), "{rest:?}");
        }
    }

    #[test]
    fn a_given_key_comes_first_and_must_be_long() {
        let folder = tempfile::tempdir().unwrap();
        let long = "0123456789abcdef0123456789abcdef";
        let given = master_key(Some(long), Some(folder.path())).unwrap();
        assert_eq!(given, master_key(Some(long), None).unwrap());
        assert!(!folder.path().join(FILE).exists());
        assert!(master_key(Some("short"), None).is_err());
        assert_eq!(master_key(None, None).unwrap(), None);
    }
}
