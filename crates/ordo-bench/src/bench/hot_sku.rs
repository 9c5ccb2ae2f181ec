//! 50,000 buyers of one SKU of which there are 1,000: each reserves a unit, and whoever gets one
//! orders with it. Exactly 1,000 may be sold.

use std::sync::Arc;
use std::time::Instant;

use ordo_domain::check::MoneyInput;
use ordo_domain::order::OrderInput;
use ordo_domain::quantity::Quantity;
use ordo_domain::stock::{ReserveLine, ReserveStock};
use ordo_domain::world::{Key, Row};
use ordo_domain::{AnswerSubject, Applied, Command, Rejection};
use ordo_engine::Engine;

use crate::StoreKind;
use crate::company;
use crate::figures::Figures;
use crate::target::{Place, Target};

const BUYERS: usize = 50_000;
const UNITS: i64 = 1_000;
/// Buyers at once.
const AT_ONCE: usize = 1_024;
const HOT: &str = "HOT-1";

/// Measures.
pub fn run(kind: StoreKind) -> Result<Figures, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let place = Place::make(kind, "hot-sku")?;
        let target = Target::start(&place).await?;
        company::set_up(&target.engine, target.organization, 1).await?;
        for command in [
            company::sku(HOT.to_owned()),
            company::receive(HOT.to_owned(), "BER", UNITS),
        ] {
            let reply = target
                .engine
                .submit(target.organization, company::request(command))
                .await;
            reply.map_err(|error| error.to_string())?;
        }
        let figures = race(kind, &target).await;
        target.stop().await?;
        figures
    })
}

async fn race(kind: StoreKind, target: &Target) -> Result<Figures, String> {
    let started = Instant::now();
    let next = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let mut buyers = tokio::task::JoinSet::new();
    for _ in 0..AT_ONCE {
        let (engine, next) = (Arc::clone(&target.engine), Arc::clone(&next));
        let organization = target.organization;
        buyers.spawn(async move {
            let mut latencies = Vec::new();
            let mut sold = 0_i64;
            loop {
                let n = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                if n >= BUYERS {
                    return Ok::<_, String>((latencies, sold));
                }
                let asked = Instant::now();
                let reservation = reserve(&engine, organization).await?;
                latencies.push(u32::try_from(asked.elapsed().as_micros()).unwrap_or(u32::MAX));
                if let Some(reservation) = reservation {
                    sold += order(&engine, organization, n, reservation).await?;
                }
            }
        });
    }
    let mut latencies = Vec::with_capacity(BUYERS);
    let mut sold = 0;
    while let Some(buyer) = buyers.join_next().await {
        let (seen, bought) = buyer.map_err(|error| error.to_string())??;
        latencies.extend(seen);
        sold += bought;
    }
    let seconds = started.elapsed().as_secs_f64();
    let decisions = (BUYERS as i64 + sold) as f64 / seconds;
    let mut figures = Figures::new("hot-sku", kind.name(), decisions, "decisions/s", 0.0);
    figures.add_latencies("", &mut latencies);
    figures.add("sold", sold as f64);
    let (allocated, available) = cell(target).await?;
    figures.add("allocated", allocated as f64);
    if sold != UNITS || allocated != UNITS || available != 0 {
        figures.fault(format!(
            "{sold} sold, {allocated} allocated, {available} left of {UNITS}"
        ));
    }
    Ok(figures)
}

/// Reserves one unit; answers the reservation's id, or `None` where nothing is left.
async fn reserve(
    engine: &Engine,
    organization: ordo_domain::id::OrganizationId,
) -> Result<Option<String>, String> {
    let line = ReserveLine {
        sku: HOT.to_owned(),
        quantity: Quantity::stored(1),
    };
    let command = Command::ReserveStock(ReserveStock {
        lines: vec![line],
        seconds: 600,
    });
    let mut request = company::request(command);
    request.render = |_, result: Result<&Applied, &Rejection>| match result {
        Ok(Applied {
            subject: AnswerSubject::Record { id, .. },
            ..
        }) => (
            201,
            ordo_domain::id::ReservationId::from_u128(*id).to_string(),
        ),
        Ok(_) => (500, "no reservation".to_owned()),
        Err(rejection) => (rejection.code.status(), rejection.detail.clone()),
    };
    let reply = engine
        .submit(organization, request)
        .await
        .map_err(|error| error.to_string())?;
    match reply.status {
        201 => Ok(Some(reply.template)),
        409 => Ok(None),
        status => Err(format!("{status}: {}", reply.template)),
    }
}

/// Orders the reserved unit; answers how many units were allocated.
async fn order(
    engine: &Engine,
    organization: ordo_domain::id::OrganizationId,
    n: usize,
    reservation: String,
) -> Result<i64, String> {
    let body = company::order_body(n, "hot");
    let mut input: OrderInput = serde_json::from_str(&body).map_err(|error| error.to_string())?;
    input.reservation_id = Some(reservation);
    input.lines.truncate(1);
    input.lines[0].sku = HOT.to_owned();
    input.lines[0].quantity = 1;
    input.payment = None;
    input.total = Some(MoneyInput {
        amount: 1_489,
        currency: "EUR".to_owned(),
    });
    let capture = input.parse().map_err(|refused| refused.detail)?;
    let mut request = company::request(Command::CaptureOrder(Box::new(capture)));
    request.render = |_, result: Result<&Applied, &Rejection>| match result {
        Ok(Applied {
            subject: AnswerSubject::Order { order, .. },
            ..
        }) => (201, order.lines[0].allocated.to_string()),
        Ok(_) => (500, "no order".to_owned()),
        Err(rejection) => (rejection.code.status(), rejection.detail.clone()),
    };
    let reply = engine
        .submit(organization, request)
        .await
        .map_err(|error| error.to_string())?;
    match reply.status {
        201 => reply.template.parse().map_err(|_| reply.template.clone()),
        status => Err(format!("{status}: {}", reply.template)),
    }
}

/// Allocated and available units of the hot SKU.
async fn cell(target: &Target) -> Result<(i64, i64), String> {
    let backend = target.engine.backend();
    let text = |error: ordo_store::StoreError| error.to_string();
    let found = backend
        .load(target.organization, &[Key::SkuByCode(HOT.to_owned())])
        .await
        .map_err(text)?;
    let Some(Row::SkuByCode {
        found: Some((id, _)),
        ..
    }) = found.into_iter().next()
    else {
        return Err("the hot SKU is gone".into());
    };
    let rows = backend
        .load(target.organization, &[Key::Cells(id.into())])
        .await
        .map_err(text)?;
    let mut sums = (0, 0);
    for row in rows {
        let Row::Cells { cells, .. } = row else {
            continue;
        };
        for (_, cell) in cells {
            sums.0 += cell.allocated.get();
            sums.1 += cell.available().get();
        }
    }
    Ok(sums)
}
