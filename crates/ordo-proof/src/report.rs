//! `docs/proof.md`, made from the lines of `docs/proof.jsonl`: what was tried with the code as it is, and
//! what broke.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::part::{PARTS, Part};
use crate::prove::LINES;

/// Where it is, below the root of the tree.
const REPORT: &str = "docs/proof.md";

/// The lines so far.
///
/// # Errors
/// The file cannot be read, or a line of it.
pub fn lines(root: &Path) -> Result<Vec<Value>, String> {
    let path = root.join(LINES);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(format!("{}: {error}", path.display())),
    };
    let read = |line| serde_json::from_str(line).map_err(|error| format!("{line}: {error}"));
    text.lines().map(read).collect()
}

/// Writes the report.
///
/// # Errors
/// It cannot be written, or a code is not known.
pub fn write(root: &Path, code: impl Fn(&Part) -> Result<String, String>) -> Result<(), String> {
    let text = text(&lines(root)?, code)?;
    let path = root.join(REPORT);
    fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
}

/// The report over these lines.
///
/// # Errors
/// A code is not known.
pub fn text(
    lines: &[Value],
    code: impl Fn(&Part) -> Result<String, String>,
) -> Result<String, String> {
    let mut text = String::from(
        "# Proof\n\n\
         Made by `make prove` from `proof.jsonl`, in which every piece of the long run is a line with its \
         seed and commit; `make prove` goes on where it was broken off. A piece counts as long as the \
         crates that its part is about have not changed since. What each part does: [testing](testing.md).\n\n\
         | part | tried | of | violations | older code: tried | violations |\n\
         | --- | ---: | ---: | ---: | ---: | ---: |\n",
    );
    let mut details = String::new();
    for part in PARTS {
        let of_part = || lines.iter().filter(|line| line["part"] == part.name);
        let code = code(part)?;
        let is_now = |line: &&Value| line["code"] == code.as_str();
        let sum = |name: &str, now: bool| -> u64 {
            let chosen = of_part().filter(|line| is_now(line) == now);
            chosen.filter_map(|line| line[name].as_u64()).sum()
        };
        let _ = writeln!(
            text,
            "| {}: {} | {} {} | {} | {} | {} | {} |",
            part.name,
            part.what,
            grouped(sum(part.unit, true)),
            part.unit,
            grouped(part.long),
            sum("violations", true),
            grouped(sum(part.unit, false)),
            sum("violations", false),
        );
        detail(&mut details, part, of_part().filter(is_now));
    }
    text.push_str(&details);
    Ok(text)
}

/// What a part came to with the code as it is.
fn detail<'a>(text: &mut String, part: &Part, lines: impl Iterator<Item = &'a Value>) {
    let (mut sums, mut mosts) = (BTreeMap::<&str, u64>::new(), BTreeMap::<&str, u64>::new());
    let (mut commits, mut machines) = (BTreeSet::new(), BTreeSet::new());
    let (mut seeds, mut seconds) = (Vec::new(), 0);
    for line in lines {
        let Some(fields) = line.as_object() else {
            continue;
        };
        for (name, value) in fields {
            match (name.as_str(), value.as_u64()) {
                ("seed", Some(seed)) => seeds.push(seed),
                ("seconds", Some(took)) => seconds += took,
                (name, Some(count)) => *sums.entry(name).or_default() += count,
                _ => {}
            }
        }
        for (name, value) in line["most"].as_object().into_iter().flatten() {
            let most = mosts.entry(name).or_default();
            *most = (*most).max(value.as_u64().unwrap_or(0));
        }
        commits.extend(line["commit"].as_str());
        machines.extend(line["machine"].as_str());
    }
    if seeds.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n## {}\n", part.name);
    let counted: Vec<String> = (sums.iter())
        .map(|(name, count)| format!("{name} {}", grouped(*count)))
        .collect();
    let _ = writeln!(
        text,
        "{} pieces in {seconds} s: {}.",
        seeds.len(),
        counted.join(", ")
    );
    if !mosts.is_empty() {
        let mosts: Vec<String> = (mosts.iter())
            .map(|(name, most)| format!("{name} {}", grouped(*most)))
            .collect();
        let _ = writeln!(text, "At most: {}.", mosts.join(", "));
    }
    let (first, last) = (seeds.iter().min(), seeds.iter().max());
    let commits: Vec<&str> = commits.into_iter().collect();
    let machines: Vec<&str> = machines.into_iter().collect();
    let _ = writeln!(
        text,
        "Seeds {} to {}; commits {}; {}.",
        first.unwrap_or(&0),
        last.unwrap_or(&0),
        commits.join(", "),
        machines.join("; ")
    );
}

/// Digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_proved_of_other_code_is_kept_apart() {
        let line = |code: &str, orders: u64, violations: u64, seed: u64| {
            json!({"part": "sim", "code": code, "orders": orders, "violations": violations,
                   "seed": seed, "seconds": 9, "commit": "abc", "machine": "2 cores",
                   "most": {"pause_ms": orders}})
        };
        let lines = [
            line("old", 700, 2, 1),
            line("now", 1_000, 0, 5),
            line("now", 500, 1, 6),
        ];
        let text = text(&lines, |_| Ok("now".to_owned())).unwrap();
        let row = text.lines().find(|line| line.starts_with("| sim")).unwrap();
        assert!(
            row.ends_with("| 1,500 orders | 5,000,000 | 1 | 700 | 2 |"),
            "{row}"
        );
        assert!(
            text.contains("2 pieces in 18 s: orders 1,500, violations 1."),
            "{text}"
        );
        assert!(text.contains("At most: pause_ms 1,000."), "{text}");
        assert!(
            text.contains("Seeds 5 to 6; commits abc; 2 cores."),
            "{text}"
        );
    }
}
