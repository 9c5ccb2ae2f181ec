//! The nodes of a simulation, and how people reach them.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::{Either, select};
use ordo_domain::id::{CommandId, OrganizationId};
use ordo_domain::time::Timestamp;
use ordo_domain::{Actor, Command};
use ordo_engine::{
    Admitted, BatchEnv, Caches, Clock, Engine, EngineConfig, Idempotency, Lane, MasterKey, Metrics,
    Outside, Reply, Request, run_batch,
};
use ordo_store::faulty::FaultyStore;
use ordo_store::{AnswerKey, FaultPlan};
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use crate::audit::Auditor;
use crate::canary::Canary;
use crate::dice::Dice;
use crate::ledger::Ledger;
use crate::outside::Receivers;
use crate::render::render;
use crate::schedule::{NodeRuntime, Owner, PEOPLE, Schedule};
use crate::shelf::Shelf;
use crate::shop::Shop;
use crate::swarm::{Swarm, Trait};

/// Times that a client asks before it gives up.
const TRIES_MAX: u32 = 60;
/// How long a client waits before it asks again.
const PAUSE_MS: u64 = 400;

/// Everything that takes part.
pub struct Sim {
    /// Tasks and time.
    pub schedule: Arc<Schedule>,
    /// What all nodes share.
    pub shelf: Arc<Shelf>,
    /// What it is made of.
    pub swarm: Swarm,
    /// The organizations.
    pub shops: Vec<Arc<Shop>>,
    /// Where webhooks go to.
    pub receivers: Arc<Receivers>,
    ledger: Mutex<Ledger>,
    auditor: Mutex<Auditor>,
    nodes: Mutex<BTreeMap<Owner, Node>>,
    seeds: Mutex<Dice>,
    calm: AtomicBool,
    /// Where commands are carried out at once and written down, in place of nodes.
    desk: Option<Desk>,
}

/// Carries commands out one by one over the shared store.
#[derive(Default)]
struct Desk {
    caches: Caches,
    metrics: Metrics,
    done: Mutex<Vec<Step>>,
}

/// A command as it was let in.
#[derive(Clone)]
pub struct Step {
    /// Whose.
    pub organization: OrganizationId,
    /// The command with its id and time.
    pub admitted: Admitted,
}

/// A running node.
struct Node {
    engine: Arc<Engine>,
    store: Arc<FaultyStore<Shelf>>,
    /// Commands that it could not decide, as far as they were noticed.
    parked: u64,
    /// Goes with the node, which breaks the connections to it.
    alive: watch::Sender<()>,
}

/// An answer for good.
#[derive(Debug, Clone)]
pub struct Told {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
    /// What the engine says besides.
    pub reply: Reply,
}

impl Told {
    /// Whether it was done.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.status < 300
    }

    /// A field of the body, as text.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<String> {
        let body: serde_json::Value = serde_json::from_str(&self.body).ok()?;
        Some(body.get(name)?.as_str()?.to_owned())
    }
}

/// Something that a client asks for.
pub struct Ask {
    /// What.
    pub command: Command,
    /// The same key gets the same answer; without one nobody asks twice.
    pub key: Option<u64>,
    /// The version of the record that the client knows.
    pub expects: Option<u64>,
    /// What exactly one event names once it is done.
    pub mark: Option<String>,
}

impl Sim {
    /// No node is running yet.
    #[must_use]
    pub fn new(
        schedule: Arc<Schedule>,
        shelf: Arc<Shelf>,
        swarm: Swarm,
        shops: Vec<Arc<Shop>>,
        canary: Option<Canary>,
        dice: &Dice,
    ) -> Arc<Self> {
        let fails = swarm.has(Trait::BadReceivers);
        let receivers = Receivers::new(Arc::clone(&schedule), fails, canary, dice.for_part(2));
        Arc::new(Self {
            schedule,
            shelf,
            swarm,
            ledger: Mutex::default(),
            auditor: Mutex::new(Auditor::new(&shops)),
            shops,
            receivers,
            nodes: Mutex::default(),
            seeds: Mutex::new(dice.for_part(3)),
            calm: AtomicBool::new(true),
            desk: None,
        })
    }

    /// No nodes: commands are carried out one by one, and kept.
    #[must_use]
    pub fn at_a_desk(
        schedule: Arc<Schedule>,
        shelf: Arc<Shelf>,
        swarm: Swarm,
        shops: Vec<Arc<Shop>>,
        dice: &Dice,
    ) -> Arc<Self> {
        let sim = Self::new(schedule, shelf, swarm, shops, None, dice);
        let mut sim = Arc::into_inner(sim).expect("nobody else has it yet");
        sim.desk = Some(Desk::default());
        Arc::new(sim)
    }

