//! Chance for the demo: numbers that look random and are the same for the same seed and question.

/// A row of numbers (splitmix64).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The numbers for a question, such as a seed, an order's number and what is to be decided.
    pub fn of(question: &[u64]) -> Self {
        let mut state = 0x6f72_646f;
        for part in question {
            state = mix(state ^ part.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        }
        Self(state)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number below `sides`.
    pub fn below(&mut self, sides: usize) -> usize {
        let sides = sides.max(1) as u64;
        // Smaller than `sides`, which came from a usize.
        usize::try_from(self.next() % sides).unwrap_or_default()
    }

    /// A number from `low` to `high`, both of which may come.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = usize::try_from(high - low + 1).unwrap_or(1);
        low + self.below(span) as i64
    }

    /// Whether something happens that does in `percent` of 100 cases.
    pub fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of several.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

fn mix(mut state: u64) -> u64 {
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_question_has_the_same_answers_and_another_has_others() {
        let row = |question: &[u64]| -> Vec<usize> {
            let mut dice = Dice::of(question);
            (0..20).map(|_| dice.below(1_000)).collect()
        };
        assert_eq!(row(&[1, 2, 3]), row(&[1, 2, 3]));
        assert_ne!(row(&[1, 2, 3]), row(&[1, 3, 2]));
        assert_ne!(row(&[1]), row(&[2]));
    }

    #[test]
    fn numbers_keep_within_their_bounds_and_reach_them() {
        let mut dice = Dice::of(&[7]);
        let rolls: Vec<i64> = (0..500).map(|_| dice.between(-1, 2)).collect();
        assert!(rolls.iter().all(|roll| (-1..=2).contains(roll)));
        assert!((-1..=2).all(|roll| rolls.contains(&roll)));
    }
}
