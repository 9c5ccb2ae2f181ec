//! The engine: a store, a clock, queues, and what runs beside them.

use std::collections::{BTreeSet, HashMap};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::{Either, select};
use ordo_domain::id::{CommandId, OrganizationId, derive};
use ordo_domain::organization::{ApiKey, CreateApiKey, FoundOrganization, Role, ScopeDraft};
use ordo_domain::record::RecordKind;
use ordo_domain::reference::Reference;
use ordo_domain::sourcing::RenewPrices;
use ordo_domain::time::Timestamp;
use ordo_domain::webhook::Webhook;
use ordo_domain::{Actor, Applied, Command, Rejection};
use ordo_store::{Agenda, Query, Report, Reports, Store, StoreError};
use tokio::sync::{Notify, oneshot, watch};

use crate::batch::BatchEnv;
use crate::cache::Caches;
use crate::clock::Clock;
use crate::deliveries::Post;
use crate::deliveries::sign::MasterKey;
use crate::dispatcher::{Dispatcher, Overloaded};
use crate::keys::{Caller, KeyCache, hash_secret};
use crate::metrics::Metrics;
use crate::request::{Admitted, Lane, Reply, Request};
use crate::runtime::{Runtime, Tokio};
use crate::what_if::{TellShadow, WhatIf, WhatIfError, WhatIfReport};
use crate::{deliveries, jobs, prices, timer, view, what_if};

/// The code of the first organization, whose owners run the installation.
pub const MAIN: &str = "main";

/// A store that also answers lists, and keeps what is still to be done and reports.
pub trait Backend: Store + Query + Agenda + Reports {}

impl<T: Store + Query + Agenda + Reports> Backend for T {}

/// What an engine is started with.
#[derive(Debug, Clone, Copy)]
pub struct EngineConfig {
    /// Whether this node follows the log for the view.
    pub runs_view: bool,
    /// Whether this node ends what is due.
    pub runs_timers: bool,
    /// Whether this node does the jobs that commits leave behind.
    pub runs_jobs: bool,
    /// Whether this node sends what goes to the outside.
    pub runs_deliveries: bool,
    /// How the outside is dealt with.
    pub outside: Outside,
    /// Tells what shadows came to; without it this node runs none.
    pub tells_shadows: Option<TellShadow>,
}

/// How the outside is dealt with.
#[derive(Debug, Clone, Copy, Default)]
pub struct Outside {
    /// The key from which secrets derive; without it nothing can be signed.
    pub master_key: Option<MasterKey>,
    /// Whether deliveries may go to loopback and private networks, as tests and demos need.
    pub allows_private: bool,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            runs_view: true,
            runs_timers: true,
            runs_jobs: true,
            runs_deliveries: true,
            outside: Outside::default(),
            tells_shadows: None,
        }
    }
}

/// What the parts of an engine share.
pub(crate) struct Shared {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: Metrics,
    pub(crate) dispatcher: Dispatcher,
    pub(crate) runtime: Arc<dyn Runtime>,
    pub(crate) post: Arc<dyn Post>,
    pub(crate) outside: Outside,
    caches: Caches,
    keys: KeyCache,
    /// Organizations for which a what-if is running.
    pub(crate) asking: Mutex<BTreeSet<OrganizationId>>,
    changed: Mutex<BTreeSet<OrganizationId>>,
    change: Notify,
    viewed: watch::Sender<HashMap<OrganizationId, i64>>,
    stop: watch::Sender<bool>,
    leaving: AtomicBool,
}

