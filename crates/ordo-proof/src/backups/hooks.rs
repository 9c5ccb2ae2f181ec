//! A receiver of webhooks with a ledger of the ids that it was sent. It refuses some of them the first
//! time, so that deliveries wait at any moment.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ordo_disk::Dice;

/// One id in so many is refused the first time.
const REFUSES: u64 = 6;

/// A receiver on the loopback. Its threads end with the process, or with their connections.
#[derive(Debug)]
pub struct Hooks {
    address: SocketAddr,
    came: Arc<Mutex<BTreeMap<String, u64>>>,
}

impl Hooks {
    /// Listens.
    #[must_use]
    pub fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let came = Arc::new(Mutex::new(BTreeMap::new()));
        let ledger = Arc::clone(&came);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let ledger = Arc::clone(&ledger);
                std::thread::spawn(move || serve(&stream, &ledger));
            }
        });
        Self { address, came }
    }

    /// Where it is reached.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Every id that came, and how often.
    #[must_use]
    pub fn came(&self) -> BTreeMap<String, u64> {
        lock(&self.came).clone()
    }

    /// Waits until `is_enough`, at most `limit`; answers whether it was.
    pub fn wait(
        &self,
        limit: Duration,
        is_enough: impl Fn(&BTreeMap<String, u64>) -> bool,
    ) -> bool {
        let until = Instant::now() + limit;
        loop {
            if is_enough(&lock(&self.came)) {
                return true;
            }
            if Instant::now() > until {
                return false;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(stream: &TcpStream, ledger: &Mutex<BTreeMap<String, u64>>) {
    let mut reader = BufReader::new(stream);
    while let Some(id) = request(&mut reader) {
        let times = {
            let mut ledger = lock(ledger);
            let times = ledger.entry(id.clone()).or_default();
            *times += 1;
            *times
        };
        let mixed = id.bytes().fold(0, |sum: u64, byte| {
            sum.wrapping_mul(31).wrapping_add(u64::from(byte))
        });
        let refuses = times == 1 && Dice::new(mixed).below(REFUSES) == 0;
        let answer: &[u8] = if refuses {
            b"HTTP/1.1 500 Not Now\r\nContent-Length: 0\r\n\r\n"
        } else {
            b"HTTP/1.1 204 No Content\r\n\r\n"
        };
        let mut stream = stream;
        if stream.write_all(answer).is_err() {
            return;
        }
    }
}

/// A request's `webhook-id`; `None` at the end.
fn request(reader: &mut impl BufRead) -> Option<String> {
    let (mut id, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            match name.to_ascii_lowercase().as_str() {
                "webhook-id" => value.trim().clone_into(&mut id),
                "content-length" => length = value.trim().parse().ok()?,
                _ => {}
            }
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(id)
}
