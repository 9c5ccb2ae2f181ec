//! Goal: whatever happens to a primary, nothing that was acknowledged is lost, nothing is done twice, and
//! every node works again within seconds.
//! Method: a primary with two standbys of which one must confirm, three nodes, a steady load with a ledger.
//! The primary is killed, frozen, cut off, isolated or switched, or standbys are lost; the standby that
//! has received most is promoted; the old primary comes back, first as one that takes itself for the
//! primary, then as a standby; and so on. At the end log, stock and books must agree with the ledger.

mod proxy;
mod set;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::figures::Figures;
use crate::load::audit::audit;
use crate::load::client::Nodes;
use crate::load::ledger::Entry;
use crate::load::{Load, mix};
use crate::part::{Asked, Part};
use crate::random::Random;
use crate::receiver::Receiver;
use crate::served::{Served, check_over, free_address};
use proxy::Way;
use set::{SERVERS, Set};

const NODES: usize = 3;
const CLIENTS: usize = 9;
/// Between two requests of a client.
const PAUSE: Duration = Duration::from_millis(20);
/// A node writes again so soon after the new primary does.
const RECOVERY_MAX: Duration = Duration::from_secs(5);
/// How long a node is waited for before the proof goes on without it.
const NODE_WAIT_MAX: Duration = Duration::from_secs(30);
/// How long no standby is reached.
const ALONE: Duration = Duration::from_secs(6);
/// What was confirmed before may be answered so late.
const IN_FLIGHT_MAX: Duration = Duration::from_millis(500);
/// How long webhooks may take to arrive: those whose answer could not be noted wait for their lease to run
/// out.
const DELIVERY_MAX: Duration = Duration::from_secs(120);
/// How long the old primary takes itself for the primary beside the new one.
const SPLIT: Duration = Duration::from_secs(3);

/// Failovers under load.
pub const FAILOVER: Part = Part {
    name: "failover",
    what: "the primary of three PostgreSQL servers fails under load from three nodes",
    unit: "failovers",
    in_ci: 2,
    long: 20,
    piece: 7,
    run: |asked| survive(asked, true),
};

/// The same where the primary waits for no standby: acknowledged writes are lost, which the audit must
/// say. Nothing but a proof of the proof.
#[must_use]
pub fn lossy(asked: &Asked) -> Figures {
    survive(asked, false)
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    /// A standby is killed and comes back; the other one confirms meanwhile.
    LoseStandby,
    /// The primary's machine is gone at once.
    Kill,
    /// The primary hangs, and goes on later.
    Freeze,
    /// Nobody reaches the primary any more; packets get lost.
    Cut,
    /// Only standbys do not reach the primary: nodes still do, and must not rely on it.
    Isolate,
    /// Nobody reaches the primary any more; connections are reset.
    Reset,
    /// A planned change: the primary shuts down in order.
    SwitchOver,
    /// No standby is reached for a while, and nobody takes over: nothing may be acknowledged.
    Alone,
}

const FAILURES: [Failure; 8] = [
    Failure::LoseStandby,
    Failure::Kill,
    Failure::Freeze,
    Failure::Cut,
    Failure::Isolate,
    Failure::Reset,
    Failure::SwitchOver,
    Failure::Alone,
];

impl Failure {
    const fn counted_as(self) -> &'static str {
        match self {
            Self::LoseStandby => "standby lost",
            Self::Kill => "killed",
            Self::Freeze => "frozen",
            Self::Cut => "cut off",
            Self::Isolate => "isolated",
            Self::Reset => "reset",
            Self::SwitchOver => "switched over",
            Self::Alone => "left alone",
        }
    }
}

fn survive(asked: &Asked, waits: bool) -> Figures {
    let mut figures = Figures::of(FAILOVER.name);
    let mut random = Random::new(asked.seed, 0);
    let mut set = Set::start(waits);
    let served = start_nodes(&asked.program, &set);
    let mut http = served[0].http();
    mix::set_up(&mut http);
    let receiver = Receiver::start(asked.seed);
    receiver.subscribe(&mut http);
    let nodes = Nodes::at(served.iter().map(|node| node.address).collect());
    let load = Load::start(&nodes, CLIENTS, PAUSE, asked.seed);
    let mut accepted = Vec::new();
    for n in 0..asked.count {
        std::thread::sleep(Duration::from_millis(500 + random.below(1_500)));
        let place = usize::try_from(asked.seed.wrapping_add(n) % FAILURES.len() as u64);
        let failure = FAILURES[place.expect("an index of a short table fits")];
        if !waits {
            // What is acknowledged from here on is on the primary alone.
            set.primary().inner.turn(Way::Silent);
            std::thread::sleep(Duration::from_secs(2));
        }
        let at = fail(&mut set, failure, &nodes, &mut random, &mut figures);
        accepted.push(at);
        figures.count("failovers", 1);
        figures.count(failure.counted_as(), 1);
    }
    let mut ledger = load.end(&mut figures);
    let unknown = served.iter().map(unknown_commits).sum();
    figures.count("unknown commits", unknown);
    recovery(&ledger, &accepted, &mut figures);
    let log = audit(served[0].address, &mut ledger, &mut figures);
    if waits {
        receiver.audit(&log, DELIVERY_MAX, &mut figures);
    }
    let url = set.servers[set.primary].cluster.url("postgres");
    drop(served);
    let data = ["--database-url".to_owned(), url];
    let (green, said) = check_over(&asked.program, &data);
    figures.expect(green, || said);
    figures
}

