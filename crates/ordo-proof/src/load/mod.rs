//! A steady load of everything that people and channels do, with a ledger of what was acknowledged,
//! and the audit that holds the nodes to it.
//!
//! Each thing that is asked for has a name of its own that ends up in the log (a reason, an external id,
//! the id of what it is about) and an idempotency key under which it is sent until it is answered.

pub mod audit;
pub mod client;
pub mod ledger;
pub mod mix;

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::figures::Figures;
use crate::random::Random;
use client::{Client, Nodes, Seen};
use ledger::Entry;

/// Clients at work.
pub struct Load {
    nodes: Arc<Nodes>,
    clients: Vec<JoinHandle<Seen>>,
}

impl Load {
    /// Starts `clients` clients, spread over the nodes; each pauses between two requests.
    #[must_use]
    pub fn start(nodes: &Arc<Nodes>, clients: usize, pause: Duration, seed: u64) -> Self {
        let clients = (0..clients).map(|n| {
            let nodes = Arc::clone(nodes);
            std::thread::spawn(move || {
                let random = Random::new(seed, n as u64 + 1);
                let mut client = Client::new(nodes, format!("s{seed}c{n}"), n, random);
                mix::run(&mut client, pause);
                client.seen
            })
        });
        Self {
            nodes: Arc::clone(nodes),
            clients: clients.collect(),
        }
    }

    /// Ends the load; answers its ledger, and counts what clients have seen.
    pub fn end(self, figures: &mut Figures) -> Vec<Entry> {
        self.nodes.stop.store(true, SeqCst);
        let mut ledger = Vec::new();
        for client in self.clients {
            let seen = client.join().unwrap();
            figures.count("broken", seen.broken);
            figures.count("unavailable", seen.unavailable);
            figures.most("answer_ms_max", seen.longest_ms);
            for odd in seen.odd {
                figures.violation(odd);
            }
            ledger.extend(seen.entries);
        }
        let done = ledger.iter().filter(|entry| entry.is_done()).count();
        let open = ledger.iter().filter(|entry| entry.answer.is_none()).count();
        figures.count("acknowledged", done as u64);
        figures.count("unanswered", open as u64);
        ledger
    }
}
