//! Changes saved inputs at random, for machines without a fuzzer that is guided by coverage.

/// A small generator of random numbers, the same on every machine.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Begins at `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        // Zero would stay zero.
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `count`; 0 where that is none.
    pub fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let count = u64::try_from(count.max(1)).unwrap_or(u64::MAX);
        usize::try_from((self.0 >> 16) % count).unwrap_or_default()
    }
}

/// Texts at which parsers change their minds.
const WORDS: [&[u8]; 18] = [
    b"\0",
    b"\"",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b"\n",
    b"-1",
    b"0",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"1e308",
    b"null",
    b"\xff",
    b"\xf0\x9f\x93\xa6",
    b"((((((((",
    b"\r\n",
];

/// One of `corpus`, changed in one to eight places.
#[must_use]
pub fn mutate(random: &mut Random, corpus: &[(String, Vec<u8>)], size_max: usize) -> Vec<u8> {
    let mut input = match corpus.get(random.below(corpus.len())) {
        Some((_, bytes)) => bytes.clone(),
        None => Vec::new(),
    };
    for _ in 0..=random.below(8) {
        let at = random.below(input.len() + 1);
        match random.below(7) {
            0 if at < input.len() => input[at] ^= 1 << random.below(8),
            1 if at < input.len() => {
                let end = (at + 1 + random.below(16)).min(input.len());
                input.drain(at..end);
            }
            2 => {
                let word = WORDS[random.below(WORDS.len())];
                input.splice(at..at, word.iter().copied());
            }
            3 => {
                let end = (at + random.below(64)).min(input.len());
                let copy = input[at..end].to_vec();
                input.splice(at..at, copy);
            }
            4 => {
                let (_, other) = &corpus[random.below(corpus.len())];
                let from = random.below(other.len());
                let end = (from + random.below(200)).min(other.len());
                input.splice(at..at, other[from..end].iter().copied());
            }
            5 if at < input.len() => input[at] = u8::try_from(random.below(256)).unwrap_or(0),
            _ => input.truncate(at.max(1)),
        }
    }
    input.truncate(size_max);
    input
}
