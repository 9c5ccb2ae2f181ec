//! The one place that every request passes: who asks, may they, and what they get when something
//! breaks.
//!
//! Invariant: no handler of a keyed operation runs before its caller is known and allowed.
//! Invariant: a panic ends as a problem with the code `internal`, and never as a broken connection.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use futures_util::FutureExt;
use ordo_domain::id::OrganizationId;
use ordo_domain::organization::Role;
use ordo_domain::reference::Reference;
use ordo_domain::{Actor, Code, Command};
use ordo_engine::{Backend, Caller, Engine, Idempotency, Lane, Render, Reply};

use crate::answer;
use crate::crowd::Crowd;
use crate::edit;
use crate::idempotency;
use crate::operations::{Access, Method, OPERATIONS, Operation};
use crate::pages;
use crate::problem::Problem;
use crate::rate_limit::{Budgets, RateLimit};
use crate::traffic::Traffic;

/// What all operations share.
pub struct App {
    /// Decides and keeps.
    pub engine: Arc<Engine>,
    /// Counts answers.
    pub traffic: Traffic,
    budgets: Budgets,
    crowd: Crowd,
}

/// What an operation ends with.
pub type Answer = Result<Response, Problem>;

/// An operation at work.
pub type Running = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// A request whose caller is known and allowed.
pub struct Ask {
    /// What all operations share.
    pub app: Arc<App>,
    /// Who asks.
    pub caller: Caller,
    /// Method, address and headers.
    pub parts: Parts,
    operation: &'static Operation,
}

/// Every operation and page, with its address; keys may send as many requests as they like.
pub fn router(engine: Arc<Engine>) -> Router {
    router_with(engine, None)
}

/// The same with a budget of requests for each key.
pub fn router_with(engine: Arc<Engine>, rate_limit: Option<RateLimit>) -> Router {
    let app = Arc::new(App {
        engine,
        traffic: Traffic::default(),
        budgets: Budgets::of(rate_limit),
        crowd: Crowd::default(),
    });
    let mut router = Router::new();
    for operation in OPERATIONS {
        let filter = match operation.method {
            Method::Get => MethodFilter::GET,
            Method::Post => MethodFilter::POST,
            Method::Patch => MethodFilter::PATCH,
            Method::Delete => MethodFilter::DELETE,
        };
        let app = Arc::clone(&app);
        let handler = move |request: Request| serve(app, operation, request);
        router = router.route(operation.path, on(filter, handler));
    }
    router
        .merge(pages::router(app))
        .fallback(|| async { Problem::not_found() })
        .method_not_allowed_fallback(|| async { Problem::method_not_allowed() })
}

async fn serve(app: Arc<App>, operation: &'static Operation, request: Request) -> Response {
    let running = AssertUnwindSafe(run(Arc::clone(&app), operation, request));
    let answer = running.catch_unwind().await.unwrap_or_else(|_| {
        // The panic's own message has been printed by the hook.
        tracing::error!(path = operation.path, "an operation panicked");
        Err(Problem::new(
            Code::Internal,
            "this request could not be answered",
        ))
    });
    let response = answer.unwrap_or_else(IntoResponse::into_response);
    app.traffic.count(response.status());
    response
}

/// The answer of the operation at `path` to somebody who is known already; pages ask so.
pub async fn ask(
    app: &Arc<App>,
    caller: Caller,
    method: Method,
    path: &str,
    request: Request,
) -> Response {
    let found = (OPERATIONS.iter()).find(|known| known.method == method && known.path == path);
    let Some(operation) = found else {
        return Problem::not_found().into_response();
    };
    let (parts, body) = request.into_parts();
    let answer = run_for(caller, Arc::clone(app), operation, parts, body).await;
    answer.unwrap_or_else(IntoResponse::into_response)
}

async fn run(app: Arc<App>, operation: &'static Operation, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let caller = match &operation.access {
        Access::Open(run) => return run(app, parts).await,
        Access::Read(..) | Access::Write(..) => authenticate(&app.engine, &parts.headers).await?,
    };
    let crowded = Arc::clone(&app);
    let _place = crowded.crowd.enter(caller.organization)?;
    let Some(standing) = app.budgets.take(caller.key, Instant::now()) else {
        return run_for(caller, app, operation, parts, body).await;
    };
    let answer = match standing.is_within {
        true => run_for(caller, app, operation, parts, body).await,
        false => Err(Problem::new(
            Code::RateLimited,
            "come back after the time in `Retry-After`",
        )),
    };
    let mut response = answer.unwrap_or_else(IntoResponse::into_response);
    standing.tell(response.headers_mut());
    Ok(response)
}

/// Runs an operation for somebody who is known.
async fn run_for(
    caller: Caller,
    app: Arc<App>,
    operation: &'static Operation,
    parts: Parts,
    body: Body,
) -> Answer {
    match &operation.access {
        Access::Open(run) => run(app, parts).await,
        Access::Read(role, run) => {
            run(Ask::allow(caller, app, operation, *role, parts).await?).await
        }
        Access::Write(role, run) => {
            let ask = Ask::allow(caller, app, operation, *role, parts).await?;
            // Also where an operation is safe to repeat and needs none: a key that is refused at one
            // address must not pass at another.
            idempotency::key_of(&ask.parts.headers)?;
            run(ask, body).await
        }
    }
}

