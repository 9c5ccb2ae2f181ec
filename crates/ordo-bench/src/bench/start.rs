//! From the start of the program `ordo` beside this one to its first answer, with orders in the store;
//! the memory that it then takes idle; the size of the program.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::lists::{fill_past, view_sees_all};
use crate::StoreKind;
use crate::company;
use crate::figures::Figures;
use crate::target::{Place, Target};

/// Starts that are measured; the median counts.
const STARTS: usize = 5;
/// How long a start may take at all.
const PATIENCE: Duration = Duration::from_secs(30);
/// Idle time before memory is read.
const IDLE: Duration = Duration::from_secs(3);

/// Measures. The figure is the median start in milliseconds; there is no floor.
pub fn run(kind: StoreKind, orders: usize) -> Result<Figures, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let place = Place::make(kind, "start")?;
    runtime.block_on(async {
        let target = Target::start(&place).await?;
        company::set_up(&target.engine, target.organization, 1_000_000).await?;
        fill_past(&target, orders).await?;
        view_sees_all(&target).await?;
        target.stop().await
    })?;
    let program = program()?;
    let mut starts_ms = Vec::with_capacity(STARTS);
    let mut idle_mb = 0.0_f64;
    for _ in 0..STARTS {
        let started = Instant::now();
        let server = Server::start(&program, &place)?;
        runtime.block_on(server.answers(started))?;
        starts_ms.push(started.elapsed().as_secs_f64() * 1_000.0);
        if starts_ms.len() == STARTS {
            std::thread::sleep(IDLE);
            idle_mb = server.resident_mb()?;
        }
    }
    starts_ms.sort_by(f64::total_cmp);
    let median = starts_ms[STARTS / 2];
    let mut figures = Figures::new("start", kind.name(), median, "ms", 0.0);
    figures.add("slowest_ms", starts_ms[STARTS - 1]);
    figures.add("idle_mb", idle_mb);
    let size = std::fs::metadata(&program).map_err(|error| error.to_string())?;
    figures.add("program_mb", size.len() as f64 / 1e6);
    figures.add("orders", orders as f64);
    Ok(figures)
}

/// The program that was built beside this one.
fn program() -> Result<PathBuf, String> {
    let bench = std::env::current_exe().map_err(|error| error.to_string())?;
    let program = bench.with_file_name("ordo");
    if program.is_file() {
        Ok(program)
    } else {
        Err(format!("{} is not built", program.display()))
    }
}

/// A running program, which ends with this.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(program: &Path, place: &Place) -> Result<Self, String> {
        // A port that was free a moment ago.
        let listener = std::net::TcpListener::bind("127.0.0.1:0");
        let address = listener.and_then(|listener| listener.local_addr());
        let address = address.map_err(|error| error.to_string())?.to_string();
        let mut command = Command::new(program);
        command.args(["serve", "--listen", &address]);
        match place {
            Place::Folder(folder) => command.arg("--data").arg(folder),
            Place::Cluster(cluster) => command.args(["--database-url", &cluster.url("postgres")]),
        };
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().map_err(|error| error.to_string())?;
        Ok(Self { child, address })
    }

    /// Waits until it answers that it is ready.
    async fn answers(&self, started: Instant) -> Result<(), String> {
        while started.elapsed() < PATIENCE {
            if self.is_ready().await.unwrap_or(false) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Err(format!("no answer within {PATIENCE:?}"))
    }

    async fn is_ready(&self) -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(&self.address).await?;
        let request = b"GET /readyz HTTP/1.1\r\nHost: ordo\r\nConnection: close\r\n\r\n";
        stream.write_all(request).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok(answer.starts_with(b"HTTP/1.1 200"))
    }

    /// Memory that is its own and in use, as the system counts it.
    fn resident_mb(&self) -> Result<f64, String> {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
        let kib = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"))
            .and_then(|kib| kib.trim().parse::<f64>().ok());
        kib.map(|kib| kib * 1024.0 / 1e6)
            .ok_or_else(|| "the system does not say how much memory it takes".to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; the store survives a kill by design.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
