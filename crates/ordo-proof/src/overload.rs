//! Goal: who is asked for more than can be done sends the rest away, and serves those it takes as
//! quickly as ever. Method: first what a few clients get done; then two thousand connections that never
//! wait, with some that send a byte now and then and some that send far too much; beside them another
//! organization asks for one thing at a time. Then the load ends, and all must be as before.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::figures::Figures;
use crate::http::Http;
use crate::part::{Asked, Part};
use crate::process::{Memory, handles};
use crate::served::{KEY, Place, Served, check, order, set_up};

/// Over SQLite.
pub const SQLITE: Part = Part {
    name: "overload-sqlite",
    what: "far more than can be done is asked for, over SQLite",
    unit: "seconds",
    in_ci: 12,
    long: 300,
    piece: 100,
    run: |asked| overload("overload-sqlite", asked, &Place::folder()),
};

/// Over PostgreSQL.
pub const POSTGRES: Part = Part {
    name: "overload-postgres",
    what: "far more than can be done is asked for, over PostgreSQL",
    unit: "seconds",
    in_ci: 12,
    long: 300,
    piece: 100,
    run: |asked| overload("overload-postgres", asked, &Place::cluster()),
};

/// Clients that get done what can be.
const SUSTAINED: usize = 64;
const SUSTAINED_TIME: Duration = Duration::from_secs(3);
/// Connections of the flood; each sends again as soon as it has its answer.
const FLOOD: usize = 2_000;
/// Connections that send a byte now and then.
const SLOW: usize = 100;
/// Between two tries of a client that was sent away: a tenth of what it was told to wait.
const IMPATIENCE: Duration = Duration::from_millis(100);

const ACCEPTED_P99_MS_MAX: u64 = 1_000;
const RECOVERY_MAX: Duration = Duration::from_secs(10);
const GROWTH_MAX_KIB: u64 = 512 * 1_024;

#[derive(Default)]
struct Tally {
    sent: AtomicU64,
    accepted: AtomicU64,
    turned_away: AtomicU64,
    without_hint: AtomicU64,
    failed: AtomicU64,
    broken: AtomicU64,
    /// Milliseconds of accepted requests, by their number.
    latencies: std::sync::Mutex<Vec<u64>>,
    said: std::sync::Mutex<Vec<String>>,
    stop: AtomicBool,
}

fn overload(name: &'static str, asked: &Asked, place: &Place) -> Figures {
    let mut figures = Figures::of(name);
    let served = Served::start(&asked.program, place);
    let mut http = served.http();
    set_up(
        &mut http,
        "A",
        &json!({"backorder": {"limit": 1_000_000_000}}),
        2,
        1_000,
    );
    let other = other_organization(&served);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let before = (Memory::of(served.pid()).resident_kib, handles(served.pid()));

    let calm = Arc::new(Tally::default());
    runtime.block_on(flood(
        &calm,
        served.address,
        SUSTAINED,
        SUSTAINED_TIME,
        "calm",
    ));
    let sustained = calm.accepted.load(Relaxed) / SUSTAINED_TIME.as_secs();
    figures.count("sustained_per_s", sustained);

    let tally = Arc::new(Tally::default());
    let neighbor = neighbor(served.address, &other, Arc::clone(&tally));
    let time = Duration::from_secs(asked.count);
    runtime.block_on(async {
        let slow: Vec<_> = (0..SLOW)
            .map(|_| tokio::spawn(dawdle(served.address)))
            .collect();
        let huge = tokio::spawn(exaggerate(served.address, Arc::clone(&tally)));
        flood(&tally, served.address, FLOOD, time, "flood").await;
        slow.iter().for_each(tokio::task::JoinHandle::abort);
        huge.abort();
    });
    let ended = Instant::now();
    figures.count("seconds", asked.count);
    let mut waits = neighbor.join().unwrap();
    let peak = Memory::of(served.pid()).peak_kib;
    recover(&served, before.1, ended, &mut figures);
    judge(&tally, &mut waits, &mut figures);
    let grown = peak.saturating_sub(before.0);
    figures.most("grown_kib", grown);
    figures.expect(grown <= GROWTH_MAX_KIB, || {
        format!("memory grew by {grown} KiB")
    });
    let accepted = calm.accepted.load(Relaxed) + tally.accepted.load(Relaxed);
    let broken = calm.broken.load(Relaxed) + tally.broken.load(Relaxed);
    count_orders(&mut http, accepted, broken, &mut figures);
    drop(runtime);
    drop(served);
    let (green, said) = check(&asked.program, place);
    figures.expect(green, || said);
    figures
}

