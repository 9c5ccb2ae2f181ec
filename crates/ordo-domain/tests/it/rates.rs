//! Sourcing by cost: rate tables, handling, cut-offs, promises and capacity decide together.
//!
//! Every desk stands on Sunday, 1 November 2026, 11:00 in Berlin; its locations work every day.

use std::sync::Arc;

use ordo_domain::catalog::{Dimensions, SkuChange, UpdateSku};
use ordo_domain::edit::Edit;
use ordo_domain::money::{Currency, Minor};
use ordo_domain::network::{CutOff, Handling, LocationChange, Place, UpdateLocation};
use ordo_domain::quantity::Quantity;
use ordo_domain::rate::{
    CreateRateTable, RateTable, RateTableChange, RateTableDraft, Surcharge, UpdateRateTable, Zone,
};
use ordo_domain::rules::expr::Condition;
use ordo_domain::sourcing::{
    Duty, Penalties, PriceSettings, Prices, PromiseKind, PromiseQuestion, RenewPrices, StockPrices,
    UpdateSourcingSettings, promise, read_decision,
};
use ordo_domain::{Command, Refusal};

use crate::desk::Desk;

fn euro() -> Currency {
    "EUR".parse().unwrap()
}

fn minor(text: &str) -> Minor {
    Minor::new(text.parse().unwrap()).unwrap()
}

/// `500:490 1000:-`: steps in grams and prices in cents, `-` for none.
fn cells(words: &[&str]) -> (Vec<i64>, Vec<Option<Minor>>) {
    (words.iter())
        .map(|cell| {
            let (step, price) = cell.split_once(':').unwrap();
            let price = (price != "-").then(|| minor(price));
            (step.parse::<i64>().unwrap(), price)
        })
        .unzip()
}

