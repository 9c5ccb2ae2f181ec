//! Notices that nobody will answer any more: a server that is frozen, a network that swallows everything,
//! a primary that waits for standbys which follow another one by now.
//!
//! The kernel of a frozen machine goes on acknowledging, so that no limit of the transport's helps; and a
//! slow answer is not a lost one, so that no limit on time alone does. Where a connection has been in use
//! for some seconds, another one is made, and asked whether the first is still being worked for. If not,
//! the first is cut off here, without a word to the server: whoever waits learns that the answer is
//! unknown, and a COMMIT is never canceled.

use std::sync::Weak;
use std::time::Duration;

use tokio::time::timeout;

use crate::connection::{Backend, Connection};
use crate::failure::Unreached;
use crate::pool::{Pool, Use};
use crate::target::Target;

/// Between two looks.
const TICK: Duration = Duration::from_millis(500);
/// A connection that is in use for so long is asked after.
const SILENCE: Duration = Duration::from_secs(3);
/// How long a server may take to say whom it works for.
const ASK_MAX: Duration = Duration::from_secs(2);

/// Looks after a pool until it is gone.
pub async fn run(pool: Weak<Pool>) {
    loop {
        tokio::time::sleep(TICK).await;
        let Some(pool) = pool.upgrade() else {
            return;
        };
        let silent = pool.used_for(SILENCE);
        if silent.is_empty() {
            continue;
        }
        let target = pool.target().clone();
        // While the pool is being closed there is nobody to wait for an answer.
        drop(pool);
        for one in idle_for(&target, silent).await {
            tracing::warn!(
                process = one.backend.process,
                "a connection to the database is cut off: nobody works for it any more"
            );
            one.cut.abort();
        }
    }
}

/// Those of the connections that nobody works for.
async fn idle_for(target: &Target, silent: Vec<Use>) -> Vec<Use> {
    let fresh = match Connection::open_confirmed(target, "").await {
        Ok(fresh) => fresh,
        // A server that has no room, or no time yet, says nothing of those it works for.
        Err(Unreached::Refused(error)) if error.code().is_some() => return Vec::new(),
        // No server keeps what it is given, so none of them will answer in time.
        Err(Unreached::Refused(_) | Unreached::Silent | Unreached::Unconfirmed) => return silent,
    };
    let mut idle = Vec::new();
    for one in silent {
        match timeout(ASK_MAX, is_worked_for(&fresh, &one.backend)).await {
            Ok(Ok(true)) => {}
            Ok(Ok(false) | Err(_)) | Err(_) => idle.push(one),
        }
    }
    idle
}

/// Whether a process is of the same server and has something to do, or had a moment ago.
async fn is_worked_for(
    fresh: &Connection,
    backend: &Backend,
) -> Result<bool, tokio_postgres::Error> {
    if fresh.backend().server_start != backend.server_start {
        return Ok(false);
    }
    let sql = "SELECT FROM pg_stat_activity WHERE pid = $1
               AND (state = 'active' OR clock_timestamp() - state_change < interval '2 seconds')";
    let found = fresh.client().query_opt(sql, &[&backend.process]).await?;
    Ok(found.is_some())
}
