//! What was carried, counted so that two stores can be compared: rows and a sum over the content of
//! each table, where each log ends, what lies in all cells, and what all orders are worth.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher13};

use super::{Row, Table, Value};

/// One table: how many rows, and a sum over their content that does not depend on their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TableTally {
    /// How many.
    pub rows: u64,
    /// Equal where the rows are.
    pub content: u128,
}

/// A store, counted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// By name.
    pub tables: BTreeMap<&'static str, TableTally>,
    /// The last position of each organization's log.
    pub heads: BTreeMap<u128, i64>,
    /// The sum of each of the cells' counters.
    pub cells: BTreeMap<&'static str, i128>,
    /// The sum of the orders' totals by currency, in minor units.
    pub totals: BTreeMap<String, i128>,
}

impl Tally {
    /// How many rows of a table were counted.
    #[must_use]
    pub fn rows(&self, table: &str) -> u64 {
        self.tables.get(table).map_or(0, |tally| tally.rows)
    }

    /// Counts rows.
    pub fn count(&mut self, table: &'static Table, rows: &[Row]) {
        let tally = self.tables.entry(table.name).or_default();
        for row in rows {
            tally.rows += 1;
            tally.content = tally.content.wrapping_add(content(row));
        }
        match table.name {
            "heads" => self.count_heads(table, rows),
            "cells" => self.count_cells(table, rows),
            "orders" => self.count_orders(table, rows),
            _ => {}
        }
    }

    fn count_heads(&mut self, table: &Table, rows: &[Row]) {
        let position = table.column("position");
        for row in rows {
            if let (Value::Id(organization), Some(Value::Integer(position))) =
                (&row[0], position.map(|column| &row[column]))
            {
                self.heads.insert(*organization, *position);
            }
        }
    }

    fn count_cells(&mut self, table: &'static Table, rows: &[Row]) {
        for row in rows {
            for ((name, _), value) in table.columns.iter().zip(row).skip(table.key) {
                if let Value::Integer(value) = value {
                    *self.cells.entry(name).or_default() += i128::from(*value);
                }
            }
        }
    }

    fn count_orders(&mut self, table: &Table, rows: &[Row]) {
        let (Some(total), Some(currency)) = (table.column("total"), table.column("currency"))
        else {
            return;
        };
        for row in rows {
            if let (Value::Integer(total), Value::Text(currency)) = (&row[total], &row[currency]) {
                *self.totals.entry(currency.clone()).or_default() += i128::from(*total);
            }
        }
    }

    /// The first thing in which `other` differs.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Option<String> {
        let names = self.tables.keys().chain(other.tables.keys());
        for name in names {
            let (here, there) = (self.tables.get(name), other.tables.get(name));
            if here.map(|tally| tally.rows) != there.map(|tally| tally.rows) {
                let (here, there) = (self.rows(name), other.rows(name));
                return Some(format!("{name} has {here} rows here and {there} there"));
            }
            if here != there {
                return Some(format!("{name} has rows that differ"));
            }
        }
        if self == other {
            return None;
        }
        Some("the sums differ".to_owned())
    }
}

impl fmt::Display for Tally {
    /// One line per figure.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, tally) in &self.tables {
            if tally.rows > 0 {
                writeln!(f, "  {name:20} {:>14} rows", tally.rows)?;
            }
        }
        for (organization, position) in &self.heads {
            let organization = ordo_domain::id::OrganizationId::from_u128(*organization);
            writeln!(f, "  log of {organization} ends at {position}")?;
        }
        for (name, sum) in &self.cells {
            writeln!(f, "  cells {name:14} {sum:>14}")?;
        }
        for (currency, sum) in &self.totals {
            writeln!(f, "  orders in {currency} {sum:>17} minor units")?;
        }
        Ok(())
    }
}

/// 128 bits that stand for a row. Fields are told apart by their kind and length.
fn content(row: &[Value]) -> u128 {
    let mut hasher = SipHasher13::new();
    for value in row {
        match value {
            Value::None => hasher.write_u8(0),
            Value::Id(id) => {
                hasher.write_u8(1);
                hasher.write(&id.to_be_bytes());
            }
            Value::Integer(number) => {
                hasher.write_u8(2);
                hasher.write(&number.to_be_bytes());
            }
            Value::Text(text) => {
                hasher.write_u8(3);
                hasher.write(&(text.len() as u64).to_be_bytes());
                hasher.write(text.as_bytes());
            }
            Value::Hash(hash) => {
                hasher.write_u8(4);
                hasher.write(hash);
            }
        }
    }
    hasher.finish128().as_u128()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(on_hand: &[i64]) -> Tally {
        let table = Table::named("cells").unwrap();
        let rows: Vec<Row> = (on_hand.iter().zip(1..))
            .map(|(on_hand, sku)| {
                let mut row = vec![Value::Id(1), Value::Id(sku), Value::Id(3), Value::Id(0)];
                row.push(Value::Integer(*on_hand));
                row.extend(std::iter::repeat_n(Value::Integer(0), 4));
                row
            })
            .collect();
        let mut tally = Tally::default();
        tally.count(table, &rows);
        tally
    }

    #[test]
    fn equal_sums_of_other_rows_are_told_apart() {
        assert_eq!(cells(&[3, 4]).difference(&cells(&[3, 4])), None);
        assert_eq!(cells(&[3, 4]).cells, cells(&[4, 3]).cells);
        let difference = cells(&[3, 4]).difference(&cells(&[4, 3])).unwrap();
        assert_eq!(difference, "cells has rows that differ");
        let difference = cells(&[7]).difference(&cells(&[3, 4])).unwrap();
        assert_eq!(difference, "cells has 1 rows here and 2 there");
    }
}
