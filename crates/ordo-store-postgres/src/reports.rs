//! Reports that are kept to be read again.

use async_trait::async_trait;
use ordo_domain::id::{OrganizationId, WhatIfId};
use ordo_store::{
    Page, REPORTS_DROPPED_MAX, Report, ReportHead, ReportKind, Reports, ReportsOf, StoreError,
};
use tokio_postgres::Row;

use crate::failure::corrupt;
use crate::flight::params;
use crate::rows::{get, id, instant};
use crate::store::PostgresStore;
use crate::values::Uuid;

macro_rules! columns {
    () => {
        "id, kind, series, created_at, head"
    };
}

macro_rules! list {
    ($and:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM what_ifs WHERE organization = $1 AND id < $2 ",
            $and,
            " ORDER BY id DESC LIMIT $3"
        )
    };
}

fn head(row: &Row) -> Result<ReportHead, StoreError> {
    let kind: String = get(row, 1)?;
    Ok(ReportHead {
        id: id(row, 0)?,
        kind: ReportKind::named(&kind)
            .ok_or_else(|| corrupt("a report", "a kind that nothing knows"))?,
        series: get(row, 2)?,
        created_at: instant(row, 3)?,
        head: get(row, 4)?,
    })
}

#[async_trait]
impl Reports for PostgresStore {
    async fn keep_report(
        &self,
        organization: OrganizationId,
        report: &Report,
        most: usize,
    ) -> Result<(), StoreError> {
        let head = &report.head;
        let whose = Uuid(organization.to_u128());
        let sql = "INSERT INTO what_ifs (organization, id, kind, series, created_at, head, body)
                   VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
        let values = params![
            whose,
            Uuid(head.id.to_u128()),
            head.kind.name().to_owned(),
            head.series.clone(),
            head.created_at.as_micros(),
            head.head.clone(),
            report.body.clone(),
        ];
        self.write_once(sql, values).await?;
        // The newest that are too many, read backwards from the oldest that stays.
        let sql = "WITH surplus AS (
                       SELECT organization, id FROM what_ifs
                       WHERE organization = $1 AND kind = $2
                       ORDER BY id DESC OFFSET $3)
                   DELETE FROM what_ifs AS w USING (
                       SELECT organization, id FROM surplus
                       WHERE organization = $1 ORDER BY id LIMIT $4) AS old
                   WHERE w.organization = old.organization AND w.id = old.id";
        let values = params![
            whose,
            head.kind.name().to_owned(),
            most as i64,
            REPORTS_DROPPED_MAX as i64,
        ];
        self.write_once(sql, values).await?;
        Ok(())
    }

    async fn report(
        &self,
        organization: OrganizationId,
        wanted: WhatIfId,
    ) -> Result<Option<Report>, StoreError> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            ", body FROM what_ifs WHERE organization = $1 AND id = $2"
        );
        let values = params![Uuid(organization.to_u128()), Uuid(wanted.to_u128())];
        let rows = self.rows(sql, values).await?;
        let found = rows.first().map(|row| {
            Ok(Report {
                head: head(row)?,
                body: get(row, 5)?,
            })
        });
        found.transpose()
    }

    async fn list_reports(
        &self,
        organization: OrganizationId,
        of: &ReportsOf,
        before: Option<WhatIfId>,
        limit: usize,
    ) -> Result<Page<ReportHead, WhatIfId>, StoreError> {
        let whose = Uuid(organization.to_u128());
        let before = Uuid(before.map_or(u128::MAX, WhatIfId::to_u128));
        let more = limit.saturating_add(1) as i64;
        let (sql, values) = match of {
            ReportsOf::All => (list!(""), params![whose, before, more]),
            ReportsOf::Kind(kind) => (
                list!("AND kind = $4"),
                params![whose, before, more, kind.name().to_owned()],
            ),
            ReportsOf::Series(series) => (
                list!("AND series = $4"),
                params![whose, before, more, series.clone()],
            ),
        };
        let rows = self.rows(sql, values).await?;
        let items = rows.iter().map(head).collect::<Result<Vec<_>, _>>()?;
        Ok(crate::list::cut(items, limit, |head| head.id))
    }

    async fn drop_report(
        &self,
        organization: OrganizationId,
        dropped: WhatIfId,
    ) -> Result<bool, StoreError> {
        let sql = "DELETE FROM what_ifs WHERE organization = $1 AND id = $2";
        let values = params![Uuid(organization.to_u128()), Uuid(dropped.to_u128())];
        Ok(self.write_once(sql, values).await? == 1)
    }
}
