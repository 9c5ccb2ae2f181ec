//! One simulation from the first to the last day: a company is set up, people work while things go
//! wrong, faults stop, everything comes to rest, and what is left is brought to its end.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use futures_util::FutureExt;
use ordo_domain::Command;
use ordo_domain::order::{CancelOrder, Order, OrderLife, ReleaseHold};
use ordo_domain::record::RecordKind;
use ordo_domain::shipment::{ParcelState, Shipment, TrackParcel, TrackingReport};
use ordo_domain::time::Timestamp;
use ordo_store::Store;
use sha2::{Digest, Sha256};

use crate::audit::{look_at_the_end, now_or_broken};
use crate::canary::Canary;
use crate::dice::Dice;
use crate::people::{Hand, cause, finish};
use crate::schedule::{PEOPLE, Schedule};
use crate::shelf::Shelf;
use crate::shop::{LOCATIONS, SKUS, receive, shops};
use crate::sim::{Ask, Sim};
use crate::swarm::{Swarm, Trait};

/// Days on which the clocks are put forward or back, or nothing of the kind, and a leap day.
const STARTS: [i64; 4] = [
    1_793_527_200_000_000, // 2026-11-01T10:00:00Z, the day of the change in New York.
    1_774_659_600_000_000, // 2026-03-28T01:00:00Z, the night before the change in Berlin.
    1_835_366_400_000_000, // 2028-02-28T12:00:00Z, the day before a leap day.
    1_798_761_540_000_000, // 2026-12-31T23:59:00Z.
];
/// Steps after which a simulation that does not end is a violation.
const STEPS_MAX: u64 = 40_000_000;
/// Rounds in which everything must come to its end.
const ROUNDS_MAX: usize = 16;
/// Rounds after which people give up on what cannot be delivered.
const PATIENCE_ROUNDS: usize = 6;

/// What is simulated.
#[derive(Debug, Clone)]
pub struct Setup {
    /// All chance.
    pub seed: u64,
    /// Orders that channels make.
    pub orders: u64,
    /// Parts that are left out.
    pub without: Vec<Trait>,
    /// A planted bug.
    pub canary: Option<Canary>,
    /// Whether the outcome tells every event.
    pub tells: bool,
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// What broke.
    pub violations: Vec<String>,
    /// Hash of all logs: the same for the same seed.
    pub trace: [u8; 32],
    /// Orders that were placed.
    pub orders: u64,
    /// Commands that were answered for good.
    pub commands: u64,
    /// Of them, refused.
    pub refused: u64,
    /// Events that were committed.
    pub events: u64,
    /// Messages that receivers got.
    pub messages: u64,
    /// Times that a node was killed or frozen.
    pub blows: u64,
    /// What the simulation was made of.
    pub made_of: String,
    /// Every event as a line, where that was asked for.
    pub log: Vec<String>,
}

/// Runs a simulation.
#[must_use]
pub fn run(setup: &Setup) -> Outcome {
    let unseeded = (setup.canary == Some(Canary::Unseeded)).then(chance_of_the_machine);
    let mut dice = Dice::new(setup.seed);
    let swarm = Swarm::choose(&mut dice, &setup.without);
    let start = dice.pick(&STARTS).copied().unwrap_or(STARTS[0]);
    let schedule = Schedule::new(Timestamp::from_micros(start));
    let shelf = Shelf::new(Arc::clone(&schedule), setup.canary, dice.for_part(1));
    let shops = shops();
    let sim = Sim::new(
        Arc::clone(&schedule),
        Arc::new(shelf),
        swarm,
        shops,
        setup.canary,
        &dice,
    );
    let director = Director {
        sim: Arc::clone(&sim),
        dice: dice.for_part(4),
        orders: setup.orders,
        blows: Arc::default(),
    };
    let blows = Arc::clone(&director.blows);
    let done = Arc::new(AtomicUsize::new(0));
    let ended = Arc::clone(&done);
    schedule.spawn(
        PEOPLE,
        Box::pin(director.direct().map(move |()| ended.store(1, Relaxed))),
    );
    let mut order = dice.for_part(5 ^ unseeded.unwrap_or(0));
    let run = catch_unwind(AssertUnwindSafe(|| {
        let mut steps = 0;
        while done.load(Relaxed) == 0 {
            if !schedule.step(&mut order) || steps > STEPS_MAX {
                sim.ledger().violation("I10", "the simulation never ends");
                break;
            }
            sim.look();
            steps += 1;
        }
    }));
    if run.is_err() {
        sim.ledger()
            .violation("panic", "something panicked: see above");
    }
    for node in sim.running() {
        sim.kill_node(node);
    }
    let outcome = outcome(&sim, blows.load(Relaxed) as u64, setup.tells);
    // Whatever people still wait for holds the simulation, and it them.
    schedule.kill(PEOPLE);
    outcome
}

