//! The stored form of what a decision holds many of: columns rather than rows, so that two hundred
//! locations fit in a few kilobytes.
//!
//! A column of numbers is written as the number of zeros that all of them end with, then the numbers
//! without those; one number stands for all where they are equal, and none where they are zero. Where
//! all are below 64, as amounts and places in lists mostly are, each is a digit. Keys are digits of 6 bits, 22 each, or 8 where all are short: [`Decision::shortened`] shortens the keys of
//! locations to their last 48 bits, which are a hash, where no two have the same.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::decision::{Decision, Excluded, Reason};
use crate::instance::{Candidate, Key};
use crate::rate::stored::Services;
use crate::rate::{Rate, Service, WeightStep};

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const SHORT_BITS: u32 = 48;
const SHORT_DIGITS: usize = 8;
const LONG_DIGITS: usize = 22;
/// The most zeros that a column leaves out.
const ZEROS_MAX: u32 = 12;

impl Decision {
    /// The decision as it is to be stored. `known` are the keys of all locations there are, by which
    /// [`Decision::restored`] finds shortened ones again.
    pub fn shortened(&self, known: impl Iterator<Item = Key>) -> Decision {
        let mut stored = self.clone();
        if let Some(steering) = &self.steering {
            // Prices that steer are kept once, and added again on reading.
            steering.unsteer(&mut stored.instance);
        }
        let mut shorts = BTreeSet::new();
        let mut is_unique = true;
        for key in known {
            is_unique &= shorts.insert(short(key));
        }
        let mine = || {
            let candidates = self.instance.candidates.iter().map(|one| one.key);
            candidates.chain(self.excluded.iter().map(|one| one.key))
        };
        if is_unique && mine().all(|key| shorts.contains(&short(key))) {
            stored.map_keys(short);
        }
        stored
    }

    /// What [`Decision::shortened`] was made of; `known` are the keys of all locations there are.
    #[must_use]
    pub fn restored(mut self, known: impl Iterator<Item = Key>) -> Decision {
        let whole: BTreeMap<Key, Key> = known.map(|key| (short(key), key)).collect();
        self.map_keys(|key| whole.get(&key).copied().unwrap_or(key));
        if let Some(steering) = self.steering.take() {
            steering.steer(&mut self.instance);
            self.steering = Some(steering);
        }
        self
    }

    fn map_keys(&mut self, map: impl Fn(Key) -> Key) {
        for candidate in &mut self.instance.candidates {
            candidate.key = map(candidate.key);
        }
        for excluded in &mut self.excluded {
            excluded.key = map(excluded.key);
        }
    }
}

fn short(key: Key) -> Key {
    Key(key.0 & ((1 << SHORT_BITS) - 1))
}

/// The keys of a column.
fn write_keys(keys: &[Key]) -> String {
    let width = match keys.iter().all(|key| key.0 >> SHORT_BITS == 0) {
        true => SHORT_DIGITS,
        false => LONG_DIGITS,
    };
    let digits = keys.iter().flat_map(|key| {
        let places = (0..width).rev();
        places.map(|place| char::from(DIGITS[(key.0 >> (6 * place) & 63) as usize]))
    });
    digits.collect()
}

/// `count` keys.
fn read_keys(text: &str, count: usize) -> Result<Vec<Key>, String> {
    let width = match text.len() {
        all if all == count * SHORT_DIGITS => SHORT_DIGITS,
        all if all == count * LONG_DIGITS => LONG_DIGITS,
        all => return Err(format!("{all} digits are not {count} keys")),
    };
    let digit = |byte: &u8| {
        let place = DIGITS.iter().position(|digit| digit == byte);
        place.map(|value| value as u128)
    };
    let key = |digits: &[u8]| {
        let key = digits
            .iter()
            .try_fold(0_u128, |key, byte| Some((key << 6) | digit(byte)?));
        key.map(Key)
            .ok_or_else(|| "a key has a wrong digit".to_owned())
    };
    text.as_bytes().chunks(width).map(key).collect()
}

/// A column as numbers; nothing where all are zero.
fn pack(values: &[i64]) -> Vec<i64> {
    let Some(first) = values.iter().find(|value| **value != 0) else {
        return Vec::new();
    };
    let ends = |value: i64, zeros: u32| value % 10_i64.pow(zeros) == 0;
    let mut zeros = 0;
    while zeros < ZEROS_MAX && values.iter().all(|value| ends(*value, zeros + 1)) {
        zeros += 1;
    }
    let scale = 10_i64.pow(zeros);
    let mut packed = vec![i64::from(zeros)];
    match values.iter().all(|value| value == first) {
        true => packed.push(first / scale),
        false => packed.extend(values.iter().map(|value| value / scale)),
    }
    packed
}

