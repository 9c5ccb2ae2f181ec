//! Pages of orders over HTTP at a given number of orders: lists by every filter and deep into the
//! list, and searches by name, e-mail, number and SKU.
//!
//! The floor is the same pages asked of the store directly, one after another: what HTTP, rights and
//! rendering cost shows in the ratio.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use ordo_domain::Command;
use ordo_domain::order::OrderInput;
use ordo_engine::search_terms;
use ordo_store::{OrderFilter, OrderSort};

use super::import::{capture_past, past_csv};
use crate::StoreKind;
use crate::company::{self, sku_code};
use crate::figures::Figures;
use crate::load;
use crate::target::{KEY, Place, Target};

const WARM_UP: Duration = Duration::from_secs(1);
/// People who look at once.
const CONNECTIONS: usize = 4;
/// Past orders that are made at once.
const PART: usize = 20_000;
/// Orders that are still worked on.
const LIVE: usize = 2_000;
/// How long the view may take to see all of them.
const PATIENCE: Duration = Duration::from_secs(120);

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Pages of a list.
    List,
    /// What a search finds.
    Search,
}

/// Measures.
pub fn run(kind: StoreKind, what: What, orders: usize, seconds: u64) -> Result<Figures, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let name = match what {
        What::List => "list",
        What::Search => "search",
    };
    let place = Place::make(kind, name)?;
    let target = runtime.block_on(fill(&place, orders))?;
    let measured = Duration::from_secs(seconds);
    let path = move |n: usize| path(what, n, orders);
    let seen = load::get(
        target.address,
        KEY,
        CONNECTIONS,
        WARM_UP,
        measured,
        Arc::new(path),
    )?;
    let floor = runtime.block_on(floor(&target, what, orders))?;
    runtime.block_on(target.stop())?;
    let mut figures = Figures::new(name, kind.name(), seen.rate(), "pages/s", floor);
    let mut latencies = seen.latencies_us;
    figures.add_latencies("", &mut latencies);
    figures.add("orders", orders as f64);
    if seen.failures > 0 {
        let said = seen.failure.unwrap_or_default();
        figures.fault(format!("{} pages failed: {said}", seen.failures));
    }
    Ok(figures)
}

/// A company with a past, some live orders, and a view that has seen them all.
async fn fill(place: &Place, orders: usize) -> Result<Target, String> {
    let target = Target::start(place).await?;
    company::set_up(&target.engine, target.organization, 1_000_000).await?;
    fill_past(&target, orders.saturating_sub(LIVE)).await?;
    let live = (0..orders.min(LIVE)).map(|n| {
        let input: Result<OrderInput, _> = serde_json::from_str(&company::order_body(n, "live"));
        let capture = input.map_err(|error| error.to_string())?.parse();
        let capture = capture.map_err(|rejection| rejection.detail)?;
        let command = Command::CaptureOrder(Box::new(capture));
        Ok::<_, String>(
            target
                .engine
                .submit(target.organization, company::request(command)),
        )
    });
    let replies = stream::iter(live).map(|submitted| async {
        let reply = submitted?.await.map_err(|error| error.to_string())?;
        Ok::<_, String>(reply.status)
    });
    let statuses: Vec<Result<u16, String>> = replies.buffered(256).collect().await;
    for status in statuses {
        if status? >= 300 {
            return Err("a live order was refused".to_owned());
        }
    }
    view_sees_all(&target).await?;
    Ok(target)
}

/// Captures so many past orders.
pub(super) async fn fill_past(target: &Target, orders: usize) -> Result<(), String> {
    let mut first = 0;
    while first < orders {
        let end = (first + PART).min(orders);
        let created = capture_past(&target.engine, target.organization, past_csv(first..end));
        let created = created.await?;
        if created != end - first {
            return Err(format!(
                "{created} of {} past orders were created",
                end - first
            ));
        }
        first = end;
    }
    Ok(())
}

/// Waits until the view has seen everything that is committed.
pub(super) async fn view_sees_all(target: &Target) -> Result<(), String> {
    let head = target.engine.backend().head(target.organization).await;
    let head = head.map_err(|error| error.to_string())?;
    let seen = target
        .engine
        .view_caught_up(target.organization, head.position, PATIENCE);
    if seen.await {
        Ok(())
    } else {
        Err("the view did not catch up".to_owned())
    }
}

/// A number that follows from `n` and looks like none.
fn spread(n: usize) -> usize {
    ((n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20) as usize
}

fn path(what: What, n: usize, orders: usize) -> String {
    let some = spread(n);
    match what {
        What::List => {
            let query = match n % 8 {
                0 => "limit=50".to_owned(),
                1 => "life=open&limit=50".to_owned(),
                2 => "life=closed&limit=50".to_owned(),
                3 => "fulfillment=none&limit=50".to_owned(),
                4 => "held=true&limit=50".to_owned(),
                5 => "channel=web&limit=50".to_owned(),
                6 => "sort=oldest&limit=50".to_owned(),
                // Deep in the list, by number.
                _ => format!("cursor=n{:x}&limit=50", 1_001 + some % orders.max(1)),
            };
            format!("/api/v1/orders?{query}")
        }
        What::Search => format!(
            "/api/v1/orders?limit=50&q={}",
            term(n, orders).replace('@', "%40")
        ),
    }
}

/// What somebody types.
fn term(n: usize, orders: usize) -> String {
    let some = spread(n) % orders.max(1);
    match n % 4 {
        0 => format!("buyer{some}@example.com"),
        1 => some.to_string(),
        2 => sku_code(some % company::SKUS),
        // Everybody is a buyer; one of them has this number.
        _ => format!("Buyer+{some}"),
    }
}

/// Pages a second, asked of the store itself.
async fn floor(target: &Target, what: What, orders: usize) -> Result<f64, String> {
    let backend = target.engine.backend();
    let started = Instant::now();
    let mut pages = 0_u32;
    while started.elapsed() < Duration::from_secs(2) {
        let n = pages as usize;
        let mut filter = OrderFilter::default();
        match what {
            What::List if n % 2 == 1 => filter.life = Some("open".to_owned()),
            What::List => {}
            What::Search => {
                let term = term(n, orders).replace('+', " ");
                filter.terms = search_terms(target.organization, &term);
            }
        }
        let page = backend.list_orders(target.organization, &filter, OrderSort::Newest, None, 50);
        page.await.map_err(|error| error.to_string())?;
        pages += 1;
    }
    Ok(f64::from(pages) / started.elapsed().as_secs_f64())
}
