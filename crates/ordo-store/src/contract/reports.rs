//! Rules for reports that are kept.

use ordo_domain::id::{OrganizationId, WhatIfId};
use ordo_domain::time::Timestamp;

use super::fixture::Shop;
use crate::port::Store;
use crate::reports::{REPORTS_DROPPED_MAX, Report, ReportHead, ReportKind, Reports, ReportsOf};

fn report(id: u32, kind: ReportKind, series: &str) -> Report {
    Report {
        head: ReportHead {
            id: WhatIfId::from_u128(id.into()),
            kind,
            series: series.to_owned(),
            created_at: Timestamp::from_micros(id.into()),
            head: format!("{{\"n\":{id}}}"),
        },
        body: format!("{{\"n\":{id},\"name\":\"Grüße ✓\"}}"),
    }
}

async fn keep(reports: &dyn Reports, organization: OrganizationId, report: &Report, most: usize) {
    let kept = reports.keep_report(organization, report, most).await;
    kept.expect("a report is kept");
}

/// The ids of a page, and where the next one starts.
async fn page(
    reports: &dyn Reports,
    organization: OrganizationId,
    of: &ReportsOf,
    before: Option<u32>,
    limit: usize,
) -> (Vec<u128>, Option<u128>) {
    let before = before.map(|id| WhatIfId::from_u128(id.into()));
    let page = reports
        .list_reports(organization, of, before, limit)
        .await
        .expect("reports are listed");
    let ids = page.items.iter().map(|head| head.id.to_u128()).collect();
    (ids, page.next.map(WhatIfId::to_u128))
}

/// A report reads back as it was kept, by whoever it belongs to; keeping it again changes nothing.
pub async fn a_report_is_kept_until_it_is_dropped(store: &dyn Store, reports: &dyn Reports) {
    let (shop, other) = (Shop::open(store, 1).await, Shop::open(store, 2).await);
    let (mine, theirs) = (shop.organization, other.organization);
    let first = report(5, ReportKind::Asked, "");
    keep(reports, mine, &first, 10).await;
    let mut again = first.clone();
    again.body = "{}".to_owned();
    keep(reports, mine, &again, 10).await;
    let read = async |organization, id: u128| {
        let found = reports.report(organization, WhatIfId::from_u128(id)).await;
        found.expect("a report is read")
    };
    assert_eq!(read(mine, 5).await, Some(first.clone()));
    assert_eq!(read(theirs, 5).await, None);
    assert_eq!(read(mine, 6).await, None);
    let drop = async |organization, id: u128| {
        let dropped = reports.drop_report(organization, WhatIfId::from_u128(id));
        dropped.await.expect("a report is dropped")
    };
    assert!(!drop(theirs, 5).await);
    assert_eq!(read(mine, 5).await, Some(first));
    assert!(drop(mine, 5).await);
    assert!(!drop(mine, 5).await);
    assert_eq!(read(mine, 5).await, None);
}

/// Pages come newest first, of all, of a kind, or of what belongs together.
pub async fn reports_are_listed_newest_first(store: &dyn Store, reports: &dyn Reports) {
    let (shop, other) = (Shop::open(store, 1).await, Shop::open(store, 2).await);
    let (mine, theirs) = (shop.organization, other.organization);
    for (id, kind, series) in [
        (3, ReportKind::Shadow, "a"),
        (1, ReportKind::Asked, ""),
        (2, ReportKind::Shadow, "b"),
        (5, ReportKind::Shadow, "a"),
        (4, ReportKind::Asked, ""),
    ] {
        keep(reports, mine, &report(id, kind, series), 10).await;
    }
    keep(reports, theirs, &report(9, ReportKind::Asked, ""), 10).await;
    let all = ReportsOf::All;
    assert_eq!(
        page(reports, mine, &all, None, 2).await,
        (vec![5, 4], Some(4))
    );
    assert_eq!(
        page(reports, mine, &all, Some(4), 3).await,
        (vec![3, 2, 1], None)
    );
    let asked = ReportsOf::Kind(ReportKind::Asked);
    assert_eq!(
        page(reports, mine, &asked, None, 1).await,
        (vec![4], Some(4))
    );
    assert_eq!(
        page(reports, mine, &asked, Some(4), 1).await,
        (vec![1], None)
    );
    let series = ReportsOf::Series("a".to_owned());
    assert_eq!(
        page(reports, mine, &series, None, 9).await,
        (vec![5, 3], None)
    );
    assert_eq!(page(reports, theirs, &all, None, 9).await, (vec![9], None));
}

/// The oldest of a kind go in bounded steps; those of another kind and organization stay.
pub async fn the_oldest_reports_go(store: &dyn Store, reports: &dyn Reports) {
    let (shop, other) = (Shop::open(store, 1).await, Shop::open(store, 2).await);
    let (mine, theirs) = (shop.organization, other.organization);
    keep(reports, mine, &report(1, ReportKind::Shadow, "a"), 1).await;
    keep(reports, theirs, &report(1, ReportKind::Asked, ""), 1).await;
    let many = u32::try_from(REPORTS_DROPPED_MAX).expect("a small number") + 5;
    for id in 2..2 + many {
        keep(reports, mine, &report(id, ReportKind::Asked, ""), 1_000).await;
    }
    let asked = ReportsOf::Kind(ReportKind::Asked);
    keep(reports, mine, &report(100, ReportKind::Asked, ""), 3).await;
    let (left, _) = page(reports, mine, &asked, None, 100).await;
    assert_eq!(left.len(), 6, "no more than a step at once");
    assert_eq!(left[0], 100);
    keep(reports, mine, &report(101, ReportKind::Asked, ""), 3).await;
    let (left, _) = page(reports, mine, &asked, None, 100).await;
    assert_eq!(left, [101, 100, u128::from(many) + 1]);
    let shadow = ReportsOf::Kind(ReportKind::Shadow);
    assert_eq!(page(reports, mine, &shadow, None, 9).await.0, [1]);
    assert_eq!(page(reports, theirs, &asked, None, 9).await.0, [1]);
}
