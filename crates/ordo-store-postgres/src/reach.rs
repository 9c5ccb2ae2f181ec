//! Finds the host that takes writes, among those that a target names.
//!
//! A host may refuse, stay silent (a frozen machine, a cut network), answer and take no writes (a
//! standby), or take writes that no standby confirms any more: a primary that has not noticed that
//! another one took its place. So hosts are tried side by side, the one that served last with a small
//! head start, and the first that keeps what it is given is used.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::connection::Connection;
use crate::failure::Unreached;
use crate::target::{Place, Target};

/// How long the host that served last is tried alone.
const HEAD_START: Duration = Duration::from_millis(250);

/// What a server must do before its answers are believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// It takes writes: enough to look at it.
    Writes,
    /// It has made a write that its standbys confirm, where it has any to wait for. What it shows is then
    /// on them as well: after a crash a primary shows commits that it never got confirmed.
    Confirmed,
}

/// Connects to the host that takes writes, and runs `setup` there.
///
/// # Errors
/// No host does within the target's patience.
pub async fn open(
    target: &Target,
    setup: &'static str,
    trust: Trust,
) -> Result<Connection, Unreached> {
    let until = Instant::now() + target.patience();
    let mut places = target.places().await.into_iter();
    let (tell, mut told) = mpsc::unbounded_channel();
    // A try that has lost ends by itself: it may still have to take something back.
    let begin = |place: Place| {
        let (target, tell) = (target.clone(), tell.clone());
        tokio::spawn(async move {
            let tried = Connection::begin(&target, &place, setup, trust).await;
            // Nobody listens any more where another host was faster.
            let _ = tell.send((place, tried));
        });
    };
    let mut under_way = 0;
    if let Some(place) = places.next() {
        begin(place);
        under_way += 1;
    }
    let head_start = Instant::now() + HEAD_START;
    let mut refusal = None;
    loop {
        if under_way == 0 || places.len() > 0 && Instant::now() >= head_start {
            for place in places.by_ref() {
                begin(place);
                under_way += 1;
            }
        }
        if under_way == 0 {
            return Err(refusal.unwrap_or(Unreached::Silent));
        }
        let wake = if places.len() > 0 { head_start } else { until };
        tokio::select! {
            Some((place, tried)) = told.recv() => match tried {
                Ok(connection) => {
                    target.prefer(&place);
                    return Ok(connection);
                }
                Err(error) => {
                    under_way -= 1;
                    refusal = Some(error.or(refusal));
                }
            },
            () = sleep_until(wake.min(until)) => {
                if Instant::now() >= until {
                    return Err(Unreached::Silent.or(refusal));
                }
            }
        }
    }
}
