//! Small things: ids, instants, money, texts, addresses; tables of places; time zones and days.

use std::borrow::Cow;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use ordo_connectors::house::label::{LabelContent, zpl};
use ordo_domain::check::Check;
use ordo_domain::id::{OrderId, OrganizationId};
use ordo_domain::money::Currency;
use ordo_domain::text::{clean, mask_card_numbers};
use ordo_domain::time::{Date, Timestamp, Zone};
use ordo_domain::webhook::check_url;
use ordo_engine::search_terms;
use ordo_geo::gazetteer::Address;
use ordo_geo::table::{Index, Table};
use ordo_geo::{Gazetteer, fold, geonames, postal};

/// Reads a line of text as each of them. What can be read is the same when it is written and read again.
///
/// # Panics
/// Where it is not, or a reader panics.
pub fn read(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let text: &str = &text;
    same::<OrderId>(text);
    same::<Timestamp>(text);
    same::<Date>(text);
    same::<Currency>(text);
    for code in ["EUR", "JPY", "KWD"] {
        let currency: Currency = code.parse().unwrap();
        if let Some(amount) = currency.parse_decimal(text) {
            let written = currency.to_decimal(amount);
            assert_eq!(currency.parse_decimal(&written), Some(amount), "{text}");
        }
    }
    if let Ok(cleaned) = clean(text, 100) {
        assert_eq!(clean(&cleaned, 100).as_deref(), Ok(&*cleaned), "{text:?}");
        assert!(cleaned.chars().count() <= 100);
    }
    let masked = mask_card_numbers(text);
    if let Cow::Owned(masked) = &masked {
        assert_eq!(mask_card_numbers(masked), *masked, "{text:?}");
    }
    let mut check = Check::default();
    let _ = check_url(&mut check, "/url", text);
    if let Ok(address) = text.parse::<IpAddr>() {
        let _ = ordo_engine::deliveries::guard::is_open(address);
    }
    let terms = search_terms(OrganizationId::from_u128(1), text);
    assert!(terms.len() <= text.len() + 1, "{text:?}");
    let label = zpl(&LabelContent {
        from: text,
        to: None,
        order_number: text,
        tracking_number: "1Z1",
        parcel: (1, 1),
        weight_g: Some(1),
        service: text,
    });
    // A caret or tilde in a text would begin a command of the printer's own.
    assert!(
        label.ends_with("^XZ\n") || label.trim_end().ends_with("^XZ"),
        "{label}"
    );
}

fn same<T: FromStr + ToString + PartialEq + std::fmt::Debug>(text: &str) {
    let Ok(value) = text.parse::<T>() else {
        return;
    };
    let written = value.to_string();
    assert_eq!(written.parse::<T>().ok().as_ref(), Some(&value), "{text:?}");
}

/// Reads bytes as a table of places and walks it; and as lines of the files that tables are made of.
///
/// # Panics
/// Where a reader panics.
pub fn geography(input: &[u8]) {
    if let Ok(table) = Table::new(input) {
        for (_, country) in table.countries() {
            let _ = country.point();
            for index in [Index::Postal, Index::City] {
                for block in 0..country.blocks(index).min(64) {
                    let mut entries = country.block(index, block);
                    for _ in 0..256 {
                        if entries.peek().is_none() || entries.next().is_none() {
                            break;
                        }
                    }
                }
                let _ = country.from_key(index, b"10115");
            }
        }
    }
    let text = String::from_utf8_lossy(input);
    if let Ok(own) = Gazetteer::with_own(Arc::from(input)) {
        locate(&own, &text);
    }
    for line in text.lines().take(50) {
        let _ = (geonames::postal_line(line), geonames::city_line(line));
        let folded = fold::fold_name(line);
        let again = fold::fold_name(&String::from_utf8_lossy(folded.as_bytes()));
        assert!(
            again.as_bytes().len() <= folded.as_bytes().len() + 4,
            "{line:?}"
        );
        let _ = postal::postal_key(*b"GB", line);
        let _ = geonames::micro_degrees(line, 90);
    }
}

fn locate(gazetteer: &Gazetteer, text: &str) {
    let words: Vec<&str> = text.lines().take(2).collect();
    let _ = gazetteer.locate(&Address {
        country: "DE",
        region: None,
        postal: words.first().copied(),
        city: words.get(1).copied(),
    });
}

/// A line that names a time zone, then days: each day's midnight is on that day, or is skipped there.
///
/// # Panics
/// Where it is not, or a reader panics.
pub fn calendar(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let mut lines = text.lines();
    let Some(zone) = lines.next().and_then(|name| Zone::named(name.trim())) else {
        return;
    };
    for line in lines.take(50) {
        let (day, minute) = line.trim().split_once(' ').unwrap_or((line.trim(), "0"));
        let minute: u16 = minute.parse().unwrap_or_default();
        if let Ok(date) = day.parse::<Date>() {
            let at = zone.instant_at(date, minute.min(1_440));
            let (found, _) = at.local(&zone);
            // A day that a place skipped begins on the next; beyond the years that can be told apart
            // there is only the end of time.
            let is_the_end = at == Timestamp::from_micros(i64::MAX);
            assert!(found >= date || is_the_end, "{day} in {text:?} is {found}");
        }
        if let Ok(at) = day.parse::<Timestamp>() {
            let (date, minute) = at.local(&zone);
            assert_eq!(date, at.date_in(&zone), "{day}");
            assert!(minute < 1_440, "{day}");
        }
    }
}
