//! Asks a running Ordo over HTTP: one request, one connection, one JSON answer.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::compose::Failure;

/// How long an answer may take.
const ANSWER_WAIT: Duration = Duration::from_secs(120);

/// Where a running Ordo is, and the key to ask it with.
#[derive(Debug, Clone, clap::Args)]
pub struct RemoteArgs {
    /// A running Ordo, such as http://127.0.0.1:8080.
    #[arg(long, value_name = "URL", requires = "api_key")]
    pub url: Option<String>,
    /// The key to ask it with.
    #[arg(long, value_name = "KEY", env = "ORDO_API_KEY", hide_env_values = true)]
    pub api_key: Option<String>,
}

/// Posts `body` and answers with what came back.
///
/// # Errors
/// Nobody answers there, or the answer is a refusal, which is told in its own words.
pub async fn post(url: &str, key: &str, path: &str, body: &Value) -> Result<Value, Failure> {
    let Some(host) = url.strip_prefix("http://") else {
        let said = "--url takes http://HOST:PORT; for TLS ask on the machine itself";
        return Err(Failure::Usage(said.to_owned()));
    };
    let host = host.trim_end_matches('/');
    if key.chars().any(char::is_control) {
        return Err(Failure::Usage("the key has a control character".to_owned()));
    }
    let text = body.to_string();
    // By this version's rules the answer has no pieces and ends with the connection.
    let request = format!(
        "POST {path} HTTP/1.0\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{text}",
        text.len()
    );
    let asked = tokio::time::timeout(ANSWER_WAIT, ask(host, &request)).await;
    let answer = asked.map_err(|_| Failure::Open(format!("{url} gave no answer in time")))??;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).unwrap_or_default();
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    if status.starts_with('2') {
        return Ok(body);
    }
    let detail = body["detail"].as_str().or(body["title"].as_str());
    Err(Failure::Open(format!(
        "{url} answers {status} {}: {}",
        body["code"].as_str().unwrap_or_default(),
        detail.unwrap_or("no reason given")
    )))
}

async fn ask(host: &str, request: &str) -> Result<String, Failure> {
    let address = if host.contains(':') {
        host.to_owned()
    } else {
        format!("{host}:80")
    };
    let stream = TcpStream::connect(&address).await;
    let mut stream =
        stream.map_err(|error| Failure::Open(format!("{address} cannot be reached: {error}")))?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
