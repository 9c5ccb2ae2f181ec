//! One connection with its prepared statements.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio_postgres::error::Severity;
use tokio_postgres::{AsyncMessage, Client, Error, Statement};

use crate::flight::{self, Answer, Params};
use crate::target::Target;

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
    /// Connects to the first host that takes writes, and runs `setup` there.
    pub async fn open(target: &Target, setup: &str) -> Result<Self, Error> {
        let (client, mut connection) = target.connect().await?;
        let warned = Arc::new(AtomicBool::new(false));
        let heard = Arc::clone(&warned);
        tokio::spawn(async move {
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
        client.batch_execute(setup).await?;
        Ok(Self {
            client,
            statements: HashMap::new(),
            opened: Instant::now(),
            warned,
        })
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
