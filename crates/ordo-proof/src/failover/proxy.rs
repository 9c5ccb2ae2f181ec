//! The network between two machines, as a proxy on the loopback: it can fall silent or break.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering::SeqCst};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What becomes of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// They arrive.
    Open,
    /// They are taken and kept; nobody is told.
    Silent,
    /// Connections end, and new ones are refused.
    Broken,
}

/// A way to one port; ends when it is dropped.
pub struct Proxy {
    /// Its own port.
    pub port: u16,
    target: Arc<AtomicU16>,
    way: watch::Sender<Way>,
    acceptor: JoinHandle<()>,
}

impl Proxy {
    /// An open way to a port of the loopback.
    #[must_use]
    pub fn start(runtime: &Handle, target: u16) -> Self {
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let target = Arc::new(AtomicU16::new(target));
        let (way, ways) = watch::channel(Way::Open);
        let leads_to = Arc::clone(&target);
        let acceptor = runtime.spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let target = SocketAddr::from(([127, 0, 0, 1], leads_to.load(SeqCst)));
                tokio::spawn(connect(client, target, ways.clone()));
            }
        });
        Self {
            port,
            target,
            way,
            acceptor,
        }
    }

    /// Changes what becomes of bytes, also of connections that are open.
    pub fn turn(&self, way: Way) {
        self.way.send_replace(way);
    }

    /// Leads new connections to another port.
    pub fn lead_to(&self, target: u16) {
        self.target.store(target, SeqCst);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.acceptor.abort();
    }
}

/// Copies both ways until one side ends or the way breaks.
async fn connect(client: TcpStream, target: SocketAddr, mut ways: watch::Receiver<Way>) {
    if ways.wait_for(|way| *way != Way::Silent).await.is_err() || *ways.borrow() == Way::Broken {
        return;
    }
    let Ok(server) = TcpStream::connect(target).await else {
        return;
    };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        () = copy(from_client, to_server, ways.clone()) => {}
        () = copy(from_server, to_client, ways.clone()) => {}
        _ = ways.wait_for(|way| *way == Way::Broken) => {}
    }
}

/// Passes on what comes, as long as the way is open; what was taken is passed on once it is again.
async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut ways: watch::Receiver<Way>) {
    let mut part = vec![0; 1 << 16];
    while let Ok(size @ 1..) = from.read(&mut part).await {
        if ways.wait_for(|way| *way == Way::Open).await.is_err()
            || to.write_all(&part[..size]).await.is_err()
        {
            return;
        }
    }
    // An end is passed on like bytes are.
    let _ = ways.wait_for(|way| *way == Way::Open).await;
}
