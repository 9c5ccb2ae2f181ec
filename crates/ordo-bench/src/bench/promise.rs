//! What could be promised for a basket, over HTTP: five SKUs, fifty locations with working hours,
//! closures, cut-offs and limited days, two carriers with prices by distance and weight.
//!
//! The floor is the same client asking `/healthz`, which does nothing: what a question costs by itself
//! shows in the ratio, and what HTTP and a busy machine cost in the floor's own percentiles.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use ordo_domain::Command;
use ordo_domain::edit::Edit;
use ordo_domain::network::{Closure, CutOff, LocationChange, UpdateLocation, WeekHours};
use ordo_domain::time::{Date, Timestamp};

use crate::StoreKind;
use crate::company::{self, sku_code};
use crate::figures::Figures;
use crate::load;
use crate::target::{KEY, Place, Target};

const WARM_UP: Duration = Duration::from_secs(1);
/// Buyers who ask at once.
const CONNECTIONS: usize = 4;
const LOCATIONS: usize = 50;
const SKUS: usize = 120;
/// SKUs of a basket.
const BASKET: usize = 5;
/// Milliseconds within which 99 of 100 questions are to be answered.
const GOAL_MS: f64 = 20.0;
/// Commands that are in flight at once during the set-up.
const IN_FLIGHT: usize = 256;

/// Measures.
pub fn run(kind: StoreKind, seconds: u64) -> Result<Figures, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let place = Place::make(kind, "promise")?;
    let target = runtime.block_on(fill(&place))?;
    let measured = Duration::from_secs(seconds);
    let ask = |measured, path: Arc<dyn Fn(usize) -> String + Send + Sync>| {
        load::get(target.address, KEY, CONNECTIONS, WARM_UP, measured, path)
    };
    let floor = ask(Duration::from_secs(2), Arc::new(|_| "/healthz".to_owned()))?;
    let seen = ask(measured, Arc::new(path))?;
    let today = runtime.block_on(answer(&target))?;
    runtime.block_on(target.stop())?;
    let mut figures = Figures::new(
        "promise",
        kind.name(),
        seen.rate(),
        "promises/s",
        floor.rate(),
    );
    let mut latencies = seen.latencies_us;
    figures.add_latencies("", &mut latencies);
    let mut idle = floor.latencies_us;
    figures.add_latencies("floor_", &mut idle);
    figures.add("goal_p99_ms", GOAL_MS);
    figures.add("locations", LOCATIONS as f64);
    if seen.failures + floor.failures > 0 {
        let said = seen.failure.or(floor.failure).unwrap_or_default();
        figures.fault(format!(
            "{} answers failed: {said}",
            seen.failures + floor.failures
        ));
    }
    if !today.contains("\"sourced\":true") || !today.contains("\"carriage\":{") {
        figures.fault(format!("nothing was promised: {today}"));
    }
    Ok(figures)
}

/// The company, with its stock: three of five SKUs at every location.
async fn fill(place: &Place) -> Result<Target, String> {
    let target = Target::start(place).await?;
    let postal = |n: usize| format!("{:02}{}", 10 + n * 89 / LOCATIONS, 100 + n);
    let locations = (0..LOCATIONS).map(|n| {
        // Every third has a limited day.
        let capacity = (n % 3 == 0).then_some(400);
        company::location(&code(n), &postal(n), capacity)
    });
    let skus = (0..SKUS).map(|n| company::sku(sku_code(n)));
    submit(
        &target,
        std::iter::once(company::channel()).chain(locations),
    )
    .await?;
    submit(&target, skus).await?;
    let stock = (0..SKUS).flat_map(|sku| {
        let here = (0..LOCATIONS).filter(move |location| (sku + location) % 5 < 3);
        here.map(move |location| company::receive(sku_code(sku), &code(location), 5_000))
    });
    submit(&target, stock).await?;
    company::give_rates(&target.engine, target.organization).await?;
    submit(&target, calendars(&target).await?.into_iter()).await?;
    Ok(target)
}

/// Working hours, a day off, and cut-offs, one of them for one service.
async fn calendars(target: &Target) -> Result<Vec<Command>, String> {
    let reference = target.engine.reference(target.organization).await;
    let reference = reference.map_err(|error| error.to_string())?;
    let today = Timestamp::from_micros(unix_micros()?);
    let today = Date::from_days(today.as_micros().div_euclid(86_400_000_000) as i32);
    let commands = reference.locations().zip(0_u16..).map(|(location, n)| {
        let week = [Some((480 + n % 60, 1_080)); 5];
        let weekend = [(n % 2 == 0).then_some((540, 840)), None];
        let mut hours = [None; 7];
        for (slot, day) in hours.iter_mut().zip(week.into_iter().chain(weekend)) {
            *slot = day;
        }
        let off = today.plus_days(1 + i32::from(n % 5));
        let cut_off = |service: Option<&str>, minute| CutOff {
            service: service.map(str::to_owned),
            minute,
        };
        Command::UpdateLocation(UpdateLocation {
            location: location.id,
            expected: None,
            change: LocationChange {
                hours: Edit::Set(WeekHours(hours)),
                closures: Some(vec![Closure {
                    from: off,
                    until: off,
                    reason: "stock count".to_owned(),
                }]),
                cut_offs: Some(vec![
                    cut_off(None, 840 + n % 120),
                    cut_off(Some("express"), 720 + n % 120),
                ]),
                ..LocationChange::default()
            },
        })
    });
    Ok(commands.collect())
}

fn unix_micros() -> Result<i64, String> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = now.map_err(|error| error.to_string())?;
    i64::try_from(now.as_micros()).map_err(|error| error.to_string())
}

async fn submit(target: &Target, commands: impl Iterator<Item = Command>) -> Result<(), String> {
    let replies = stream::iter(commands).map(|command| async {
        let submitted = (target.engine).submit(target.organization, company::request(command));
        let reply = submitted.await.map_err(|error| error.to_string())?;
        match reply.status {
            ..300 => Ok(()),
            _ => Err(format!("set-up was refused: {}", reply.template)),
        }
    });
    let replies: Vec<Result<(), String>> = replies.buffered(IN_FLIGHT).collect().await;
    replies.into_iter().collect()
}

fn code(location: usize) -> String {
    format!("L{location:02}")
}

/// A basket of five SKUs, some of them twice, to one of many buyers.
fn path(n: usize) -> String {
    let spread = (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let skus = (0..BASKET).map(|line| {
        let sku = ((spread >> (6 * line + 7)) as usize + line * (SKUS / BASKET)) % SKUS;
        let units = 1 + (spread >> (40 + line)) % 2;
        format!("sku={}:{units}&", sku_code(sku))
    });
    let skus: String = skus.collect();
    let postal = 10_000 + spread % 89_999;
    format!("/api/v1/promise?{skus}country=DE&postal_code={postal}&channel=web&currency=EUR")
}

/// One answer, to see that something was promised.
async fn answer(target: &Target) -> Result<String, String> {
    let (status, body) = load::get_once(target.address, &path(7), KEY).await?;
    match status {
        200 => Ok(body),
        _ => Err(format!("a promise was answered {status}: {body}")),
    }
}
