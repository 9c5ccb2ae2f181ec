//! Which part of a step kept a location out, as the number that decisions store.

/// Why a step keeps a location out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleReason {
    /// The filter at this place of the step, counted from 0.
    Filter(u32),
    /// It is farther than the step allows.
    TooFar,
    /// What it has is not more than what the step keeps there.
    KeptStock,
    /// It has as many shipments of the day as the step allows.
    DayFull,
    /// An earlier step of the same decision gave it work, and its shipments are counted by the day.
    EarlierStep,
}

/// Far above the number of filters that a step may have.
const BEYOND_FILTERS: u32 = 1_000;

impl RuleReason {
    /// The stored number.
    #[must_use]
    pub const fn number(self) -> u32 {
        match self {
            Self::Filter(place) => place,
            Self::TooFar => BEYOND_FILTERS,
            Self::KeptStock => BEYOND_FILTERS + 1,
            Self::DayFull => BEYOND_FILTERS + 2,
            Self::EarlierStep => BEYOND_FILTERS + 3,
        }
    }

    /// What a stored number stands for; `None` where this version does not know it.
    #[must_use]
    pub const fn of(number: u32) -> Option<Self> {
        match number.checked_sub(BEYOND_FILTERS) {
            None => Some(Self::Filter(number)),
            Some(0) => Some(Self::TooFar),
            Some(1) => Some(Self::KeptStock),
            Some(2) => Some(Self::DayFull),
            Some(3) => Some(Self::EarlierStep),
            Some(_) => None,
        }
    }
}
