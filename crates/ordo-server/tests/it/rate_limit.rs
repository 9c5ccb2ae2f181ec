//! Budgets of requests per key, as their clients meet them.

use std::sync::Arc;

use axum::body::Body;
use ordo_server::RateLimit;

use crate::test_app::{OWNER, TestApp, request};

#[tokio::test]
async fn a_key_that_used_its_budget_up_is_turned_away_and_told_for_how_long() {
    let mut app = TestApp::start().await;
    let viewer = app.key("viewer").await;
    let unlimited = app.get("/api/v1/orders").await;
    for header in ["ratelimit", "ratelimit-policy"] {
        assert_eq!(
            unlimited.header(header),
            None,
            "there is no limit by default"
        );
    }

    let limit = RateLimit {
        requests: 3,
        window_s: 3_600,
    };
    app.router = ordo_server::router_with(Arc::clone(&app.engine), Some(limit));
    let forbidden = request("POST", "/api/v1/skus", &viewer, &[], Body::empty());
    app.send(forbidden).await.expect_problem(403, "forbidden");
    for left in [1, 0] {
        let answer = app.get_as(&viewer, "/api/v1/orders").await;
        assert_eq!(answer.status, 200);
        let policy = answer.header("ratelimit-policy").unwrap();
        assert_eq!(policy, "\"default\";q=3;w=3600");
        let standing = answer.header("ratelimit").unwrap();
        let (known, seconds) = standing.rsplit_once("t=").unwrap();
        assert_eq!(known, format!("\"default\";r={left};"));
        assert!((3_590..=3_600).contains(&seconds.parse::<u32>().unwrap()));
    }
    let refused = app.get_as(&viewer, "/api/v1/orders").await;
    refused.expect_problem(429, "rate_limited");
    assert!(refused.header("ratelimit").unwrap().contains(";r=0;"));
    let seconds: u32 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((3_590..=3_600).contains(&seconds));

    // Another key has a budget of its own, and what needs no key has none.
    assert_eq!(app.get_as(OWNER, "/api/v1/orders").await.status, 200);
    let open = app.get_as(&viewer, "/healthz").await;
    assert_eq!(
        (open.status.as_u16(), open.header("ratelimit")),
        (200, None)
    );
}
