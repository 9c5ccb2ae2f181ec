//! Quantities: whole counts of a SKU's smallest unit.
//!
//! A SKU that is sold in quarter meters has a unit scale of 4, and a quantity of 1 means 0.25 m, so
//! that quantities stay exact integers.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use serde::{Deserialize, Serialize};

/// The largest quantity that any single field accepts, in smallest units.
pub const QUANTITY_MAX: i64 = 1_000_000_000;

/// A count of a SKU's smallest unit. Negative only where it is a difference.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Quantity(i64);

impl Quantity {
    /// None.
    pub const ZERO: Self = Self(0);

    /// The quantity, where it may stand on an order line, movement or reservation: 1 to
    /// [`QUANTITY_MAX`].
    #[must_use]
    pub const fn positive(count: i64) -> Option<Self> {
        if count >= 1 && count <= QUANTITY_MAX {
            Some(Self(count))
        } else {
            None
        }
    }

    /// The quantity or difference, where its size is at most [`QUANTITY_MAX`].
    #[must_use]
    pub const fn signed(count: i64) -> Option<Self> {
        if count >= -QUANTITY_MAX && count <= QUANTITY_MAX {
            Some(Self(count))
        } else {
            None
        }
    }

    /// A count that a store kept; sums of movements may pass [`QUANTITY_MAX`].
    #[must_use]
    pub const fn stored(count: i64) -> Self {
        Self(count)
    }

    /// The count as an integer.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Whether this is zero; lets documents leave zero counters out.
    #[must_use]
    pub const fn is_zero(&self) -> bool {
        self.0 == 0
    }

    /// The larger of this and zero.
    #[must_use]
    pub fn or_zero(self) -> Self {
        Self(self.0.max(0))
    }
}

// A counter is the sum of at most 2^33 fields of at most 10^9 each before it could leave 64 bits.
impl Add for Quantity {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}
impl Sub for Quantity {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}
impl Neg for Quantity {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}
impl AddAssign for Quantity {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}
impl SubAssign for Quantity {
    fn sub_assign(&mut self, other: Self) {
        self.0 -= other.0;
    }
}
impl Sum for Quantity {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::ZERO, Add::add)
    }
}
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
