//! One connection with its prepared statements.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_postgres::error::Severity;
use tokio_postgres::{AsyncMessage, Client, Error, SimpleQueryMessage, Statement};

use crate::failure::Unreached;
use crate::flight::{self, Answer, Params};
use crate::reach::{self, Trust};
use crate::target::{Place, Target};

/// How long a server may take to confirm a write of no consequence.
const CONFIRM_MAX: Duration = Duration::from_secs(4);
/// How long a write of no consequence may take to be taken back.
const CANCEL_MAX: Duration = Duration::from_secs(1);

/// One statement with its values. The text is also the name under which it stays prepared.
pub struct Step {
    /// With `$1`, `$2` … for the values.
    pub sql: &'static str,
    /// The values.
    pub params: Params,
}

/// A connection.
pub struct Connection {
    client: Client,
    statements: HashMap<&'static str, Prepared>,
    opened: Instant,
    warned: Arc<AtomicBool>,
    driver: AbortHandle,
    backend: Backend,
}

/// The process that serves a connection; no two servers have the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backend {
    /// Its id on its machine.
    pub process: i32,
    /// When its server was started.
    pub server_start: String,
}

/// A statement that stays prepared.
struct Prepared {
    statement: Statement,
    uses: u32,
}

impl Prepared {
    /// Whether it is to be planned anew. The server keeps the plan that it made first, and one made
    /// while a table was empty may go through any index that begins with the organization; so plans
    /// are made again after 4 uses, 16, 64, and so on.
    fn is_stale(&self) -> bool {
        self.uses >= 4
            && self.uses.is_power_of_two()
            && self.uses.trailing_zeros().is_multiple_of(2)
    }
}

impl Connection {
    /// Connects to the host that takes writes, and runs `setup` there. Its answers may be of a primary
    /// that has lost its place: enough to look at a database.
    pub async fn open(target: &Target, setup: &'static str) -> Result<Self, Unreached> {
        reach::open(target, setup, Trust::Writes).await
    }

    /// The same, once the host has confirmed a write.
    pub async fn open_confirmed(target: &Target, setup: &'static str) -> Result<Self, Unreached> {
        reach::open(target, setup, Trust::Confirmed).await
    }

