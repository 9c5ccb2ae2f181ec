//! Keeps out what belongs to one machine: a path that only one developer has is of no use in a
//! repository that others clone.

use super::File;

/// Written in halves, so that this file passes its own rule.
const FORBIDDEN: &[(&str, &str)] = &[
    (concat!("/wo", "rk/"), "a path of one machine"),
    (concat!("/home", "/"), "a path of one machine"),
    (concat!("/ro", "ot/"), "a path of one machine"),
    (concat!(".lib", "rary"), "a folder of one machine"),
    (concat!("/tmp/", "bash_jobs"), "a folder of one machine"),
];

/// Finds forbidden words, with their place.
#[must_use]
pub fn check(files: &[File]) -> Vec<String> {
    let mut problems = Vec::new();
    for file in files {
        for (index, line) in file.text.lines().enumerate() {
            for (word, meaning) in FORBIDDEN {
                if contains(line, word) {
                    problems.push(format!(
                        "{}:{}: `{word}` is {meaning}",
                        file.path,
                        index + 1
                    ));
                }
            }
        }
    }
    problems
}

/// Whether the word stands at the start of a path: `src/work/mod.rs` and `ordo.library` are other words.
fn contains(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|before| {
            !before.is_alphanumeric() && !matches!(before, '_' | '-' | '}' | '>')
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn every_forbidden_word_is_found_with_its_place() {
        for (word, _) in FORBIDDEN {
            let text = format!("fine\nsee `{word}x`\n");
            let problems = check(&[file("docs/testing.md", &text)]);
            assert_eq!(problems.len(), 1, "{word}");
            assert!(
                problems[0].starts_with("docs/testing.md:2: "),
                "{problems:?}"
            );
        }
    }

    #[test]
    fn the_middle_of_another_path_is_another_word() {
        for (word, _) in FORBIDDEN {
            assert_eq!(
                check(&[file("a.md", &format!("crates/ordo/src{word}mod.rs\n"))]),
                [""; 0]
            );
        }
    }
}