impl Shared {
    pub(crate) fn env(&self) -> BatchEnv<'_> {
        BatchEnv {
            store: &*self.backend,
            clock: &*self.clock,
            caches: &self.caches,
            metrics: &self.metrics,
        }
    }

    /// Tells the consumers that the organization's log has grown.
    pub(crate) fn changed(&self, organization: OrganizationId) {
        self.changed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(organization);
        self.change.notify_one();
    }

    /// Waits until a log has grown, at most this long and not beyond the end of the engine, and
    /// answers whose.
    pub(crate) async fn next_changed_within(
        &self,
        most: Duration,
    ) -> Option<BTreeSet<OrganizationId>> {
        let pause = self.pause(most);
        let mut pause = pin!(pause);
        loop {
            let waiting = self.change.notified();
            let changed =
                std::mem::take(&mut *self.changed.lock().unwrap_or_else(PoisonError::into_inner));
            if !changed.is_empty() {
                return Some(changed);
            }
            if let Either::Left(_) = select(pause.as_mut(), pin!(waiting)).await {
                return None;
            }
        }
    }

    pub(crate) fn viewed(&self, organization: OrganizationId, position: i64) {
        self.viewed.send_modify(|viewed| {
            viewed.insert(organization, position);
        });
    }

    /// The reference as it stands in the store, from memory where that is so.
    pub(crate) async fn fresh_reference(
        &self,
        organization: OrganizationId,
    ) -> Result<Arc<Reference>, StoreError> {
        let reference = self.caches.reference(&*self.backend, organization).await?;
        let head = self.backend.head(organization).await?;
        if head.reference_version == reference.version() {
            return Ok(reference);
        }
        self.caches.forget_reference(organization);
        self.caches.reference(&*self.backend, organization).await
    }

    pub(crate) fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }

    pub(crate) async fn stopped(&self) {
        let mut stop = self.stop.subscribe();
        // The sender lives as long as this.
        let _ = stop.wait_for(|stop| *stop).await;
    }
}

/// A running engine.
pub struct Engine {
    shared: Arc<Shared>,
    /// Each ends with the loop that it stands for.
    tasks: Mutex<Vec<oneshot::Receiver<()>>>,
}

impl Engine {
    /// Starts what runs beside the queues. Needs a tokio runtime.
    #[must_use]
    pub fn start(
        backend: Arc<dyn Backend>,
        clock: Arc<dyn Clock>,
        config: EngineConfig,
    ) -> Arc<Self> {
        let post: Arc<dyn Post> = match deliveries::Http::new(config.outside) {
            Ok(http) => Arc::new(http),
            Err(error) => {
                tracing::error!(error, "webhooks cannot be sent");
                Arc::new(deliveries::Nowhere(error))
            }
        };
        Self::start_on(Arc::new(Tokio), backend, clock, post, config)
    }

    /// The same on any runtime, and with messages posted by `post`.
    #[must_use]
    pub fn start_on(
        runtime: Arc<dyn Runtime>,
        backend: Arc<dyn Backend>,
        clock: Arc<dyn Clock>,
        post: Arc<dyn Post>,
        config: EngineConfig,
    ) -> Arc<Self> {
        let shared = Arc::new(Shared {
            runtime,
            post,
            backend,
            clock,
            metrics: Metrics::default(),
            dispatcher: Dispatcher::new(),
            outside: config.outside,
            caches: Caches::default(),
            keys: KeyCache::default(),
            asking: Mutex::default(),
            changed: Mutex::default(),
            change: Notify::new(),
            viewed: watch::Sender::new(HashMap::new()),
            stop: watch::Sender::new(false),
            leaving: AtomicBool::new(false),
        });
        let engine = Arc::new(Self {
            shared,
            tasks: Mutex::default(),
        });
        if config.runs_view {
            engine.keep_running(view::run);
        }
        if config.runs_timers {
            engine.keep_running(timer::run);
        }
        if config.runs_jobs {
            engine.keep_running(jobs::run);
            engine.keep_running(prices::run);
            engine.keep_running(jobs::plans::run);
            if let Some(tell) = config.tells_shadows {
                engine.keep_running(move |shared| what_if::shadow::run(shared, tell));
            }
        }
        if config.runs_deliveries {
            engine.keep_running(deliveries::run);
        }
        engine
    }