    /// Connects to one host.
    pub(crate) async fn begin(
        target: &Target,
        place: &Place,
        setup: &'static str,
        trust: Trust,
    ) -> Result<Self, Unreached> {
        let opened = timeout(target.patience(), target.connect(place)).await;
        let (client, mut connection) = opened.map_err(|_| Unreached::Silent)??;
        let warned = Arc::new(AtomicBool::new(false));
        let heard = Arc::clone(&warned);
        let driver = tokio::spawn(async move {
            while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
                match message {
                    Ok(AsyncMessage::Notice(notice)) => {
                        if notice.parsed_severity() == Some(Severity::Warning) {
                            heard.store(true, Ordering::Release);
                        }
                    }
                    Ok(_) => {}
                    // Whoever waits for an answer is told; nobody else needs to know.
                    Err(_) => break,
                }
            }
        });
        let set_up = timeout(target.patience(), set_up(&client, setup)).await;
        let backend = set_up.map_err(|_| Unreached::Silent)??;
        let this = Self {
            client,
            statements: HashMap::new(),
            opened: Instant::now(),
            warned,
            driver: driver.abort_handle(),
            backend,
        };
        match trust {
            Trust::Writes => {}
            Trust::Confirmed => this.confirm(target).await?,
        }
        Ok(this)
    }

    /// Has the server make a write of no consequence. It is taken back where it stays unconfirmed, so
    /// that no process of the server's goes on waiting for it.
    async fn confirm(&self, target: &Target) -> Result<(), Unreached> {
        match timeout(CONFIRM_MAX, self.client.simple_query(CONFIRM)).await {
            Ok(Ok(_)) if self.take_warning() => Err(Unreached::Unconfirmed),
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if is_not_offered(&error) => Ok(()),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => {
                let cancel = self.client.cancel_token();
                // A server that does not answer has nothing to take back either.
                let _ = timeout(CANCEL_MAX, cancel.cancel_query(target.tls())).await;
                Err(Unreached::Unconfirmed)
            }
        }
    }

    /// The process that serves it.
    pub fn backend(&self) -> &Backend {
        &self.backend
    }

    /// What ends it at once, for whoever waits for an answer over it; the server is not told.
    pub fn cut(&self) -> AbortHandle {
        self.driver.clone()
    }

    /// For statements that are not kept prepared. Nothing looks at whether they stay within an
    /// organization.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// For transactions that are not flights.
    pub fn client_mut(&mut self) -> &mut Client {
        &mut self.client
    }

    /// Whether it is still open.
    pub fn is_open(&self) -> bool {
        !self.client.is_closed()
    }

    /// How long ago it was opened.
    pub fn age(&self) -> Duration {
        self.opened.elapsed()
    }

    /// Whether the server has warned of anything since this was last asked.
    pub fn take_warning(&self) -> bool {
        self.warned.swap(false, Ordering::AcqRel)
    }

    /// Sends all steps before it waits for the first answer. One answer per step, in order.
    ///
    /// # Errors
    /// Where a step could not be prepared; none was run then.
    pub async fn fly(&mut self, steps: &[Step]) -> Result<Vec<Result<Answer, Error>>, Error> {
        self.prepare(steps).await?;
        let this = &*self;
        let runs = steps.iter().map(|step| {
            let statement = &this.statements[step.sql].statement;
            flight::run(&this.client, statement, &step.params)
        });
        Ok(flight::all(runs).await)
    }

    /// [`Connection::fly`] where the first error is all that is of interest.
    ///
    /// # Errors
    /// Of the first step that failed.
    pub async fn query(&mut self, steps: &[Step]) -> Result<Vec<Answer>, Error> {
        self.fly(steps).await?.into_iter().collect()
    }

    async fn prepare(&mut self, steps: &[Step]) -> Result<(), Error> {
        let mut missing: Vec<&'static str> = Vec::new();
        for step in steps {
            let known = self.statements.get_mut(step.sql);
            let is_fresh = known.is_some_and(|known| {
                known.uses = known.uses.saturating_add(1);
                !known.is_stale()
            });
            if !is_fresh && !missing.contains(&step.sql) {
                #[cfg(debug_assertions)]
                assert!(
                    crate::isolation::is_kept(step.sql),
                    "a statement names no organization: {}",
                    step.sql
                );
                missing.push(step.sql);
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let prepared = flight::all(missing.iter().map(|sql| self.client.prepare(sql))).await;
        for (sql, statement) in missing.into_iter().zip(prepared) {
            let statement = statement?;
            let uses = self.statements.get(sql).map_or(0, |known| known.uses);
            self.statements.insert(sql, Prepared { statement, uses });
        }
        Ok(())
    }
}

/// A write that changes nothing and is still waited for. Where nobody is waited for there is none.
const CONFIRM: &str = "
    SELECT CASE WHEN current_setting('synchronous_standby_names') <> ''
           THEN pg_logical_emit_message(true, 'ordo', '')::text END";

/// Whether a server has no such write, or not for this role: then there is nothing to go by.
fn is_not_offered(error: &Error) -> bool {
    let class = error.code().map(|code| &code.code()[..2]);
    matches!(class, Some("0A" | "42"))
}

/// Runs `setup`; answers who serves the connection.
async fn set_up(client: &Client, setup: &str) -> Result<Backend, Error> {
    client.batch_execute(setup).await?;
    let who = "SELECT pg_backend_pid(), pg_postmaster_start_time()";
    let mut backend = Backend {
        process: 0,
        server_start: String::new(),
    };
    for message in client.simple_query(who).await? {
        if let SimpleQueryMessage::Row(row) = message {
            backend = Backend {
                process: row.get(0).and_then(|id| id.parse().ok()).unwrap_or(0),
                server_start: row.get(1).unwrap_or_default().to_owned(),
            };
        }
    }
    Ok(backend)
}
