//! What a solved order costs, taken apart without solving anything again.
//!
//! Invariant: the parts add up to the money of the solution.

use ordo_sourcing::Shipment;

use crate::id::LocationId;
use crate::money::Currency;
use crate::rate::MICRO;
use crate::reference::Reference;
use crate::sourcing::Solved;
use crate::sourcing::carriage::cheapest;

/// Micro-cents of a plan or a part of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Bill {
    /// What carriers ask.
    pub carriage_uc: i64,
    /// Work at the locations.
    pub handling_uc: i64,
    /// What locations' declining is expected to cost.
    pub decline_uc: i64,
    /// What lateness is counted as.
    pub late_uc: i64,
    /// What customs are expected to ask.
    pub duty_uc: i64,
    /// What shipments after the first are counted as.
    pub split_uc: i64,
    /// What units that nobody ships are counted as.
    pub unfilled_uc: i64,
    /// Money terms of the rules, and whatever else weighed in.
    pub other_uc: i64,
}

impl Bill {
    /// All of it.
    pub fn total_uc(&self) -> i64 {
        self.carriage_uc
            + self.handling_uc
            + self.decline_uc
            + self.late_uc
            + self.duty_uc
            + self.split_uc
            + self.unfilled_uc
            + self.other_uc
    }
}

impl Solved {
    /// The bill of the whole plan, by what locations ask for their work.
    pub fn bill(&self, reference: &Reference, currency: Currency) -> Bill {
        let instance = &self.decision.instance;
        let solution = &self.decision.solution;
        let mut bill = Bill::default();
        // Without rates money played no part, whatever could have been asked for.
        if !instance.rates.is_empty() {
            for shipment in &solution.plan.shipments {
                self.add(shipment, reference, currency, &mut bill);
            }
        }
        let splits = solution.plan.shipments.len().saturating_sub(1) as i64;
        bill.split_uc = splits * instance.penalties.split_uc;
        let unfilled: i64 = solution.plan.unfilled.iter().map(|(_, units)| units).sum();
        bill.unfilled_uc = unfilled * instance.penalties.unfilled_unit_uc;
        bill.other_uc = solution.cost.money_uc - bill.total_uc();
        bill
    }

    fn add(&self, shipment: &Shipment, reference: &Reference, currency: Currency, bill: &mut Bill) {
        let candidate = &self.decision.instance.candidates[shipment.location];
        let way = &self.ways[shipment.location];
        let units: i64 = shipment.lines.iter().map(|(_, units)| units).sum();
        let location = reference.location(LocationId::from_u128(candidate.key.0));
        let handling = location.and_then(|location| location.handling);
        if let Some(handling) = handling.filter(|cost| cost.currency == currency) {
            let per_unit = handling.per_unit.get() * units;
            bill.handling_uc += (handling.per_order.get() + per_unit) * MICRO;
        }
        bill.decline_uc += match &way.plain {
            Some(plain) => plain.decline_uc(shipment),
            None => candidate.handling_line_uc * shipment.lines.len() as i64,
        };
        for (line, units) in &shipment.lines {
            bill.duty_uc += way.duty_uc.get(*line).copied().unwrap_or(0) * units;
        }
        let loads = self.loads(shipment);
        if let Some(offer) = cheapest(&way.offers, &loads) {
            bill.carriage_uc += offer.price_uc(&loads).unwrap_or(0);
            bill.late_uc += match &way.plain {
                Some(plain) => plain.late_uc(offer.late_days),
                None => offer.late_uc,
            };
        }
    }
}
