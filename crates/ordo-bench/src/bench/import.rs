//! Orders in bulk: NDJSON to the import operation over HTTP, decided like any other order, and past
//! orders from Ordo's CSV, read, parsed and captured without a server.
//!
//! The floor is of the live orders. Past orders write less (no work, no cells), so their figure
//! stands by itself, with the seconds that 100,000 of them would take.

use std::fmt::Write as _;
use std::io::Cursor;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use ordo_connectors::import::{Format, Item, Options, Source, read_orders};
use ordo_domain::id::OrganizationId;
use ordo_domain::{Command, Outcome};
use ordo_engine::{Engine, Lane, Request};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::capture::median_batch;
use crate::StoreKind;
use crate::company::{self, SKUS, sku_code};
use crate::figures::Figures;
use crate::floor;
use crate::target::{KEY, Place, Target};

const WARM_UP: Duration = Duration::from_secs(2);
/// Orders that are written into the body at once.
const CHUNK: usize = 64;
/// Past orders of a run.
const PAST: usize = 20_000;
/// Items that are handed over at once, and past orders that are captured at once.
const IN_FLIGHT: usize = 2_048;
/// The view may be this far behind at the end for the figure to count.
const VIEW_LAG_MS_MAX: f64 = 1_000.0;

/// Measures.
pub fn run(kind: StoreKind, seconds: u64) -> Result<Figures, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let place = Place::make(kind, "import")?;
    let target = runtime.block_on(async {
        let target = Target::start(&place).await?;
        company::set_up(&target.engine, target.organization, 1_000_000).await?;
        Ok::<_, String>(target)
    })?;
    let before = target.engine.metrics().batch_size.cumulative();
    let sent = send(target.address, Duration::from_secs(seconds))?;
    let lag = runtime.block_on(target.view_lag_ms())?;
    let after = target.engine.metrics().batch_size.cumulative();
    let batch = median_batch(&before, &after);
    runtime.block_on(target.stop())?;
    let floor = floor::measure(kind, &runtime, &place, batch)?;
    drop(place);
    let past = past_rate(kind, &runtime)?;

    let name = kind.name();
    let mut figures = Figures::new("import", name, sent.rate, "orders/s", floor.orders_per_s);
    figures.add("history_orders_s", past);
    figures.add("history_100k_s", 100_000.0 / past);
    figures.add("rows_per_order", floor.rows_per_order);
    figures.add("bytes_per_order", floor.bytes_per_order);
    figures.add("batch_median", batch as f64);
    figures.add("view_lag_ms", lag);
    if sent.other > 0 {
        figures.fault(format!("{} orders were not created", sent.other));
    }
    if lag > VIEW_LAG_MS_MAX {
        figures.fault(format!("the view is {lag} ms behind"));
    }
    Ok(figures)
}

/// What came of the NDJSON.
struct Sent {
    rate: f64,
    other: u64,
}

/// Sends orders in one request for as long as it takes, and counts the answers of the measured part.
/// Runs on a thread of its own, so that the load does not share the server's workers.
fn send(address: SocketAddr, measured: Duration) -> Result<Sent, String> {
    let load = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| error.to_string())?;
        runtime.block_on(send_for(address, measured))
    });
    load.join().map_err(|_| "the load panicked".to_owned())?
}

async fn send_for(address: SocketAddr, measured: Duration) -> Result<Sent, String> {
    let text = |error: std::io::Error| error.to_string();
    let stream = TcpStream::connect(address).await.map_err(text)?;
    stream.set_nodelay(true).map_err(text)?;
    let (mut answers, mut body) = stream.into_split();
    let head = format!(
        "POST /api/v1/orders/import HTTP/1.1\r\nHost: ordo\r\nAuthorization: Bearer {KEY}\r\n\
         Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\
         Connection: close\r\n\r\n"
    );
    body.write_all(head.as_bytes()).await.map_err(text)?;
    let stop = Arc::new(AtomicBool::new(false));
    let created = Arc::new(AtomicU64::new(0));
    let (stopped, counted) = (Arc::clone(&stop), Arc::clone(&created));
    let writer = tokio::spawn(async move {
        let mut next = 0;
        while !stopped.load(Relaxed) {
            let lines: String = (next..next + CHUNK)
                .map(|n| company::order_body(n, "import") + "\n")
                .collect();
            next += CHUNK;
            let chunk = format!("{:x}\r\n{lines}\r\n", lines.len());
            body.write_all(chunk.as_bytes()).await?;
        }
        body.write_all(b"0\r\n\r\n").await?;
        // The answer ends the connection, not the end of what is sent.
        Ok::<_, std::io::Error>((next as u64, body))
    });
    let reader = tokio::spawn(async move {
        let mut kept: Vec<u8> = Vec::new();
        let mark = b"\"outcome\":\"created\"";
        loop {
            let mut part = vec![0; 256 << 10];
            let read = answers.read(&mut part).await?;
            if read == 0 {
                return Ok::<_, std::io::Error>(());
            }
            kept.extend_from_slice(&part[..read]);
            let found = kept.windows(mark.len()).filter(|at| at == mark).count();
            counted.fetch_add(found as u64, Relaxed);
            // A mark may stand across two reads; one that was counted may not be kept whole.
            kept.drain(..kept.len().saturating_sub(mark.len() - 1));
        }
    });
    tokio::time::sleep(WARM_UP).await;
    let (started, first) = (Instant::now(), created.load(Relaxed));
    tokio::time::sleep(measured).await;
    let (passed, last) = (started.elapsed(), created.load(Relaxed));
    stop.store(true, Relaxed);
    let ended = writer.await.map_err(|error| error.to_string())?;
    let (sent, body) = ended.map_err(text)?;
    let ended = reader.await.map_err(|error| error.to_string())?;
    ended.map_err(text)?;
    drop(body);
    Ok(Sent {
        rate: (last - first) as f64 / passed.as_secs_f64(),
        other: sent - created.load(Relaxed).min(sent),
    })
}

