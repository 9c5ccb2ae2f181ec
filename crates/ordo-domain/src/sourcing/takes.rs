//! What carriers do not take: conditions of rate tables, asked for each location with the lines that it has
//! on offer, since what it cannot ship takes no part in its shipments.

use std::sync::Arc;

use crate::rate::RateTable;
use crate::rules::facts::{LineFacts, Subject};
use crate::sourcing::guide::line_facts;
use crate::sourcing::question::{Question, Source};

/// The rate tables that an order may be priced by.
pub(super) struct Tables<'w>(pub Vec<&'w Arc<RateTable>>);

/// Which of the tables carry what a location would ship.
pub(super) enum Open {
    /// All of them.
    All,
    /// Those at these places.
    Some(Vec<bool>),
}

impl Open {
    /// Whether the table at a place does.
    pub fn has(&self, place: usize) -> bool {
        match self {
            Self::All => true,
            Self::Some(open) => open.get(place).copied().unwrap_or(false),
        }
    }
}

impl Question<'_> {
    /// Which tables carry what `source` has on offer. Where none carries all of it, the lines that none
    /// carries even alone are not on offer there.
    pub(super) fn open(&self, tables: &Tables, source: &mut Source) -> Open {
        let all = || tables.0.iter();
        if all().all(|table| table.takes.is_none()) {
            return Open::All;
        }
        let facts = line_facts(self.wanted);
        let offered = |available: &[i64]| -> Vec<LineFacts> {
            let lines = facts.iter().zip(available);
            let offered = lines.filter(|(_, units)| **units > 0);
            offered.map(|(line, _)| *line).collect()
        };
        let takes = |lines: &[LineFacts]| -> Vec<bool> {
            let subject = Subject::of(self.about, lines, self.now);
            let goes = |table: &&Arc<RateTable>| {
                let origins = &table.origins;
                (origins.is_empty() || origins.contains(&source.location.id))
                    && table.zone(self.to, source.distance_m).is_some()
            };
            all()
                .map(|table| {
                    let takes = table.takes.as_ref();
                    goes(table) && takes.is_none_or(|takes| takes.holds(&subject))
                })
                .collect()
        };
        let open = takes(&offered(&source.available));
        if open.contains(&true) {
            return Open::Some(open);
        }
        let alone: Vec<bool> = facts
            .iter()
            .map(|line| takes(&[*line]).contains(&true))
            .collect();
        for (units, is_taken) in source.available.iter_mut().zip(alone) {
            if !is_taken {
                *units = 0;
            }
        }
        let left = offered(&source.available);
        Open::Some(match left.is_empty() {
            true => vec![false; tables.0.len()],
            false => takes(&left),
        })
    }
}
