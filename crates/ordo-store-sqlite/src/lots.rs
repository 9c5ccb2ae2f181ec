//! Splits of cells by lot: read by SKU, changed by differences. Most batches have none and pay nothing.

use ordo_domain::id::SkuId;
use ordo_domain::quantity::Quantity;
use ordo_domain::stock::{CellKey, Condition, Lot, LotKey};
use ordo_domain::time::Date;
use ordo_domain::world::LotChange;
use rusqlite::types::Type;
use rusqlite::{Connection, Row, params};

use crate::error::Fault;
use crate::keys::{Id, Owner, id};

/// The splits of a SKU's cells of which something is left.
pub(crate) fn of(
    conn: &Connection,
    organization: i64,
    sku: SkuId,
) -> Result<Vec<(LotKey, Lot)>, Fault> {
    let mut statement = conn.prepare_cached(LOTS)?;
    let mut rows = statement.query(params![organization, Id::of(sku)])?;
    let mut lots = Vec::new();
    while let Some(row) = rows.next()? {
        lots.push(lot(row)?);
    }
    Ok(lots)
}

pub(crate) const LOTS: &str = "SELECT sku, location, owner, lot, condition, on_hand, quarantined, \
     picked, expires_on FROM cell_lots WHERE organization = ?1 AND sku = ?2 \
     AND (on_hand <> 0 OR quarantined <> 0 OR picked <> 0)";

fn lot(row: &Row<'_>) -> Result<(LotKey, Lot), Fault> {
    let condition: String = row.get(4)?;
    let Some(condition) = Condition::named(&condition) else {
        let reason = format!("no condition is called {condition}").into();
        let unread = rusqlite::Error::FromSqlConversionFailure(4, Type::Text, reason);
        return Err(unread.into());
    };
    let key = LotKey {
        cell: CellKey {
            sku: id(row, 0)?,
            location: id(row, 1)?,
            owner: row.get::<_, Owner>(2)?.get(),
        },
        name: row.get(3)?,
        condition,
    };
    let quantity = |column| row.get(column).map(Quantity::stored);
    let lot = Lot {
        on_hand: quantity(5)?,
        quarantined: quantity(6)?,
        picked: quantity(7)?,
        expires_on: row.get::<_, Option<i32>>(8)?.map(Date::from_days),
    };
    Ok((key, lot))
}

/// Adds differences to splits as they stand.
pub(crate) fn change(
    conn: &Connection,
    organization: i64,
    changes: &[LotChange],
) -> Result<(), Fault> {
    if changes.is_empty() {
        return Ok(());
    }
    let mut upsert = conn.prepare_cached(
        "INSERT INTO cell_lots (organization, sku, location, owner, lot, condition, on_hand, \
         quarantined, picked, expires_on) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) \
         ON CONFLICT DO UPDATE SET on_hand = on_hand + excluded.on_hand, \
         quarantined = quarantined + excluded.quarantined, picked = picked + excluded.picked, \
         expires_on = coalesce(excluded.expires_on, expires_on)",
    )?;
    for change in changes {
        let cell = change.key.cell;
        upsert.execute(params![
            organization,
            Id::of(cell.sku),
            Id::of(cell.location),
            Owner::of(cell.owner),
            change.key.name,
            change.key.condition.name(),
            change.on_hand.get(),
            change.quarantined.get(),
            change.picked.get(),
            change.expires_on.map(Date::days_since_epoch),
        ])?;
    }
    Ok(())
}
