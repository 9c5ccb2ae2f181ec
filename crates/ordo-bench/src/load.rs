//! A load generator that costs little: prepared bodies over kept-alive connections, one request at a
//! time on each.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What the generator saw.
#[derive(Debug, Default)]
pub struct Seen {
    /// Microseconds per answered request of the measured part.
    pub latencies_us: Vec<u32>,
    /// Answers that were not 2xx.
    pub failures: usize,
    /// One of them.
    pub failure: Option<String>,
    /// Seconds of the measured part.
    pub seconds: f64,
}

impl Seen {
    /// Answered requests a second.
    pub fn rate(&self) -> f64 {
        self.latencies_us.len() as f64 / self.seconds
    }
}

/// Sends `body(n)` for n = 0, 1, 2 … to `path` over `connections` connections, first for `warm_up`,
/// then measured for `measured`.
pub fn post(
    address: SocketAddr,
    path: &'static str,
    key: &str,
    connections: usize,
    warm_up: Duration,
    measured: Duration,
    body: Arc<dyn Fn(usize) -> String + Send + Sync>,
) -> Result<Seen, String> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: ordo\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\nContent-Length: "
    );
    let request = move |n| {
        let body = body(n);
        format!("{head}{}\r\n\r\n{body}", body.len())
    };
    run(address, connections, warm_up, measured, Arc::new(request))
}

/// Sends one request and answers its status and body.
pub async fn post_once(
    address: SocketAddr,
    path: &str,
    key: &str,
    body: &str,
) -> Result<(u16, String), String> {
    let mut stream = connect(address).await?;
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: ordo\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let sent = stream.write_all(request.as_bytes()).await;
    sent.map_err(|error| error.to_string())?;
    let mut answer = Vec::new();
    let status = read_answer(&mut stream, &mut answer).await?;
    let text = String::from_utf8_lossy(&answer);
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    Ok((status, body.to_owned()))
}

/// Asks once and answers the status and body.
pub async fn get_once(address: SocketAddr, path: &str, key: &str) -> Result<(u16, String), String> {
    let mut stream = connect(address).await?;
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: ordo\r\nAuthorization: Bearer {key}\r\n\r\n");
    let sent = stream.write_all(request.as_bytes()).await;
    sent.map_err(|error| error.to_string())?;
    let mut answer = Vec::new();
    let status = read_answer(&mut stream, &mut answer).await?;
    let text = String::from_utf8_lossy(&answer);
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    Ok((status, body.to_owned()))
}

/// Asks for `path(n)` for n = 0, 1, 2 … in the same way.
pub fn get(
    address: SocketAddr,
    key: &str,
    connections: usize,
    warm_up: Duration,
    measured: Duration,
    path: Arc<dyn Fn(usize) -> String + Send + Sync>,
) -> Result<Seen, String> {
    let tail = format!(" HTTP/1.1\r\nHost: ordo\r\nAuthorization: Bearer {key}\r\n\r\n");
    let request = move |n| format!("GET {}{tail}", path(n));
    run(address, connections, warm_up, measured, Arc::new(request))
}

/// Runs on a thread of its own with a runtime of its own.
fn run(
    address: SocketAddr,
    connections: usize,
    warm_up: Duration,
    measured: Duration,
    request: Arc<dyn Fn(usize) -> String + Send + Sync>,
) -> Result<Seen, String> {
    let generator = std::thread::spawn(move || -> Result<Seen, String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| error.to_string())?;
        runtime.block_on(async {
            let next = Arc::new(AtomicUsize::new(0));
            let counting = Arc::new(AtomicBool::new(false));
            let stop = Arc::new(AtomicBool::new(false));
            let mut clients = Vec::with_capacity(connections);
            for _ in 0..connections {
                let client = Client {
                    stream: connect(address).await?,
                    next: Arc::clone(&next),
                    counting: Arc::clone(&counting),
                    stop: Arc::clone(&stop),
                    request: Arc::clone(&request),
                };
                clients.push(tokio::spawn(client.run()));
            }
            tokio::time::sleep(warm_up).await;
            counting.store(true, Relaxed);
            let started = Instant::now();
            tokio::time::sleep(measured).await;
            counting.store(false, Relaxed);
            let seconds = started.elapsed().as_secs_f64();
            stop.store(true, Relaxed);
            let mut seen = Seen {
                seconds,
                ..Seen::default()
            };
            for client in clients {
                let one = client.await.map_err(|error| error.to_string())??;
                seen.latencies_us.extend(one.latencies_us);
                seen.failures += one.failures;
                seen.failure = seen.failure.or(one.failure);
            }
            Ok(seen)
        })
    });
    generator
        .join()
        .map_err(|_| "the load generator panicked".to_owned())?
}

async fn connect(address: SocketAddr) -> Result<TcpStream, String> {
    let stream = TcpStream::connect(address)
        .await
        .map_err(|error| error.to_string())?;
    stream
        .set_nodelay(true)
        .map_err(|error| error.to_string())?;
    Ok(stream)
}

struct Client {
    stream: TcpStream,
    next: Arc<AtomicUsize>,
    counting: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    request: Arc<dyn Fn(usize) -> String + Send + Sync>,
}

impl Client {
    async fn run(mut self) -> Result<Seen, String> {
        let mut seen = Seen::default();
        let mut answer = Vec::with_capacity(8_192);
        while !self.stop.load(Relaxed) {
            let request = (self.request)(self.next.fetch_add(1, Relaxed));
            let counted = self.counting.load(Relaxed);
            let started = Instant::now();
            self.stream
                .write_all(request.as_bytes())
                .await
                .map_err(|error| error.to_string())?;
            let status = read_answer(&mut self.stream, &mut answer).await?;
            if counted && self.counting.load(Relaxed) {
                let micros = started.elapsed().as_micros();
                seen.latencies_us
                    .push(u32::try_from(micros).unwrap_or(u32::MAX));
            }
            if !(200..300).contains(&status) {
                seen.failures += 1;
                seen.failure = seen
                    .failure
                    .or_else(|| Some(String::from_utf8_lossy(&answer).into_owned()));
            }
        }
        Ok(seen)
    }
}

/// Reads one whole answer into `answer` and says its status.
async fn read_answer(stream: &mut TcpStream, answer: &mut Vec<u8>) -> Result<u16, String> {
    answer.clear();
    let mut wanted = None;
    loop {
        let read = stream
            .read_buf(answer)
            .await
            .map_err(|error| error.to_string())?;
        if read == 0 {
            return Err("the server closed the connection".into());
        }
        if wanted.is_none()
            && let Some(end) = find(answer, b"\r\n\r\n")
        {
            let head = std::str::from_utf8(&answer[..end]).map_err(|error| error.to_string())?;
            wanted = Some(end + 4 + content_length(head)?);
        }
        if wanted.is_some_and(|wanted| answer.len() >= wanted) {
            break;
        }
    }
    let status = answer
        .get(9..12)
        .and_then(|digits| std::str::from_utf8(digits).ok());
    status
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| "no status line".into())
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

fn content_length(head: &str) -> Result<usize, String> {
    head.lines()
        .find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.trim().parse().ok())?
        })
        .ok_or_else(|| format!("no content length in {head}"))
}
