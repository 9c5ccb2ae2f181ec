//! A primary with two standbys, of which one must confirm, and what a manager of such a set does: it finds
//! the standby that has received most, promotes it, points the other one at it, and brings the old primary
//! back.

use std::time::{Duration, Instant};

use ordo_store_postgres::cluster::{Cluster, Durability};
use tokio::runtime::Runtime;

use super::proxy::{Proxy, Way};

/// Servers of a set.
pub const SERVERS: usize = 3;
/// How long a server may take to do what it is told.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long it may take to answer a question.
const ANSWER_MAX: Duration = Duration::from_secs(3);
/// Whoever of the others has it on disk.
const ONE_OF_ALL: &str = "ANY 1 (n0, n1, n2)";

/// One server, and the ways to it.
pub struct Server {
    /// The server.
    pub cluster: Cluster,
    /// The way that nodes take.
    pub front: Proxy,
    /// The way that standbys take.
    pub inner: Proxy,
}

impl Server {
    fn of(runtime: &Runtime, cluster: Cluster) -> Self {
        let port = cluster.port();
        Self {
            front: Proxy::start(runtime.handle(), port),
            inner: Proxy::start(runtime.handle(), port),
            cluster,
        }
    }

    /// Turns both ways to it.
    pub fn turn(&self, way: Way) {
        self.front.turn(way);
        self.inner.turn(way);
    }
}

/// Three servers, one of them primary.
pub struct Set {
    /// All of them.
    pub servers: Vec<Server>,
    /// Which is primary.
    pub primary: usize,
    runtime: Runtime,
}

/// Under which others know it.
fn name(server: usize) -> String {
    format!("n{server}")
}

impl Set {
    /// Starts all three. Where `waits` is not set the primary answers before any standby has received
    /// anything, which is what the proof is to notice.
    #[must_use]
    pub fn start(waits: bool) -> Self {
        let settings = [
            (
                "synchronous_standby_names",
                if waits { ONE_OF_ALL } else { "" },
            ),
            ("wal_log_hints", "on"),
            ("wal_keep_size", "512MB"),
            ("wal_sender_timeout", "3s"),
            ("wal_receiver_timeout", "3s"),
            ("wal_retrieve_retry_interval", "100ms"),
            ("shared_buffers", "64MB"),
        ];
        let runtime = Runtime::new().unwrap();
        let first = Cluster::start(Durability::Full, &settings).unwrap();
        let mut servers = vec![Server::of(&runtime, first)];
        for n in 1..SERVERS {
            let through = servers[0].inner.port;
            let standby = Cluster::start_standby(through, &name(n), &settings).unwrap();
            servers.push(Server::of(&runtime, standby));
        }
        let set = Self {
            servers,
            primary: 0,
            runtime,
        };
        set.wait_for_standbys(SERVERS - 1);
        set
    }

    /// How nodes find whichever server takes writes.
    #[must_use]
    pub fn url(&self) -> String {
        let hosts: Vec<String> = (self.servers.iter())
            .map(|server| format!("127.0.0.1:{}", server.front.port))
            .collect();
        format!(
            "postgresql://ordo@{}/postgres?target_session_attrs=read-write",
            hosts.join(",")
        )
    }

    /// The primary.
    #[must_use]
    pub fn primary(&self) -> &Server {
        &self.servers[self.primary]
    }

    /// Asks one server, past the ways that others take.
    ///
    /// # Errors
    /// It does not answer in time, or with an error.
    pub fn ask(&self, server: usize, sql: &str) -> Result<String, String> {
        let asked = self.servers[server].cluster.ask(sql);
        let answer = async { tokio::time::timeout(ANSWER_MAX, asked).await };
        match self.runtime.block_on(answer) {
            Ok(Ok(text)) => Ok(text),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("no answer in time".to_owned()),
        }
    }

    fn wait_until(&self, server: usize, sql: &str) {
        let until = Instant::now() + PATIENCE;
        loop {
            let answer = self.ask(server, sql);
            if answer.as_deref() == Ok("t") {
                return;
            }
            if Instant::now() > until {
                let logs = self.servers.iter().map(|server| server.cluster.log());
                let logs: Vec<String> = logs.map(|log| last_lines(&log)).collect();
                panic!("n{server}: {sql} is {answer:?}\n{}", logs.join("\n---\n"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until so many standbys receive what the primary writes.
    pub fn wait_for_standbys(&self, count: usize) {
        let sql =
            format!("SELECT count(*) = {count} FROM pg_stat_replication WHERE state = 'streaming'");
        self.wait_until(self.primary, &sql);
    }

    /// Promotes the standby that has received most, once neither can receive any more from the old
    /// primary, and has the other one follow it. Answers when the new primary has made a first write.
    pub fn promote(&mut self) -> Instant {
        let standbys: Vec<usize> = (0..SERVERS).filter(|n| *n != self.primary).collect();
        for standby in &standbys {
            self.servers[*standby].cluster.follow_nobody().unwrap();
        }
        for standby in &standbys {
            self.wait_until(*standby, "SELECT count(*) = 0 FROM pg_stat_wal_receiver");
        }
        let received = |standby: &usize| {
            let sql = "SELECT pg_wal_lsn_diff(pg_last_wal_receive_lsn(), '0/0')::bigint";
            let bytes = self.ask(*standby, sql).unwrap();
            bytes.parse::<u64>().unwrap()
        };
        let new = standbys.iter().copied().max_by_key(received).unwrap();
        let promoted = self.ask(new, "SELECT pg_promote(false)");
        assert_eq!(promoted.as_deref(), Ok("t"), "n{new} is promoted");
        for other in standbys.iter().filter(|other| **other != new) {
            let through = self.servers[new].inner.port;
            self.servers[*other]
                .cluster
                .follow(through, &name(*other))
                .unwrap();
        }
        self.wait_until(new, "SELECT NOT pg_is_in_recovery()");
        self.primary = new;
        let write = "SELECT pg_logical_emit_message(true, 'proof', '') IS NOT NULL";
        self.wait_until(new, write);
        Instant::now()
    }

    /// Makes a server that is not primary any more, or was lost, a standby. Answers whether its files
    /// could be rewound; else they were copied anew.
    pub fn bring_back(&mut self, server: usize) -> bool {
        let through = self.primary().inner.port;
        // Until its first checkpoint a new primary says in its files that it is still on the old timeline,
        // and nothing would be rewound.
        self.ask(self.primary, "CHECKPOINT").unwrap();
        let back = &mut self.servers[server];
        back.turn(Way::Open);
        back.cluster.thaw();
        back.cluster.stop();
        let is_rewound = back.cluster.rewind_to(through).is_ok();
        if !is_rewound {
            back.cluster.copy_from(through).unwrap();
        }
        self.start_as_standby(server);
        is_rewound
    }

    /// Starts a server that was a standby or is to be one.
    pub fn start_as_standby(&mut self, server: usize) {
        let through = self.primary().inner.port;
        let back = &mut self.servers[server];
        back.cluster.follow(through, &name(server)).unwrap();
        back.cluster.restart().unwrap();
        back.front.lead_to(back.cluster.port());
        back.inner.lead_to(back.cluster.port());
        self.wait_for_standbys(SERVERS - 1);
    }

    /// How many connections of nodes have stayed on a server for more than two seconds.
    #[must_use]
    pub fn stuck_on(&self, server: usize) -> u64 {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ordo'
                   AND clock_timestamp() - backend_start > interval '2 seconds'";
        self.ask(server, sql).unwrap().parse().unwrap()
    }
}

/// The end of a log.
fn last_lines(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}
