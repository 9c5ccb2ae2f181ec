//! Orders of a table that writes one row per line: consecutive rows with the same key are one order.

use std::collections::VecDeque;

use ordo_domain::network::CreateChannel;
use ordo_domain::order::LINES_MAX;
use ordo_domain::rejection::Rejection;

use super::csv::{Record, Row, Table};
use super::foreign::{Mapped, name_apart};
use super::{Item, Options, ROW_BYTES_MAX, ReadError, ReadRows, Reject, RowOrigin, parsed};

/// What makes the rows of an order into its input form.
pub(super) trait Layout {
    /// The name of the column that is the same in all rows of an order.
    fn key(&self) -> &str;

    /// The order that `rows` are; there is at least one.
    fn map(&self, table: &Table, rows: &[Record]) -> Result<Mapped, Rejection>;
}

pub(super) struct Reader<L> {
    pub(super) table: Table,
    pub(super) layout: L,
    pub(super) options: Options,
    /// Told before the first order.
    pub(super) channel: Option<CreateChannel>,
    /// The first row of the next order.
    pub(super) next: Option<Record>,
}

/// The rows of an order so far.
struct Group {
    rows: Vec<Record>,
    bytes: usize,
    fault: Option<String>,
}

impl Group {
    fn add(&mut self, row: Record) {
        self.bytes += row.raw.len();
        if self.rows.len() == LINES_MAX {
            self.fault = Some(format!("has more than {LINES_MAX} rows"));
        } else if self.bytes > ROW_BYTES_MAX {
            self.fault = Some(format!("is longer than {ROW_BYTES_MAX} bytes"));
        } else {
            self.rows.push(row);
        }
    }
}

impl<L: Layout> ReadRows for Reader<L> {
    fn read_row(&mut self, ready: &mut VecDeque<Item>) -> Result<bool, ReadError> {
        ready.extend(self.channel.take().map(Item::Channel));
        let first = match self.next.take() {
            Some(row) => row,
            None => match self.table.next_row()? {
                Some(Row::Record(row)) => row,
                Some(Row::Bad(reject)) => {
                    ready.push_back(Item::Rejected(reject));
                    return Ok(true);
                }
                None => return Ok(false),
            },
        };
        let key = self.key(&first);
        let mut group = Group {
            bytes: first.raw.len(),
            rows: vec![first],
            fault: None,
        };
        let mut bad: Option<u64> = None;
        loop {
            match self.table.next_row()? {
                Some(Row::Record(row)) if key.is_some() && self.key(&row) == key => {
                    if let Some(line) = bad {
                        // Whatever stood there may have been a line of this order.
                        group.fault = Some(format!("cannot be read whole: see row {line}"));
                    }
                    group.add(row);
                }
                Some(Row::Record(row)) => {
                    self.next = Some(row);
                    break;
                }
                Some(Row::Bad(reject)) => {
                    bad = bad.or(Some(reject.origin.row));
                    ready.push_back(Item::Rejected(reject));
                }
                None => break,
            }
        }
        ready.extend(self.items(key, group));
        Ok(true)
    }
}

impl<L: Layout> Reader<L> {
    fn key(&self, row: &Record) -> Option<String> {
        self.table.get(row, self.layout.key()).map(str::to_owned)
    }

    fn items(&self, key: Option<String>, group: Group) -> Vec<Item> {
        let origin: RowOrigin = group.rows[0].origin.clone();
        let raw: String = group.rows.iter().map(|row| row.raw.as_str()).collect();
        if let Some(reason) = group.fault {
            let mut reject = Reject::row(origin, reason, raw);
            reject.external_id = key;
            return vec![Item::Rejected(reject)];
        }
        match self.layout.map(&self.table, &group.rows) {
            Ok(mut mapped) => {
                name_apart(&mut mapped.input.lines);
                let order = parsed(origin, mapped.input, raw, &self.options);
                mapped
                    .skus
                    .into_iter()
                    .map(Item::Sku)
                    .chain([order])
                    .collect()
            }
            Err(rejection) => vec![Item::Rejected(Reject::of(origin, key, &rejection, raw))],
        }
    }
}
