//! What-if: finds the orders of a period in a store, sources them again under several setups side by
//! side, and sets the outcomes beside one another.
//!
//! Everything is read once, from whatever the store shows at that moment, and nothing is written.

mod gather;
mod one;
mod run;
pub(crate) mod shadow;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use ordo_domain::Rejection;
use ordo_domain::id::OrganizationId;
use ordo_domain::reference::Reference;
use ordo_domain::time::Timestamp;
use ordo_domain::what_if::{
    Changes, Difference, Finding, LeftOut, PastOrder, Replay, Selection, Setup, StockWish, Supply,
    Tally, Variant, findings,
};
use ordo_store::{Report, ReportKind, StoreError};

use crate::engine::{Backend, Shared};

pub use one::{Tried, try_order};
pub use run::{Ran, run};
pub use shadow::{ShadowDay, TellShadow};

/// Reports of what somebody asked that are kept for an organization.
pub const ASKED_KEPT: usize = 200;
/// Reports of shadows that are kept: a year of one, and a little.
pub const SHADOW_KEPT: usize = 400;

/// What is asked.
#[derive(Debug, Clone)]
pub struct WhatIf {
    /// Which orders.
    pub selection: Selection,
    /// What the variants are held against.
    pub baseline: Variant,
    /// How a field of the baseline is named where it is refused.
    pub baseline_field: Named,
    /// At least one.
    pub variants: Vec<Variant>,
    /// Which location everything could ship from, for comparison.
    pub one_warehouse: OneWarehouse,
    /// How many changed orders are told of each variant, of those that gain and of those that lose.
    pub told_most: usize,
    /// Threads to run on. They change how long it takes, nothing else.
    pub threads: usize,
}

impl WhatIf {
    /// Whether some setup wants to know what orders took.
    fn puts_back(&self) -> bool {
        let mut all = self.variants.iter().chain([&self.baseline]);
        all.any(|variant| variant.stock == StockWish::PutBack)
    }
}

/// Which location everything could ship from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum OneWarehouse {
    /// The default location of the first variant, else the one with the most units.
    #[default]
    Fullest,
    /// The one with this code.
    At(String),
    /// None: nobody asks.
    Unasked,
}

