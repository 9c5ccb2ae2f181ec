//! Rows of the database as values of the port.

use ordo_domain::Event;
use ordo_domain::event::SubjectRef;
use ordo_domain::id::{CommandId, LocationId, OrderId, SkuId};
use ordo_domain::quantity::Quantity;
use ordo_domain::record::RecordKind;
use ordo_domain::stock::{Cell, CellKey, Condition, Lot, LotKey};
use ordo_domain::time::{Date, Timestamp};
use ordo_domain::world::StoredRecord;
use ordo_store::{LogEntry, OrderRow, StoreError};
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

use crate::failure::{corrupt, text};
use crate::values::Uuid;

/// The value of a column.
///
/// # Errors
/// Where it has another type, which says that the schema is not the one this program knows.
pub fn get<'a, T: FromSql<'a>>(row: &'a Row, column: usize) -> Result<T, StoreError> {
    row.try_get(column)
        .map_err(|error| corrupt("a row", text(&error)))
}

/// An id.
pub fn id<I: From<u128>>(row: &Row, column: usize) -> Result<I, StoreError> {
    Ok(I::from(get::<Uuid>(row, column)?.0))
}

/// An instant.
pub fn instant(row: &Row, column: usize) -> Result<Timestamp, StoreError> {
    Ok(Timestamp::from_micros(get(row, column)?))
}

/// A version.
pub fn version(row: &Row, column: usize) -> Result<u64, StoreError> {
    let stored: i64 = get(row, column)?;
    u64::try_from(stored).map_err(|error| corrupt("a version", error))
}

/// Id, version, body, number.
pub fn record(row: &Row) -> Result<(u128, StoredRecord), StoreError> {
    let record = StoredRecord {
        version: version(row, 1)?,
        body: get(row, 2)?,
        number: get(row, 3)?,
    };
    Ok((id(row, 0)?, record))
}

/// The columns that [`cell`] reads.
macro_rules! cell_columns {
    () => {
        "sku, location, owner, on_hand, allocated, reserved, safety, quarantined"
    };
}
pub(crate) use cell_columns;

/// A cell with its key.
pub fn cell(row: &Row) -> Result<(CellKey, Cell), StoreError> {
    let owner: Uuid = get(row, 2)?;
    let key = CellKey {
        sku: id::<SkuId>(row, 0)?,
        location: id::<LocationId>(row, 1)?,
        owner: (owner != Uuid::ZERO).then(|| owner.0.into()),
    };
    let quantity = |column| get(row, column).map(Quantity::stored);
    let cell = Cell {
        on_hand: quantity(3)?,
        allocated: quantity(4)?,
        reserved: quantity(5)?,
        safety: quantity(6)?,
        quarantined: quantity(7)?,
    };
    Ok((key, cell))
}

/// The columns that [`lot`] reads.
macro_rules! lot_columns {
    () => {
        "sku, location, owner, lot, condition, on_hand, quarantined, picked, expires_on"
    };
}
pub(crate) use lot_columns;

/// A split of a cell with its key.
pub fn lot(row: &Row) -> Result<(LotKey, Lot), StoreError> {
    let owner: Uuid = get(row, 2)?;
    let condition: &str = get(row, 4)?;
    let key = LotKey {
        cell: CellKey {
            sku: id::<SkuId>(row, 0)?,
            location: id::<LocationId>(row, 1)?,
            owner: (owner != Uuid::ZERO).then(|| owner.0.into()),
        },
        name: get(row, 3)?,
        condition: Condition::named(condition).ok_or_else(|| corrupt("a condition", condition))?,
    };
    let quantity = |column| get(row, column).map(Quantity::stored);
    let day: Option<i64> = get(row, 8)?;
    let day = day.map(|day| i32::try_from(day).map(Date::from_days));
    let lot = Lot {
        on_hand: quantity(5)?,
        quarantined: quantity(6)?,
        picked: quantity(7)?,
        expires_on: day.transpose().map_err(|error| corrupt("a day", error))?,
    };
    Ok((key, lot))
}

/// The columns that [`log_entry`] reads.
macro_rules! log_columns {
    () => {
        "position, recorded_at, effective_at, command, actor, \
         subject_kind, subject_id, subject_version, body"
    };
}
pub(crate) use log_columns;

/// An entry of the log.
pub fn log_entry(row: &Row) -> Result<LogEntry, StoreError> {
    let position: i64 = get(row, 0)?;
    let kind: Option<i16> = get(row, 5)?;
    let subject: Option<Uuid> = get(row, 6)?;
    let subject = match (kind, subject) {
        (Some(number), Some(id)) => Some(SubjectRef {
            kind: record_kind(number)?,
            id: id.0,
        }),
        (None, None) => None,
        _ => return Err(corrupt("a subject", format!("position {position}"))),
    };
    let body: &str = get(row, 8)?;
    let event: Event = serde_json::from_str(body)
        .map_err(|error| corrupt(&format!("the event at position {position}"), error))?;
    Ok(LogEntry {
        position,
        recorded_at: instant(row, 1)?,
        effective_at: instant(row, 2)?,
        command: id::<CommandId>(row, 3)?,
        actor: get(row, 4)?,
        subject,
        subject_version: version(row, 7)?,
        event,
    })
}

/// The stored number of a kind of record.
pub const fn kind_number(kind: RecordKind) -> i16 {
    kind as u8 as i16
}

/// The kind with this stored number.
pub fn record_kind(number: i16) -> Result<RecordKind, StoreError> {
    (RecordKind::ALL.iter().copied())
        .find(|kind| kind_number(*kind) == number)
        .ok_or_else(|| corrupt("a kind of record", number))
}

/// The columns that [`order`] reads, of a table that is called `o`.
pub const ORDER_COLUMNS: &str = "o.id, o.number, o.channel, o.external_id, o.life, o.version, \
     o.payment, o.fulfillment, o.returns, o.holds, o.placed_at, o.total, o.currency, o.country";

/// One order of a list.
pub fn order(row: &Row) -> Result<OrderRow, StoreError> {
    Ok(OrderRow {
        id: id::<OrderId>(row, 0)?,
        number: get(row, 1)?,
        channel: id(row, 2)?,
        external_id: get(row, 3)?,
        life: get(row, 4)?,
        version: version(row, 5)?,
        standings: [get(row, 6)?, get(row, 7)?, get(row, 8)?],
        holds: get(row, 9)?,
        placed_at: get(row, 10)?,
        total: get(row, 11)?,
        currency: get(row, 12)?,
        country: get(row, 13)?,
    })
}