/// `count` numbers of a column.
fn unpack(packed: &[i64], count: usize) -> Result<Vec<i64>, String> {
    let Some((zeros, values)) = packed.split_first() else {
        return Ok(vec![0; count]);
    };
    let zeros = u32::try_from(*zeros)
        .ok()
        .filter(|zeros| *zeros <= ZEROS_MAX);
    let scale = 10_i64.pow(zeros.ok_or("a column leaves out too many zeros")?);
    let whole = |value: &i64| value.checked_mul(scale).ok_or("a number is too large");
    let values = values.iter().map(whole).collect::<Result<Vec<_>, _>>()?;
    match values.as_slice() {
        [one] => Ok(vec![*one; count]),
        all if all.len() == count => Ok(values),
        all => Err(format!("{} numbers are not {count}", all.len())),
    }
}

/// A digit for each number; `None` where one is too large for that.
fn digits(values: impl Iterator<Item = i64>) -> Option<String> {
    let digit = |value: i64| {
        let digit = DIGITS.get(usize::try_from(value).ok()?)?;
        Some(char::from(*digit))
    };
    values.map(digit).collect()
}

/// The numbers that digits stand for.
fn numbers(text: &str) -> Result<Vec<i64>, String> {
    let number = |byte: &u8| {
        let place = DIGITS.iter().position(|digit| digit == byte);
        place.map(|value| value as i64)
    };
    let all: Option<Vec<i64>> = text.as_bytes().iter().map(number).collect();
    all.ok_or_else(|| "a column has a wrong digit".to_owned())
}

/// Rows of numbers: as one column where all are of one length, else as they are.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Rows {
    Digits(String),
    Even(Vec<i64>),
    Each(Vec<Vec<i64>>),
}

impl Rows {
    /// `None` where all are empty.
    fn of(rows: &[&Vec<i64>]) -> Option<Rows> {
        let width = rows.first()?.len();
        if rows.iter().all(|row| row.is_empty()) {
            return None;
        }
        let values: Vec<i64> = rows.iter().flat_map(|row| row.iter().copied()).collect();
        let each = || Rows::Each(rows.iter().map(|row| row.to_vec()).collect());
        if rows.iter().any(|row| row.len() != width) {
            return Some(each());
        }
        if let Some(digits) = digits(values.iter().copied()) {
            return Some(Rows::Digits(digits));
        }
        let packed = pack(&values);
        // One number for all would not say how long the rows are.
        Some(match packed.len() == values.len() + 1 {
            true => Rows::Even(packed),
            false => each(),
        })
    }

    fn rows(stored: Option<Rows>, count: usize) -> Result<Vec<Vec<i64>>, String> {
        match stored {
            None => Ok(vec![Vec::new(); count]),
            Some(Rows::Each(rows)) if rows.len() == count => Ok(rows),
            Some(Rows::Each(rows)) => Err(format!("{} rows are not {count}", rows.len())),
            Some(Rows::Digits(digits)) => cut(&numbers(&digits)?, count),
            Some(Rows::Even(packed)) => {
                let all = packed.len().saturating_sub(1);
                cut(&unpack(&packed, all)?, count)
            }
        }
    }
}

/// `count` rows of equal length.
fn cut(values: &[i64], count: usize) -> Result<Vec<Vec<i64>>, String> {
    let (all, width) = (values.len(), values.len() / count.max(1));
    match width * count == all && width > 0 {
        true => Ok(values.chunks(width).map(<[i64]>::to_vec).collect()),
        false => Err(format!("{all} numbers are not {count} rows")),
    }
}

/// Services of candidates: a digit each where every one has a single plain service.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum AllServices {
    Digits(String),
    Each(Vec<Services>),
}

/// Places in a list.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Places {
    Digits(String),
    Each(Vec<i64>),
}

#[derive(Serialize, Deserialize)]
struct Candidates {
    #[serde(rename = "n")]
    count: usize,
    #[serde(rename = "k")]
    keys: String,
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    available: Option<Rows>,
    #[serde(rename = "d", default, skip_serializing_if = "Vec::is_empty")]
    distance_m: Vec<i64>,
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    custom: Option<Rows>,
    #[serde(rename = "ho", default, skip_serializing_if = "Vec::is_empty")]
    handling_order_uc: Vec<i64>,
    #[serde(rename = "hl", default, skip_serializing_if = "Vec::is_empty")]
    handling_line_uc: Vec<i64>,
    #[serde(rename = "hu", default, skip_serializing_if = "Vec::is_empty")]
    handling_unit_uc: Vec<i64>,
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    stock_price_uc: Option<Rows>,
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    services: Option<AllServices>,
}

