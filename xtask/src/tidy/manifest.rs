//! Reads from a Cargo manifest the little that the rules ask: its name and what it depends on.
//!
//! Not a TOML parser: it knows the forms in which a dependency can be written, and the rules of
//! [`super::arrows`] refuse all but one of them in the crates of this workspace.

/// A normal dependency, as opposed to one of tests or build scripts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// The key under which it is written.
    pub name: String,
    /// Whether everything but its name comes from the root manifest.
    pub inherited: bool,
    /// The line on which it starts, from 1.
    pub line: usize,
}

/// The name of the package, when the manifest has one.
#[must_use]
pub fn name(manifest: &str) -> Option<String> {
    entries(manifest).into_iter().find_map(|entry| {
        let named = entry.section == "package" && entry.key == "name";
        named.then(|| entry.value.trim_matches('"').to_owned())
    })
}

/// The normal dependencies, including those of one platform only.
#[must_use]
pub fn dependencies(manifest: &str) -> Vec<Dependency> {
    let mut found: Vec<Dependency> = Vec::new();
    for entry in entries(manifest) {
        let Some(section) = dependency_section(&entry.section) else {
            continue;
        };
        let (name, inherited) = match (section, entry.key.split_once('.')) {
            // [dependencies.NAME] with one line per setting
            (Some(name), _) => (name.to_owned(), entry.key == "workspace"),
            // NAME.workspace = true
            (None, Some((name, setting))) => (name.to_owned(), setting == "workspace"),
            // NAME = { workspace = true, … } or NAME = "1.0"
            (None, None) => (entry.key.clone(), mentions_workspace(&entry.value)),
        };
        match found.iter_mut().find(|known| known.name == name) {
            Some(known) => known.inherited |= inherited,
            None => found.push(Dependency {
                name,
                inherited,
                line: entry.line,
            }),
        }
    }
    found
}

/// Whether the manifest declares programs of its own for integration tests.
#[must_use]
pub fn declares_tests(manifest: &str) -> bool {
    manifest.lines().any(|line| line.trim() == "[[test]]")
}

struct Entry {
    section: String,
    key: String,
    value: String,
    line: usize,
}

/// All `key = value` lines with the section they stand in; a value that spans lines keeps its first.
fn entries(manifest: &str) -> Vec<Entry> {
    let mut section = String::new();
    let mut depth = 0_i32;
    let mut entries = Vec::new();
    for (index, line) in manifest.lines().enumerate() {
        let line = line.trim();
        let continued = depth > 0;
        if line.starts_with('#') {
            continue;
        }
        if !continued && line.starts_with('[') {
            section = line.trim_matches(['[', ']']).to_owned();
            continue;
        }
        for character in line.chars() {
            match character {
                '[' | '{' => depth += 1,
                ']' | '}' => depth -= 1,
                _ => {}
            }
        }
        if let Some((key, value)) = line.split_once('=').filter(|_| !continued) {
            let key = key.trim().trim_matches('"').to_owned();
            entries.push(Entry {
                section: section.clone(),
                key,
                value: value.trim().to_owned(),
                line: index + 1,
            });
        }
    }
    entries
}

/// None for a section of something else; Some(None) for `[dependencies]` and `[target.….dependencies]`;
/// Some(name) for `[dependencies.NAME]`.
fn dependency_section(section: &str) -> Option<Option<&str>> {
    let of_target = section.starts_with("target.");
    if section == "dependencies" || (of_target && section.ends_with(".dependencies")) {
        return Some(None);
    }
    let (before, name) = section.rsplit_once('.')?;
    let normal = before == "dependencies" || (of_target && before.ends_with(".dependencies"));
    normal.then_some(Some(name))
}

fn mentions_workspace(value: &str) -> bool {
    value.split(['{', ',', '}']).any(|setting| {
        setting
            .split_once('=')
            .is_some_and(|(key, value)| key.trim() == "workspace" && value.trim() == "true")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_dependency_is_seen() {
        let manifest = r#"
            [package]
            name = "ordo-engine"
            # [dependencies]

            [dependencies]
            dotted.workspace = true
            inline = { workspace = true, features = ["a"] }
            bare = "1.0"
            spread = { version = "1", features = [
                "x=y",
            ] }

            [dependencies.table]
            workspace = true
            features = ["b"]

            [target.'cfg(unix)'.dependencies]
            of_unix.workspace = true

            [target.'cfg(unix)'.dependencies.of_unix_table]
            path = "../elsewhere"

            [dev-dependencies]
            only_tests.workspace = true

            [build-dependencies]
            only_build = "1"
        "#;
        let found: Vec<_> = dependencies(manifest)
            .into_iter()
            .map(|found| (found.name, found.inherited))
            .collect();
        let expected = [
            ("dotted", true),
            ("inline", true),
            ("bare", false),
            ("spread", false),
            ("table", true),
            ("of_unix", true),
            ("of_unix_table", false),
        ];
        assert_eq!(
            found,
            expected.map(|(name, inherited)| (name.to_owned(), inherited))
        );
        assert_eq!(name(manifest).as_deref(), Some("ordo-engine"));
    }

    #[test]
    fn a_root_without_package_has_no_name() {
        assert_eq!(
            name("[workspace]\nmembers = []\n[workspace.package]\nname = \"x\"\n"),
            None
        );
    }
}
