//! Cursors: where the next page of a list starts, as a text that means nothing to clients.
//!
//! The first letter names the list, so that a cursor of one list is refused by another.

use ordo_domain::id::{ChannelId, EntityId, LocationId, SkuId};
use ordo_domain::stock::CellKey;
use ordo_store::{LedgerPlace, OrderSort, RollupKey, RollupMeasure};

/// The place after the order with this number.
pub fn of_order(sort: OrderSort, number: i64) -> String {
    format!("{}{number:x}", order_letter(sort))
}

/// Reads a cursor of [`of_order`] with the same sort.
pub fn order(sort: OrderSort, text: &str) -> Option<i64> {
    i64::from_str_radix(digits(text.strip_prefix(order_letter(sort))?)?, 16).ok()
}

/// The place after the record with this id.
pub fn of_record(id: u128) -> String {
    format!("r{id:x}")
}

/// Reads a cursor of [`of_record`].
pub fn record(text: &str) -> Option<u128> {
    u128::from_str_radix(digits(text.strip_prefix('r')?)?, 16).ok()
}

/// The place after this event of an order.
pub fn of_position(position: i64) -> String {
    format!("p{position:x}")
}

/// Reads a cursor of [`of_position`].
pub fn position(text: &str) -> Option<i64> {
    i64::from_str_radix(digits(text.strip_prefix('p')?)?, 16).ok()
}

/// The place after this line of the ledger.
pub fn of_ledger(place: LedgerPlace) -> String {
    format!("m{:x}-{:x}", place.position, place.line)
}

/// Reads a cursor of [`of_ledger`].
pub fn ledger(text: &str) -> Option<LedgerPlace> {
    let (position, line) = text.strip_prefix('m')?.split_once('-')?;
    Some(LedgerPlace {
        position: i64::from_str_radix(digits(position)?, 16).ok()?,
        line: i32::from_str_radix(digits(line)?, 16).ok()?,
    })
}

/// The place after this sum.
pub fn of_rollup(key: RollupKey) -> String {
    let (channel, measure) = (key.channel.to_u128(), key.measure.number());
    // As bits, since a day before 1970 has a sign.
    let day = key.day.cast_unsigned();
    format!("d{day:x}-{channel:x}-{measure:x}-{}", key.currency)
}

/// Reads a cursor of [`of_rollup`].
pub fn rollup(text: &str) -> Option<RollupKey> {
    let mut parts = text.strip_prefix('d')?.splitn(4, '-');
    let day = u32::from_str_radix(digits(parts.next()?)?, 16).ok()?;
    let channel = u128::from_str_radix(digits(parts.next()?)?, 16).ok()?;
    let measure = u8::from_str_radix(digits(parts.next()?)?, 16).ok()?;
    Some(RollupKey {
        day: day.cast_signed(),
        channel: ChannelId::from_u128(channel),
        measure: RollupMeasure::numbered(measure)?,
        currency: parts.next()?.parse().ok()?,
    })
}

/// The place after this cell.
pub fn of_cell(key: CellKey) -> String {
    let owner = key.owner.map(|owner| format!("-{:x}", owner.to_u128()));
    format!(
        "c{:x}-{:x}{}",
        key.sku.to_u128(),
        key.location.to_u128(),
        owner.unwrap_or_default()
    )
}

/// Reads a cursor of [`of_cell`].
pub fn cell(text: &str) -> Option<CellKey> {
    let mut parts = text.strip_prefix('c')?.split('-');
    let mut next = || Some(u128::from_str_radix(digits(parts.next()?)?, 16));
    let (sku, location) = (next()?.ok()?, next()?.ok()?);
    let owner = next().transpose().ok()?;
    parts.next().is_none().then_some(CellKey {
        sku: SkuId::from_u128(sku),
        location: LocationId::from_u128(location),
        owner: owner.map(EntityId::from_u128),
    })
}

const fn order_letter(sort: OrderSort) -> char {
    match sort {
        OrderSort::Newest => 'n',
        OrderSort::Oldest => 'o',
    }
}

/// `text` where it is digits only: the parsers of numbers would take a sign.
fn digits(text: &str) -> Option<&str> {
    text.bytes()
        .all(|byte| byte.is_ascii_hexdigit())
        .then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_read_back_and_only_in_their_own_list() {
        let newest = of_order(OrderSort::Newest, 1_001);
        assert_eq!(order(OrderSort::Newest, &newest), Some(1_001));
        assert_eq!(order(OrderSort::Oldest, &newest), None);
        assert_eq!(record(&newest), None);
        assert_eq!(record(&of_record(u128::MAX)), Some(u128::MAX));
        assert_eq!(position(&of_position(7)), Some(7));
        let place = LedgerPlace {
            position: 7,
            line: 12,
        };
        assert_eq!(ledger(&of_ledger(place)), Some(place));
        for day in [-1, 0, 20_000] {
            let key = RollupKey {
                day,
                channel: ChannelId::from_u128(u128::MAX),
                measure: RollupMeasure::Closed,
                currency: "EUR".parse().unwrap(),
            };
            assert_eq!(rollup(&of_rollup(key)), Some(key));
        }
        for owner in [None, Some(EntityId::from_u128(9))] {
            let key = CellKey {
                sku: SkuId::from_u128(u128::MAX),
                location: LocationId::from_u128(2),
                owner,
            };
            assert_eq!(cell(&of_cell(key)), Some(key));
        }
    }

    #[test]
    fn texts_that_are_no_cursors_are_refused() {
        for text in [
            "",
            "n",
            "n-1",
            "n+1",
            "nzz",
            "r",
            "c1",
            "c1-",
            "c1-2-3-4",
            "nffffffffffffffffff",
            "m1",
            "m1--1",
            "d1-2-4-EUR",
            "d1-2-3-eur",
            "d-1-2-3-EUR",
        ] {
            assert_eq!(order(OrderSort::Newest, text), None, "{text}");
            assert_eq!(record(text), None, "{text}");
            assert_eq!(cell(text), None, "{text}");
            assert_eq!(ledger(text), None, "{text}");
            assert_eq!(rollup(text), None, "{text}");
        }
    }
}
