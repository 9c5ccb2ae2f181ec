//! Two texts side by side, line by line: what both have stands beside itself.

/// A row of the two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// Both have the line.
    Same(String),
    /// A line of the first, and what stands in its place in the second; either may have none.
    Changed(Option<String>, Option<String>),
}

/// Lines beyond which nobody compares side by side: the table grows with the product of the two.
const LINES_MAX: usize = 2_000;

/// The rows of two texts; `None` where they are too long.
pub fn rows(before: &[String], after: &[String]) -> Option<Vec<Row>> {
    if before.len().max(after.len()) > LINES_MAX {
        return None;
    }
    let width = after.len() + 1;
    // For each pair of places the length of the longest common rest.
    let mut common = vec![0_u16; (before.len() + 1) * width];
    for first in (0..before.len()).rev() {
        for second in (0..after.len()).rev() {
            let at = first * width + second;
            common[at] = match before[first] == after[second] {
                true => common[at + width + 1] + 1,
                false => common[at + width].max(common[at + 1]),
            };
        }
    }
    let mut rows = Vec::new();
    let (mut gone, mut came) = (Vec::new(), Vec::new());
    let (mut first, mut second) = (0, 0);
    while first < before.len() || second < after.len() {
        let at = first * width + second;
        let is_same =
            first < before.len() && second < after.len() && before[first] == after[second];
        if is_same {
            pair(&mut rows, &mut gone, &mut came);
            rows.push(Row::Same(before[first].clone()));
            first += 1;
            second += 1;
        } else if second == after.len()
            || (first < before.len() && common[at + width] >= common[at + 1])
        {
            gone.push(before[first].clone());
            first += 1;
        } else {
            came.push(after[second].clone());
            second += 1;
        }
    }
    pair(&mut rows, &mut gone, &mut came);
    Some(rows)
}

/// Sets what is gone beside what came in its place.
fn pair(rows: &mut Vec<Row>, gone: &mut Vec<String>, came: &mut Vec<String>) {
    let count = gone.len().max(came.len());
    let (mut gone, mut came) = (gone.drain(..), came.drain(..));
    rows.extend((0..count).map(|_| Row::Changed(gone.next(), came.next())));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `a` for a line of both, `b>c` for a change.
    fn shown(before: &str, after: &str) -> String {
        let lines = |text: &str| -> Vec<String> { text.chars().map(String::from).collect() };
        let rows = rows(&lines(before), &lines(after)).unwrap();
        let row = |row: &Row| match row {
            Row::Same(line) => line.clone(),
            Row::Changed(gone, came) => {
                let text = |side: &Option<String>| side.clone().unwrap_or_default();
                format!("({}>{})", text(gone), text(came))
            }
        };
        rows.iter().map(row).collect()
    }

    #[test]
    fn what_both_have_stands_side_by_side() {
        for (before, after, rows) in [
            ("", "", ""),
            ("abc", "abc", "abc"),
            ("abc", "axc", "a(b>x)c"),
            ("abc", "ac", "a(b>)c"),
            ("ac", "abc", "a(>b)c"),
            ("ab", "cd", "(a>c)(b>d)"),
            ("abcd", "bd", "(a>)b(c>)d"),
            ("", "xy", "(>x)(>y)"),
        ] {
            assert_eq!(shown(before, after), rows);
        }
        let long = vec![String::new(); LINES_MAX + 1];
        assert_eq!(super::rows(&long, &[]), None);
    }
}
