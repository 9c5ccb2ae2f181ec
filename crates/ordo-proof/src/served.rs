//! Runs `ordo serve` as a process of its own over a folder or a cluster, and kills it hard.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ordo_store_postgres::cluster::{Cluster, Durability};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::http::Http;

/// The owner key of every served test.
pub const KEY: &str = "test-owner-key-0123456789-0123456789-0123";

/// The program under test; the test ends quietly where it was not built.
#[must_use]
pub fn program(test: &str) -> Option<PathBuf> {
    match std::env::var_os("ORDO_BIN") {
        Some(path) => Some(PathBuf::from(path)),
        None => {
            skip("ORDO_BIN", test);
            None
        }
    }
}

/// Says that a test was skipped, where the runner counts it.
pub fn skip(variable: &str, test: &str) {
    println!("skipped: {test} needs {variable}");
    if let Some(file) = std::env::var_os("ORDO_SKIPPED_FILE") {
        use std::io::Write;
        let mut file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(file)
            .unwrap();
        writeln!(file, "{variable} {test}").unwrap();
    }
}

/// Where the data is.
#[derive(Debug)]
pub enum Place {
    /// A folder of its own, which is removed in the end.
    Folder(tempfile::TempDir),
    /// A cluster of its own, with every durability setting on.
    Cluster(Cluster),
}

impl Place {
    /// A new folder.
    #[must_use]
    pub fn folder() -> Self {
        Self::Folder(tempfile::tempdir().unwrap())
    }

    /// A new cluster.
    #[must_use]
    pub fn cluster() -> Self {
        Self::Cluster(Cluster::start(Durability::Full, &[]).unwrap())
    }

    /// The words by which `ordo` finds it.
    #[must_use]
    pub fn arguments(&self) -> [String; 2] {
        match self {
            Self::Folder(folder) => ["--data".into(), folder.path().to_str().unwrap().into()],
            Self::Cluster(cluster) => ["--database-url".into(), cluster.url("postgres")],
        }
    }
}

/// A running `ordo serve`.
#[derive(Debug)]
pub struct Served {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Served {
    /// Starts a server and waits until it is ready.
    pub fn start(program: &Path, place: &Place) -> Self {
        Self::start_at(program, place, free_address())
    }

    /// The same at an address, such as that of a server that was killed.
    pub fn start_at(program: &Path, place: &Place, address: SocketAddr) -> Self {
        Self::start_over(program, &place.arguments(), address)
    }

    /// The same with words of the caller's own for where the data is.
    pub fn start_over(program: &Path, data: &[String], address: SocketAddr) -> Self {
        let child = Command::new(program)
            .arg("serve")
            .args(data)
            .args(["--listen", &address.to_string()])
            .arg("--webhooks-to-private-networks")
            .env("ORDO_BOOTSTRAP_API_KEY", KEY)
            .env("ORDO_MASTER_KEY", KEY)
            .env("ORDO_LOG", "warn")
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut served = Self { child, address };
        served.wait_ready();
        served
    }

    fn wait_ready(&mut self) {
        let until = Instant::now() + Duration::from_secs(30);
        while Instant::now() < until {
            if Http::new(self.address, KEY)
                .get("/readyz")
                .is_ok_and(|ready| ready.status == 200)
            {
                return;
            }
            assert!(
                self.child.try_wait().unwrap().is_none(),
                "the server ended by itself"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the server is not ready after 30 s");
    }

    /// A client with the owner key.
    #[must_use]
    pub fn http(&self) -> Http {
        Http::new(self.address, KEY)
    }

    /// The process, to look at from outside.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL, as a power button would.
    pub fn kill(mut self) {
        self.end();
    }

    /// The same, where its place is needed for the next one.
    pub fn end(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Stops the process where it stands; the kernel still takes connections for it.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.expect("a child has an id"), signal).unwrap();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Already ended where the test killed it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A loopback address that nobody listens on right now.
#[must_use]
pub fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
}

/// `ordo check`: whether it is green, and what it said.
#[must_use]
pub fn check(program: &Path, place: &Place) -> (bool, String) {
    check_over(program, &place.arguments())
}

/// The same with words of the caller's own for where the data is.
#[must_use]
pub fn check_over(program: &Path, data: &[String]) -> (bool, String) {
    let out = Command::new(program)
        .arg("check")
        .args(data)
        .arg("--json")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    (
        out.status.success(),
        said + &String::from_utf8_lossy(&out.stderr),
    )
}

/// One channel, `locations` locations and one SKU with `units` at the first.
pub fn set_up(http: &mut Http, sku: &str, policy: &Value, locations: usize, units: i64) {
    let made = |answer: std::io::Result<crate::http::Answer>| {
        let answer = answer.unwrap();
        assert!(answer.status == 201 || answer.status == 409, "{answer:?}");
    };
    made(http.post("/api/v1/channels", &json!({"code": "web", "kind": "web"})));
    for n in 0..locations {
        made(http.post(
            "/api/v1/locations",
            &json!({"code": format!("L{n}"), "kind": "warehouse", "country": "DE",
                    "postal_code": "10115", "time_zone": "Europe/Berlin"}),
        ));
    }
    made(http.post(
        "/api/v1/skus",
        &json!({"code": sku, "weight_g": 100, "stock_policy": policy}),
    ));
    if units > 0 {
        made(http.post(
            "/api/v1/stock/movements",
            &json!({"kind": "receive", "sku": sku, "location": "L0", "quantity": units,
                    "reason": "set-up"}),
        ));
    }
}

/// A paid order of `quantity` of `sku`.
#[must_use]
pub fn order(external_id: &str, sku: &str, quantity: i64) -> Value {
    let euro = |amount: i64| json!({"amount": amount, "currency": "EUR"});
    json!({
        "channel": "web", "external_id": external_id, "source_version": 1,
        "placed_at": "2026-11-01T10:00:00Z", "currency": "EUR", "tax_included": true,
        "payment": {"status": "paid", "amount": euro(1_000 * quantity)},
        "ship_to": {"name": format!("Buyer {external_id}"), "line1": format!("Street {external_id}"),
                    "postal_code": "10115", "city": "Berlin", "country": "DE",
                    "email": format!("{external_id}@example.com")},
        "lines": [{"external_id": "1", "sku": sku, "quantity": quantity,
                   "unit_price": euro(1_000)}]
    })
}
