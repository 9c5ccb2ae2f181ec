//! Asks a running Ordo over HTTP: one request, one JSON answer.

use std::time::Duration;

use serde_json::Value;

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
    let lost = |error: reqwest::Error| Failure::Open(format!("{url} gave no answer: {error}"));
    let client = reqwest::Client::builder().timeout(ANSWER_WAIT).build();
    let address = format!("{}{path}", url.trim_end_matches('/'));
    let asked = (client.map_err(lost)?.post(address))
        .bearer_auth(key)
        .header("content-type", "application/json")
        .body(body.to_string())
        .send();
    let answer = asked.await.map_err(lost)?;
    let status = answer.status();
    let text = answer.text().await.map_err(lost)?;
    let body: Value = serde_json::from_str(&text).unwrap_or_default();
    if status.is_success() {
        return Ok(body);
    }
    let detail = body["detail"].as_str().or(body["title"].as_str());
    Err(Failure::Open(format!(
        "{url} answers {status}: {}",
        detail.unwrap_or("no reason given")
    )))
}
