//! `GET /metrics`: what the process counts, in the text format of Prometheus.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use ordo_engine::{Metrics, Summary};

use crate::app::{Answer, App};
use crate::traffic::Traffic;

/// Buckets shown: the last one ends above a minute.
const BUCKETS: usize = 27;

/// Shows what the process counts.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "System",
    responses((status = 200, description = "Text in the format of Prometheus.", body = String, content_type = "text/plain")),
)]
pub async fn metrics(app: Arc<App>, _: Parts) -> Answer {
    let mut response = Response::new(text(app.engine.metrics(), &app.traffic).into());
    let content_type = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, content_type);
    Ok(response)
}

fn text(metrics: &Metrics, traffic: &Traffic) -> String {
    let mut page = Page::default();
    page.head(
        "ordo_http_answers_total",
        "counter",
        "Answers by class of status.",
    );
    for (class, count) in traffic.counts() {
        page.line(&format!(
            "ordo_http_answers_total{{class=\"{class}\"}} {count}"
        ));
    }
    let counters: [(&str, &str, &AtomicU64); 10] = [
        (
            "ordo_commands_applied_total",
            "Commands answered with success.",
            &metrics.applied,
        ),
        (
            "ordo_commands_rejected_total",
            "Commands answered with a rejection.",
            &metrics.rejected,
        ),
        (
            "ordo_answers_replayed_total",
            "Answers given again by idempotency key.",
            &metrics.replayed,
        ),
        (
            "ordo_commands_parked_total",
            "Commands that panicked or came to no end.",
            &metrics.parked,
        ),
        ("ordo_batches_total", "Batches committed.", &metrics.batches),
        (
            "ordo_batch_conflicts_total",
            "Batches decided again after a conflict.",
            &metrics.conflicts,
        ),
        (
            "ordo_commits_unknown_total",
            "Commits whose outcome was looked up.",
            &metrics.unknown_commits,
        ),
        (
            "ordo_overloaded_total",
            "Requests turned away because too many wait.",
            &metrics.overloaded,
        ),
        (
            "ordo_view_events_total",
            "Events that the view has dealt with.",
            &metrics.view_events,
        ),
        (
            "ordo_job_pages_total",
            "Pages of jobs that were done or failed.",
            &metrics.job_pages,
        ),
    ];
    for (name, help, value) in counters {
        page.head(name, "counter", help);
        page.line(&format!("{name} {}", value.load(Relaxed)));
    }
    let name = "ordo_view_lag_seconds";
    page.head(
        name,
        "gauge",
        "Age of the oldest event that the view has not seen.",
    );
    page.line(&format!(
        "{name} {}",
        seconds(metrics.view_lag_us.load(Relaxed))
    ));
    for (name, help, summary) in [
        (
            "ordo_batch_load_seconds",
            "Time to load what a batch reads.",
            &metrics.load,
        ),
        (
            "ordo_batch_decide_seconds",
            "Time to decide a batch.",
            &metrics.decide,
        ),
        (
            "ordo_batch_commit_seconds",
            "Time to commit a batch.",
            &metrics.commit,
        ),
    ] {
        page.histogram(name, help, summary, seconds);
    }
    page.histogram(
        "ordo_batch_commands",
        "Commands of a batch.",
        &metrics.batch_size,
        |value| value.to_string(),
    );
    page.text
}

/// Seconds as a decimal number, without floating point.
fn seconds(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        self.line(&format!("# HELP {name} {help}"));
        self.line(&format!("# TYPE {name} {kind}"));
    }

    fn line(&mut self, line: &str) {
        writeln!(self.text, "{line}").expect("a string takes every text");
    }

    fn histogram(&mut self, name: &str, help: &str, summary: &Summary, unit: fn(u64) -> String) {
        self.head(name, "histogram", help);
        let counts = summary.cumulative();
        for (index, count) in counts.iter().take(BUCKETS).enumerate() {
            // A bucket holds whole values below 2^index, so its last one is one less.
            let last = unit((1_u64 << index) - 1);
            self.line(&format!("{name}_bucket{{le=\"{last}\"}} {count}"));
        }
        let count = counts.last().copied().unwrap_or(0);
        self.line(&format!("{name}_bucket{{le=\"+Inf\"}} {count}"));
        self.line(&format!("{name}_sum {}", unit(summary.sum_us())));
        self.line(&format!("{name}_count {count}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_in_the_format_of_prometheus() {
        let metrics = Metrics::default();
        metrics.applied.store(7, Relaxed);
        metrics.view_lag_us.store(1_250_000, Relaxed);
        metrics.commit.observe_us(1_000);
        metrics.commit.observe_us(3_000);
        metrics.batch_size.observe_us(5);
        let traffic = Traffic::default();
        traffic.count(axum::http::StatusCode::CREATED);
        let text = text(&metrics, &traffic);
        for line in [
            "ordo_commands_applied_total 7",
            "ordo_view_lag_seconds 1.250000",
            "ordo_http_answers_total{class=\"2xx\"} 1",
            "ordo_batch_commit_seconds_bucket{le=\"0.001023\"} 1",
            "ordo_batch_commit_seconds_bucket{le=\"0.004095\"} 2",
            "ordo_batch_commit_seconds_bucket{le=\"+Inf\"} 2",
            "ordo_batch_commit_seconds_sum 0.004000",
            "ordo_batch_commands_bucket{le=\"7\"} 1",
            "ordo_batch_commands_sum 5",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        let described = text
            .lines()
            .filter(|line| line.starts_with("# TYPE"))
            .count();
        assert_eq!(described, 16);
    }
}
