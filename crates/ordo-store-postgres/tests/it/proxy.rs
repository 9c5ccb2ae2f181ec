//! A proxy between store and server that can lose a COMMIT, or the answer to one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What the server calls a COMMIT that stands.
const COMMITTED: &[u8] = b"COMMIT\0";

/// What the server answers to the last statement of a flight.
const LAST_OF_FLIGHT: &[u8] = b"UPDATE 1\0";

const PASS: u8 = 0;
const LOSE_CONFIRMATION: u8 = 1;
const LOSE_REQUEST: u8 = 2;
const LOSE_COMMIT: u8 = 3;

/// A proxy on a port of the loopback; ends when it is dropped.
pub struct Proxy {
    /// Its port.
    pub port: u16,
    mode: Arc<AtomicU8>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// A proxy for the server on `target`, which passes everything on.
    pub async fn start(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("there is a free port");
        let port = listener.local_addr().expect("it has an address").port();
        let mode = Arc::new(AtomicU8::new(PASS));
        let of_connections = Arc::clone(&mode);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, target, Arc::clone(&of_connections)));
            }
        });
        Self { port, mode, task }
    }

    /// Closes the next connection over which a COMMIT is confirmed, without passing that on.
    pub fn lose_next_confirmation(&self) {
        self.mode.store(LOSE_CONFIRMATION, Ordering::SeqCst);
    }

    /// Closes the next connection over which a COMMIT is asked for, without passing that on.
    pub fn lose_next_commit(&self) {
        self.mode.store(LOSE_COMMIT, Ordering::SeqCst);
    }

    /// Closes the next connection over which anything is asked, without passing that on.
    pub fn lose_next_request(&self) {
        self.mode.store(LOSE_REQUEST, Ordering::SeqCst);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Copies both ways until one side ends or a loss is due.
async fn pass(mut client: TcpStream, target: u16, mode: Arc<AtomicU8>) {
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", target)).await else {
        return;
    };
    let (mut asked, mut answered) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    let mut commit_is_next = false;
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(size @ 1..) = read else { return };
                if commit_is_next || take(&mode, LOSE_REQUEST) {
                    return;
                }
                if server.write_all(&asked[..size]).await.is_err() {
                    return;
                }
            }
            read = server.read(&mut answered) => {
                let Ok(size @ 1..) = read else { return };
                let part = &answered[..size];
                if holds(part, COMMITTED) && take(&mode, LOSE_CONFIRMATION) {
                    return;
                }
                commit_is_next = holds(part, LAST_OF_FLIGHT) && take(&mode, LOSE_COMMIT);
                if client.write_all(part).await.is_err() {
                    return;
                }
            }
        }
    }
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// Whether the proxy was told this; it then passes everything on again.
fn take(mode: &AtomicU8, what: u8) -> bool {
    let (set, failed) = (Ordering::SeqCst, Ordering::SeqCst);
    mode.compare_exchange(what, PASS, set, failed).is_ok()
}