/// How refused fields of a setup are named in the question.
#[derive(Debug, Clone, Copy)]
pub enum Named {
    /// They stand below this pointer.
    Below(&'static str),
    /// The setup as a whole stands at this pointer.
    At(&'static str),
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum WhatIfError {
    /// The question is not one that can be answered; fields begin at the question.
    #[error("{}", .0.detail)]
    Rejected(Box<Rejection>),
    /// The store fails.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Rejection> for WhatIfError {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(Box::new(rejection))
    }
}

/// What came out.
#[derive(Debug)]
pub struct WhatIfReport {
    /// When the first and the last of the orders were placed; `None` without any.
    pub placed: Option<(Timestamp, Timestamp)>,
    /// Orders of the period that were not replayed, and why.
    pub left_out: BTreeMap<LeftOut, i64>,
    /// The baseline.
    pub baseline: Side,
    /// Everything from one location, where the baseline is not that itself.
    pub one_warehouse: Option<Side>,
    /// The variants.
    pub variants: Vec<Compared>,
}

/// What a setup came to.
#[derive(Debug)]
pub struct Side {
    /// The setup.
    pub setup: Setup,
    /// What it came to.
    pub tally: Tally,
}

/// What a variant came to, and how that differs from the baseline.
#[derive(Debug)]
pub struct Compared {
    /// The variant.
    pub side: Side,
    /// What it came to, less what the baseline did.
    pub difference: Difference,
    /// What nobody should have to find in a table.
    pub findings: Vec<Finding>,
    /// The orders whose plan changed.
    pub changes: Changes,
}

/// Answers a what-if by what the store holds at `now`. The replay itself runs on a blocking thread.
///
/// # Errors
/// A field of a variant names what is not there; the store fails.
pub async fn what_if(
    backend: &dyn Backend,
    organization: OrganizationId,
    asked: WhatIf,
    now: Timestamp,
) -> Result<WhatIfReport, WhatIfError> {
    let reference = Arc::new(backend.load_reference(organization).await?);
    let setups = setups(&reference, &asked, now)?;
    let found = gather::gather(backend, organization, &reference, &asked).await?;
    let done = tokio::task::spawn_blocking(move || report(&reference, &asked, setups, found, now));
    Ok(done.await.map_err(broke_off)??)
}

/// The same for a running engine, unless another one of the organization is running. What `tell` makes
/// of it is kept.
pub(crate) async fn one_at_a_time(
    shared: &Arc<Shared>,
    organization: OrganizationId,
    asked: WhatIf,
    as_of: Timestamp,
    tell: impl FnOnce(&WhatIfReport) -> Report + Send + 'static,
) -> Option<Result<Report, WhatIfError>> {
    let turn = Turn::take(shared, organization)?;
    // A task of its own: whoever asked may leave, and the turn is over only when the work is.
    let running = tokio::spawn(async move {
        let backend = &turn.shared.backend;
        let report = what_if(&**backend, organization, asked, as_of).await?;
        // What is told of changed orders is solved again for their reasons.
        let told = tokio::task::spawn_blocking(move || tell(&report)).await;
        let report = told.map_err(broke_off)?;
        let most = match report.head.kind {
            ReportKind::Asked => ASKED_KEPT,
            ReportKind::Shadow => SHADOW_KEPT,
        };
        backend.keep_report(organization, &report, most).await?;
        Ok(report)
    });
    Some(running.await.unwrap_or_else(|error| Err(broke_off(error))))
}

fn broke_off(error: tokio::task::JoinError) -> WhatIfError {
    WhatIfError::Store(StoreError::Unavailable(format!(
        "the what-if broke off: {error}"
    )))
}

/// An organization's turn to ask.
struct Turn {
    shared: Arc<Shared>,
    organization: OrganizationId,
}

impl Turn {
    fn take(shared: &Arc<Shared>, organization: OrganizationId) -> Option<Self> {
        let mut asking = shared.asking.lock().unwrap_or_else(PoisonError::into_inner);
        asking.insert(organization).then(|| Self {
            shared: Arc::clone(shared),
            organization,
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let asking = &self.shared.asking;
        let mut asking = asking.lock().unwrap_or_else(PoisonError::into_inner);
        asking.remove(&self.organization);
    }
}

/// The setups of the baseline and of every variant, in this order.
fn setups(reference: &Reference, asked: &WhatIf, now: Timestamp) -> Result<Vec<Setup>, Rejection> {
    let below = |place: String| {
        move |mut rejection: Rejection| {
            for problem in &mut rejection.fields {
                problem.field.insert_str(0, &place);
            }
            rejection
        }
    };
    let baseline = Setup::of(reference, &asked.baseline, now);
    let mut setups = vec![baseline.map_err(|rejection| match asked.baseline_field {
        Named::Below(place) => below(place.to_owned())(rejection),
        Named::At(field) => Rejection::field(field, rejection.detail),
    })?];
    for (index, variant) in asked.variants.iter().enumerate() {
        let setup = Setup::of(reference, variant, now);
        setups.push(setup.map_err(below(format!("/variants/{index}")))?);
    }
    Ok(setups)
}

/// What a store holds of the question.
pub(crate) struct Found {
    pub orders: Vec<PastOrder>,
    pub supply: Supply,
    pub left_out: BTreeMap<LeftOut, i64>,
}

fn report(
    reference: &Reference,
    asked: &WhatIf,
    mut setups: Vec<Setup>,
    found: Found,
    now: Timestamp,
) -> Result<WhatIfReport, Rejection> {
    let one = one_warehouse(reference, asked, &setups[0], &found.supply, now)?;
    let has_one = one.is_some();
    setups.extend(one);
    let replays = setups
        .into_iter()
        .map(|setup| Replay::new(setup, &found.supply));
    let Ran { mut sides, changes } = run(replays.collect(), &found.orders, asked)?;
    let one_warehouse = if has_one { sides.pop() } else { None };
    let mut sides = sides.into_iter();
    let baseline = sides.next().expect("the baseline was put in above");
    let mut others = vec![&baseline.tally];
    others.extend(one_warehouse.iter().map(|side| &side.tally));
    let variants = sides.zip(changes).map(|(side, changes)| Compared {
        difference: Difference::between(&baseline.tally, &side.tally),
        findings: findings(&side.tally, &others),
        changes,
        side,
    });
    let variants = variants.collect();
    let placed_at = |past: Option<&PastOrder>| past.map(|past| past.order.placed_at);
    Ok(WhatIfReport {
        placed: placed_at(found.orders.first()).zip(placed_at(found.orders.last())),
        left_out: found.left_out,
        baseline,
        one_warehouse,
        variants,
    })
}

/// Everything from one location, by the assumptions of the first variant. Not where that is what the
/// baseline is, or where nobody knows which location that would be.
fn one_warehouse(
    reference: &Reference,
    asked: &WhatIf,
    baseline: &Setup,
    supply: &Supply,
    now: Timestamp,
) -> Result<Option<Setup>, Rejection> {
    let Some(first) = asked.variants.first() else {
        return Ok(None);
    };
    let named = match &asked.one_warehouse {
        OneWarehouse::Unasked => return Ok(None),
        OneWarehouse::At(code) => Some(code.clone()),
        OneWarehouse::Fullest if !asked.baseline.as_happened && baseline.open().count() == 1 => {
            return Ok(None);
        }
        OneWarehouse::Fullest => None,
    };
    let fullest = || {
        let location = reference.location(supply.fullest()?)?;
        Some(location.code.clone())
    };
    let code = named
        .or_else(|| first.default_location.clone())
        .or_else(|| asked.baseline.default_location.clone())
        .or_else(fullest);
    let Some(code) = code else { return Ok(None) };
    let variant = Variant::everything_from(&code).assuming(first);
    match Setup::of(reference, &variant, now) {
        Ok(setup) => Ok(Some(setup)),
        // Its code came from the question itself, or from a location that the variant takes over.
        Err(rejection) => Err(Rejection::field("/one_warehouse", rejection.detail)),
    }
}