    /// The commands that were carried out, in order.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        let desk = self.desk.as_ref();
        desk.map_or_else(Vec::new, |desk| lock(&desk.done).clone())
    }

    /// Carries a command out at once.
    async fn carry_out(
        &self,
        desk: &Desk,
        organization: OrganizationId,
        request: Request,
    ) -> Reply {
        let clock = self.clock(0, Dice::new(lock(&self.seeds).bits()));
        let admitted = Admitted {
            command: request.command,
            id: CommandId::from_u128(clock.fresh()),
            at: clock.now(),
            actor: Arc::from(request.actor.text()),
            idempotency: request.idempotency,
            expects: request.expects,
            render: request.render,
        };
        let step = Step {
            organization,
            admitted: admitted.clone(),
        };
        lock(&desk.done).push(step);
        let env = BatchEnv {
            store: self.shelf.inner(),
            clock: &clock,
            caches: &desk.caches,
            metrics: &desk.metrics,
        };
        let mut replies = run_batch(env, organization, &[admitted]).await;
        replies.pop().expect("one command gets one answer")
    }

    fn clock(&self, skew_us: i64, dice: Dice) -> NodeClock {
        NodeClock {
            schedule: Arc::clone(&self.schedule),
            skew_us,
            dice: Mutex::new(dice),
        }
    }

    /// What people asked for and were told.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        lock(&self.ledger)
    }

    /// Whoever looks at every commit.
    pub fn auditor(&self) -> MutexGuard<'_, Auditor> {
        lock(&self.auditor)
    }

    /// Looks at what was committed since the last look.
    pub fn look(&self) {
        let now = self.schedule.now();
        let mut ledger = self.ledger();
        for node in lock(&self.nodes).values_mut() {
            let parked = node.engine.metrics().parked.load(Relaxed);
            if parked > node.parked {
                node.parked = parked;
                ledger.violation("bug", "a command could not be decided");
            }
        }
        self.auditor().look(&self.shelf, now, &mut ledger);
        for what in self.receivers.violations() {
            ledger.violations.push(what);
        }
    }

    /// Whether nothing goes wrong for now.
    #[must_use]
    pub fn is_calm(&self) -> bool {
        self.calm.load(Relaxed)
    }

    /// Faults begin, or end: then also those that nodes met with.
    pub fn set_calm(&self, calm: bool) {
        self.calm.store(calm, Relaxed);
        for node in lock(&self.nodes).values() {
            node.store.begin(self.faults());
        }
    }

    fn faults(&self) -> FaultPlan {
        if self.is_calm() {
            return FaultPlan::Never;
        }
        FaultPlan::Seeded {
            seed: lock(&self.seeds).bits(),
            rates: self.swarm.rates,
        }
    }

    /// Starts a node that is not running.
    pub fn start_node(&self, node: Owner) {
        let mut seeds = lock(&self.seeds).for_part(node as u64 ^ 0x5eed);
        seeds = Dice::new(seeds.bits() ^ lock(&self.seeds).bits());
        let skew_us = match self.swarm.has(Trait::Skew) {
            true => seeds.between(-2_000_000, 2_000_000),
            false => 0,
        };
        let clock = self.clock(skew_us, seeds);
        let store = Arc::new(FaultyStore::new(Arc::clone(&self.shelf)));
        store.begin(self.faults());
        let runtime = NodeRuntime {
            schedule: Arc::clone(&self.schedule),
            node,
        };
        let config = EngineConfig {
            outside: Outside {
                master_key: Some(MasterKey::new([7; 32])),
                allows_private: false,
            },
            ..EngineConfig::default()
        };
        let engine = Engine::start_on(
            Arc::new(runtime),
            Arc::clone(&store) as _,
            Arc::new(clock),
            Arc::clone(&self.receivers) as _,
            config,
        );
        let (alive, _) = watch::channel(());
        let started = Node {
            engine,
            store,
            parked: 0,
            alive,
        };
        lock(&self.nodes).insert(node, started);
    }

    /// Kills a node wherever it is.
    pub fn kill_node(&self, node: Owner) {
        let killed = lock(&self.nodes).remove(&node);
        self.schedule.kill(node);
        drop(killed);
    }

    /// The nodes that are running.
    #[must_use]
    pub fn running(&self) -> Vec<Owner> {
        lock(&self.nodes).keys().copied().collect()
    }

    /// Asks until there is an answer for good. `None` where nobody knows what became of it.
    pub async fn ask(self: &Arc<Self>, dice: &mut Dice, shop: &Shop, ask: Ask) -> Option<Told> {
        for _ in 0..TRIES_MAX {
            let lossy = self.swarm.has(Trait::LossyClients) && !self.is_calm();
            let is_sure = ask.key.is_some();
            if lossy && dice.per_mille(30) {
                // The request is lost on its way.
                self.pause(dice).await;
                continue;
            }
            if lossy && is_sure && dice.per_mille(40) {
                // It goes out twice, perhaps to two nodes.
                let (sim, again) = (Arc::clone(self), self.request(shop, &ask));
                let (organization, mut dice) = (shop.organization, dice.for_part(9));
                let twin = async move {
                    sim.submit(&mut dice, organization, again, Duration::from_secs(60))
                        .await;
                };
                self.schedule.spawn(PEOPLE, Box::pin(twin));
            }
            let patience = match lossy && dice.per_mille(100) {
                true => Duration::from_millis(dice.below(50)),
                false => Duration::from_secs(30),
            };
            let request = self.request(shop, &ask);
            let reply = self
                .submit(dice, shop.organization, request, patience)
                .await;
            let lost = lossy && dice.per_mille(40);
            match reply {
                Some(reply) if reply.status < 500 && !lost => {
                    return Some(self.note(shop, &ask, reply));
                }
                // The answer of a broken connection, or none.
                None | Some(_) if !is_sure => return None,
                None | Some(_) => self.pause(dice).await,
            }
        }
        None
    }

    /// Takes an answer into the books.
    fn note(&self, shop: &Shop, ask: &Ask, reply: Reply) -> Told {
        let told = Told {
            status: reply.status,
            body: reply.body(),
            reply,
        };
        let mut ledger = self.ledger();
        ledger.answers += 1;
        ledger.refusals += u64::from(!told.is_done());
        // Another body under the same key gets an answer of its own, which is not kept.
        if let Some(key) = ask.key.filter(|_| told.status != 422) {
            ledger.answered(shop.organization, key, told.status, &told.body);
        }
        if let Some(mark) = ask.mark.as_ref().filter(|_| told.is_done()) {
            ledger.told(shop.organization, mark);
        }
        told
    }

    fn request(&self, shop: &Shop, ask: &Ask) -> Request {
        let hash = |text: String| -> [u8; 16] {
            let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
            let (half, _) = digest.split_at(16);
            half.try_into().expect("half of 32 bytes are 16")
        };
        let idempotency = ask.key.map(|key| Idempotency {
            key: AnswerKey(hash(format!("{} {key}", shop.organization))),
            request_hash: hash(format!("{:?}", ask.command)),
        });
        Request {
            command: ask.command.clone(),
            actor: Actor::System,
            lane: Lane::People,
            idempotency,
            expects: ask.expects,
            size: 500,
            render,
        }
    }

    /// Sends a request to some node; `None` where the connection broke, or took too long.
    async fn submit(
        &self,
        dice: &mut Dice,
        organization: OrganizationId,
        request: Request,
        patience: Duration,
    ) -> Option<Reply> {
        if let Some(desk) = &self.desk {
            return Some(self.carry_out(desk, organization, request).await);
        }
        let (engine, mut alive) = {
            let nodes = lock(&self.nodes);
            let running: Vec<&Node> = nodes.values().collect();
            let node = dice.pick(&running)?;
            (Arc::clone(&node.engine), node.alive.subscribe())
        };
        let name = request.command.name();
        let broken = pin!(async move {
            // It never changes, and ends with the node.
            let _ = alive.changed().await;
        });
        let too_long = self.schedule.sleep(patience);
        let ends = select(broken, too_long);
        let answered = pin!(engine.submit(organization, request));
        match select(ends, answered).await {
            Either::Left(_) => None,
            Either::Right((Ok(reply), _)) if reply.status == 500 => {
                self.ledger()
                    .violation("bug", format_args!("{name} could not be decided"));
                None
            }
            Either::Right((reply, _)) => reply.ok(),
        }
    }

    async fn pause(&self, dice: &mut Dice) {
        let pause = Duration::from_millis(1 + dice.below(PAUSE_MS));
        self.schedule.sleep(pause).await;
    }
}

/// A node's clock, which may differ from the true one.
struct NodeClock {
    schedule: Arc<Schedule>,
    skew_us: i64,
    dice: Mutex<Dice>,
}

impl Clock for NodeClock {
    fn now(&self) -> Timestamp {
        self.schedule.now().plus_micros(self.skew_us)
    }

    fn fresh(&self) -> u128 {
        lock(&self.dice).wide()
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
