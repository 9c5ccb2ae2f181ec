//! How the demo company ships: price lists of three invented carriers, what work costs at each
//! location, when it stops, and what sourcing weighs beside that.

use ordo_domain::Command;
use ordo_domain::edit::Edit;
use ordo_domain::money::{Currency, Minor};
use ordo_domain::network::{CutOff, Handling, LocationChange, UpdateLocation, WeekHours};
use ordo_domain::rate::{CreateRateTable, RateTableDraft, Surcharge, Zone};
use ordo_domain::reference::Reference;
use ordo_domain::rules::expr::Condition;
use ordo_domain::sourcing::{Penalties, PriceSettings, UpdateSourcingSettings};

/// A price list: code, carrier, service, the locations it serves, the heaviest grams of each step, and
/// zones of the meters up to which they reach, days of transit, and cents per step.
type List = (
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
    &'static [i64],
    &'static [(Option<i64>, u16, &'static [i64])],
);

const LISTS: [List; 5] = [
    (
        "fjordpost-parcel",
        "fjordpost",
        "parcel",
        &["BER-1", "LYS-1", "3PL-POZ"],
        &[1_000, 2_000, 5_000, 10_000, 20_000, 31_500],
        &[
            (Some(300_000), 1, &[389, 429, 519, 689, 999, 1_499]),
            (Some(800_000), 2, &[489, 559, 699, 929, 1_399, 2_099]),
            (Some(1_600_000), 3, &[690, 790, 990, 1_390, 2_090, 2_990]),
            (None, 5, &[1_190, 1_390, 1_790, 2_490, 3_690, 5_290]),
        ],
    ),
    (
        "fjordpost-express",
        "fjordpost",
        "express",
        &["BER-1", "LYS-1", "3PL-POZ"],
        &[1_000, 2_000, 5_000, 10_000, 20_000, 31_500],
        &[
            (
                Some(1_600_000),
                1,
                &[1_290, 1_490, 1_990, 2_790, 4_290, 5_990],
            ),
            (None, 2, &[1_990, 2_290, 2_990, 4_190, 6_490, 8_990]),
        ],
    ),
    (
        "kurir-town",
        "kurir",
        "town",
        &["S-MUC", "S-PAR", "S-WIE", "S-AMS"],
        &[5_000, 15_000],
        &[(Some(40_000), 0, &[340, 590])],
    ),
    (
        "kurir-parcel",
        "kurir",
        "parcel",
        &["S-MUC", "S-PAR", "S-WIE", "S-AMS"],
        &[1_000, 2_000, 5_000, 10_000, 20_000],
        &[
            (Some(300_000), 1, &[399, 449, 599, 849, 1_390]),
            (Some(800_000), 2, &[749, 849, 1_049, 1_490, 2_390]),
            (Some(1_600_000), 4, &[1_090, 1_290, 1_690, 2_390, 3_790]),
            (None, 6, &[1_790, 2_090, 2_790, 3_990, 6_190]),
        ],
    ),
    (
        "atlantica-parcel",
        "atlantica",
        "parcel",
        &["SUP-OPO"],
        &[2_000, 5_000, 10_000, 30_000],
        &[
            (Some(800_000), 2, &[590, 790, 1_090, 2_090]),
            (Some(1_600_000), 4, &[890, 1_190, 1_690, 3_290]),
            (None, 6, &[1_290, 1_690, 2_490, 4_790]),
        ],
    ),
];

/// What flies: no gas.
const NO_GAS: &str = "!lines.exists(l, 'gas' in l.tags)";

/// Cents per shipment and per unit, the minute after midnight at which work of the day stops
/// starting, and of a million works how many are declined, where nothing is known of it yet.
const WORK: [(&str, i64, i64, u16, Option<i64>); 8] = [
    ("BER-1", 95, 12, 17 * 60, None),
    ("LYS-1", 105, 14, 16 * 60, None),
    ("S-MUC", 100, 20, 14 * 60, Some(40_000)),
    ("S-PAR", 110, 20, 14 * 60, Some(40_000)),
    ("S-WIE", 90, 20, 14 * 60, Some(40_000)),
    ("S-AMS", 110, 20, 14 * 60, Some(40_000)),
    ("3PL-POZ", 160, 25, 15 * 60, None),
    ("SUP-OPO", 340, 0, 12 * 60, Some(90_000)),
];

/// Euros.
fn euro() -> Currency {
    // Three capital letters, as every currency is.
    "EUR".parse().unwrap_or(Currency::XXX)
}

fn cents(amount: i64) -> Minor {
    Minor::new(amount).unwrap_or(Minor::ZERO)
}

/// The price lists.
pub fn lists() -> impl Iterator<Item = Command> {
    LISTS
        .iter()
        .map(|(code, carrier, service, origins, steps_g, zones)| {
            let names = ["near", "middle", "far", "everywhere"];
            let named = names.iter().skip(names.len() - zones.len());
            let zones = named
                .zip(*zones)
                .map(|(name, (up_to_m, transit_days, prices))| Zone {
                    name: (*name).to_owned(),
                    areas: Vec::new(),
                    up_to_m: *up_to_m,
                    transit_days: *transit_days,
                    prices: prices.iter().map(|price| Some(cents(*price))).collect(),
                });
            Command::CreateRateTable(CreateRateTable {
                table: Box::new(RateTableDraft {
                    code: (*code).to_owned(),
                    carrier: (*carrier).to_owned(),
                    service: (*service).to_owned(),
                    currency: euro(),
                    origins: origins.iter().map(|code| (*code).to_owned()).collect(),
                    zones: zones.collect(),
                    steps_g: steps_g.to_vec(),
                    mm3_per_g: Some(5_000),
                    surcharges: vec![Surcharge {
                        name: "fuel".to_owned(),
                        flat: Minor::ZERO,
                        ppm: 62_500,
                        per_parcel: false,
                        over_g: None,
                    }],
                    takes: (*service == "express").then(|| Condition::read(NO_GAS)),
                    valid_from: None,
                    valid_until: None,
                }),
            })
        })
}

/// What work costs, and when it is done.
pub fn work(reference: &Reference) -> Vec<Command> {
    let changes = WORK
        .iter()
        .filter_map(|(code, per_order, per_unit, minute, declines)| {
            let location = reference.location_by_code(code)?.id;
            let day = Some((7 * 60, 20 * 60));
            Some(Command::UpdateLocation(UpdateLocation {
                location,
                expected: None,
                change: LocationChange {
                    // Nobody works on Sundays.
                    hours: Edit::Set(WeekHours([day, day, day, day, day, day, None])),
                    cut_offs: Some(vec![CutOff {
                        service: None,
                        minute: *minute,
                    }]),
                    handling: Edit::Set(Handling {
                        currency: euro(),
                        per_order: cents(*per_order),
                        per_unit: cents(*per_unit),
                    }),
                    decline_ppm: declines.map_or(Edit::Keep, Edit::Set),
                    ..LocationChange::default()
                },
            }))
        });
    changes.collect()
}

/// What counts beside prices: lateness, splits, declined lines, and stock that runs short.
pub fn settings() -> Command {
    Command::UpdateSourcingSettings(UpdateSourcingSettings {
        penalties: Some(vec![Penalties {
            currency: euro(),
            split: cents(60),
            late_per_day: cents(250),
            unfilled_unit: None,
            declined_line: cents(600),
        }]),
        prices: Edit::Set(PriceSettings { horizon_days: 3 }),
        ..UpdateSourcingSettings::default()
    })
}