/// The candidates of an instance.
pub(crate) mod candidates {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    use super::{
        AllServices, Candidate, Candidates, Rows, Service, Services, digits, numbers, pack,
        read_keys, unpack, write_keys,
    };

    pub fn serialize<S: Serializer>(all: &[Candidate], to: S) -> Result<S::Ok, S::Error> {
        let column = |of: fn(&Candidate) -> i64| pack(&all.iter().map(of).collect::<Vec<_>>());
        let rows =
            |of: fn(&Candidate) -> &Vec<i64>| Rows::of(&all.iter().map(of).collect::<Vec<_>>());
        let has_services = all.iter().any(|one| !one.services.is_empty());
        let columns = Candidates {
            count: all.len(),
            keys: write_keys(&all.iter().map(|one| one.key).collect::<Vec<_>>()),
            available: rows(|one| &one.available),
            distance_m: column(|one| one.distance_m),
            custom: rows(|one| &one.custom),
            handling_order_uc: column(|one| one.handling_order_uc),
            handling_line_uc: column(|one| one.handling_line_uc),
            handling_unit_uc: column(|one| one.handling_unit_uc),
            stock_price_uc: rows(|one| &one.stock_price_uc),
            services: has_services.then(|| services(all)),
        };
        columns.serialize(to)
    }

    fn services(all: &[Candidate]) -> AllServices {
        let single = |one: &Candidate| match one.services.as_slice() {
            [one] if one.extra_uc == 0 => Some(i64::from(one.rate)),
            _ => None,
        };
        let rates: Option<Vec<i64>> = all.iter().map(single).collect();
        let digits = rates.and_then(|rates| digits(rates.into_iter()));
        let each = || all.iter().map(|one| Services::of(&one.services)).collect();
        digits.map_or_else(|| AllServices::Each(each()), AllServices::Digits)
    }

    fn read_services(stored: Option<AllServices>) -> Result<Vec<Vec<Service>>, String> {
        Ok(match stored {
            None => Vec::new(),
            Some(AllServices::Each(all)) => all.into_iter().map(Services::all).collect(),
            Some(AllServices::Digits(digits)) => {
                let rates = numbers(&digits)?.into_iter();
                let plain = |rate| Service {
                    rate: rate as u32,
                    extra_uc: 0,
                };
                rates.map(|rate| vec![plain(rate)]).collect()
            }
        })
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Candidate>, D::Error> {
        let stored = Candidates::deserialize(from)?;
        read(stored).map_err(D::Error::custom)
    }

    fn read(stored: Candidates) -> Result<Vec<Candidate>, String> {
        let count = stored.count;
        let keys = read_keys(&stored.keys, count)?;
        let available = Rows::rows(stored.available, count)?;
        let custom = Rows::rows(stored.custom, count)?;
        let stock_price_uc = Rows::rows(stored.stock_price_uc, count)?;
        let distance_m = unpack(&stored.distance_m, count)?;
        let handling_order_uc = unpack(&stored.handling_order_uc, count)?;
        let handling_line_uc = unpack(&stored.handling_line_uc, count)?;
        let handling_unit_uc = unpack(&stored.handling_unit_uc, count)?;
        let mut services = read_services(stored.services)?.into_iter();
        let rows = available.into_iter().zip(custom).zip(stock_price_uc);
        let all = keys.into_iter().zip(rows).enumerate();
        let candidate = |(at, (key, ((available, custom), stock_price_uc)))| Candidate {
            key,
            available,
            distance_m: distance_m[at],
            custom,
            handling_order_uc: handling_order_uc[at],
            handling_line_uc: handling_line_uc[at],
            handling_unit_uc: handling_unit_uc[at],
            stock_price_uc,
            services: services.next().unwrap_or_default(),
        };
        Ok(all.map(candidate).collect())
    }
}

/// The rates of an instance: of each its weights and prices in turn.
pub(crate) mod rates {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    use super::{Rate, WeightStep, pack, unpack};

