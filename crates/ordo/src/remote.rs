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
    let request = request(url, key, reqwest::Method::POST, path)?;
    let request = request.header("content-type", "application/json");
    answer(url, request.body(body.to_string())).await
}

/// Reads what is at `path`.
///
/// # Errors
/// As [`post`].
pub async fn get(url: &str, key: &str, path: &str) -> Result<Value, Failure> {
    answer(url, request(url, key, reqwest::Method::GET, path)?).await
}

/// The address of `path` there.
pub fn address(url: &str, path: &str) -> String {
    format!("{}{path}", url.trim_end_matches('/'))
}

fn request(
    url: &str,
    key: &str,
    method: reqwest::Method,
    path: &str,
) -> Result<reqwest::RequestBuilder, Failure> {
    let client = reqwest::Client::builder().timeout(ANSWER_WAIT).build();
    let client = client.map_err(|error| lost(url, &error))?;
    Ok(client.request(method, address(url, path)).bearer_auth(key))
}

async fn answer(url: &str, request: reqwest::RequestBuilder) -> Result<Value, Failure> {
    let answer = request.send().await.map_err(|error| lost(url, &error))?;
    let status = answer.status();
    let text = answer.text().await.map_err(|error| lost(url, &error))?;
    let body: Value = serde_json::from_str(&text).unwrap_or_default();
    if status.is_success() {
        return Ok(body);
    }
    let fields = body["fields"].as_array().into_iter().flatten();
    let fields = fields.filter_map(|at| {
        let (field, message) = (at["field"].as_str()?, at["message"].as_str()?);
        Some(format!("{field}: {message}"))
    });
    let fields: Vec<String> = fields.collect();
    let detail = body["detail"].as_str().or(body["title"].as_str());
    let reason = match fields.is_empty() {
        true => detail.unwrap_or("no reason given").to_owned(),
        false => fields.join("; "),
    };
    Err(Failure::Open(format!("{url} answers {status}: {reason}")))
}

fn lost(url: &str, error: &reqwest::Error) -> Failure {
    Failure::Open(format!("{url} gave no answer: {error}"))
}
