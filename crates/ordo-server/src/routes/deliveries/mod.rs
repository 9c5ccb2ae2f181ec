//! Deliveries: effects on the outside that wait, were parked or are done; and jobs, which are kept
//! alike.

pub mod list;
pub mod read;
pub mod retry;

use ordo_domain::id::{DeliveryId, JobId};
use ordo_store::{Task, TaskState};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::wire::Instant;

/// What is shown of a delivery or a job.
#[derive(Serialize, ToSchema)]
#[schema(as = Task)]
pub struct TaskAnswer {
    /// Its id.
    id: String,
    /// What is to be done, such as `webhook`.
    #[schema(example = "webhook")]
    kind: String,
    /// `waiting`, `parked` or `done`.
    #[schema(example = "parked")]
    state: &'static str,
    /// How often it was tried.
    attempts: i64,
    /// The position of the event that caused it.
    position: i64,
    /// When it was made.
    created_at: Instant,
    /// When it is tried next; while it is being done, until when nobody else does it.
    due_at: Instant,
    /// Why it failed the last time.
    error: Option<String>,
    /// What it is about, by its kind.
    #[schema(value_type = Object)]
    about: Value,
}

impl TaskAnswer {
    fn of(task: Task) -> Self {
        let is_delivery = ordo_engine::deliveries::KINDS.contains(&task.kind.as_str());
        Self {
            id: if is_delivery {
                DeliveryId::from_u128(task.id).to_string()
            } else {
                JobId::from_u128(task.id).to_string()
            },
            state: task.state.name(),
            attempts: task.attempts,
            position: task.position,
            created_at: Instant(task.created_at),
            due_at: Instant(task.due_at),
            error: task.error,
            about: serde_json::from_str(&task.body).unwrap_or_default(),
            kind: task.kind,
        }
    }
}

/// The names of the states, for parameters.
fn states() -> [&'static str; 3] {
    TaskState::ALL.map(TaskState::name)
}
