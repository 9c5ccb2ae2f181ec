//! Makes the solver's instance of each order: zones from coordinates, services with what arriving
//! late costs, the expected cost of being declined, and stock.

use std::collections::BTreeMap;

use ordo_sourcing::{Candidate, Instance, Key, Line, Penalties, Rate, Service, WeightStep};

use crate::document::{Document, Location, Order};
use crate::number::Money;

const EARTH_MILES: f64 = 3_958.8;

/// The locations of a document with their prices, ready to make instances.
#[derive(Debug)]
pub struct Network<'d> {
    document: &'d Document,
    /// Prices by service and zone: service after service, each with all zones.
    rates: Vec<Rate>,
}

/// Why a document does not fit together.
#[derive(Debug, thiserror::Error)]
pub enum MisfitError {
    /// A service lacks a zone or a bracket, or has one too many.
    #[error("service {0} does not have a transit time and a price for every zone and bracket")]
    Service(String),
    /// An order mentions a number that cannot be.
    #[error("order {0} has a coordinate, a quantity or a weight that cannot be")]
    Order(String),
    /// A location mentions a number that cannot be.
    #[error("location {0} has a coordinate or a number of days that cannot be")]
    Location(String),
}

impl<'d> Network<'d> {
    /// Makes the price tables.
    ///
    /// # Errors
    /// The tables have holes, or a number is out of all bounds.
    pub fn new(document: &'d Document) -> Result<Network<'d>, MisfitError> {
        let zones = document.zone_miles.len() + 1;
        let mut rates = Vec::with_capacity(zones * document.services.len());
        for service in &document.services {
            let brackets = &service.brackets_g;
            let fits = service.transit_days.len() == zones
                && service.price_c.len() == zones
                && service.transit_days.iter().all(|days| is_days(*days))
                && !brackets.is_empty();
            let full = service
                .price_c
                .iter()
                .all(|row| row.len() == brackets.len());
            if !fits || !full {
                return Err(MisfitError::Service(service.id.clone()));
            }
            for row in &service.price_c {
                let steps = brackets.iter().zip(row);
                let steps =
                    steps.map(|(&up_to_g, &Money(cost_uc))| WeightStep { up_to_g, cost_uc });
                rates.push(Rate {
                    steps: steps.collect(),
                });
            }
        }
        for location in &document.locations {
            if !is_place(location.lat, location.lon) || !is_days(location.ready_days) {
                return Err(MisfitError::Location(location.id.clone()));
            }
        }
        for order in document.orders.iter().chain(&document.history) {
            let mut lines = order.lines.iter();
            let sound = lines.all(|line| line.qty > 0 && line.unit_g >= 0);
            if !sound || !is_place(order.lat, order.lon) || !is_days(order.promise_days) {
                return Err(MisfitError::Order(order.id.clone()));
            }
        }
        Ok(Network { document, rates })
    }

    /// The document that this was made of.
    pub fn document(&self) -> &'d Document {
        self.document
    }

    /// The key under which a location stands in instances.
    pub fn key(location: usize) -> Key {
        Key(location as u128)
    }

    /// The location with this key.
    pub fn location(&self, key: Key) -> &'d Location {
        // Safety of the cast: only keys that `key` made are asked for.
        &self.document.locations[key.0 as usize]
    }

    /// An order against all of the document's stock. Capacity plays no part in it.
    ///
    /// Lines of the same SKU share its stock: the earlier line is served from it first.
    pub fn instance(&self, order: &Order) -> Instance {
        let document = self.document;
        let locations = document.locations.iter().enumerate();
        let candidates = locations.filter_map(|(index, location)| {
            let available = available(order, document.stock.get(&location.id)?);
            let services = self.services(order, location);
            let ships = !services.is_empty() && available.iter().any(|&units| units > 0);
            let declined_uc = document.penalties.reject_c_per_line.0;
            ships.then(|| Candidate {
                key: Network::key(index),
                available,
                handling_order_uc: location.handling_order_c.0,
                handling_unit_uc: location.handling_unit_c.0,
                handling_line_uc: share_of(declined_uc, location.reject_prob.0),
                services,
                ..Candidate::default()
            })
        });
        Instance {
            lines: order
                .lines
                .iter()
                .map(|line| Line {
                    quantity: line.qty,
                    unit_weight_g: line.unit_g,
                    ..Line::default()
                })
                .collect(),
            candidates: candidates.collect(),
            rates: self.rates.clone(),
            penalties: Penalties {
                split_uc: document.penalties.split_c.0,
                unfilled_unit_uc: document.penalties.unfilled_c_per_unit.0,
            },
            whole_lines: !order.allow_line_split,
            max_shipments: order.max_shipments,
            ..Instance::default()
        }
    }

    /// What may carry a shipment from here to the buyer, with what its lateness costs.
    fn services(&self, order: &Order, location: &Location) -> Vec<Service> {
        let zone = self.zone(order, location);
        let zones = self.document.zone_miles.len() + 1;
        let mut services = Vec::with_capacity(self.document.services.len());
        for (index, service) in self.document.services.iter().enumerate() {
            let days = location.ready_days + service.transit_days[zone];
            let late_days = (days - order.promise_days).max(0);
            if late_days > 0 && order.promise_hard {
                continue;
            }
            services.push(Service {
                // Safety of the cast: 2^32 tables do not fit into memory.
                rate: (index * zones + zone) as u32,
                extra_uc: late_days.saturating_mul(self.document.penalties.late_c_per_day.0),
            });
        }
        services
    }

    #[allow(clippy::float_arithmetic)] // Geography, which becomes a zone at once.
    fn zone(&self, order: &Order, location: &Location) -> usize {
        let (from, to) = (location.lat.to_radians(), order.lat.to_radians());
        let north = ((to - from) / 2.0).sin();
        let east = ((order.lon - location.lon).to_radians() / 2.0).sin();
        let chord = north * north + from.cos() * to.cos() * east * east;
        let miles = 2.0 * EARTH_MILES * chord.sqrt().min(1.0).asin();
        let exceeded = self.document.zone_miles.iter().filter(|&&end| miles > end);
        exceeded.count()
    }
}

/// Units on offer for each line.
fn available(order: &Order, stock: &BTreeMap<String, i64>) -> Vec<i64> {
    let mut available = Vec::with_capacity(order.lines.len());
    for (index, line) in order.lines.iter().enumerate() {
        let earlier = order.lines[..index]
            .iter()
            .filter(|one| one.sku == line.sku);
        let taken = earlier.fold(0, |sum: i64, one| sum.saturating_add(one.qty));
        let units = stock.get(&line.sku).copied().unwrap_or(0);
        available.push(units.saturating_sub(taken).max(0));
    }
    available
}

/// A share in millionths of an amount in micro-cents, rounded to the nearest.
fn share_of(amount_uc: i64, share: i64) -> i64 {
    let millionths = i128::from(amount_uc) * i128::from(share);
    // Safety of the cast: a share is at most one, so the result is at most the amount.
    ((millionths + 500_000) / 1_000_000) as i64
}

fn is_place(lat: f64, lon: f64) -> bool {
    lat.abs() <= 90.0 && lon.abs() <= 360.0
}

/// Whether days can be added up and paid for without fear.
fn is_days(days: i64) -> bool {
    (-100_000..=100_000).contains(&days)
}