    /// Lets a loop run until the engine stops, which then waits for its end.
    fn keep_running<F>(&self, run: impl FnOnce(Arc<Shared>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (ended, end) = oneshot::channel::<()>();
        let running = run(Arc::clone(&self.shared));
        self.shared.runtime.spawn(Box::pin(async move {
            running.await;
            drop(ended);
        }));
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.push(end);
    }

    /// Queues a command and waits for its answer, which is durable where it says success.
    ///
    /// # Errors
    /// Too many commands are waiting.
    pub async fn submit(
        &self,
        organization: OrganizationId,
        request: Request,
    ) -> Result<Reply, Overloaded> {
        let clock = &self.shared.clock;
        let revokes = matches!(request.command, Command::RevokeApiKey(_));
        let admitted = Admitted {
            command: request.command,
            id: CommandId::from_u128(clock.fresh()),
            at: clock.now(),
            actor: Arc::from(request.actor.text()),
            idempotency: request.idempotency,
            expects: request.expects,
            render: request.render,
        };
        let dispatcher = &self.shared.dispatcher;
        let reply = dispatcher
            .submit(
                &self.shared,
                organization,
                admitted,
                request.lane,
                request.size,
            )
            .await?;
        if revokes {
            self.shared.keys.clear();
        }
        Ok(reply)
    }

    /// Whom a secret belongs to.
    ///
    /// # Errors
    /// The store fails.
    pub async fn authenticate(&self, secret: &str) -> Result<Option<Caller>, StoreError> {
        self.shared
            .keys
            .find(&*self.shared.backend, secret, self.shared.clock.now())
            .await
    }

    /// The reference as it stands in the store.
    ///
    /// # Errors
    /// The store fails.
    pub async fn reference(
        &self,
        organization: OrganizationId,
    ) -> Result<Arc<Reference>, StoreError> {
        self.shared.fresh_reference(organization).await
    }

    /// What scarce stock and shipments are worth now, from the organization's own orders: up to two
    /// seconds of work beside everything else. To be submitted as [`Command::RenewPrices`].
    ///
    /// # Errors
    /// The store fails.
    pub async fn forecast_prices(
        &self,
        organization: OrganizationId,
    ) -> Result<RenewPrices, StoreError> {
        let found = prices::prices(&self.shared, organization, true).await?;
        Ok(found.renew)
    }

    /// How this node deals with the outside.
    #[must_use]
    pub fn outside(&self) -> Outside {
        self.shared.outside
    }

    /// Makes organization `main` where it is not there, and gives it the owner key `secret` where it
    /// has no owner key yet.
    ///
    /// # Errors
    /// The store fails or refuses.
    pub async fn bootstrap(&self, secret: &str) -> Result<OrganizationId, StoreError> {
        let organization = self.found_main().await?;
        if self.has_owner(organization).await? {
            return Ok(organization);
        }
        let secret_hash = hash_secret(secret);
        let name = "bootstrap".to_owned();
        let create = CreateApiKey {
            name,
            role: Role::Owner,
            scope: ScopeDraft::default(),
            secret_hash,
        };
        let reply = self
            .run_own(organization, Command::CreateApiKey(create))
            .await?;
        // Another node may have made the same key at the same moment.
        if reply.status >= 300 && self.shared.backend.find_key(&secret_hash).await?.is_none() {
            let reason = format!("the owner key was refused: {}", reply.template);
            return Err(StoreError::Unavailable(reason));
        }
        Ok(organization)
    }

    /// Organization `main`, made where it is not there. Its id is the same on every store.
    ///
    /// # Errors
    /// The store fails or refuses.
    pub async fn found_main(&self) -> Result<OrganizationId, StoreError> {
        let existing = self.shared.backend.organizations().await?;
        if let Some((id, _)) = existing.iter().find(|(_, code)| code == MAIN) {
            return Ok(*id);
        }
        let seed = u128::from_be_bytes(*b"ordo org main v1");
        let id =
            OrganizationId::from_u128(derive(CommandId::from_u128(seed), 0, Timestamp::default()));
        let found = FoundOrganization {
            code: MAIN.to_owned(),
            name: "Main".to_owned(),
            owner_secret_hash: None,
        };
        let reply = self.run_own(id, Command::FoundOrganization(found)).await?;
        if reply.status >= 300 {
            let reason = format!("organization main was refused: {}", reply.template);
            return Err(StoreError::Unavailable(reason));
        }
        Ok(id)
    }

    async fn has_owner(&self, organization: OrganizationId) -> Result<bool, StoreError> {
        let mut after = None;
        loop {
            let kind = RecordKind::ApiKey;
            let page = self
                .shared
                .backend
                .list_records(organization, kind, after, 200)
                .await?;
            for (_, record) in &page.items {
                let key: ApiKey = serde_json::from_str(&record.body)
                    .map_err(|error| StoreError::Corrupt(error.to_string()))?;
                if key.role == Role::Owner && key.scope.is_whole() && !key.revoked {
                    return Ok(true);
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(false),
            }
        }
    }

    /// Runs a command of Ordo's own.
    async fn run_own(
        &self,
        organization: OrganizationId,
        command: Command,
    ) -> Result<Reply, StoreError> {
        let request = Request {
            command,
            actor: Actor::System,
            lane: Lane::People,
            idempotency: None,
            expects: None,
            size: 0,
            render: |_, result: Result<&Applied, &Rejection>| match result {
                Ok(_) => (200, String::new()),
                Err(rejection) => (rejection.code.status(), rejection.detail.clone()),
            },
        };
        let reply = self.submit(organization, request).await;
        reply.map_err(|overloaded| StoreError::Unavailable(overloaded.to_string()))
    }

    /// An id for an organization that is to be founded.
    #[must_use]
    pub fn new_organization_id(&self) -> OrganizationId {
        let command = CommandId::from_u128(self.shared.clock.fresh());
        OrganizationId::from_u128(derive(command, 0, self.shared.clock.now()))
    }

    /// A secret for an API key: a prefix that scanners can find, and 256 random bits.
    #[must_use]
    pub fn new_secret(&self) -> String {
        let clock = &self.shared.clock;
        format!("ordo_live_{:032x}{:032x}", clock.fresh(), clock.fresh())
    }

    /// Whether the view has seen the log up to `position`, waiting for it at most `wait`.
    pub async fn view_caught_up(
        &self,
        organization: OrganizationId,
        position: i64,
        wait: Duration,
    ) -> bool {
        let seen = |cursor: Result<i64, StoreError>| cursor.is_ok_and(|seen| seen >= position);
        if seen(
            self.shared
                .backend
                .cursor(organization, view::CONSUMER)
                .await,
        ) {
            return true;
        }
        let mut viewed = self.shared.viewed.subscribe();
        let level = |viewed: &HashMap<OrganizationId, i64>| {
            viewed
                .get(&organization)
                .is_some_and(|seen| *seen >= position)
        };
        let waited = tokio::time::timeout(wait, viewed.wait_for(level))
            .await
            .is_ok();
        // The view may run on another node, which only the store knows of.
        waited
            || seen(
                self.shared
                    .backend
                    .cursor(organization, view::CONSUMER)
                    .await,
            )
    }

    /// Waits until the log has grown beyond `after`, at most `wait`; answers whether it has.
    pub async fn grows(&self, organization: OrganizationId, after: i64, wait: Duration) -> bool {
        self.view_caught_up(organization, after + 1, wait).await
    }

    /// Whether the engine is about to stop.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.shared.leaving.load(Ordering::Relaxed) || self.shared.is_stopping()
    }

    /// Has the events from position `from` to `to` sent to a webhook that asks for them, once more.
    /// Answers how many.
    ///
    /// # Errors
    /// The store fails.
    pub async fn replay_webhook(
        &self,
        organization: OrganizationId,
        webhook: &Webhook,
        from: i64,
        to: i64,
    ) -> Result<usize, StoreError> {
        deliveries::replay(&self.shared, organization, webhook, (from, to)).await
    }

    /// Answers a what-if by what the store holds now, and keeps what `tell` makes of it; `None` where
    /// another one of the organization is still running. It runs to its end, and is kept, also where
    /// nobody waits for it any more.
    pub async fn what_if(
        &self,
        organization: OrganizationId,
        asked: WhatIf,
        tell: impl FnOnce(&WhatIfReport) -> Report + Send + 'static,
    ) -> Option<Result<Report, WhatIfError>> {
        let now = self.shared.clock.now();
        what_if::one_at_a_time(&self.shared, organization, asked, now, tell).await
    }

    /// Sources orders that wait to be sourced together, the longest waiting first, at most `most` and
    /// at most a thousand. Takes seconds.
    ///
    /// # Errors
    /// The store fails, or too much waits already.
    pub async fn source_waiting(
        &self,
        organization: OrganizationId,
        most: usize,
    ) -> Result<jobs::SourcingRun, StoreError> {
        jobs::together::run(&self.shared, organization, most).await
    }

    /// State and log.
    #[must_use]
    pub fn backend(&self) -> &Arc<dyn Backend> {
        &self.shared.backend
    }

    /// Counters.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.shared.metrics
    }

    /// Time and chance.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.shared.clock
    }

    /// Tells those who follow the log without end that it is time to go; everything else goes on
    /// until [`Engine::shutdown`].
    pub fn leave(&self) {
        self.shared.leaving.store(true, Ordering::Relaxed);
    }

    /// Finishes what is queued and in flight, and stops what runs beside it.
    pub async fn shutdown(&self) {
        self.shared.dispatcher.idle().await;
        self.shared.stop.send_replace(true);
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            // It ends without a word, also where it panicked, which the hook has reported.
            let _ = task.await;
        }
    }
}