impl Desk {
    /// Plays one step about what sourcing weighs.
    pub fn weigh(&mut self, words: &[&str]) -> Vec<String> {
        match words {
            // rates [in CURRENCY] SERVICE [from LOCATION] days N CELLS
            ["rates", "in", currency, service, "days", days, cells @ ..] => {
                self.rates(currency, service, &[], days, cells)
            }
            ["rates", service, "from", origin, "days", days, cells @ ..] => {
                self.rates("EUR", service, &[origin], days, cells)
            }
            ["rates", service, "days", days, cells @ ..] => {
                self.rates("EUR", service, &[], days, cells)
            }
            ["reprice", code, words @ ..] => {
                let (steps_g, prices) = cells(words);
                let change = RateTableChange {
                    steps_g: Some(steps_g),
                    prices: Some(vec![("all".to_owned(), prices)]),
                    ..RateTableChange::default()
                };
                self.change_table(code, change)
            }
            // weight SKU GRAMS [alone]
            ["weight", sku, grams, rest @ ..] => self.short(Command::UpdateSku(UpdateSku {
                sku: self.sku(sku),
                expected: None,
                change: SkuChange {
                    weight_g: Some(grams.parse().unwrap()),
                    ships_alone: Some(*rest == ["alone"]),
                    ..SkuChange::default()
                },
            })),
            // surcharge TABLE FLAT PPM [each|over GRAMS]
            ["surcharge", code, flat, ppm, rest @ ..] => {
                let table = self.table(code);
                let surcharge = Surcharge {
                    name: "extra".to_owned(),
                    flat: minor(flat),
                    ppm: ppm.parse().unwrap(),
                    per_parcel: *rest == ["each"],
                    over_g: match rest {
                        ["over", grams] => Some(grams.parse().unwrap()),
                        _ => None,
                    },
                };
                let surcharges = table.surcharges.iter().cloned().chain([surcharge]);
                let change = RateTableChange {
                    surcharges: Some(surcharges.collect()),
                    ..RateTableChange::default()
                };
                self.change_table(code, change)
            }
            // size SKU LENGTH WIDTH HEIGHT
            ["size", sku, edges @ ..] => {
                let edge = |at: usize| edges[at].parse().unwrap();
                let size = Dimensions {
                    length_mm: edge(0),
                    width_mm: edge(1),
                    height_mm: edge(2),
                };
                self.short(Command::UpdateSku(UpdateSku {
                    sku: self.sku(sku),
                    expected: None,
                    change: SkuChange {
                        dimensions: Edit::Set(size),
                        ..SkuChange::default()
                    },
                }))
            }
            // table CODE takes CONDITION
            ["table", code, "takes", words @ ..] => {
                let change = RateTableChange {
                    takes: Edit::Set(Condition::read(&words.join(" "))),
                    ..RateTableChange::default()
                };
                self.change_table(code, change)
            }
            ["tag", sku, tags @ ..] => self.short(Command::UpdateSku(UpdateSku {
                sku: self.sku(sku),
                expected: None,
                change: SkuChange {
                    tags: Some(tags.iter().map(|tag| (*tag).to_owned()).collect()),
                    ..SkuChange::default()
                },
            })),
            // table CODE divisor N | from DAY | until DAY
            ["table", code, what, value] => {
                let mut change = RateTableChange::default();
                match *what {
                    "divisor" => change.mm3_per_g = Edit::Set(value.parse().unwrap()),
                    "from" => change.valid_from = Edit::Set(value.parse().unwrap()),
                    "until" => change.valid_until = Edit::Set(value.parse().unwrap()),
                    other => panic!("no such part of a table: {other}"),
                }
                self.change_table(code, change)
            }
            ["handling", location, per_order, per_unit] => {
                let handling = Handling {
                    currency: euro(),
                    per_order: minor(per_order),
                    per_unit: minor(per_unit),
                };
                self.change_location(
                    location,
                    LocationChange {
                        handling: Edit::Set(handling),
                        ..LocationChange::default()
                    },
                )
            }
            ["cut-off", location, service, minute] => {
                let cut_off = CutOff {
                    service: (*service != "all").then(|| (*service).to_owned()),
                    minute: minute.parse().unwrap(),
                };
                self.change_location(
                    location,
                    LocationChange {
                        cut_offs: Some(vec![cut_off]),
                        ..LocationChange::default()
                    },
                )
            }
            ["sourcing", "hard"] => self.settings(UpdateSourcingSettings {
                promise: Some(PromiseKind::Hard),
                ..nothing()
            }),
            ["sourcing", "weight", grams] => self.settings(UpdateSourcingSettings {
                default_weight_g: Some(grams.parse().unwrap()),
                ..nothing()
            }),
            ["sourcing", "duty", area, ppm] => self.settings(UpdateSourcingSettings {
                duties: Some(vec![Duty {
                    area: (*area).to_owned(),
                    ppm: ppm.parse().unwrap(),
                }]),
                ..nothing()
            }),
            ["sourcing", "prices", days] => self.settings(UpdateSourcingSettings {
                prices: Edit::Set(PriceSettings {
                    horizon_days: days.parse().unwrap(),
                }),
                ..nothing()
            }),
            // prices SKU@LOCATION MINOR WANTED …
            ["prices", words @ ..] => self.renew(words),
            ["sourcing", "split", split, "unfilled", unfilled] => {
                let penalties = Penalties {
                    split: minor(split),
                    unfilled_unit: (*unfilled != "-").then(|| minor(unfilled)),
                    ..Penalties::default_of(euro())
                };
                self.settings(UpdateSourcingSettings {
                    penalties: Some(vec![penalties]),
                    ..nothing()
                })
            }
            ["carriage?", work] => {
                let id = self.work(work);
                let work = self.world.fulfillment_order(id).unwrap().unwrap();
                let day = work.work_day.map_or("-".to_owned(), |day| day.to_string());
                let Some(carriage) = &work.carriage else {
                    return vec![format!("day {day} none")];
                };
                let parcels = carriage.parcels.iter().map(|parcel| {
                    let units = (parcel.units.iter()).map(|unit| {
                        format!(
                            "{}x{}",
                            self.world.sku(unit.sku).unwrap().unwrap().code,
                            unit.quantity
                        )
                    });
                    let units: Vec<String> = units.collect();
                    let (grams, price) = (parcel.weight_g, parcel.price.get());
                    format!(" [{grams} g {price} {}]", units.join(" "))
                });
                let parcels: String = parcels.collect();
                vec![format!(
                    "day {day} {} {} for {} g leaves {} arrives {} late {}{parcels}",
                    carriage.service,
                    carriage.price.get(),
                    carriage.weight_g,
                    carriage.leaves_on,
                    carriage.arrives_on,
                    carriage.late_days,
                )]
            }
            ["promise?", units @ ..] => self.promise(units),
            other => panic!("no such step: {other:?}"),
        }
    }

