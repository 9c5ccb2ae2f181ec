//! What a location is assumed to have.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher;

use siphasher::sip::SipHasher24;

use crate::id::SkuId;

/// Millionths in one.
const PPM: i64 = 1_000_000;

/// Which of the SKUs that the orders ask for a location has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assortment {
    /// All.
    All,
    /// Each with the same chance, and by itself: the same ones wherever seed and code are the same.
    Share {
        /// The chance in millionths.
        ppm: i64,
        /// Another seed chooses others.
        seed: u64,
    },
    /// Those that the orders ask most units of.
    Top {
        /// How many of the SKUs, in millionths.
        ppm: i64,
    },
    /// Those with these codes.
    Listed(BTreeSet<String>),
}

/// A SKU of the orders, and how many units they ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Its code.
    pub code: String,
    /// Units in all orders.
    pub units: i64,
}

impl Assortment {
    /// Those of `asked` that a location with this code has.
    pub(super) fn at(&self, location: &str, asked: &BTreeMap<SkuId, Asked>) -> BTreeSet<SkuId> {
        let chosen = |is_there: &dyn Fn(&Asked) -> bool| {
            let there = asked.iter().filter(|(_, sku)| is_there(sku));
            there.map(|(id, _)| *id).collect()
        };
        match self {
            Self::All => chosen(&|_| true),
            Self::Share { ppm, seed } => chosen(&|sku| draw(*seed, location, &sku.code) < *ppm),
            Self::Listed(codes) => chosen(&|sku| codes.contains(&sku.code)),
            Self::Top { ppm } => {
                // Most units first; of equally many the code decides.
                let mut ranked: Vec<(&SkuId, &Asked)> = asked.iter().collect();
                ranked.sort_by_key(|(_, sku)| (std::cmp::Reverse(sku.units), &sku.code));
                let share = i128::from(*ppm) * ranked.len() as i128 / i128::from(PPM);
                let many = usize::try_from(share).unwrap_or(0);
                ranked.into_iter().take(many).map(|(id, _)| *id).collect()
            }
        }
    }
}

/// A number from 0 up to a million that looks random.
fn draw(seed: u64, location: &str, sku: &str) -> i64 {
    let mut hasher = SipHasher24::new_with_keys(seed, 0x6f72_646f);
    for part in [location, sku] {
        hasher.write_u64(part.len() as u64);
        hasher.write(part.as_bytes());
    }
    (hasher.finish() % PPM as u64) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(count: u128) -> BTreeMap<SkuId, Asked> {
        let sku = |n: u128| {
            let asked = Asked {
                code: format!("S{n}"),
                units: (n % 10) as i64,
            };
            (SkuId::from_u128(n), asked)
        };
        (0..count).map(sku).collect()
    }

    #[test]
    fn a_share_is_drawn_anew_for_every_location_and_seed() {
        let asked = asked(10_000);
        let share = |ppm, seed, code: &str| Assortment::Share { ppm, seed }.at(code, &asked);
        let here = share(700_000, 1, "A");
        assert!((6_850..7_150).contains(&here.len()), "{}", here.len());
        assert_eq!(here, share(700_000, 1, "A"));
        for other in [share(700_000, 1, "B"), share(700_000, 2, "A")] {
            let both = here.intersection(&other).count();
            assert!((4_750..5_050).contains(&both), "{both}");
        }
        assert_eq!(share(0, 1, "A").len(), 0);
        assert_eq!(share(1_000_000, 1, "A").len(), 10_000);
    }

    #[test]
    fn the_top_are_those_with_most_units() {
        let asked = asked(100);
        let top = Assortment::Top { ppm: 200_000 }.at("A", &asked);
        assert_eq!(top.len(), 20);
        assert!(top.iter().all(|id| asked[id].units >= 8));
    }
}