async fn authenticate(engine: &Engine, headers: &HeaderMap) -> Result<Caller, Problem> {
    let Some(secret) = bearer(headers) else {
        let detail = "send the key as `Authorization: Bearer KEY`";
        return Err(Problem::new(Code::Unauthorized, detail));
    };
    match engine.authenticate(secret).await? {
        Some(caller) => Ok(caller),
        None => Err(Problem::new(
            Code::Unauthorized,
            "this key is not known, or was withdrawn",
        )),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = value.split_once(' ')?;
    let secret = secret.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !secret.is_empty()).then_some(secret)
}

impl Ask {
    /// A request of somebody who may make it.
    async fn allow(
        caller: Caller,
        app: Arc<App>,
        operation: &'static Operation,
        role: Role,
        parts: Parts,
    ) -> Result<Self, Problem> {
        if caller.role < role {
            let detail = format!(
                "this operation needs a key of the role {} or above; the key is of the role {}",
                role.name(),
                caller.role.name()
            );
            return Err(Problem::new(Code::Forbidden, detail));
        }
        let ask = Self {
            app,
            caller,
            parts,
            operation,
        };
        ask.must_reach(operation.path).await?;
        Ok(ask)
    }

    /// Whose data this is about.
    pub fn organization(&self) -> OrganizationId {
        self.caller.organization
    }

    /// State and log.
    pub fn backend(&self) -> &dyn Backend {
        &**self.app.engine.backend()
    }

    /// The snapshot of channels and locations.
    pub async fn reference(&self) -> Result<Arc<Reference>, Problem> {
        Ok(self.app.engine.reference(self.organization()).await?)
    }

    /// The id that stands in the address in the place of `name`, such as `{id}`. What is no id of
    /// its kind is the id of nothing.
    pub fn id<I: FromStr>(&self, name: &str) -> Result<I, Problem> {
        let template = self.operation.path.split('/');
        (template.zip(self.parts.uri.path().split('/')))
            .find(|(place, _)| *place == name)
            .and_then(|(_, text)| text.parse().ok())
            .ok_or_else(Problem::not_found)
    }

    /// What the client asks for by `Idempotency-Key`.
    pub fn idempotency(&self, body: &[u8]) -> Result<Option<Idempotency>, Problem> {
        Ok(idempotency::asked(&self.parts, self.caller.key, body)?)
    }

    /// Has `command` decided in the caller's organization.
    pub async fn submit(
        &self,
        command: Command,
        body: &[u8],
        render: Render,
    ) -> Result<Reply, Problem> {
        let idempotency = self.idempotency(body)?;
        let organization = self.organization();
        self.submit_to(organization, command, body.len(), idempotency, render)
            .await
    }

    /// Has `command` decided in `organization`.
    pub async fn submit_to(
        &self,
        organization: OrganizationId,
        command: Command,
        size: usize,
        idempotency: Option<Idempotency>,
        render: Render,
    ) -> Result<Reply, Problem> {
        let request = ordo_engine::Request {
            command,
            actor: Actor::ApiKey(self.caller.key),
            lane: Lane::People,
            idempotency,
            expects: edit::expected(&self.parts)?,
            size,
            render,
        };
        Ok(self.app.engine.submit(organization, request).await?)
    }

    /// Has `command` decided, and answers with what came of it.
    pub async fn write(&self, command: Command, body: &[u8], render: Render) -> Answer {
        Ok(answer::to_write(&self.submit(command, body, render).await?))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use ordo_engine::{EngineConfig, SystemClock};
    use ordo_store::MemoryStore;

    use super::*;

    #[tokio::test]
    async fn a_panic_ends_as_a_problem() {
        static BROKEN: Operation = Operation {
            method: Method::Get,
            path: "/broken",
            access: Access::Open(|_, _| Box::pin(async { panic!("a bug") })),
        };
        let store = Arc::new(MemoryStore::default());
        let engine = Engine::start(store, Arc::new(SystemClock), EngineConfig::default());
        let app = Arc::new(App {
            engine,
            traffic: Traffic::default(),
            budgets: Budgets::default(),
            crowd: Crowd::default(),
        });
        let response = serve(Arc::clone(&app), &BROKEN, Request::default()).await;
        assert_eq!(response.status(), 500);
        let content_type = &response.headers()[axum::http::header::CONTENT_TYPE];
        assert_eq!(content_type, "application/problem+json");
        assert!(app.traffic.counts().any(|count| count == ("5xx", 1)));
    }

    #[test]
    fn the_key_is_what_follows_the_scheme() {
        for (value, key) in [
            ("Bearer abc", Some("abc")),
            ("bearer  abc ", Some("abc")),
            ("Bearer", None),
            ("Bearer ", None),
            ("Basic abc", None),
            ("abc", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, HeaderValue::from_static(value));
            assert_eq!(bearer(&headers), key, "{value}");
        }
        assert_eq!(bearer(&HeaderMap::new()), None);
    }
}
