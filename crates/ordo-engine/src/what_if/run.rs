//! Runs several replays over the same orders, side by side on threads, and compares as it goes.
//!
//! Orders are dealt out in pieces: of each piece all outcomes are held, then only their sums and the
//! changes that matter most, so that memory does not grow with the period.

use std::sync::Arc;

use ordo_domain::Rejection;
use ordo_domain::what_if::{Changes, Outcome, PastOrder, Replay, Tally};

use super::{Side, WhatIf};

/// Orders of a piece.
const PIECE: usize = 1_000;

/// What the replays came to.
pub struct Ran {
    /// One side per replay, in their order.
    pub sides: Vec<Side>,
    /// The orders that each replay but the first changes.
    pub changes: Vec<Changes>,
}

/// A replay with its sums and its outcomes of the piece at hand.
struct Lane {
    replay: Replay,
    tally: Tally,
    outcomes: Vec<Arc<Outcome>>,
}

/// Runs all replays over all orders; the first one is what the others are compared with.
///
/// # Errors
/// A replay cannot go on: a mistake of ours.
pub fn run(replays: Vec<Replay>, orders: &[PastOrder], asked: &WhatIf) -> Result<Ran, Rejection> {
    let mut lanes: Vec<Lane> = (replays.into_iter())
        .map(|replay| Lane {
            tally: Tally::of(replay.setup()),
            replay,
            outcomes: Vec::new(),
        })
        .collect();
    let others = lanes.len().saturating_sub(1);
    let mut changes = vec![Changes::keeping(asked.told_most); others];
    for piece in orders.chunks(PIECE) {
        source(&mut lanes, piece, asked.threads)?;
        let Some((baseline, others)) = lanes.split_first() else {
            break;
        };
        for (lane, changes) in others.iter().zip(&mut changes) {
            let both = baseline.outcomes.iter().zip(&lane.outcomes);
            for (past, (before, after)) in piece.iter().zip(both) {
                changes.add(past, before, after);
            }
        }
    }
    let sides = lanes.into_iter().map(|lane| Side {
        setup: lane.replay.setup().clone(),
        tally: lane.tally,
    });
    Ok(Ran {
        sides: sides.collect(),
        changes,
    })
}

/// Sources a piece in every lane. Lanes share nothing, so that it does not matter which thread runs
/// which.
fn source(lanes: &mut [Lane], piece: &[PastOrder], threads: usize) -> Result<(), Rejection> {
    let threads = threads.clamp(1, lanes.len().max(1));
    let mut hands: Vec<Vec<&mut Lane>> = (0..threads).map(|_| Vec::new()).collect();
    for (index, lane) in lanes.iter_mut().enumerate() {
        hands[index % threads].push(lane);
    }
    let mut hands = hands.into_iter();
    let mine = hands.next().unwrap_or_default();
    std::thread::scope(|scope| {
        let running: Vec<_> = hands
            .map(|lanes| scope.spawn(move || source_each(lanes, piece)))
            .collect();
        let mut done = source_each(mine, piece);
        for thread in running {
            let theirs = thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            done = done.and(theirs);
        }
        done
    })
}

fn source_each(lanes: Vec<&mut Lane>, piece: &[PastOrder]) -> Result<(), Rejection> {
    for lane in lanes {
        lane.outcomes.clear();
        for past in piece {
            let outcome = lane.replay.source(past)?;
            lane.tally.add(&outcome);
            lane.outcomes.push(Arc::new(outcome));
        }
    }
    Ok(())
}
