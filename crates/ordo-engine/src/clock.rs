//! The clock and the source of ids, as inputs: the only places where time and chance come in.

use ordo_domain::time::Timestamp;

/// Tells time and makes ids that nobody has had.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;

    /// 128 fresh random bits.
    fn fresh(&self) -> u128;
}

/// The machine's clock and the operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let micros = since.map_or(0, |since| since.as_micros());
        Timestamp::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
    }

    fn fresh(&self) -> u128 {
        let mut bits = [0_u8; 16];
        // Without randomness no id can be made, and nothing else can go on either.
        getrandom::fill(&mut bits).expect("the operating system gives random bits");
        u128::from_be_bytes(bits)
    }
}