    fn rates(
        &mut self,
        currency: &str,
        service: &str,
        origins: &[&str],
        days: &str,
        words: &[&str],
    ) -> Vec<String> {
        let (steps_g, prices) = cells(words);
        let zone = Zone {
            name: "all".to_owned(),
            areas: Vec::new(),
            up_to_m: None,
            transit_days: days.parse().unwrap(),
            prices,
        };
        let table = RateTableDraft {
            code: [&[service], origins].concat().join("-"),
            carrier: "house".to_owned(),
            service: service.to_owned(),
            currency: currency.parse().unwrap(),
            origins: origins.iter().map(|code| (*code).to_owned()).collect(),
            zones: vec![zone],
            steps_g,
            mm3_per_g: None,
            surcharges: Vec::new(),
            takes: None,
            valid_from: None,
            valid_until: None,
        };
        self.short(Command::CreateRateTable(CreateRateTable {
            table: Box::new(table),
        }))
    }

    fn table(&self, code: &str) -> Arc<RateTable> {
        let mut tables = self.reference.rate_tables();
        let found = tables.find(|table| table.code == code);
        found.map(Arc::clone).unwrap()
    }

    fn change_table(&mut self, code: &str, change: RateTableChange) -> Vec<String> {
        self.short(Command::UpdateRateTable(UpdateRateTable {
            rate_table: self.table(code).id,
            expected: None,
            change: Box::new(change),
        }))
    }

    fn renew(&mut self, words: &[&str]) -> Vec<String> {
        let mut locations: Vec<_> = (self.reference.locations())
            .map(|location| location.id)
            .collect();
        locations.sort_unstable();
        let mut stock: Vec<StockPrices> = (words.chunks(3))
            .map(|words| {
                let (sku, location) = words[0].split_once('@').unwrap();
                let location = self.reference.location_by_code(location).unwrap().id;
                let place = locations.binary_search(&location).unwrap() as u32;
                let number = |at: usize| words[at].parse::<i64>().unwrap();
                let sku = self.sku(sku);
                let cells = self.world.cells_of(sku).unwrap().iter();
                StockPrices {
                    sku,
                    there: cells.map(|row| row.now.available().get().max(0)).sum(),
                    at: vec![(place, number(1), number(2)).into()],
                }
            })
            .collect();
        stock.sort_by_key(|one| one.sku);
        let after = self.reference.prices().map_or(0, |book| book.version);
        self.short(Command::RenewPrices(Box::new(RenewPrices {
            after,
            prices: Prices {
                made_at: self.now,
                currency: Some(euro()),
                horizon_days: 3,
                orders_seen: 10,
                orders_expected: 20,
                locations,
                stock,
                shipments: Vec::new(),
                declines: Vec::new(),
            },
        })))
    }

    fn change_location(&mut self, code: &str, change: LocationChange) -> Vec<String> {
        let location = self.reference.location_by_code(code).unwrap().id;
        self.short(Command::UpdateLocation(UpdateLocation {
            location,
            expected: None,
            change,
        }))
    }

    fn settings(&mut self, update: UpdateSourcingSettings) -> Vec<String> {
        self.short(Command::UpdateSourcingSettings(update))
    }