fn start_nodes(program: &Path, set: &Set) -> Vec<Served> {
    let data = ["--database-url".to_owned(), set.url()];
    (0..NODES)
        .map(|_| Served::start_over(program, &data, free_address()))
        .collect()
}

/// Commits of which a node did not know at first whether they stand.
fn unknown_commits(node: &Served) -> u64 {
    let metrics = node.http().get("/metrics").unwrap().body;
    let mut lines = metrics.lines();
    let line = lines.find_map(|line| line.strip_prefix("ordo_commits_unknown_total "));
    line.and_then(|count| count.parse().ok()).unwrap_or(0)
}

/// One failure from its beginning until everything is as it was; answers when writes were taken again.
fn fail(
    set: &mut Set,
    failure: Failure,
    nodes: &Arc<Nodes>,
    random: &mut Random,
    figures: &mut Figures,
) -> Instant {
    let old = set.primary;
    match failure {
        Failure::LoseStandby => return lose_standby(set, nodes, random, figures),
        Failure::Alone => return leave_alone(set, nodes, figures),
        Failure::Kill => set.servers[old].cluster.kill(),
        Failure::Freeze => set.servers[old].cluster.freeze(),
        Failure::Cut => set.servers[old].turn(Way::Silent),
        Failure::Isolate => set.servers[old].inner.turn(Way::Silent),
        Failure::Reset => set.servers[old].turn(Way::Broken),
        Failure::SwitchOver => set.servers[old].cluster.stop(),
    }
    // A manager takes its time to be sure.
    std::thread::sleep(Duration::from_millis(200 + random.below(2_000)));
    let accepted = set.promote();
    wait_for_nodes(nodes, accepted, figures);
    if set.servers[old].cluster.is_running() {
        // It comes back and takes itself for the primary.
        set.servers[old].cluster.thaw();
        set.servers[old].turn(Way::Open);
        let since = Instant::now();
        std::thread::sleep(SPLIT);
        wait_for_nodes(nodes, since, figures);
        figures.count("split", 1);
    }
    let is_rewound = set.bring_back(old);
    figures.count(if is_rewound { "rewound" } else { "copied" }, 1);
    std::thread::sleep(Duration::from_secs(2));
    for standby in (0..SERVERS).filter(|n| *n != set.primary) {
        let stuck = set.stuck_on(standby);
        figures.expect(stuck == 0, || {
            format!("{stuck} connections of nodes stay on the standby n{standby}")
        });
    }
    accepted
}

fn lose_standby(
    set: &mut Set,
    nodes: &Arc<Nodes>,
    random: &mut Random,
    figures: &mut Figures,
) -> Instant {
    let lost = (set.primary + 1 + usize::from(random.chance(50))) % SERVERS;
    set.servers[lost].cluster.kill();
    let since = Instant::now();
    wait_for_nodes(nodes, since, figures);
    std::thread::sleep(Duration::from_millis(500));
    set.start_as_standby(lost);
    since
}

fn leave_alone(set: &Set, nodes: &Arc<Nodes>, figures: &mut Figures) -> Instant {
    set.primary().inner.turn(Way::Silent);
    let alone = Instant::now() + IN_FLIGHT_MAX;
    std::thread::sleep(ALONE);
    figures.expect(!nodes.any_acknowledged_since(alone), || {
        "something was acknowledged that no standby has".to_owned()
    });
    set.primary().inner.turn(Way::Open);
    set.wait_for_standbys(SERVERS - 1);
    let since = Instant::now();
    wait_for_nodes(nodes, since, figures);
    since
}

/// Waits until every node has acknowledged something since.
fn wait_for_nodes(nodes: &Arc<Nodes>, since: Instant, figures: &mut Figures) {
    let until = since.max(Instant::now()) + NODE_WAIT_MAX;
    while Instant::now() < until {
        if nodes.all_acknowledged_since(since) {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    figures.violation(format!(
        "not every node acknowledged anything for {NODE_WAIT_MAX:?}"
    ));
}

/// How soon after writes were taken again each node acknowledged one.
fn recovery(ledger: &[Entry], accepted: &[Instant], figures: &mut Figures) {
    for since in accepted {
        for node in 0..NODES {
            let after = (ledger.iter())
                .filter_map(|entry| entry.answer.as_ref())
                .filter(|answer| answer.is_done() && answer.node == node)
                .filter_map(|answer| answer.at.checked_duration_since(*since))
                .min()
                .unwrap_or(NODE_WAIT_MAX);
            let ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
            figures.most("first_write_ms_max", ms);
            figures.expect(after <= RECOVERY_MAX, || {
                format!(
                    "node {node} acknowledged nothing for {ms} ms while the primary took writes"
                )
            });
        }
    }
}