fn outcome(sim: &Sim, blows: u64, tells: bool) -> Outcome {
    let mut hash = Sha256::new();
    let mut placed = 0;
    let mut told = Vec::new();
    for shop in &sim.shops {
        placed += shop.memory().placed;
        let log = now_or_broken(sim.shelf.inner().read_log(shop.organization, 0, usize::MAX));
        for entry in log {
            hash.update(entry.recorded_at.as_micros().to_be_bytes());
            let text = ordo_store::log::event_text(&entry.event);
            hash.update(&text);
            if tells {
                let (shop, position, actor) = (shop.index, entry.position, &entry.actor);
                told.push(format!("{shop} {position} {actor} {text}"));
            }
        }
    }
    let ledger = sim.ledger();
    Outcome {
        violations: ledger.violations.clone(),
        trace: hash.finalize().into(),
        orders: placed,
        commands: ledger.answers,
        refused: ledger.refusals,
        events: sim.auditor().events,
        messages: sim.receivers.counts().0,
        blows,
        made_of: sim.swarm.to_string(),
        log: told,
    }
}

/// Something that another run does not repeat.
fn chance_of_the_machine() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    RandomState::new().build_hasher().finish()
}

/// Sets everything up, lets it go wrong, and brings it to its end.
struct Director {
    sim: Arc<Sim>,
    dice: Dice,
    orders: u64,
    blows: Arc<AtomicUsize>,
}

impl Director {
    async fn direct(mut self) {
        let nodes = self.sim.swarm.nodes;
        for node in 0..nodes {
            self.sim.start_node(node);
        }
        self.set_up().await;
        self.sim.set_calm(false);
        self.let_people_work().await;
        self.sim.set_calm(true);
        self.sim.receivers.heal();
        for node in 0..nodes {
            self.sim.schedule.thaw(node);
            if !self.sim.running().contains(&node) {
                self.sim.start_node(node);
            }
        }
        // Leases that somebody took along run out, and what was put off comes due.
        self.rest(Duration::from_secs(100)).await;
        for _ in 0..4 {
            self.sim.schedule.jump(Duration::from_secs(12 * 3_600));
            self.rest(Duration::from_secs(70)).await;
        }
        for shop in self.sim.shops.clone() {
            look_at_the_end(&self.sim, &shop);
        }
        self.end_everything().await;
    }

    async fn rest(&self, pause: Duration) {
        self.sim.schedule.sleep(pause).await;
    }

    fn hand(&mut self, shop: usize) -> Hand {
        Hand {
            sim: Arc::clone(&self.sim),
            shop: Arc::clone(&self.sim.shops[shop]),
            dice: Dice::new(self.dice.bits()),
        }
    }

    async fn set_up(&mut self) {
        for shop in self.sim.shops.clone() {
            let mut dice = self.dice.for_part(10 + shop.index as u64);
            for command in shop.set_up(&self.sim.swarm, &mut dice) {
                let name = command.name();
                let ask = Ask {
                    command,
                    key: None,
                    expects: None,
                    mark: None,
                };
                let told = self.sim.ask(&mut self.dice, &shop, ask).await;
                let done = told.as_ref().is_some_and(|told| told.status < 300);
                if !done {
                    let what = format!("{name} of the setup was answered {told:?}");
                    self.sim.ledger().violation("I10", what);
                }
            }
        }
    }

    /// People work until there are enough orders; meanwhile nodes and clocks suffer.
    async fn let_people_work(&mut self) {
        let working = Arc::new(AtomicUsize::new(0));
        // The second organization is a small one: it is there to be kept apart.
        let shares = [self.orders - self.orders / 8, self.orders / 8];
        for n in 0..self.sim.swarm.hands {
            let shop = usize::from(n % 4 == 3);
            let hand = self.hand(shop);
            let leaving = Arc::clone(&working);
            working.fetch_add(1, Relaxed);
            let work = hand.work(shares[shop]).map(move |()| {
                leaving.fetch_sub(1, Relaxed);
            });
            self.sim.schedule.spawn(PEOPLE, Box::pin(work));
        }
        while working.load(Relaxed) > 0 {
            let pause = Duration::from_millis(50 + self.dice.below(1_500));
            self.rest(pause).await;
            self.strike().await;
        }
    }

