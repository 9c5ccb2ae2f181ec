//! Sends several statements before it waits for the first answer.

use std::future::{Future, poll_fn};
use std::task::Poll;

use futures_util::future::maybe_done;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row, Statement};

/// Values of one statement, owned, so that they can move into a task of their own.
pub type Params = Vec<Box<dyn ToSql + Sync + Send>>;

/// What a statement answered.
#[derive(Debug)]
pub struct Answer {
    /// Its rows.
    pub rows: Vec<Row>,
    /// How many rows it wrote or returned.
    pub affected: u64,
}

/// Runs one prepared statement.
pub async fn run(
    client: &tokio_postgres::Client,
    statement: &Statement,
    params: &Params,
) -> Result<Answer, Error> {
    use futures_util::TryStreamExt;

    let params = params.iter().map(|value| &**value as &(dyn ToSql + Sync));
    let mut stream = std::pin::pin!(client.query_raw(statement, params).await?);
    let mut rows = Vec::new();
    while let Some(row) = stream.try_next().await? {
        rows.push(row);
    }
    let affected = stream.rows_affected().unwrap_or_default();
    Ok(Answer { rows, affected })
}

/// Starts every future once, in order, and only then waits for their ends, in order.
///
/// A statement goes out when its future is first polled, so that all of them travel together; the
/// server answers in the order in which it was asked.
pub async fn all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = (futures.into_iter())
        .map(|future| Box::pin(maybe_done(future)))
        .collect();
    poll_fn(|context| {
        for future in &mut futures {
            let _started = future.as_mut().poll(context);
        }
        Poll::Ready(())
    })
    .await;
    let mut outputs = Vec::with_capacity(futures.len());
    for mut future in futures {
        future.as_mut().await;
        let output = future.as_mut().take_output();
        outputs.push(output.expect("a future that was awaited has its output"));
    }
    outputs
}

/// Boxes the values of a statement.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        vec![$(Box::new($value) as Box<dyn tokio_postgres::types::ToSql + Sync + Send>),*]
    };
}
pub(crate) use params;

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[tokio::test]
    async fn all_are_started_before_any_is_waited_for() {
        let steps = RefCell::new(Vec::new());
        let steps = &steps;
        let futures = (0..3).map(|n| async move {
            steps.borrow_mut().push(n);
            tokio::task::yield_now().await;
            steps.borrow_mut().push(n + 10);
            n
        });
        assert_eq!(all(futures).await, [0, 1, 2]);
        assert_eq!(steps.borrow()[..3], [0, 1, 2]);
    }
}
