//! Finds what tests need besides Rust, and installs it where that can be done without asking.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{Failure, process, target_dir};

/// The oldest PostgreSQL that Ordo supports.
const POSTGRES_MIN: u32 = 15;

/// Says where PostgreSQL's server programs are: respected when set, set for the tests otherwise.
pub const POSTGRES_VARIABLE: &str = "ORDO_PG_BIN";

/// Says which Chromium browser tests drive: respected when set, set for the tests otherwise.
pub const CHROMIUM_VARIABLE: &str = "ORDO_CHROMIUM";

/// Says where the program is that makes requests from the contract: respected when set, set for the
/// tests otherwise.
pub const FUZZER_VARIABLE: &str = "ORDO_SCHEMATHESIS";

/// The folder with `initdb` and `postgres`; installs them when they are missing.
///
/// # Errors
/// When there are none and they cannot be installed here; the sentence says what to install.
pub fn postgres() -> Result<PathBuf, Failure> {
    if let Some(folder) = env::var_os(POSTGRES_VARIABLE) {
        let folder = PathBuf::from(folder);
        if serves(&folder) {
            return Ok(folder);
        }
        return Err(Failure::new(format!(
            "{POSTGRES_VARIABLE} is {}, which has no initdb and postgres of version {POSTGRES_MIN} or later",
            folder.display()
        )));
    }
    let folder = match find_postgres() {
        Some(folder) => folder,
        None => {
            install("PostgreSQL's server", "postgresql")?;
            find_postgres().ok_or_else(|| {
                Failure::new(format!(
                    "the package postgresql has no server of version {POSTGRES_MIN} or later: \
                     install one and set {POSTGRES_VARIABLE} to the folder of its initdb"
                ))
            })?
        }
    };
    // PostgreSQL refuses to run as root, so root's clusters belong to this user.
    if is_root() && !succeeds(Command::new("id").args(["-u", "postgres"])) {
        return Err(Failure::new(
            "tests run as root start PostgreSQL as the user `postgres`, who does not exist: \
             create it with `useradd --system postgres`",
        ));
    }
    Ok(folder)
}

/// A Chromium or Chrome that is here already.
#[must_use]
pub fn find_chromium() -> Option<PathBuf> {
    if let Some(program) = env::var_os(CHROMIUM_VARIABLE) {
        return Some(PathBuf::from(program));
    }
    ["chromium", "chromium-browser", "google-chrome", "chrome"]
        .into_iter()
        .find_map(in_path)
}

/// A Chromium or Chrome; installs one when it is missing.
///
/// # Errors
/// When there is none and it cannot be installed here; the sentence says what to install.
pub fn chromium() -> Result<PathBuf, Failure> {
    if let Some(program) = find_chromium() {
        return Ok(program);
    }
    install("Chromium", "chromium")?;
    find_chromium().ok_or_else(|| {
        Failure::new(format!(
            "the package chromium has no program of that name: set {CHROMIUM_VARIABLE}"
        ))
    })
}

/// Whether some test drives a browser: it has to read where the browser is, and so names the variable.
#[must_use]
pub fn chromium_is_needed(root: &Path) -> bool {
    let Ok(crates) = fs::read_dir(root.join("crates")) else {
        return false;
    };
    crates
        .flatten()
        .any(|member| mentions_chromium(&member.path().join("tests")))
}

/// The program that makes requests from the contract; installs it below the target folder, in a Python
/// environment of its own, in the version that its list of requirements names.
///
/// # Errors
/// When there is no Python, or it cannot be installed here; the sentence says why.
pub fn fuzzer(root: &Path) -> Result<PathBuf, Failure> {
    if let Some(program) = env::var_os(FUZZER_VARIABLE) {
        return Ok(PathBuf::from(program));
    }
    let wanted = root.join("crates/ordo-proof/schemathesis/requirements.txt");
    let folder = target_dir(root).join("tools/schemathesis");
    let program = folder.join("bin/schemathesis");
    let installed = folder.join("requirements.txt");
    let text = fs::read(&wanted)
        .map_err(|error| Failure::new(format!("{} cannot be read: {error}", wanted.display())))?;
    if program.is_file() && fs::read(&installed).is_ok_and(|known| known == text) {
        return Ok(program);
    }
    if in_path("python3").is_none() || !succeeds(python().args(["-c", "import ensurepip"])) {
        install("Python with its module venv", "python3-venv")?;
    }
    eprintln!(
        "The API's fuzzer is missing: installing it in {}",
        folder.display()
    );
    // A half-made environment of an earlier run would be taken for a whole one.
    let _ = fs::remove_dir_all(&folder);
    process::run(python().args(["-m", "venv"]).arg(&folder))?;
    let pip = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "-r",
    ];
    process::run(
        Command::new(folder.join("bin/python"))
            .args(pip)
            .arg(&wanted),
    )?;
    fs::write(&installed, text).map_err(|error| {
        Failure::new(format!(
            "{} cannot be written: {error}",
            installed.display()
        ))
    })?;
    Ok(program)
}

