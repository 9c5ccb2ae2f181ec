//! What lets tasks run and wait: tokio in a server, a scheduler with a seed in a simulation.
//!
//! Queues, batches, timers, jobs, the view and deliveries go through this port and never ask tokio for
//! a task or a pause themselves, so that a simulator runs the very same loops.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{BoxFuture, Either, select};
use ordo_store::StoreError;
use tokio::sync::oneshot;

use crate::engine::Shared;

/// Lets tasks run and wait.
pub trait Runtime: Send + Sync {
    /// Lets a task run beside all others.
    fn spawn(&self, task: BoxFuture<'static, ()>);

    /// Does long arithmetic where it keeps no task waiting.
    fn compute(&self, work: Box<dyn FnOnce() + Send>);

    /// Ends after this long.
    fn sleep(&self, pause: Duration) -> BoxFuture<'static, ()>;
}

/// The tokio runtime within which it is called.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tokio;

impl Runtime for Tokio {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        tokio::spawn(task);
    }

    fn compute(&self, work: Box<dyn FnOnce() + Send>) {
        tokio::task::spawn_blocking(work);
    }

    fn sleep(&self, pause: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(pause))
    }
}

impl Shared {
    /// What `work` comes to, done where it keeps no task waiting.
    ///
    /// # Errors
    /// It panicked, or the process is ending.
    pub(crate) async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let (done, found) = oneshot::channel();
        self.runtime.compute(Box::new(move || {
            // Whoever asked may have gone.
            let _ = done.send(work());
        }));
        let broke_off = |_| StoreError::Unavailable("long arithmetic broke off".to_owned());
        found.await.map_err(broke_off)
    }

    /// Waits this long, or until the engine is to stop; answers whether to go on.
    pub(crate) async fn pause(&self, pause: Duration) -> bool {
        let stopped = pin!(self.stopped());
        let pause = self.runtime.sleep(pause);
        matches!(select(stopped, pause).await, Either::Right(_))
    }
}