/// Refusals, latencies and the neighbor's lot.
fn judge(tally: &Tally, waits: &mut [u64], figures: &mut Figures) {
    let of = |count: &AtomicU64| count.load(Relaxed);
    figures.count("offered", of(&tally.sent));
    figures.count("accepted", of(&tally.accepted));
    figures.count("turned_away", of(&tally.turned_away));
    figures.count("broken", of(&tally.broken));
    for said in tally.said.lock().unwrap().iter().take(5) {
        figures.violation(said.clone());
    }
    figures.expect(of(&tally.failed) == 0, || {
        format!("{} answers were failures", of(&tally.failed))
    });
    figures.expect(of(&tally.without_hint) == 0, || {
        format!(
            "{} were sent away without a time to come back",
            of(&tally.without_hint)
        )
    });
    figures.expect(of(&tally.accepted) > 0, || "nobody was served".to_owned());
    // A flood that everybody is served in proves nothing.
    figures.expect(of(&tally.turned_away) > 0, || {
        "nobody was turned away".to_owned()
    });
    let p99 = percentile(&mut tally.latencies.lock().unwrap(), 99);
    figures.most("accepted_p99_ms", p99);
    figures.expect(p99 <= ACCEPTED_P99_MS_MAX, || {
        format!("those accepted waited {p99} ms")
    });
    let p99 = percentile(waits, 99);
    figures.most("neighbor_p99_ms", p99);
    figures.count("neighbor", waits.len() as u64);
    figures.expect(p99 <= ACCEPTED_P99_MS_MAX && !waits.is_empty(), || {
        format!(
            "another organization waited {p99} ms, {} times",
            waits.len()
        )
    });
}

fn percentile(values: &mut [u64], percent: usize) -> u64 {
    values.sort_unstable();
    let last = values.len().saturating_sub(1);
    values.get(last * percent / 100).copied().unwrap_or(0)
}

/// Connections that send again as soon as they are answered.
async fn flood(
    tally: &Arc<Tally>,
    address: SocketAddr,
    count: usize,
    time: Duration,
    name: &'static str,
) {
    let clients: Vec<_> = (0..count)
        .map(|n| {
            let tally = Arc::clone(tally);
            tokio::spawn(async move {
                let mut next = 0_u64;
                let mut stream = None;
                while !tally.stop.load(Relaxed) {
                    let id = format!("{name}-{n}-{next}");
                    next += 1;
                    let body = order(&id, "A", 1).to_string();
                    tally.sent.fetch_add(1, Relaxed);
                    let began = Instant::now();
                    let answer = exchange(&mut stream, address, &body).await;
                    note(&tally, answer, began).await;
                }
            })
        })
        .collect();
    tokio::time::sleep(time).await;
    tally.stop.store(true, Relaxed);
    for client in clients {
        // Whoever still waits for an answer gets it: nobody is left in doubt.
        let _ = tokio::time::timeout(Duration::from_secs(30), client).await;
    }
}

async fn note(tally: &Tally, answer: std::io::Result<(u16, String)>, began: Instant) {
    match answer {
        Ok((200 | 201, _)) => {
            tally.accepted.fetch_add(1, Relaxed);
            let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            tally.latencies.lock().unwrap().push(took);
        }
        Ok((429 | 503, text)) => {
            tally.turned_away.fetch_add(1, Relaxed);
            if !text.to_ascii_lowercase().contains("retry-after:") {
                tally.without_hint.fetch_add(1, Relaxed);
            }
            tokio::time::sleep(IMPATIENCE).await;
        }
        Ok((status, text)) => {
            tally.failed.fetch_add(1, Relaxed);
            tally.said.lock().unwrap().push(format!("{status}: {text}"));
        }
        Err(_) => {
            tally.broken.fetch_add(1, Relaxed);
            tokio::time::sleep(IMPATIENCE).await;
        }
    }
}