fn python() -> Command {
    let mut command = Command::new("python3");
    command.stdin(Stdio::null());
    command
}

/// Whether cargo-nextest is installed.
#[must_use]
pub fn has_nextest(root: &Path) -> bool {
    succeeds(process::cargo(root).args(["nextest", "--version"]))
}

/// Whether cargo-deny is installed.
#[must_use]
pub fn has_deny(root: &Path) -> bool {
    succeeds(process::cargo(root).args(["deny", "--version"]))
}

fn find_postgres() -> Option<PathBuf> {
    let from_path = in_path("initdb").and_then(folder_behind);
    let from_config = process::output(Command::new("pg_config").arg("--bindir"))
        .ok()
        .map(|folder| PathBuf::from(folder.trim()));
    from_path
        .into_iter()
        .chain(from_config)
        .chain(debian_folders())
        .find(|folder| serves(folder))
}

/// Debian keeps each major version in a folder of its own, outside PATH; the newest comes first.
fn debian_folders() -> Vec<PathBuf> {
    let Ok(versions) = fs::read_dir("/usr/lib/postgresql") else {
        return Vec::new();
    };
    let mut versions: Vec<(u32, PathBuf)> = versions
        .flatten()
        .filter_map(|entry| {
            Some((
                entry.file_name().to_str()?.parse().ok()?,
                entry.path().join("bin"),
            ))
        })
        .collect();
    versions.sort_by(|(left, _), (right, _)| right.cmp(left));
    versions.into_iter().map(|(_, folder)| folder).collect()
}

/// The folder in which a program really lies; a link to `initdb` alone would hide `postgres`.
fn folder_behind(program: PathBuf) -> Option<PathBuf> {
    fs::canonicalize(program)
        .ok()?
        .parent()
        .map(Path::to_path_buf)
}

fn serves(folder: &Path) -> bool {
    folder.join("initdb").is_file()
        && process::output(Command::new(folder.join("postgres")).arg("--version"))
            .ok()
            .and_then(|answer| postgres_major(&answer))
            .is_some_and(|major| major >= POSTGRES_MIN)
}

/// Reads `postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)` or `postgres (PostgreSQL) 18beta1`.
fn postgres_major(answer: &str) -> Option<u32> {
    let version = answer.split("(PostgreSQL)").nth(1)?.trim_start();
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn install(what: &str, package: &str) -> Result<(), Failure> {
    if !is_root() || in_path("apt-get").is_none() {
        return Err(Failure::new(format!(
            "{what} is missing: install it, for example with `apt-get install {package}`"
        )));
    }
    eprintln!("{what} is missing: installing the package {package}");
    process::run(apt().arg("update"))
        .and_then(|()| {
            process::run(apt().args(["install", "-y", "--no-install-recommends", package]))
        })
        .map_err(|failure| {
            Failure::new(format!(
                "{what} is missing and could not be installed: {failure}"
            ))
        })
}

fn apt() -> Command {
    let mut command = Command::new("apt-get");
    command
        .arg("-qq")
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null());
    command
}

fn is_root() -> bool {
    process::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

fn succeeds(command: &mut Command) -> bool {
    process::output(command).is_ok()
}

fn in_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

fn mentions_chromium(path: &Path) -> bool {
    if let Ok(entries) = fs::read_dir(path) {
        return entries
            .flatten()
            .any(|entry| mentions_chromium(&entry.path()));
    }
    path.extension().is_some_and(|extension| extension == "rs")
        && fs::read_to_string(path).is_ok_and(|text| text.contains(CHROMIUM_VARIABLE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_every_form() {
        let check = |answer: &str, expected: Option<u32>| {
            assert_eq!(postgres_major(answer), expected, "{answer}");
        };
        check(
            "postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)\n",
            Some(15),
        );
        check("postgres (PostgreSQL) 9.6.24\n", Some(9));
        check("postgres (PostgreSQL) 18beta1\n", Some(18));
        check("mysqld  Ver 8.0\n", None);
    }

    #[test]
    fn a_folder_without_server_programs_does_not_serve() {
        assert!(!serves(Path::new("/")));
    }

    #[test]
    fn a_linked_program_is_followed_to_its_folder() {
        let folder = fs::canonicalize(env::temp_dir())
            .unwrap()
            .join(format!("xtask-link-{}", std::process::id()));
        let real = folder.join("real");
        fs::create_dir_all(&real).unwrap();
        fs::write(real.join("initdb"), "").unwrap();
        std::os::unix::fs::symlink(real.join("initdb"), folder.join("initdb")).unwrap();
        assert_eq!(folder_behind(folder.join("initdb")), Some(real));
        fs::remove_dir_all(&folder).unwrap();
    }
}
