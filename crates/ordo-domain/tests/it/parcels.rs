//! Shipments of several parcels in live sourcing: chosen where they are cheaper or have to be, said to
//! whoever packs, and never dearer than any other way of packing.

use std::fmt::Write as _;

use ordo_domain::fulfillment::FulfillmentOrder;
use ordo_domain::sourcing::read_decision;

use crate::desk::Desk;

fn check(script: &str) {
    Desk::new().play(script);
}

const PARCEL: &str = "leaves 2026-11-01 arrives 2026-11-02 late 0";

/// The prices of a real list: from one location two parcels of 20 lb cost 11 dollars less than one of
/// 40 lb.
#[test]
fn two_parcels_of_20_lb_are_cheaper_than_one_of_40_lb() {
    check(&format!(
        "
        location BER DE 10117
        sku A
        weight A 9072
        receive A@BER 9
        rates parcel days 1 4536:1200 9072:1710 13608:2900 18144:4520
        order O1 Ax1
        carriage? O1/1 -> day - parcel 1710 for 9072 g {PARCEL}
        order O2 Ax2
        carriage? O2/1 -> day - parcel 3420 for 18144 g {PARCEL} [9072 g 1710 Ax1] [9072 g 1710 Ax1]
        promise? Ax2 -> parcel 3420 2026-11-02 BER
        reprice parcel 9072:1710 18144:3420
        order O3 Ax2
        carriage? O3/1 -> day - parcel 3420 for 18144 g {PARCEL}
        "
    ));
}

#[test]
fn what_is_above_the_last_step_goes_in_as_many_parcels_as_units_allow() {
    check(&format!(
        "
        location BER DE 10117
        sku A
        sku B
        weight A 700
        weight B 300
        receive A@BER 99
        receive B@BER 99
        rates parcel days 1 1000:500
        order O1 Ax2
        carriage? O1/1 -> day - parcel 1000 for 1400 g {PARCEL} [700 g 500 Ax1] [700 g 500 Ax1]
        order O2 Ax2 Bx2
        carriage? O2/1 -> day - parcel 1000 for 2000 g {PARCEL} [1000 g 500 Ax1 Bx1] [1000 g 500 Ax1 Bx1]
        weight B 2500
        order O3 Bx1
        carriage? O3/1 -> day - parcel 1500 for 2500 g {PARCEL}
        rates freight days 1 5000:2000
        order O4 Bx1
        carriage? O4/1 -> day - freight 2000 for 2500 g {PARCEL}
        "
    ));
}

#[test]
fn what_ships_alone_shares_no_parcel_and_costs_are_told_apart() {
    check(&format!(
        "
        location BER DE 10117
        sku A
        sku B
        weight A 400 alone
        receive A@BER 9
        receive B@BER 9
        rates parcel days 1 1000:500
        surcharge parcel 50 0
        order O1 Ax1
        carriage? O1/1 -> day - parcel 550 for 400 g {PARCEL}
        order O2 Ax1 Bx2
        carriage? O2/1 -> day - parcel 1050 for 600 g {PARCEL} [400 g 525 Ax1] [200 g 525 Bx2]
        surcharge parcel 75 0 each
        surcharge parcel 0 100000
        order O3 Ax1 Bx1
        carriage? O3/1 -> day - parcel 1300 for 500 g {PARCEL} [400 g 650 Ax1] [100 g 650 Bx1]
        promise? Ax1 Bx1 -> parcel 1300 2026-11-02 BER
        "
    ));
}

/// A letter and a parcel service: each shipment goes by one of them as a whole.
#[test]
fn parcels_of_a_shipment_go_by_one_service() {
    check(&format!(
        "
        location BER DE 10117
        sku A
        sku B
        weight A 400
        weight B 900
        receive A@BER 9
        receive B@BER 9
        rates letter days 1 500:150
        rates parcel days 1 2000:490
        order O1 Ax2
        carriage? O1/1 -> day - letter 300 for 800 g {PARCEL} [400 g 150 Ax1] [400 g 150 Ax1]
        order O2 Ax4
        carriage? O2/1 -> day - parcel 490 for 1600 g {PARCEL}
        order O3 Ax1 Bx1
        carriage? O3/1 -> day - parcel 490 for 1300 g {PARCEL}
        "
    ));
}

