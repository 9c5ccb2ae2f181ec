//! The committed contract is the one that is served.

use std::path::PathBuf;

use crate::test_app::TestApp;

fn committed() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../openapi.json")
}

/// `ORDO_BLESS=1` writes the file instead.
#[test]
fn the_committed_contract_is_up_to_date() {
    let current = ordo_server::openapi_json();
    if std::env::var_os("ORDO_BLESS").is_some_and(|bless| bless == "1") {
        std::fs::write(committed(), current).unwrap();
        return;
    }
    let written = std::fs::read_to_string(committed()).unwrap_or_default();
    assert!(
        written == current,
        "openapi.json is stale; write it with: ORDO_BLESS=1 cargo test -p ordo-server contract"
    );
}

#[tokio::test]
async fn the_served_contract_is_the_committed_one() {
    let app = TestApp::start().await;
    let served = app.get("/api/openapi.json").await;
    assert_eq!(served.text, ordo_server::openapi_json());
    assert_eq!(served.json()["openapi"], "3.1.0");
}
