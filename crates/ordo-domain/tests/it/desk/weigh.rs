//! What sourcing weighs, as steps of a script: rate tables, weights and sizes, handling, cut-offs,
//! settings, prices of scarce stock, promises.

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
    UpdateSourcingSettings, promise,
};
use ordo_domain::{Command, Refusal};

use super::Desk;

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
