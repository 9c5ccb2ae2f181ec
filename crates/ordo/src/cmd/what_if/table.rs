//! A what-if's report as a table for people.

use ordo_domain::money::{Currency, Minor};
use serde_json::Value;

/// Width of the column of names, and of every other.
const NAMES: usize = 26;
const COLUMN: usize = 22;

/// The report: one column for the baseline, one for every other setup with its difference.
pub fn of(report: &Value) -> String {
    let mut out = String::new();
    let number = |value: &Value| value.as_i64().unwrap_or(0);
    out.push_str(&format!("{} orders", number(&report["orders"])));
    if let (Some(first), Some(last)) = (
        report["first_placed_at"].as_str(),
        report["last_placed_at"].as_str(),
    ) {
        out.push_str(&format!(", placed {} to {}", day(first), day(last)));
    }
    let left_out = &report["left_out"];
    for (name, why) in [
        ("nothing_to_ship", "have nothing to ship"),
        ("unknown", "have an unknown destination or weight"),
        ("not_shipped", "are not known to have shipped"),
    ] {
        if number(&left_out[name]) > 0 {
            out.push_str(&format!("; {} {why}", number(&left_out[name])));
        }
    }
    out.push_str("\n\n");
    let mut runs: Vec<&Value> = vec![&report["baseline"]];
    runs.extend(report.get("one_warehouse").filter(|one| !one.is_null()));
    let variants: Vec<&Value> = report["variants"]
        .as_array()
        .into_iter()
        .flatten()
        .collect();
    runs.extend(variants.iter().map(|variant| &variant["run"]));
    row(&mut out, "", runs.iter().map(|run| text(&run["name"])));
    for line in LINES {
        let cells = runs.iter().map(|run| (line.cell)(run, runs[0]));
        let cells: Vec<String> = cells.collect();
        if cells.iter().any(|cell| !cell.is_empty()) {
            row(&mut out, line.name, cells.into_iter());
        }
    }
    loads(&mut out, &runs);
    for variant in variants {
        out.push('\n');
        let findings = variant["findings"].as_array().into_iter().flatten();
        for finding in findings {
            out.push_str(&format!("! {}\n", text(finding)));
        }
        let name = text(&variant["run"]["name"]);
        let changed = number(&variant["changed_orders"]);
        out.push_str(&format!("“{name}” ships {changed} orders otherwise.\n"));
        for (kind, words) in [("savings", "gains most"), ("losses", "loses most")] {
            if let Some(order) = variant[kind].get(0) {
                out.push_str(&told(order, words));
            }
        }
    }
    out
}

/// A line of the table.
struct Line {
    name: &'static str,
    cell: fn(&Value, &Value) -> String,
}

const LINES: &[Line] = &[
    Line {
        name: "cost per order",
        cell: |run, base| costs(run, base, "total_per_order", "total"),
    },
    Line {
        name: "freight per order",
        cell: |run, base| costs(run, base, "freight_per_order", "freight"),
    },
    Line {
        name: "freight",
        cell: |run, _| part(run, "freight"),
    },
    Line {
        name: "handling",
        cell: |run, _| part(run, "handling"),
    },
    Line {
        name: "splits, late, other",
        cell: |run, _| {
            let other = run["costs"].as_array().into_iter().flatten().map(|sum| {
                let parts = ["split", "late", "decline", "duty", "unfilled", "other"];
                let parts = parts.iter().map(|part| sum[*part].as_i64().unwrap_or(0));
                money(parts.sum(), &sum["currency"])
            });
            other.collect::<Vec<String>>().join(" + ")
        },
    },
    Line {
        name: "days to the door",
        cell: |run, base| {
            let days = |run: &Value| run["door_days_milli"].as_i64();
            let Some(here) = days(run) else {
                return String::new();
            };
            let than = days(base).map(|base| here - base).filter(|more| *more != 0);
            let than =
                than.map(|more| format!(" ({}{})", sign(more), hundredths(more.abs(), 1_000)));
            hundredths(here, 1_000) + &than.unwrap_or_default()
        },
    },
    Line {
        name: "on time",
        cell: |run, _| run["on_time_ppm"].as_i64().map(percent).unwrap_or_default(),
    },
    Line {
        name: "orders split",
        cell: |run, _| percent(run["split_ppm"].as_i64().unwrap_or(0)),
    },
    Line {
        name: "shipments per order",
        cell: |run, _| {
            hundredths(
                run["shipments_per_order_milli"].as_i64().unwrap_or(0),
                1_000,
            )
        },
    },
    Line {
        name: "units shipped",
        cell: |run, _| percent(run["fill_ppm"].as_i64().unwrap_or(0)),
    },
    Line {
        name: "units unfilled",
        cell: |run, _| run["unfilled_units"].to_string(),
    },
    Line {
        name: "km per shipment",
        cell: |run, _| {
            let meters = run["distance_m"].as_i64().unwrap_or(0);
            let per = meters.checked_div(run["shipments"].as_i64().unwrap_or(0));
            per.map(|meters| ((meters + 500) / 1_000).to_string())
                .unwrap_or_default()
        },
    },
];

