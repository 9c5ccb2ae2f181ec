//! The cost of a plan: whole-number tiers in front of exact money.
//!
//! Costs add component by component and compare from the first tier to the money. Both together
//! make them an ordered group, which is all that the dynamic program needs to stay exact.

use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Serialize};

/// How many tiers may stand in front of money.
pub const MAX_TIERS: usize = 6;

/// A cost, compared tier by tier and then by money. Also used for differences of costs.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Cost {
    /// One number per [`Tier`](crate::Tier) of the instance, in its order; unused ones are zero.
    #[serde(
        rename = "t",
        default,
        skip_serializing_if = "is_untiered",
        with = "used"
    )]
    pub tiers: [i64; MAX_TIERS],
    /// Micro-cents.
    #[serde(rename = "m")]
    pub money_uc: i64,
}

impl Cost {
    /// The cost of nothing.
    pub const ZERO: Cost = Cost::money(0);

    /// A cost of money alone, in micro-cents.
    pub const fn money(money_uc: i64) -> Cost {
        Cost {
            tiers: [0; MAX_TIERS],
            money_uc,
        }
    }

    /// This cost, `count` times.
    pub(crate) fn times(self, count: i64) -> Cost {
        Cost {
            tiers: self.tiers.map(|tier| tier * count),
            money_uc: self.money_uc * count,
        }
    }
}

impl Add for Cost {
    type Output = Cost;

    #[inline]
    fn add(mut self, other: Cost) -> Cost {
        self += other;
        self
    }
}

impl AddAssign for Cost {
    #[inline]
    fn add_assign(&mut self, other: Cost) {
        for (mine, theirs) in self.tiers.iter_mut().zip(other.tiers) {
            *mine += theirs;
        }
        self.money_uc += other.money_uc;
    }
}

impl Sub for Cost {
    type Output = Cost;

    #[inline]
    fn sub(mut self, other: Cost) -> Cost {
        for (mine, theirs) in self.tiers.iter_mut().zip(other.tiers) {
            *mine -= theirs;
        }
        self.money_uc -= other.money_uc;
        self
    }
}

fn is_untiered(tiers: &[i64; MAX_TIERS]) -> bool {
    tiers.iter().all(|&tier| tier == 0)
}

/// Tiers as a list that ends with the last one that is not zero, so that what is stored does not
/// depend on how many there may be.
mod used {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::MAX_TIERS;

    pub fn serialize<S: Serializer>(
        tiers: &[i64; MAX_TIERS],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let unused = tiers.iter().rev().take_while(|&&tier| tier == 0).count();
        tiers[..MAX_TIERS - unused].serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<[i64; MAX_TIERS], D::Error> {
        let list = Vec::<i64>::deserialize(deserializer)?;
        let mut tiers = [0; MAX_TIERS];
        let slots = tiers.get_mut(..list.len());
        let slots = slots.ok_or_else(|| D::Error::invalid_length(list.len(), &"fewer tiers"))?;
        slots.copy_from_slice(&list);
        Ok(tiers)
    }
}
