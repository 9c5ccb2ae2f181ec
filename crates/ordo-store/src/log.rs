//! The log: all events of an organization in commit order, with dense positions from 1.

use ordo_domain::event::SubjectRef;
use ordo_domain::id::CommandId;
use ordo_domain::time::Timestamp;
use ordo_domain::{Event, Recorded};

/// An event with what the store gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// Its place: 1, 2, 3 … without gaps.
    pub position: i64,
    /// When it was committed; never smaller than the one before.
    pub recorded_at: Timestamp,
    /// When it took effect.
    pub effective_at: Timestamp,
    /// What caused it.
    pub command: CommandId,
    /// Who asked.
    pub actor: String,
    /// The record it is about.
    pub subject: Option<SubjectRef>,
    /// That record's version after it.
    pub subject_version: u64,
    /// What happened.
    pub event: Event,
}

impl LogEntry {
    /// The entry that a recorded event becomes at `position`.
    #[must_use]
    pub fn of(recorded: &Recorded, position: i64, recorded_at: Timestamp) -> Self {
        Self {
            position,
            recorded_at,
            effective_at: recorded.effective_at,
            command: recorded.command,
            actor: recorded.actor.to_string(),
            subject: recorded.event.subject(),
            subject_version: recorded.subject_version,
            event: recorded.event.clone(),
        }
    }
}

/// The text of an event in the log: its wire name as the only key of an object.
///
/// # Panics
/// Never: events have string keys and no failing serializers.
#[must_use]
pub fn event_text(event: &Event) -> String {
    serde_json::to_string(event).expect("events have string keys and no failing serializers")
}

/// Where an organization's log ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Head {
    /// The position of the last event; 0 where there is none.
    pub position: i64,
    /// The number of the last order.
    pub order_number: i64,
    /// The time of the last event.
    pub last_at: Timestamp,
    /// The version of the reference.
    pub reference_version: i64,
}

/// The number that the first order of an organization gets.
pub const FIRST_ORDER_NUMBER: i64 = 1_001;