#[test]
fn a_surcharge_for_heavy_parcels_is_avoided_by_two() {
    check(&format!(
        "
        location BER DE 10117
        sku A
        weight A 6000
        receive A@BER 9
        rates parcel days 1 10000:800 20000:1000
        surcharge parcel 2500 0 over 10000
        order O1 Ax2
        carriage? O1/1 -> day - parcel 1600 for 12000 g {PARCEL} [6000 g 800 Ax1] [6000 g 800 Ax1]
        "
    ));
}

/// Very many units are priced by their weight: nobody would try all ways of packing them.
#[test]
fn very_many_units_are_priced_by_weight() {
    check(&format!(
        "
        location BER DE 10117
        sku A
        weight A 700
        receive A@BER 9999
        rates parcel days 1 1000:500
        order O1 Ax9000
        carriage? O1/1 -> day - parcel 3150000 for 6300000 g {PARCEL}
        "
    ));
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        (self.0 >> 33) % end
    }
}

/// A service as the judge sees it.
struct Tariff {
    steps: Vec<(i64, i64)>,
    once: i64,
    each: i64,
    over: (i64, i64),
}

impl Tariff {
    fn heaviest_g(&self) -> i64 {
        self.steps[self.steps.len() - 1].0
    }

    /// Cents of a parcel.
    fn parcel(&self, weight_g: i64) -> i64 {
        let mut cents = 0;
        let mut left_g = weight_g;
        while left_g > 0 {
            let part_g = left_g.min(self.heaviest_g());
            let step = self
                .steps
                .iter()
                .find(|(up_to_g, _)| part_g <= *up_to_g)
                .unwrap();
            cents += step.1 + self.each;
            if part_g > self.over.0 {
                cents += self.over.1;
            }
            left_g -= part_g;
        }
        cents
    }

    /// Cents of the cheapest way of putting the units into parcels.
    fn shipment(&self, shared: &[i64], alone: &[i64]) -> i64 {
        let alone: i64 = alone.iter().map(|unit_g| self.parcel(*unit_g)).sum();
        self.once + alone + self.packed(shared, &mut Vec::new())
    }

    fn packed(&self, units: &[i64], begun: &mut Vec<(i64, usize)>) -> i64 {
        let Some((unit_g, rest)) = units.split_first() else {
            return begun
                .iter()
                .map(|(weight_g, _)| self.parcel(*weight_g))
                .sum();
        };
        begun.push((*unit_g, 1));
        let mut least = self.packed(rest, begun);
        begun.pop();
        for at in 0..begun.len() {
            let (weight_g, units) = begun[at];
            if weight_g + unit_g <= self.heaviest_g() {
                begun[at] = (weight_g + unit_g, units + 1);
                least = least.min(self.packed(rest, begun));
                begun[at] = (weight_g, units);
            }
        }
        least
    }
}

/// Goal: live sourcing finds the cheapest of all ways to divide an order among two locations, services
/// and parcels, tells its parts to the cent, and replays. Method: small random orders and rate tables,
/// and a judge that tries everything.
#[test]
fn no_other_way_of_packing_is_cheaper() {
    let mut several = 0;
    for seed in 0..250 {
        several += u32::from(one_order(&mut Dice(seed * 7_919 + 1)));
    }
    assert!(
        several > 60,
        "only {several} orders went in several parcels"
    );
}

