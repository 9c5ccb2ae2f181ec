//! A small HTTP client for tests: one kept-alive connection, one request at a time.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Status line and headers.
    pub head: String,
    /// The body.
    pub body: String,
}

impl Answer {
    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// A connection to one server.
#[derive(Debug)]
pub struct Http {
    address: SocketAddr,
    key: String,
    stream: Option<TcpStream>,
    patience: Duration,
}

impl Http {
    /// A client of the server at `address`, with this API key. Connects with the first request.
    #[must_use]
    pub fn new(address: SocketAddr, key: &str) -> Self {
        Self {
            address,
            key: key.to_owned(),
            stream: None,
            patience: Duration::from_secs(30),
        }
    }

    /// The same, with another time for which it waits for an answer.
    #[must_use]
    pub fn patient(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Lets the connection go; the next request makes a new one.
    pub fn close(&mut self) {
        self.stream = None;
    }

    /// Reads.
    ///
    /// # Errors
    /// The connection broke.
    pub fn get(&mut self, path: &str) -> std::io::Result<Answer> {
        self.send("GET", path, "", None)
    }

    /// Posts a body.
    ///
    /// # Errors
    /// The connection broke.
    pub fn post(&mut self, path: &str, body: &Value) -> std::io::Result<Answer> {
        self.send("POST", path, &body.to_string(), None)
    }

    /// Sends a request.
    ///
    /// # Errors
    /// The connection broke; the next request makes a new one.
    pub fn send(
        &mut self,
        method: &str,
        path: &str,
        body: &str,
        idempotency_key: Option<&str>,
    ) -> std::io::Result<Answer> {
        let extra = idempotency_key.map(|key| format!("Idempotency-Key: {key}\r\n"));
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: ordo\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n{}\r\n{body}",
            self.key,
            body.len(),
            extra.unwrap_or_default()
        );
        let answer = self.exchange(request.as_bytes());
        if answer.is_err() {
            self.stream = None;
        }
        answer
    }

    /// Posts lines and reads the answer line by line, over a connection of its own; answers the lines
    /// that came whole, and whether that was all of them.
    pub fn post_lines(&mut self, path: &str, lines: &str, key: &str) -> (Vec<Value>, bool) {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: ordo\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/x-ndjson\r\nIdempotency-Key: {key}\r\n\
             Connection: close\r\nContent-Length: {}\r\n\r\n{lines}",
            self.key,
            lines.len()
        );
        let mut received = Vec::new();
        let read = self.connect().and_then(|mut stream| {
            stream.write_all(request.as_bytes())?;
            stream.read_to_end(&mut received)
        });
        let text = String::from_utf8_lossy(&received);
        let (head, chunks) = text.split_once("\r\n\r\n").unwrap_or_default();
        // What is refused before the first line is one problem, of a length that is known.
        let is_refused = head.starts_with("HTTP/1.1 429") || head.starts_with("HTTP/1.1 503");
        let is_whole = read.is_ok() && (is_refused || chunks.ends_with("\r\n0\r\n\r\n"));
        // Each line is a chunk or stands in one, and no line of JSON is a size.
        let answers = (chunks.split_inclusive('\n'))
            .filter(|line| line.starts_with('{') && line.ends_with('\n'))
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        (answers, is_whole)
    }

    fn connect(&self) -> std::io::Result<TcpStream> {
        let stream = TcpStream::connect_timeout(&self.address, Duration::from_secs(5))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(self.patience))?;
        Ok(stream)
    }

    fn exchange(&mut self, request: &[u8]) -> std::io::Result<Answer> {
        if self.stream.is_none() {
            self.stream = Some(self.connect()?);
        }
        let stream = (self.stream.as_mut()).expect("a connection was just made");
        stream.write_all(request)?;
        let mut received = Vec::new();
        let mut chunk = [0_u8; 16_384];
        loop {
            let read = stream.read(&mut chunk)?;
            if read == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            received.extend_from_slice(&chunk[..read]);
            let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") else {
                continue;
            };
            let head = String::from_utf8_lossy(&received[..end]).into_owned();
            let answer = Answer {
                status: head[9..12].parse().unwrap(),
                head,
                body: String::new(),
            };
            let length: usize = match answer.header("content-length") {
                Some(length) => length.parse().unwrap(),
                None => panic!("no content length: {}", answer.head),
            };
            while received.len() < end + 4 + length {
                let read = stream.read(&mut chunk)?;
                if read == 0 {
                    return Err(std::io::ErrorKind::UnexpectedEof.into());
                }
                received.extend_from_slice(&chunk[..read]);
            }
            let body = String::from_utf8_lossy(&received[end + 4..end + 4 + length]).into_owned();
            return Ok(Answer { body, ..answer });
        }
    }
}