    fn promise(&mut self, units: &[&str]) -> Vec<String> {
        let basket = units.iter().map(|unit| {
            let (sku, count) = unit.split_once('x').unwrap();
            (sku.to_owned(), Quantity::stored(count.parse().unwrap()))
        });
        let question = PromiseQuestion {
            tier: None,
            service: None,
            is_business: false,
            is_po_box: false,
            tags: Vec::new(),
            channel: None,
            basket: basket.collect(),
            unit_prices: Vec::new(),
            to: Place {
                country: "DE".to_owned(),
                postal: Some("101".to_owned()),
                ..Place::default()
            },
            currency: None,
        };
        let found = match promise(&self.world, self.now, &question) {
            Ok(found) => found,
            Err(Refusal::Rejected(rejection)) => return vec![rejection.code.slug().to_owned()],
            Err(Refusal::Needs(keys)) => panic!("a complete world misses {keys:?}"),
        };
        (found.options.iter())
            .map(|option| {
                let service = (option.service.as_ref()).map_or("-", |(_, service)| service);
                let cost =
                    (option.cost).map_or("-".to_owned(), |cost| cost.amount.get().to_string());
                let arrives = (option.arrives_on).map_or("-".to_owned(), |day| day.to_string());
                let from: Vec<&str> = (option.shipments.iter())
                    .map(|shipment| shipment.location.as_str())
                    .collect();
                format!("{service} {cost} {arrives} {}", from.join("+"))
            })
            .collect()
    }
}

fn nothing() -> UpdateSourcingSettings {
    UpdateSourcingSettings::default()
}

fn check(script: &str) {
    Desk::new().play(script);
}

/// Berlin is near the buyer, Munich far; each has enough of both SKUs.
const TWO: &str = "
    location BER DE 10117
    location MUC DE 80331
    sku A
    sku B
    receive A@BER 9
    receive A@MUC 9
    receive B@BER 9
    receive B@MUC 9
";

fn with(script: &str) {
    check(&format!("{TWO}{script}"));
}

#[test]
fn without_rates_the_nearest_wins() {
    with(
        "
        order O1 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        carriage? O1/1 -> day - none
        promise? Ax1 -> - - - BER
        promise? Ax99 -> out_of_stock
        promise? Zx1 -> invalid_input
        ",
    );
}

#[test]
fn rates_may_make_the_farther_one_cheaper() {
    with(
        "
        rates parcel from BER days 1 1000:590
        rates parcel from MUC days 2 1000:490
        order O1 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        carriage? O1/1 -> day - parcel 490 for 100 g leaves 2026-11-01 arrives 2026-11-03 late 0
        promise? Ax1 -> parcel 490 2026-11-03 MUC
        handling MUC 90 20
        order O2 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        reprice parcel-MUC 1000:470
        order O3 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        ",
    );
}

#[test]
fn a_table_that_does_not_go_there_leaves_its_location_out() {
    with(
        "
        rates parcel from MUC days 2 1000:490
        order O1 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        reprice parcel-MUC 1000:-
        order O2 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        ",
    );
}

#[test]
fn the_cheapest_service_is_taken_and_weight_counts() {
    with(
        "
        rates letter days 3 250:300 500:900
        rates parcel days 1 5000:500
        order O1 Ax1
        carriage? O1/1 -> day - letter 300 for 100 g leaves 2026-11-01 arrives 2026-11-04 late 0
        order O2 Ax2 Bx1
        carriage? O2/1 -> day - parcel 500 for 300 g leaves 2026-11-01 arrives 2026-11-02 late 0
        promise? Ax1 -> letter 300 2026-11-04 BER, parcel 500 2026-11-02 BER
        ",
    );
}

#[test]
fn one_shipment_is_cheaper_than_two_unless_weight_says_otherwise() {
    check(
        "
        location BER DE 10117
        location MUC DE 80331
        location HAM DE 20095
        sku A
        sku B
        receive A@BER 9
        receive B@MUC 9
        receive A@HAM 9
        receive B@HAM 9
        rates parcel from BER days 1 1000:300
        rates parcel from MUC days 1 1000:300
        rates parcel from HAM days 1 1000:500
        order O1 Ax1 Bx1 -> order.placed, order.confirmed, fulfillment_order.opened HAM Ax1 Bx1
        reprice parcel-HAM 1000:650
        order O2 Ax1 Bx1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1, fulfillment_order.opened MUC Bx1
        sourcing split 100 unfilled -
        order O3 Ax1 Bx1 -> order.placed, order.confirmed, fulfillment_order.opened HAM Ax1 Bx1
        ",
    );
}

