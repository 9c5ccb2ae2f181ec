//! A company to test with: an engine over a store of its own, and its router. The store is a SQLite
//! file, except where a test asks for one of each kind.

use std::any::Any;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, Response, StatusCode};
use ordo_domain::time::Timestamp;
use ordo_engine::{Backend, Clock, Engine, EngineConfig, MasterKey, Outside, SystemClock};
use ordo_store_postgres::PostgresStore;
use ordo_store_postgres::cluster::{Cluster, Durability};
use ordo_store_sqlite::{Options, SqliteStore};
use serde_json::{Value, json};
use tower::ServiceExt;

/// The owner key of organization `main`.
pub const OWNER: &str = "owner-key-of-the-tests-0123456789abcdef";

/// The machine's clock, which a test may put forward.
#[derive(Default)]
pub struct TestClock {
    ahead_us: AtomicI64,
}

impl TestClock {
    /// Puts it forward, so that what is due within this time is due now.
    pub fn forward(&self, by: Duration) {
        let by = i64::try_from(by.as_micros()).unwrap();
        self.ahead_us.fetch_add(by, Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let ahead = self.ahead_us.load(Ordering::Relaxed);
        SystemClock.now().plus_micros(ahead)
    }

    fn fresh(&self) -> u128 {
        SystemClock.fresh()
    }
}

/// A served company.
pub struct TestApp {
    pub engine: Arc<Engine>,
    pub clock: Arc<TestClock>,
    pub router: Router,
    /// `sqlite` or `postgres`.
    pub store: &'static str,
    // Removed or stopped when the test ends.
    _keeps: Box<dyn Any + Send + Sync>,
}

/// A cluster that stops once the last test that uses it is done.
static CLUSTER: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());

fn cluster(test: &str) -> Option<Arc<Cluster>> {
    let mut shared = CLUSTER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(cluster) = shared.upgrade() {
        return Some(cluster);
    }
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let cluster = Arc::new(Cluster::for_test(test, Durability::Off, Some(cache))?);
    *shared = Arc::downgrade(&cluster);
    Some(cluster)
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The body, where the status is as expected.
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self.json()
    }

    /// A problem with this status and code; answers its first field's pointer.
    pub fn expect_problem(&self, status: u16, code: &str) -> Option<String> {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json")
        );
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        assert_eq!(problem["type"], format!("/api/errors/{code}"));
        problem["field"].as_str().map(str::to_owned)
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