/// One request over a connection that is kept; its status, head and body.
async fn exchange(
    kept: &mut Option<TcpStream>,
    address: SocketAddr,
    body: &str,
) -> std::io::Result<(u16, String)> {
    let mut stream = match kept.take() {
        Some(stream) => stream,
        None => TcpStream::connect(address).await?,
    };
    let request = format!(
        "POST /api/v1/orders HTTP/1.1\r\nHost: ordo\r\nAuthorization: Bearer {KEY}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut received = Vec::new();
    let mut chunk = [0_u8; 4_096];
    loop {
        let read = stream.read(&mut chunk).await?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        received.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8_lossy(&received);
        let Some((head, rest)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let lower = head.to_ascii_lowercase();
        let length = lower
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length
            .and_then(|length| length.trim().parse().ok())
            .unwrap_or(0);
        if rest.len() >= length {
            let status = head
                .get(9..12)
                .and_then(|status| status.parse().ok())
                .unwrap_or(0);
            let told = text.clone().into_owned();
            *kept = Some(stream);
            return Ok((status, told));
        }
    }
}

/// Sends the head of a request a byte at a time.
async fn dawdle(address: SocketAddr) {
    let head = b"POST /api/v1/orders HTTP/1.1\r\nHost: ordo\r\nX-Slow: ";
    loop {
        let Ok(mut stream) = TcpStream::connect(address).await else {
            tokio::time::sleep(IMPATIENCE).await;
            continue;
        };
        for byte in head.iter().chain(std::iter::repeat_n(&b'a', 10_000)) {
            if stream.write_all(&[*byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

/// Sends bodies that are far too large; each must be refused as that, turned away like all others, or
/// cut off.
async fn exaggerate(address: SocketAddr, tally: Arc<Tally>) {
    let body = " ".repeat(4 << 20);
    loop {
        if let Ok((status, text)) = exchange(&mut None, address, &body).await
            && status != 413
            && !(status == 429 && text.to_ascii_lowercase().contains("retry-after"))
        {
            tally
                .said
                .lock()
                .unwrap()
                .push(format!("a huge body: {status} {text}"));
        }
        tokio::time::sleep(IMPATIENCE).await;
    }
}

/// Its owner key, with something to sell.
fn other_organization(served: &Served) -> String {
    let body = json!({"code": "neighbor", "name": "Neighbor"});
    let made = served
        .http()
        .post("/api/v1/organizations", &body)
        .unwrap()
        .json();
    let key = made["owner_key"].as_str().unwrap().to_owned();
    set_up(
        &mut Http::new(served.address, &key),
        "A",
        &json!("tracked"),
        1,
        1_000_000,
    );
    key
}

/// Asks for one thing at a time until the flood is over; how long each took, in milliseconds.
fn neighbor(
    address: SocketAddr,
    key: &str,
    tally: Arc<Tally>,
) -> std::thread::JoinHandle<Vec<u64>> {
    let mut http = Http::new(address, key);
    std::thread::spawn(move || {
        let mut waits = Vec::new();
        for n in 0.. {
            if tally.stop.load(Relaxed) {
                break;
            }
            let began = Instant::now();
            let answer = http.post("/api/v1/orders", &order(&format!("n{n}"), "A", 1));
            let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            match answer {
                Ok(answer) if answer.status == 201 => waits.push(took),
                other => tally
                    .said
                    .lock()
                    .unwrap()
                    .push(format!("the neighbor: {other:?}")),
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        waits
    })
}

/// Waits until a request is as quick as before and connections are closed.
fn recover(served: &Served, handles_before: u64, ended: Instant, figures: &mut Figures) {
    let mut http = served.http();
    let quick = Duration::from_millis(250);
    let mut n = 0;
    loop {
        n += 1;
        let began = Instant::now();
        let answer = http.post("/api/v1/orders", &order(&format!("after-{n}"), "A", 1));
        let is_quick = answer.is_ok_and(|answer| answer.status == 201) && began.elapsed() < quick;
        let open = handles(served.pid());
        if is_quick && open <= handles_before + SUSTAINED as u64 + 32 {
            break;
        }
        if ended.elapsed() > RECOVERY_MAX {
            figures.violation(format!(
                "after {RECOVERY_MAX:?} a request takes {:?}, {open} files are open, {handles_before} were",
                began.elapsed()
            ));
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    figures.count(
        "recovered_ms",
        u64::try_from(ended.elapsed().as_millis()).unwrap_or(u64::MAX),
    );
}

/// Everything that was acknowledged is there: by the last order number there are as many orders as were
/// accepted, and at most as many more as broke off.
fn count_orders(http: &mut Http, accepted: u64, broken: u64, figures: &mut Figures) {
    let last = http.post("/api/v1/orders", &order("the-last", "A", 1));
    let number = last.unwrap().json()["number"].as_u64().unwrap_or_default();
    // The first has the number 1,001.
    let there = number.saturating_sub(1_000);
    // Those after the flood are few.
    figures.expect(there >= accepted, || {
        format!("{accepted} were accepted, {there} are there")
    });
    figures.expect(there <= accepted + broken + 1_000, || {
        format!("{accepted} were accepted and {broken} broke off, {there} are there")
    });
}
