//! Reports that are kept to be read again: what what-ifs came to.
//!
//! They are beside state and log: nothing follows from them, and they can be made again as long as
//! the orders are there. So they are bounded, and the oldest go.

use async_trait::async_trait;
use ordo_domain::id::{OrganizationId, WhatIfId};
use ordo_domain::time::Timestamp;

use crate::port::StoreError;
use crate::query::Page;

/// Old reports that go at most when one comes; more would keep others waiting.
pub const REPORTS_DROPPED_MAX: usize = 20;

/// Why a report was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReportKind {
    /// Somebody asked.
    Asked,
    /// Rules run in the shadow of those that count.
    Shadow,
}

impl ReportKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Asked, Self::Shadow];

    /// The stored name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Shadow => "shadow",
        }
    }

    /// The kind with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A report without what makes it long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportHead {
    /// Its id; later reports have larger ones.
    pub id: WhatIfId,
    /// Why it was made.
    pub kind: ReportKind,
    /// What it belongs to, for [`ReportsOf::Series`]; empty for nothing.
    pub series: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// What a list shows of it, as JSON; no person's data.
    pub head: String,
}

/// A report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What a list shows of it.
    pub head: ReportHead,
    /// All of it, as JSON; no person's data.
    pub body: String,
}

/// Which reports a list shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportsOf {
    /// All.
    All,
    /// Those of a kind.
    Kind(ReportKind),
    /// Those that belong together.
    Series(String),
}

/// A store that keeps reports.
#[async_trait]
pub trait Reports: Send + Sync {
    /// Keeps a report; one whose id is there already stays as it is. Of its kind the oldest beyond
    /// the newest `most` go, at most [`REPORTS_DROPPED_MAX`] of them.
    async fn keep_report(
        &self,
        organization: OrganizationId,
        report: &Report,
        most: usize,
    ) -> Result<(), StoreError>;

    /// A report.
    async fn report(
        &self,
        organization: OrganizationId,
        id: WhatIfId,
    ) -> Result<Option<Report>, StoreError>;

    /// Heads of reports, the largest id first, below the id `before`.
    async fn list_reports(
        &self,
        organization: OrganizationId,
        of: &ReportsOf,
        before: Option<WhatIfId>,
        limit: usize,
    ) -> Result<Page<ReportHead, WhatIfId>, StoreError>;

    /// Lets a report go; answers whether it was there.
    async fn drop_report(
        &self,
        organization: OrganizationId,
        id: WhatIfId,
    ) -> Result<bool, StoreError>;
}