    pub fn serialize<S: Serializer>(all: &[Rate], to: S) -> Result<S::Ok, S::Error> {
        let column = |rate: &Rate| {
            let weights = rate.steps.iter().map(|step| step.up_to_g);
            let prices: Vec<i64> = rate.steps.iter().map(|step| step.cost_uc).collect();
            (weights.collect::<Vec<_>>(), pack(&prices))
        };
        all.iter().map(column).collect::<Vec<_>>().serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Rate>, D::Error> {
        let stored = Vec::<(Vec<i64>, Vec<i64>)>::deserialize(from)?;
        let rates = stored.into_iter().map(|(weights, prices)| {
            let prices = unpack(&prices, weights.len())?;
            let steps = weights.into_iter().zip(prices);
            let step = |(up_to_g, cost_uc)| WeightStep { up_to_g, cost_uc };
            Ok(Rate {
                steps: steps.map(step).collect(),
            })
        });
        rates
            .collect::<Result<_, String>>()
            .map_err(D::Error::custom)
    }
}

#[derive(Serialize, Deserialize)]
struct ExcludedColumns {
    #[serde(rename = "k")]
    keys: String,
    #[serde(rename = "r")]
    reasons: Vec<Reason>,
    /// Of each its place among the reasons.
    #[serde(rename = "i")]
    places: Places,
    #[serde(rename = "h", default, skip_serializing_if = "Vec::is_empty")]
    has: Vec<i64>,
    #[serde(rename = "w", default, skip_serializing_if = "Vec::is_empty")]
    wants: Vec<i64>,
}

/// Locations that were left out.
pub(crate) mod excluded {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    use super::{
        Excluded, ExcludedColumns, Places, Reason, digits, numbers, pack, read_keys, unpack,
        write_keys,
    };

    pub fn serialize<S: Serializer>(all: &[Excluded], to: S) -> Result<S::Ok, S::Error> {
        let mut reasons: Vec<Reason> = Vec::new();
        let place = |one: &Excluded| {
            let known = reasons.iter().position(|reason| *reason == one.reason);
            known.unwrap_or_else(|| {
                reasons.push(one.reason);
                reasons.len() - 1
            }) as i64
        };
        let places: Vec<i64> = all.iter().map(place).collect();
        let places = match digits(places.iter().copied()) {
            Some(digits) => Places::Digits(digits),
            None => Places::Each(places),
        };
        let column = |of: fn(&Excluded) -> i64| pack(&all.iter().map(of).collect::<Vec<_>>());
        let columns = ExcludedColumns {
            keys: write_keys(&all.iter().map(|one| one.key).collect::<Vec<_>>()),
            places,
            has: column(|one| one.has),
            wants: column(|one| one.wants),
            reasons,
        };
        columns.serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Excluded>, D::Error> {
        let stored = ExcludedColumns::deserialize(from)?;
        read(&stored).map_err(D::Error::custom)
    }

    fn read(stored: &ExcludedColumns) -> Result<Vec<Excluded>, String> {
        let places = match &stored.places {
            Places::Digits(digits) => numbers(digits)?,
            Places::Each(places) => places.clone(),
        };
        let count = places.len();
        let keys = read_keys(&stored.keys, count)?;
        let has = unpack(&stored.has, count)?;
        let wants = unpack(&stored.wants, count)?;
        let all = keys.into_iter().zip(places).zip(has.into_iter().zip(wants));
        let one = |((key, place), (has, wants))| {
            let reason = stored.reasons.get(place as usize);
            Ok(Excluded {
                key,
                reason: *reason.ok_or("a reason is missing")?,
                has,
                wants,
            })
        };
        all.map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_read_as_it_was_written() {
        for (values, packed) in [
            (vec![], vec![]),
            (vec![0, 0, 0], vec![]),
            (vec![7], vec![0, 7]),
            (vec![490_000_000, 0, 10_000_000], vec![7, 49, 0, 1]),
            (vec![500, 500, 500], vec![2, 5]),
            (vec![-20, 30], vec![1, -2, 3]),
            (vec![i64::MAX, i64::MIN], vec![0, i64::MAX, i64::MIN]),
        ] {
            assert_eq!(pack(&values), packed);
            assert_eq!(unpack(&packed, values.len()), Ok(values));
        }
        assert!(unpack(&[0, 1, 2], 3).is_err());
        assert!(unpack(&[13, 1], 1).is_err());
        assert!(unpack(&[1, i64::MAX], 1).is_err());
    }

    #[test]
    fn keys_are_read_as_they_were_written() {
        for keys in [
            vec![],
            vec![Key(0), Key((1 << 48) - 1)],
            vec![Key(u128::MAX), Key(5)],
        ] {
            let text = write_keys(&keys);
            assert_eq!(read_keys(&text, keys.len()), Ok(keys), "{text}");
        }
        assert!(read_keys("AAAAAAA", 1).is_err());
        assert!(read_keys("AAAAAAA!", 1).is_err());
    }
}
