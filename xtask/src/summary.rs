//! Counts tests by reading the closing lines of cargo-nextest and of plain `cargo test`.

use std::ops::AddAssign;

/// How a run of tests ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Ran and held.
    pub passed: u32,
    /// Ran and did not hold, or ran out of time.
    pub failed: u32,
    /// Left out: ignored, filtered, or in want of something that is not here.
    pub skipped: u32,
}

impl Tally {
    /// How many tests ran.
    #[must_use]
    pub fn ran(self) -> u32 {
        self.passed + self.failed
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// Reads the one closing line of cargo-nextest; the last one counts. None when nothing was run,
/// as after a failed build. What the filter left out is among the skipped.
///
/// The line reads `Summary [ 0.1s] 10 tests run: 8 passed (1 slow), 1 failed, 1 timed out, 2 skipped`.
#[must_use]
pub fn nextest(lines: &[String]) -> Option<Tally> {
    let line = lines
        .iter()
        .rev()
        .find(|line| line.trim_start().starts_with("Summary ["))?;
    let (_, counts) = line.split_once("run:")?;
    let mut tally = Tally::default();
    // The parentheses repeat what is counted before them: of the passed, so many were slow.
    for part in without_parentheses(counts).split(',') {
        let mut words = part.split_whitespace();
        let Some(count) = words.next().and_then(|word| word.parse::<u32>().ok()) else {
            continue;
        };
        match words.next() {
            Some("passed") => tally.passed += count,
            Some("skipped") => tally.skipped += count,
            // "failed", "timed out", "exec failed", "leak-failed" and whatever comes later:
            // what is not plainly good is bad.
            _ => tally.failed += count,
        }
    }
    Some(tally)
}

/// Adds up the closing lines of all test programs of a plain `cargo test`. None when there is none.
/// What a name filter left out is not counted.
///
/// A line reads `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; …`.
#[must_use]
pub fn libtest(lines: &[String]) -> Option<Tally> {
    let mut total = None;
    for line in lines {
        let Some((_, counts)) = line.split_once("test result: ") else {
            continue;
        };
        let tally = total.get_or_insert_with(Tally::default);
        for part in counts.split([';', '.']) {
            let mut words = part.split_whitespace();
            let Some(count) = words.next().and_then(|word| word.parse::<u32>().ok()) else {
                continue;
            };
            match words.next() {
                Some("passed") => tally.passed += count,
                Some("failed") => tally.failed += count,
                Some("ignored") => tally.skipped += count,
                _ => {}
            }
        }
    }
    total
}

fn without_parentheses(text: &str) -> String {
    let mut depth = 0_u32;
    let mut kept = String::new();
    for character in text.chars() {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => kept.push(character),
            _ => {}
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn nextest_counts_everything_that_is_not_good_as_failed() {
        let check = |text: &str, expected: (u32, u32, u32)| {
            let (passed, failed, skipped) = expected;
            assert_eq!(
                nextest(&lines(text)),
                Some(Tally {
                    passed,
                    failed,
                    skipped
                }),
                "{text}"
            );
        };
        check(
            "     Summary [   0.005s] 1 test run: 1 passed, 0 skipped",
            (1, 0, 0),
        );
        check(
            "     Summary [   9.5s] 5 tests run: 5 passed (2 slow), 3 skipped",
            (5, 0, 3),
        );
        check(
            "     Summary [   9.5s] 8 tests run: 5 passed (1 slow, 1 leaky), 1 failed, 2 timed out, 3 skipped",
            (5, 3, 3),
        );
        check(
            "     Summary [   9.5s] 5/8 tests run: 4 passed, 1 exec failed, 3 skipped",
            (4, 1, 3),
        );
    }

    #[test]
    fn the_last_summary_counts() {
        let text = "a test printed Summary\n Summary [ 1s] 1 test run: 1 failed, 0 skipped\n\
                    Summary [ 1s] 1 test run: 1 passed, 0 skipped";
        assert_eq!(
            nextest(&lines(text)),
            Some(Tally {
                passed: 1,
                failed: 0,
                skipped: 0
            })
        );
    }

    #[test]
    fn a_failed_build_has_no_count() {
        assert_eq!(nextest(&lines("error: could not compile `ordo`")), None);
        assert_eq!(libtest(&lines("error: could not compile `ordo`")), None);
    }

    #[test]
    fn plain_runs_add_up_over_programs() {
        let text = "\
            test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.01s\n\
            running 2 tests\n\
            test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s";
        assert_eq!(
            libtest(&lines(text)),
            Some(Tally {
                passed: 4,
                failed: 1,
                skipped: 1
            })
        );
    }
}