#[test]
fn lateness_costs_and_a_hard_promise_excludes() {
    with(
        "
        rates slow from BER days 4 1000:300
        rates fast from MUC days 1 1000:700
        order O1 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        order O2 by 2026-11-04T12:00:00Z Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        carriage? O2/1 -> day - slow 300 for 100 g leaves 2026-11-01 arrives 2026-11-05 late 1
        order O3 by 2026-11-03T12:00:00Z Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        sourcing hard
        order O4 by 2026-11-04T12:00:00Z Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        order O5 by 2026-11-01T12:00:00Z Ax1 -> order.placed, order.confirmed, hold.placed oversold
        ",
    );
}

#[test]
fn after_the_cut_off_it_leaves_on_the_next_day() {
    with(
        "
        rates parcel from BER days 1 1000:300
        rates parcel from MUC days 1 1000:400
        sourcing hard
        cut-off BER all 660
        order O1 by 2026-11-02T12:00:00Z Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        wait 60
        order O2 by 2026-11-02T12:00:00Z Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        order O3 by 2026-11-03T12:00:00Z Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        carriage? O3/1 -> day - parcel 300 for 100 g leaves 2026-11-02 arrives 2026-11-03 late 0
        cut-off BER parcel 720
        order O4 by 2026-11-02T12:00:00Z Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        ",
    );
}

#[test]
fn a_full_day_pushes_to_the_next_within_the_promise() {
    check(
        "
        location BER DE 10117 capacity 1
        location MUC DE 80331
        sku A
        receive A@BER 9
        receive A@MUC 9
        rates parcel from BER days 1 1000:300
        rates parcel from MUC days 1 1000:400
        order O1 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        carriage? O1/1 -> day 2026-11-01 parcel 300 for 100 g leaves 2026-11-01 arrives 2026-11-02 late 0
        order O2 by 2026-11-03T12:00:00Z Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        carriage? O2/1 -> day 2026-11-02 parcel 300 for 100 g leaves 2026-11-02 arrives 2026-11-03 late 0
        order O3 by 2026-11-03T12:00:00Z Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        cancel O2
        order O4 by 2026-11-03T12:00:00Z Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        ",
    );
}

#[test]
fn without_rates_a_full_day_pushes_too_once_nobody_else_has_room() {
    check(
        "
        location BER DE 10117 capacity 1
        sku A
        receive A@BER 99
        order O1 Ax1
        order O2 Ax1
        order O3 Ax1
        carriage? O1/1 -> day 2026-11-01 none
        carriage? O2/1 -> day 2026-11-02 none
        carriage? O3/1 -> day 2026-11-03 none
        ",
    );
}

#[test]
fn duties_count_between_customs_areas_alone() {
    // The buyer is in Germany; a unit costs 10.00.
    check(
        "
        location ZRH CH 8001
        location VIE AT 1010
        sku A
        receive A@ZRH 9
        receive A@VIE 9
        rates parcel from ZRH days 1 1000:500
        rates parcel from VIE days 1 1000:700
        order O1 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened ZRH Ax1
        sourcing duty EU 150000
        order O2 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened ZRH Ax1
        order O3 Ax2 -> order.placed, order.confirmed, fulfillment_order.opened VIE Ax2
        sourcing duty CH 150000
        order O4 Ax2 -> order.placed, order.confirmed, fulfillment_order.opened ZRH Ax2
        ",
    );
}

#[test]
fn an_unfilled_unit_has_its_price_where_one_is_set() {
    with(
        "
        rates parcel days 1 1000:500
        sourcing split 0 unfilled 400
        order O1 Ax1 -> order.placed, order.confirmed, hold.placed oversold
        sourcing split 0 unfilled 600
        order O2 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        ",
    );
}

