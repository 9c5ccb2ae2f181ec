//! The server on a real socket: streaming both ways, and stopping without cutting anybody off.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::test_app::{OWNER, TestApp, order};

/// A server on a free port of the loopback.
pub struct Served {
    pub app: TestApp,
    pub address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Served {
    pub async fn start() -> Self {
        let app = TestApp::with_company().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let engine = Arc::clone(&app.engine);
        let server = tokio::spawn(ordo_server::serve(
            listener,
            app.router.clone(),
            async move {
                let _ = stopped.await;
                engine.leave();
            },
        ));
        Self {
            app,
            address,
            stop,
            server,
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    pub async fn stop(self) {
        self.stop.send(()).unwrap();
        let ended = tokio::time::timeout(Duration::from_secs(10), self.server).await;
        ended.expect("the server stops").unwrap().unwrap();
        self.app.engine.shutdown().await;
    }
}

fn head(method: &str, path: &str, rest: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {OWNER}\r\n{rest}\r\n")
}

#[tokio::test]
async fn an_order_is_taken_in_over_a_socket() {
    let served = Served::start().await;
    let mut connection = served.connect().await;
    let body = order("1001", 1).to_string();
    let rest = format!("connection: close\r\ncontent-length: {}\r\n", body.len());
    let request = head("POST", "/api/v1/orders", &rest) + &body;
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let order: Value = serde_json::from_str(body).unwrap();
    assert_eq!(order["external_id"], "1001");
    served.stop().await;
}

/// The first line is answered although the body has not ended: nothing waits for the whole of it.
#[tokio::test]
async fn an_import_answers_while_lines_still_come_in() {
    let served = Served::start().await;
    let mut connection = served.connect().await;
    let request = head(
        "POST",
        "/api/v1/orders/import",
        "transfer-encoding: chunked\r\n",
    );
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut seen = String::new();
    for n in 0..3 {
        let line = format!("{}\n", order(&n.to_string(), 1));
        let chunk = format!("{:x}\r\n{line}\r\n", line.len());
        connection.write_all(chunk.as_bytes()).await.unwrap();
        let expected = format!("\"line\":{}", n + 1);
        while !seen.contains(&expected) {
            let mut part = [0; 4_096];
            let read = tokio::time::timeout(Duration::from_secs(10), connection.read(&mut part));
            let length = read.await.expect("an answer comes").unwrap();
            assert!(length > 0, "{seen}");
            seen.push_str(std::str::from_utf8(&part[..length]).unwrap());
        }
    }
    connection.write_all(b"0\r\n\r\n").await.unwrap();
    served.stop().await;
}

/// A client that sends 20 MB before it reads a byte: neither side waits for the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_may_send_everything_before_it_reads() {
    let served = Served::start().await;
    let mut connection = served.connect().await;
    // Refused without a decision, so that the test is about the streams.
    let line = format!("{{\"note\":\"{}\"}}\n", "x".repeat(1_000));
    let count = 20_000;
    let length = line.len() * count;
    let rest = format!("connection: close\r\ncontent-length: {length}\r\n");
    let request = head("POST", "/api/v1/orders/import", &rest);
    let sending = async {
        connection.write_all(request.as_bytes()).await.unwrap();
        let block = line.repeat(100);
        for _ in 0..count / 100 {
            connection.write_all(block.as_bytes()).await.unwrap();
        }
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let answer = tokio::time::timeout(Duration::from_secs(60), sending).await;
    let answer = answer.expect("both sides come to an end");
    assert_eq!(answer.matches("\"outcome\":\"rejected\"").count(), count);
    served.stop().await;
}

/// An import that breaks off is seen as broken by whoever still listens, and what was answered stays.
#[tokio::test]
async fn a_client_that_goes_away_leaves_what_was_taken_in() {
    let served = Served::start().await;
    let mut connection = served.connect().await;
    let line = format!("{}\n", order("1001", 1));
    let request = head(
        "POST",
        "/api/v1/orders/import",
        "content-length: 1000000\r\n",
    ) + &line;
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut part = [0; 4_096];
    let mut seen = String::new();
    while !seen.contains("\"created\"") {
        let length = connection.read(&mut part).await.unwrap();
        seen.push_str(std::str::from_utf8(&part[..length]).unwrap());
    }
    drop(connection);
    let page = served.app.get("/api/v1/orders").await.expect(200);
    assert_eq!(page["items"][0]["external_id"], "1001");
    served.stop().await;
}

#[tokio::test]
async fn whoever_follows_the_events_does_not_keep_the_server_from_stopping() {
    let served = Served::start().await;
    let mut connection = served.connect().await;
    let request = head("GET", "/api/v1/events/stream", "");
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut part = [0; 4_096];
    let length = connection.read(&mut part).await.unwrap();
    assert!(part[..length].starts_with(b"HTTP/1.1 200"));
    // Requests that end get twice as long as this waits.
    served.stop().await;
}