/// Shipments of every location, by setup.
fn loads(out: &mut String, runs: &[&Value]) {
    let all = runs
        .iter()
        .flat_map(|run| run["loads"].as_array().into_iter().flatten());
    let mut codes: Vec<String> = Vec::new();
    for load in all.filter(|load| load["shipments"].as_i64() > Some(0)) {
        let code = text(&load["location"]);
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    out.push_str("\nshipments by location (share; fullest day)\n");
    for code in codes.iter().take(40) {
        let cells = runs.iter().map(|run| {
            let mut loads = run["loads"].as_array().into_iter().flatten();
            let load = loads.find(|load| text(&load["location"]) == *code);
            let Some(load) = load.filter(|load| load["shipments"].as_i64() > Some(0)) else {
                return "-".to_owned();
            };
            let most = load["daily_capacity"].as_i64();
            let most = most.map(|most| format!(" of {most}")).unwrap_or_default();
            let share = percent(load["share_ppm"].as_i64().unwrap_or(0));
            format!(
                "{} ({share}; {}{most})",
                load["shipments"], load["peak_shipments"]
            )
        });
        row(out, code, cells);
    }
}

/// An order that changed, with both reasons.
fn told(order: &Value, words: &str) -> String {
    let saved = money(
        order["saved"]["amount"].as_i64().unwrap_or(0),
        &order["saved"]["currency"],
    );
    let mut out = format!("  {} {words}: {saved}\n", text(&order["external_id"]));
    for (side, name) in [("baseline", "before"), ("variant", "after")] {
        for sentence in order[side]["because"].as_array().into_iter().flatten() {
            out.push_str(&format!("    {name}: {}\n", text(sentence)));
        }
    }
    out
}

fn row(out: &mut String, name: &str, cells: impl Iterator<Item = String>) {
    out.push_str(&format!("{name:NAMES$}"));
    for cell in cells {
        out.push_str(&format!(" {cell:>COLUMN$}"));
    }
    out.truncate(out.trim_end_matches(' ').len());
    out.push('\n');
}

/// An amount per order, and by how much the sums differ from the baseline's.
fn costs(run: &Value, base: &Value, each: &str, all: &str) -> String {
    let sums = run["costs"].as_array().into_iter().flatten().map(|sum| {
        let amount = money(sum[each].as_i64().unwrap_or(0), &sum["currency"]);
        let mut bases = base["costs"].as_array().into_iter().flatten();
        let other = bases.find(|other| other["currency"] == sum["currency"]);
        let other = other
            .and_then(|other| other[all].as_i64())
            .filter(|other| *other > 0);
        let here = sum[all].as_i64().unwrap_or(0);
        let share = other.map(|other| i128::from(here - other) * 1_000_000 / i128::from(other));
        let share = share
            .and_then(|ppm| i64::try_from(ppm).ok())
            .filter(|ppm| *ppm != 0);
        let share = share.map(|ppm| format!(" ({}{})", sign(ppm), percent(ppm.abs())));
        amount + &share.unwrap_or_default()
    });
    sums.collect::<Vec<String>>().join(" + ")
}

fn part(run: &Value, name: &str) -> String {
    let sums = run["costs"].as_array().into_iter().flatten();
    let sums = sums.map(|sum| money(sum[name].as_i64().unwrap_or(0), &sum["currency"]));
    sums.collect::<Vec<String>>().join(" + ")
}

fn money(amount: i64, currency: &Value) -> String {
    let known: Option<Currency> = currency.as_str().and_then(|code| code.parse().ok());
    let minor = Minor::new(amount).unwrap_or_default();
    match known {
        Some(currency) => format!("{} {currency}", currency.to_decimal(minor)),
        None => amount.to_string(),
    }
}

fn percent(ppm: i64) -> String {
    hundredths(ppm, 10_000) + " %"
}

/// A number in parts of `one`, rounded to hundredths.
fn hundredths(number: i64, one: i64) -> String {
    let hundredths = (i128::from(number) * 100 + i128::from(one) / 2).div_euclid(i128::from(one));
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn sign(number: i64) -> &'static str {
    if number < 0 { "-" } else { "+" }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn day(instant: &str) -> &str {
    instant.get(..10).unwrap_or(instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_to_hundredths() {
        for (number, one, text) in [
            (3_081, 1_000, "3.08"),
            (1_235, 1_000, "1.24"),
            (0, 1_000, "0.00"),
            (98_049, 10_000, "9.80"),
        ] {
            assert_eq!(hundredths(number, one), text);
        }
    }
}
