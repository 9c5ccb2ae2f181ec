//! Reports that are kept to be read again.

use async_trait::async_trait;
use ordo_domain::id::{OrganizationId, WhatIfId};
use ordo_domain::time::Timestamp;
use ordo_store::{
    Page, REPORTS_DROPPED_MAX, Report, ReportHead, ReportKind, Reports, ReportsOf, StoreError,
};
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};

use crate::error::Fault;
use crate::keys::{Id, id};
use crate::queue::Lane;
use crate::store::SqliteStore;

pub(crate) const ALL: &str = "SELECT id, kind, series, created_at, head FROM what_ifs \
     WHERE organization = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3";
pub(crate) const OF_KIND: &str = "SELECT id, kind, series, created_at, head FROM what_ifs \
     WHERE organization = ?1 AND id < ?2 AND kind = ?4 ORDER BY id DESC LIMIT ?3";
pub(crate) const OF_SERIES: &str = "SELECT id, kind, series, created_at, head FROM what_ifs \
     WHERE organization = ?1 AND id < ?2 AND series = ?4 ORDER BY id DESC LIMIT ?3";
/// The oldest of a kind beyond those that stay.
pub(crate) const SURPLUS: &str = "SELECT id FROM what_ifs WHERE organization = ?1 AND kind = ?2 \
     ORDER BY id DESC LIMIT -1 OFFSET ?3";

fn head(row: &Row<'_>) -> rusqlite::Result<ReportHead> {
    let kind: String = row.get(1)?;
    Ok(ReportHead {
        id: id(row, 0)?,
        // Only names of kinds are ever written.
        kind: ReportKind::named(&kind).unwrap_or(ReportKind::Asked),
        series: row.get(2)?,
        created_at: Timestamp::from_micros(row.get(3)?),
        head: row.get(4)?,
    })
}

fn keep(conn: &Connection, number: i64, report: &Report, most: usize) -> Result<(), Fault> {
    let head = &report.head;
    conn.prepare_cached(
        "INSERT INTO what_ifs (organization, id, kind, series, created_at, head, body) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
    )?
    .execute(params![
        number,
        Id::of(head.id),
        head.kind.name(),
        head.series,
        head.created_at.as_micros(),
        head.head,
        report.body
    ])?;
    let surplus: Vec<Id> = conn
        .prepare_cached(SURPLUS)?
        .query_map(params![number, head.kind.name(), most as i64], |row| {
            row.get(0)
        })?
        .collect::<rusqlite::Result<_>>()?;
    for id in surplus.iter().rev().take(REPORTS_DROPPED_MAX) {
        conn.prepare_cached("DELETE FROM what_ifs WHERE organization = ?1 AND id = ?2")?
            .execute(params![number, id])?;
    }
    Ok(())
}

#[async_trait]
impl Reports for SqliteStore {
    async fn keep_report(
        &self,
        organization: OrganizationId,
        report: &Report,
        most: usize,
    ) -> Result<(), StoreError> {
        let report = report.clone();
        self.write(Lane::Second, move |writer| {
            let kept = writer.within(|writer| {
                let number = writer.number_or_new(organization)?;
                keep(&writer.conn, number, &report, most)
            });
            writer.read_heads()?;
            kept
        })
        .await
    }

    async fn report(
        &self,
        organization: OrganizationId,
        wanted: WhatIfId,
    ) -> Result<Option<Report>, StoreError> {
        self.read(move |reader| {
            let number = reader.number(organization)?;
            let found = reader
                .conn
                .prepare_cached(
                    "SELECT id, kind, series, created_at, head, body FROM what_ifs \
                     WHERE organization = ?1 AND id = ?2",
                )?
                .query_row(params![number, Id::of(wanted)], |row| {
                    Ok(Report {
                        head: head(row)?,
                        body: row.get(5)?,
                    })
                })
                .optional()?;
            Ok(found)
        })
        .await
    }

    async fn list_reports(
        &self,
        organization: OrganizationId,
        of: &ReportsOf,
        before: Option<WhatIfId>,
        limit: usize,
    ) -> Result<Page<ReportHead, WhatIfId>, StoreError> {
        let of = of.clone();
        self.read(move |reader| {
            let number = reader.number(organization)?;
            let before = Id::of(before.map_or(u128::MAX, WhatIfId::to_u128));
            let more = limit.saturating_add(1) as i64;
            let (sql, named) = match &of {
                ReportsOf::All => (ALL, None),
                ReportsOf::Kind(kind) => (OF_KIND, Some(kind.name())),
                ReportsOf::Series(series) => (OF_SERIES, Some(series.as_str())),
            };
            let mut values: Vec<&dyn ToSql> = vec![&number, &before, &more];
            if let Some(named) = &named {
                values.push(named);
            }
            let mut statement = reader.conn.prepare_cached(sql)?;
            let rows = statement.query_map(values.as_slice(), head)?;
            let items = rows.collect::<rusqlite::Result<Vec<_>>>()?;
            Ok(crate::lists::page(items, limit, |head: &ReportHead| {
                head.id
            }))
        })
        .await
    }

    async fn drop_report(
        &self,
        organization: OrganizationId,
        dropped: WhatIfId,
    ) -> Result<bool, StoreError> {
        self.write(Lane::Second, move |writer| {
            let number = writer.number(organization);
            writer.within(|writer| {
                let changed = writer
                    .conn
                    .prepare_cached("DELETE FROM what_ifs WHERE organization = ?1 AND id = ?2")?
                    .execute(params![number, Id::of(dropped)])?;
                Ok(changed == 1)
            })
        })
        .await
    }
}