/// Past orders a second, from CSV in memory to durable.
fn past_rate(kind: StoreKind, runtime: &tokio::runtime::Runtime) -> Result<f64, String> {
    let csv = past_csv(0..PAST);
    let place = Place::make(kind, "history")?;
    runtime.block_on(async {
        let target = Target::start(&place).await?;
        for command in company::all_commands(0).take(1 + company::LOCATIONS.len() + SKUS) {
            let request = company::request(command);
            let made = target.engine.submit(target.organization, request).await;
            made.map_err(|error| error.to_string())?;
        }
        let started = Instant::now();
        let created = capture_past(&target.engine, target.organization, csv).await?;
        let seconds = started.elapsed().as_secs_f64();
        target.stop().await?;
        if created == PAST {
            Ok(PAST as f64 / seconds)
        } else {
            Err(format!("{created} of {PAST} past orders were created"))
        }
    })
}

pub(super) async fn capture_past(
    engine: &Arc<Engine>,
    organization: OrganizationId,
    csv: String,
) -> Result<usize, String> {
    let source = Source::new("orders.csv", Cursor::new(csv.into_bytes()));
    let items = read_orders(Format::OrdoCsv, vec![source], &Options::default())
        .map_err(|error| error.to_string())?;
    // Read and parsed ahead by a thread, as the program does it.
    let (parts, ready) = mpsc::channel::<Vec<Command>>(4);
    std::thread::spawn(move || {
        let captures = items.filter_map(|item| match item {
            Ok(Item::Order(order)) => Some(Command::CaptureOrder(Box::new(order.capture))),
            Ok(Item::Channel(_) | Item::Location(_) | Item::Sku(_) | Item::Rejected(_))
            | Err(_) => None,
        });
        let mut captures = captures.peekable();
        while captures.peek().is_some() {
            let part = captures.by_ref().take(IN_FLIGHT / 2).collect();
            if parts.blocking_send(part).is_err() {
                return;
            }
        }
    });
    let commands = stream::unfold(ready, |mut ready| async {
        Some((ready.recv().await?, ready))
    })
    .flat_map(stream::iter);
    let replies = commands
        .map(|command| {
            let request = Request {
                lane: Lane::Bulk,
                size: 1_024,
                ..company::request(command)
            };
            engine.submit(organization, request)
        })
        .buffered(IN_FLIGHT);
    let created = replies.filter(|reply| {
        let created = matches!(reply, Ok(reply) if reply.outcome == Some(Outcome::Created));
        std::future::ready(created)
    });
    Ok(created.count().await)
}

/// Past orders of two lines each, as Ordo's CSV.
pub(super) fn past_csv(orders: std::ops::Range<usize>) -> String {
    let mut csv = "external_id,channel,placed_at,currency,origin,payment_status,ship_to_name,\
                   ship_to_line1,ship_to_city,ship_to_postal_code,ship_to_country,ship_to_email,\
                   sku,quantity,unit_price,shipped\n"
        .to_owned();
    for n in orders {
        for line in 0..2 {
            let sku = sku_code((n * 7 + line * 251) % SKUS);
            let units = 1 + (n + line) % 3;
            writeln!(
                csv,
                "{n},web,2024-03-01T12:00:00Z,EUR,history,paid,Buyer {n},Long Street {n},Town,\
                 {},DE,buyer{n}@example.com,{sku},{units},19.90,{units}",
                10_000 + n % 89_999
            )
            .expect("a string takes every text");
        }
    }
    csv
}