/// Goal: a decision by cost keeps its inputs, replays bit for bit and stays small. Method: ten
/// locations with their own prices for two services; an order of one unit, and one of three lines.
#[test]
fn a_decision_by_cost_replays_and_stays_small() {
    let mut desk = Desk::new();
    for sku in ["A", "B", "C"] {
        desk.play(&format!("sku {sku}"));
    }
    for index in 0..10 {
        let at = format!("L{index}");
        let (letter, parcel) = (310 + index * 7, 520 + index * 3);
        desk.play(&format!(
            "location {at} DE {}0115
             receive A@{at} 9
             receive B@{at} {index}
             receive C@{at} 9
             rates letter from {at} days 3 150:{letter} 500:{parcel} 1000:990
             rates parcel from {at} days 1 1000:{parcel} 5000:1290",
            index % 9 + 1
        ));
    }
    desk.play("order O1 Ax1");
    desk.play("order O2 Ax1 Bx2 Cx1");
    let decisions = desk.world.into_changes().decisions;
    let [one, three] = decisions.as_slice() else {
        panic!("each order was sourced: {decisions:?}");
    };
    for (made, most) in [(one, 768), (three, 1_024)] {
        let decision = read_decision(&made.body, &desk.reference).unwrap();
        assert_eq!(decision.replay(), Ok(decision.solution.clone()));
        assert!(decision.solution.proven);
        assert!(decision.time_zones.is_some());
        assert_eq!(decision.instance.candidates.len(), 10);
        assert!(made.body.len() <= most, "{} bytes", made.body.len());
    }
}

#[test]
fn prices_steer_while_they_are_fresh_and_stock_is_scarce() {
    with(
        "
        rates parcel from BER days 1 1000:500
        rates parcel from MUC days 1 1000:450
        prices A@MUC 60 9
        order O1 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        sourcing prices 3
        order O2 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        carriage? O2/1 -> day - parcel 500 for 100 g leaves 2026-11-01 arrives 2026-11-02 late 0
        promise? Ax1 -> parcel 500 2026-11-02 BER
        receive A@MUC 2
        order O3 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        order O4 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        wait 7200
        order O5 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        wait 1
        order O6 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        prices -> price_book.renewed
        order O7 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        prices -> nothing
        ",
    );
}

/// A truck that comes in at a third location makes the last units elsewhere nothing special.
#[test]
fn a_price_ends_when_stock_has_doubled_anywhere() {
    with(
        "
        location HAM DE 20095
        rates parcel from BER days 1 1000:500
        rates parcel from MUC days 1 1000:450
        rates parcel from HAM days 1 1000:990
        sourcing prices 3
        prices A@MUC 60 9
        order O1 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        receive A@HAM 18
        order O2 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        receive A@HAM 2
        order O3 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        prices A@MUC 60 9
        order O4 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        ",
    );
}

#[test]
fn no_price_leaves_a_unit_unshipped() {
    check(
        "
        location MUC DE 80331
        sku A
        receive A@MUC 9
        rates parcel days 1 1000:500
        sourcing split 0 unfilled 600
        sourcing prices 3
        prices A@MUC 9900 9
        order O1 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        ",
    );
}

#[test]
fn a_decision_says_what_steered_it() {
    let mut desk = Desk::new();
    desk.play(TWO);
    desk.play(
        "
        rates parcel from BER days 1 1000:500
        rates parcel from MUC days 1 1000:450
        sourcing prices 3
        prices A@MUC 30 9
        order O1 Ax2 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax2
        order O2 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        ",
    );
    let decisions = desk.world.into_changes().decisions;
    let paid = decisions.iter().map(|made| {
        let decision = read_decision(&made.body, &desk.reference).unwrap();
        assert_eq!(decision.replay(), Ok(decision.solution.clone()));
        assert_eq!(
            decision.steering.as_ref().map(|steering| steering.book),
            Some(1)
        );
        (decision.paid_uc(), decision.solution.cost.money_uc)
    });
    let cents = |cents: i64| cents * 1_000_000;
    let expected = [(cents(500), cents(500)), (cents(450), cents(480))];
    assert_eq!(paid.collect::<Vec<_>>(), expected);
}