    /// Something happens to a node, or to all clocks.
    async fn strike(&mut self) {
        let swarm = self.sim.swarm.clone();
        let node = usize::try_from(self.dice.below(swarm.nodes as u64)).unwrap_or(0);
        if swarm.has(Trait::Kills) && self.dice.per_mille(300) {
            self.blows.fetch_add(1, Relaxed);
            self.sim.kill_node(node);
            let pause = Duration::from_millis(self.dice.below(3_000));
            self.rest(pause).await;
            self.sim.start_node(node);
        } else if swarm.has(Trait::Freezes) && self.dice.per_mille(150) {
            self.blows.fetch_add(1, Relaxed);
            self.sim.schedule.freeze(node);
            let pause = Duration::from_secs(self.dice.below(90));
            self.rest(pause).await;
            self.sim.schedule.thaw(node);
        } else if swarm.has(Trait::Jumps) && self.dice.per_mille(60) {
            let hours = 1 + self.dice.below(40);
            self.sim.schedule.jump(Duration::from_secs(hours * 3_600));
        }
    }

    /// Goods come, people release, pick, ship and deliver: every order must come to its end.
    async fn end_everything(&mut self) {
        for shop in 0..self.sim.shops.len() {
            let mut hand = self.hand(shop);
            let mut left = usize::MAX;
            for round in 0..ROUNDS_MAX {
                self.refill(&mut hand).await;
                self.rest(Duration::from_secs(5)).await;
                left = 0;
                let ids = hand.shop.memory().orders.clone();
                for id in ids {
                    let order: Option<Order> = hand.stored(RecordKind::Order, id.to_u128());
                    let Some(order) = order.filter(|order| order.life == OrderLife::Open) else {
                        continue;
                    };
                    left += 1;
                    self.end_order(&mut hand, &order).await;
                    if round >= PATIENCE_ROUNDS {
                        // What nobody can deliver is taken off the order.
                        let cancel = CancelOrder {
                            order: id,
                            lines: Vec::new(),
                            cause: cause("cannot_be_delivered"),
                        };
                        hand.ask(Command::CancelOrder(cancel)).await;
                    }
                }
                if left == 0 {
                    break;
                }
                // A full day frees tomorrow's.
                self.sim.schedule.jump(Duration::from_secs(24 * 3_600));
                self.rest(Duration::from_secs(10)).await;
            }
            if left > 0 {
                self.tell_what_is_left(&hand);
            }
            let sim = Arc::clone(&self.sim);
            crate::audit::replayed(&sim, &hand.shop);
        }
    }

    fn tell_what_is_left(&self, hand: &Hand) {
        for id in hand.shop.memory().orders.iter() {
            let order: Option<Order> = hand.stored(RecordKind::Order, id.to_u128());
            if let Some(order) = order.filter(|order| order.life == OrderLife::Open) {
                let (work, holds) = (&order.fulfillment_orders, &order.holds);
                let states: Vec<_> = (work.iter())
                    .filter_map(|id| hand.work_of(*id))
                    .map(|work| (work.id, work.state))
                    .collect();
                let lines: Vec<_> = (order.lines.iter())
                    .map(|line| {
                        let counts = [line.ordered, line.open, line.backordered, line.allocated];
                        (line.code.clone(), counts.map(|count| count.get()))
                    })
                    .collect();
                let what = format!("nobody can end {} {lines:?} {states:?} {holds:?}", order.id);
                self.sim.ledger().violation("I10", what);
            }
        }
    }

    async fn refill(&self, hand: &mut Hand) {
        for (sku, _, tracking) in SKUS {
            for (location, ..) in LOCATIONS {
                let mark = hand.shop.name("stock");
                hand.ask(receive(sku, location, 30, tracking, mark)).await;
            }
        }
    }

    async fn end_order(&self, hand: &mut Hand, order: &Order) {
        for hold in &order.holds {
            let release = ReleaseHold {
                order: order.id,
                hold: hold.id,
            };
            hand.ask(Command::ReleaseHold(release)).await;
        }
        for work in &order.fulfillment_orders {
            finish(hand, *work).await;
        }
        let ids = order.shipments.iter();
        for id in ids {
            let shipment: Option<Shipment> = hand.stored(RecordKind::Shipment, id.to_u128());
            let on_its_way = shipment.is_some_and(|shipment| {
                let arrived =
                    |parcel: &ordo_domain::shipment::Parcel| parcel.delivered_at.is_some();
                !shipment.parcels.iter().all(arrived)
            });
            if on_its_way {
                let report = TrackingReport {
                    state: ParcelState::Delivered,
                    at: self.sim.schedule.now(),
                    place: None,
                    code: None,
                };
                let track = TrackParcel {
                    shipment: *id,
                    parcel: None,
                    report,
                };
                hand.ask(Command::TrackParcel(track)).await;
            }
        }
    }
}