/// Whether some shipment went in several parcels.
fn one_order(dice: &mut Dice) -> bool {
    let mut desk = Desk::new();
    let mut script = String::from("location BER DE 10117\nlocation MUC DE 80331\n");
    let mut units: Vec<(i64, bool)> = Vec::new();
    let mut order = "order O1".to_owned();
    for sku in ["A", "B", "C"].iter().take(1 + dice.below(3) as usize) {
        let (grams, is_alone) = (100 + dice.below(30) as i64 * 100, dice.below(6) == 0);
        let alone = if is_alone { "alone" } else { "" };
        let count = 1 + dice.below(2);
        units.extend((0..count).map(|_| (grams, is_alone)));
        let _ = write!(
            script,
            "sku {sku}\nweight {sku} {grams} {alone}\nreceive {sku}@BER 9\nreceive {sku}@MUC 9\n"
        );
        let _ = write!(order, " {sku}x{count}");
    }
    let mut tariffs: [Vec<Tariff>; 2] = [Vec::new(), Vec::new()];
    for (location, tariffs) in ["BER", "MUC"].iter().zip(&mut tariffs) {
        for service in ["letter", "parcel"].iter().take(1 + dice.below(2) as usize) {
            let mut up_to_g = 0;
            let steps = (0..1 + dice.below(4)).map(|_| {
                up_to_g += 300 + dice.below(20) as i64 * 100;
                (up_to_g, 100 + dice.below(900) as i64)
            });
            let steps: Vec<(i64, i64)> = steps.collect();
            let tariff = Tariff {
                once: dice.below(3) as i64 * 33,
                each: dice.below(2) as i64 * 41,
                over: (
                    1_000 + dice.below(20) as i64 * 100,
                    dice.below(3) as i64 * 150,
                ),
                steps,
            };
            let cells = tariff
                .steps
                .iter()
                .map(|(grams, price)| format!(" {grams}:{price}"));
            let cells: String = cells.collect();
            let code = format!("{service}-{location}");
            let _ = write!(
                script,
                "rates {service} from {location} days 1{cells}\nsurcharge {code} {} 0\n\
                 surcharge {code} {} 0 each\nsurcharge {code} {} 0 over {}\n",
                tariff.once, tariff.each, tariff.over.1, tariff.over.0
            );
            tariffs.push(tariff);
        }
    }
    desk.prepare(&script);
    desk.perform(&order);

    let heaviest_g = units.iter().map(|(grams, _)| *grams).max().unwrap();
    let least = (0..1_u32 << units.len()).map(|split| {
        let shipments = tariffs.iter().enumerate().map(|(at, tariffs)| {
            let here = units
                .iter()
                .enumerate()
                .filter(|(unit, _)| (split >> unit & 1) as usize == at);
            let (alone, shared): (Vec<_>, Vec<_>) =
                here.map(|(_, unit)| *unit).partition(|unit| unit.1);
            if alone.is_empty() && shared.is_empty() {
                return 0;
            }
            let grams =
                |units: Vec<(i64, bool)>| -> Vec<i64> { units.iter().map(|unit| unit.0).collect() };
            let (shared, alone) = (grams(shared), grams(alone));
            let carries = |tariff: &&Tariff| tariff.heaviest_g() >= heaviest_g;
            let some_carry = tariffs.iter().any(|tariff| carries(&tariff));
            let usable = tariffs
                .iter()
                .filter(|tariff| !some_carry || carries(tariff));
            usable
                .map(|tariff| tariff.shipment(&shared, &alone))
                .min()
                .unwrap()
        });
        shipments.sum::<i64>()
    });
    let least = least.min().unwrap();

    let opened = desk.order("O1").fulfillment_orders.clone();
    let works: Vec<FulfillmentOrder> = (opened.into_iter())
        .map(|id| FulfillmentOrder::clone(desk.world.fulfillment_order(id).unwrap().unwrap()))
        .collect();
    let decisions = desk.world.into_changes().decisions;
    let decision = read_decision(&decisions[0].body, &desk.reference).unwrap();
    assert!(decision.solution.proven, "{script}{order}");
    assert_eq!(decision.paid_uc(), least * 1_000_000, "{script}{order}");
    assert_eq!(decision.replay(), Ok(decision.solution.clone()));
    let told = decision.explain().unwrap();
    for shipment in &told.shipments {
        let parcels: i64 = shipment
            .parcels
            .iter()
            .map(|parcel| parcel.carrier_uc)
            .sum();
        assert!(
            shipment.parcels.is_empty() || parcels == shipment.carrier_uc,
            "{script}{order}"
        );
    }
    let mut paid = 0;
    for work in &works {
        let carriage = work.carriage.as_ref().unwrap();
        paid += carriage.price.get();
        if carriage.parcels.is_empty() {
            continue;
        }
        let prices: i64 = carriage
            .parcels
            .iter()
            .map(|parcel| parcel.price.get())
            .sum();
        assert_eq!(prices, carriage.price.get(), "{script}{order}");
        let packed = carriage.parcels.iter().flat_map(|parcel| &parcel.units);
        let packed: i64 = packed.map(|unit| unit.quantity.get()).sum();
        let wanted: i64 = work.lines.iter().map(|line| line.quantity.get()).sum();
        assert_eq!(packed, wanted);
    }
    assert_eq!(paid, least, "{script}{order}");
    works.iter().any(|work| {
        work.carriage
            .as_ref()
            .is_some_and(|how| !how.parcels.is_empty())
    })
}
