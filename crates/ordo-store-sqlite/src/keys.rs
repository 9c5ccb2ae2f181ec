//! How ids and numbers are kept: ids as 16 bytes, big end first, so that they sort like the number;
//! an order's number and an event's position together with the organization in one integer.

use ordo_domain::id::EntityId;
use rusqlite::Row;
use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

/// Bits of `seq` below the organization.
const NUMBER_BITS: u32 = 40;

/// Organizations are numbered below this in one file.
pub(crate) const ORGANIZATIONS_MAX: i64 = 1 << 22;

/// Numbers and positions stay below this.
pub(crate) const NUMBER_MAX: i64 = 1 << NUMBER_BITS;

/// The number of the organization zero, under which keys are claimed for all organizations.
pub(crate) const EVERYONE: i64 = 0;

/// A number under which nothing is stored, for organizations that never committed.
pub(crate) const NOBODY: i64 = -1;

/// An id as SQLite keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Id(pub(crate) [u8; 16]);

impl Id {
    pub(crate) fn of(id: impl Into<u128>) -> Self {
        Self(id.into().to_be_bytes())
    }

    pub(crate) fn get<I: From<u128>>(self) -> I {
        I::from(u128::from_be_bytes(self.0))
    }
}

impl ToSql for Id {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Blob(&self.0)))
    }
}

impl FromSql for Id {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        FromSql::column_result(value).map(Self)
    }
}

/// Whose stock lies in a cell: empty for the organization's own, which is nearly all, and 16 bytes
/// shorter so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner(Option<Id>);

impl Owner {
    pub(crate) fn of(owner: Option<EntityId>) -> Self {
        Self(owner.map(Id::of))
    }

    pub(crate) fn get(self) -> Option<EntityId> {
        self.0.map(Id::get)
    }
}

impl ToSql for Owner {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let bytes = self.0.as_ref().map_or(&[] as &[u8], |id| &id.0);
        Ok(ToSqlOutput::Borrowed(ValueRef::Blob(bytes)))
    }
}

impl FromSql for Owner {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_blob()? {
            [] => Ok(Self(None)),
            _ => Id::column_result(value).map(|id| Self(Some(id))),
        }
    }
}

/// The id in a column.
pub(crate) fn id<I: From<u128>>(row: &Row<'_>, column: usize) -> rusqlite::Result<I> {
    Ok(row.get::<_, Id>(column)?.get())
}

/// The `seq` of an order or event.
pub(crate) const fn seq(organization: i64, number: i64) -> i64 {
    organization << NUMBER_BITS | number
}

/// The order's number or the event's position in a `seq`.
pub(crate) const fn number(seq: i64) -> i64 {
    seq & (NUMBER_MAX - 1)
}

/// Bits of `seq` below a segment of terms.
const SEGMENT_BITS: u32 = 12;

/// The segment that an order's terms are kept in.
pub(crate) const fn segment(seq: i64) -> i64 {
    seq >> SEGMENT_BITS
}

/// The ends of a segment, which are left out.
pub(crate) const fn segment_span(segment: i64) -> (i64, i64) {
    let first = segment << SEGMENT_BITS;
    (first - 1, first + (1 << SEGMENT_BITS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seq_gives_its_number_back_and_sorts_by_organization_first() {
        assert_eq!(number(seq(3, 1_001)), 1_001);
        assert_eq!(
            number(seq(ORGANIZATIONS_MAX, NUMBER_MAX - 1)),
            NUMBER_MAX - 1
        );
        assert!(seq(1, NUMBER_MAX - 1) < seq(2, 0));
        assert!(seq(ORGANIZATIONS_MAX, NUMBER_MAX - 1) > 0);
    }

    #[test]
    fn no_segment_holds_orders_of_two_organizations() {
        assert_ne!(segment(seq(1, NUMBER_MAX - 1)), segment(seq(2, 0)));
    }
}