impl TestApp {
    /// An organization `main` with an owner key and nothing else.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path(), Options::default()).unwrap();
        Self::over("sqlite", Arc::new(store), Box::new(folder)).await
    }

    /// The same on every kind of store: on SQLite, and on PostgreSQL where it is there. `test` names
    /// the database.
    pub async fn on_each_store(test: &str) -> Vec<Self> {
        let mut apps = vec![Self::start().await];
        if let Some(cluster) = cluster(test) {
            let url = cluster.create_database(test).await.unwrap();
            let options = ordo_store_postgres::Options::default();
            let store = PostgresStore::connect(&url, &options).await.unwrap();
            apps.push(Self::over("postgres", Arc::new(store), Box::new(cluster)).await);
        }
        apps
    }

    /// The company of [`Self::with_company`] on every kind of store.
    pub async fn company_on_each_store(test: &str) -> Vec<Self> {
        let apps = Self::on_each_store(test).await;
        for app in &apps {
            app.set_up_company(OWNER).await;
        }
        apps
    }

    async fn over(
        store: &'static str,
        backend: Arc<dyn Backend>,
        keeps: Box<dyn Any + Send + Sync>,
    ) -> Self {
        let clock = Arc::new(TestClock::default());
        let ticking: Arc<dyn Clock> = clock.clone();
        let engine = Engine::start(
            backend,
            ticking,
            EngineConfig {
                outside: Outside {
                    master_key: Some(MasterKey::new([7; 32])),
                    // Receivers of tests listen on the loopback.
                    allows_private: true,
                },
                tells_shadows: Some(ordo_server::tell_shadow),
                ..EngineConfig::default()
            },
        );
        engine.bootstrap(OWNER).await.unwrap();
        let router = ordo_server::router(Arc::clone(&engine));
        Self {
            engine,
            clock,
            router,
            store,
            _keeps: keeps,
        }
    }

    /// With a channel `web`, a location `BER`, and the SKU `A`, of which 10 are there.
    pub async fn with_company() -> Self {
        let app = Self::start().await;
        app.set_up_company(OWNER).await;
        app
    }

    /// Sets the same up for the organization of `owner`.
    pub async fn set_up_company(&self, owner: &str) {
        for (path, body) in [
            ("channels", json!({"code": "web", "kind": "web"})),
            (
                "locations",
                json!({"code": "BER", "kind": "warehouse", "country": "DE",
                       "postal_code": "10115", "time_zone": "Europe/Berlin"}),
            ),
            (
                "skus",
                json!({"code": "A", "weight_g": 100, "stock_policy": "tracked"}),
            ),
            (
                "stock/movements",
                json!({"kind": "receive", "sku": "A", "location": "BER", "quantity": 10}),
            ),
        ] {
            let path = format!("/api/v1/{path}");
            self.post_as(owner, &path, &body).await.expect(201);
        }
    }

    /// Sends a request.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        // A stream of events has no end to wait for.
        let is_stream = (headers.get("content-type")).is_some_and(|of| of == "text/event-stream");
        let text = if is_stream {
            String::new()
        } else {
            let body = axum::body::to_bytes(response.into_body(), usize::MAX).await;
            String::from_utf8(body.unwrap().to_vec()).unwrap()
        };
        Answer {
            status,
            headers,
            text,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.get_as(OWNER, path).await
    }

    pub async fn get_as(&self, key: &str, path: &str) -> Answer {
        self.send(request("GET", path, key, &[], Body::empty()))
            .await
    }

    /// Asks for a stream from where its reader was.
    pub async fn stream(&self, path: &str, last: &str) -> Response<Body> {
        let headers = [("last-event-id", last)];
        let asked = request("GET", path, OWNER, &headers, Body::empty());
        self.router.clone().oneshot(asked).await.unwrap()
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_as(OWNER, path, body).await
    }

    pub async fn post_as(&self, key: &str, path: &str, body: &Value) -> Answer {
        let body = Body::from(body.to_string());
        self.send(request("POST", path, key, &[], body)).await
    }

    /// Changes fields of a record, with `If-Match` where a tag is given.
    pub async fn patch(&self, path: &str, tag: Option<&str>, body: &Value) -> Answer {
        let headers: Vec<(&str, &str)> = tag.map(|tag| ("if-match", tag)).into_iter().collect();
        let body = Body::from(body.to_string());
        self.send(request("PATCH", path, OWNER, &headers, body))
            .await
    }

    /// Posts with an idempotency key.
    pub async fn post_once(&self, path: &str, once: &str, body: &Value) -> Answer {
        let headers = [("idempotency-key", once)];
        let body = Body::from(body.to_string());
        self.send(request("POST", path, OWNER, &headers, body))
            .await
    }

    /// A new key of organization `main` with this role.
    pub async fn key(&self, role: &str) -> String {
        let body = json!({"name": role, "role": role});
        let key = self.post("/api/v1/api-keys", &body).await.expect(201);
        key["secret"].as_str().unwrap().to_owned()
    }

    /// A new key of this role that is limited to one of `channels` or `locations`.
    pub async fn limited_key(&self, role: &str, field: &str, code: &str) -> String {
        let mut body = json!({"name": "limited", "role": role});
        body[field] = json!([code]);
        let key = self.post("/api/v1/api-keys", &body).await.expect(201);
        assert_eq!(key[field], json!([code]));
        key["secret"].as_str().unwrap().to_owned()
    }

    /// The owner key of a new organization.
    pub async fn organization(&self, code: &str) -> String {
        let body = json!({ "code": code });
        let found = self.post("/api/v1/organizations", &body).await.expect(201);
        found["owner_key"].as_str().unwrap().to_owned()
    }

    /// Now, as orders write it.
    pub fn now(&self) -> String {
        self.engine.clock().now().to_string()
    }

    /// Captures [`order`] as placed now, and answers it.
    pub async fn capture_today(&self, external_id: &str, quantity: i64) -> Value {
        let mut order = order(external_id, quantity);
        order["placed_at"] = Value::String(self.now());
        self.post("/api/v1/orders", &order).await.expect(201)
    }

    /// Captures [`order`] and answers it.
    pub async fn capture(&self, external_id: &str, quantity: i64) -> Value {
        self.post("/api/v1/orders", &order(external_id, quantity))
            .await
            .expect(201)
    }
}

/// A request with a key.
pub fn request(
    method: &str,
    path: &str,
    key: &str,
    headers: &[(&str, &str)],
    body: Body,
) -> Request<Body> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {key}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body).unwrap()
}

/// A paid order of `quantity` A from Berlin.
pub fn order(external_id: &str, quantity: i64) -> Value {
    json!({
        "channel": "web",
        "external_id": external_id,
        "placed_at": "2026-11-01T10:00:00Z",
        "currency": "EUR",
        "tax_included": true,
        "payment": {"status": "paid"},
        "ship_to": {
            "name": "Anna Muster", "line1": "Turmstraße 1", "postal_code": "10559",
            "city": "Berlin", "country": "DE", "email": "anna@example.com",
        },
        "shipping": {"service": "standard", "price": {"amount": 490, "currency": "EUR"}},
        "lines": [{
            "external_id": "1", "sku": "A", "quantity": quantity,
            "unit_price": {"amount": 1299, "currency": "EUR"},
        }],
    })
}
