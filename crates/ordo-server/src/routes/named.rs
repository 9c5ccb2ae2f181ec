//! How bodies name units of order lines, causes and amounts: the same for every step of an order.

use ordo_domain::check::{Check, MoneyInput};
use ordo_domain::event::{Cause, Fault};
use ordo_domain::fulfillment::ReportedUnits;
use ordo_domain::money::Money;
use ordo_domain::order::{LINES_MAX, LineRef};
use ordo_domain::quantity::Quantity;
use ordo_domain::shipment::Units;
use ordo_domain::stock::Condition;
use serde::Deserialize;
use utoipa::ToSchema;

/// Units of one order line.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineUnitsInput {
    /// The order line: its id, or its SKU's code where only one line has it.
    #[schema(max_length = 128)]
    line: Option<String>,
    /// The same by the SKU's code alone.
    #[schema(max_length = 128)]
    sku: Option<String>,
    /// How many.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    quantity: i64,
    /// Which of them, where they are told apart.
    #[serde(default)]
    units: Vec<ToldUnitsInput>,
}

/// Units told apart by lot or serial number.
#[derive(Deserialize, ToSchema)]
#[schema(as = ToldUnitsInput)]
#[serde(deny_unknown_fields)]
pub struct ToldUnitsInput {
    /// Their lot.
    #[schema(max_length = 64)]
    lot: Option<String>,
    /// Their condition, where units of the lot are in several; `new` where absent.
    condition: Option<Condition>,
    /// Its serial number, for a single unit.
    #[schema(max_length = 64)]
    serial: Option<String>,
    /// How many; one where absent.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    quantity: Option<i64>,
}

/// Reads units of lines, which stand at `field`.
pub fn line_units(check: &mut Check, field: &str, lines: &[LineUnitsInput]) -> Vec<ReportedUnits> {
    if lines.len() > LINES_MAX {
        check.refuse(field, format!("must hold at most {LINES_MAX} lines"));
    }
    (lines.iter().take(LINES_MAX).enumerate())
        .map(|(index, input)| {
            let place = format!("{field}/{index}");
            let quantity = check.quantity(&format!("{place}/quantity"), input.quantity);
            ReportedUnits {
                line: line_ref(check, &place, input.line.as_deref(), input.sku.as_deref()),
                quantity,
                units: told_units(check, &place, &input.units, quantity),
            }
        })
        .collect()
}

/// Reads which line is meant, by `line` or `sku`.
pub fn line_ref(check: &mut Check, place: &str, line: Option<&str>, sku: Option<&str>) -> LineRef {
    match (line, sku) {
        (Some(text), None) => match text.parse() {
            Ok(id) => LineRef::Id(id),
            Err(_) => LineRef::Code(check.code(&format!("{place}/line"), text)),
        },
        (None, Some(code)) => LineRef::Code(check.code(&format!("{place}/sku"), code)),
        (None, None) | (Some(_), Some(_)) => {
            check.refuse(
                format!("{place}/line"),
                "is required, unless `sku` stands instead of it",
            );
            LineRef::Code(String::new())
        }
    }
}

/// Reads which of `quantity` units are meant.
pub fn told_units(
    check: &mut Check,
    place: &str,
    units: &[ToldUnitsInput],
    quantity: Quantity,
) -> Vec<Units> {
    let mut told = Vec::with_capacity(units.len().min(LINES_MAX));
    for (index, input) in units.iter().take(LINES_MAX).enumerate() {
        let place = format!("{place}/units/{index}");
        let read = Units {
            lot: check.optional_text(&format!("{place}/lot"), input.lot.as_ref(), 64),
            condition: input.condition.unwrap_or_default(),
            serial: check.optional_text(&format!("{place}/serial"), input.serial.as_ref(), 64),
            quantity: check.quantity(&format!("{place}/quantity"), input.quantity.unwrap_or(1)),
        };
        if read.serial.is_some() && read.quantity.get() > 1 {
            check.refuse(
                format!("{place}/quantity"),
                "a serial number is of one unit",
            );
        }
        told.push(read);
    }
    let sum: Quantity = told.iter().map(|units| units.quantity).sum();
    if units.len() > LINES_MAX || sum > quantity {
        check.refuse(format!("{place}/units"), "are more than `quantity` says");
    }
    told
}

/// Reads why something is taken back.
pub fn cause(
    check: &mut Check,
    place: &str,
    reason_code: Option<&String>,
    fault: Option<Fault>,
    usual: Fault,
) -> Cause {
    let reason = check.optional_text(&format!("{place}/reason_code"), reason_code, 64);
    Cause {
        reason_code: reason.unwrap_or_else(|| "unspecified".to_owned()),
        fault: fault.unwrap_or(usual),
        initiator: None,
    }
}

/// Reads an amount that may be absent.
pub fn amount(check: &mut Check, field: &str, input: Option<&MoneyInput>) -> Option<Money> {
    let input = input?;
    let amount = check.money(field, input, None, false);
    let currency = check.currency(&format!("{field}/currency"), &input.currency)?;
    Some(Money { amount, currency })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Vec<ReportedUnits>, Vec<String>> {
        let lines: Vec<LineUnitsInput> = serde_json::from_str(body).unwrap();
        let mut check = Check::default();
        let read = line_units(&mut check, "/lines", &lines);
        let refused = |rejection: ordo_domain::Rejection| {
            (rejection.fields.into_iter().map(|field| field.field)).collect()
        };
        check.finish(read).map_err(refused)
    }

    #[test]
    fn a_line_is_named_by_id_or_by_code() {
        let id = "lin_00000000000000000000000001";
        for (named, expected) in [
            (
                format!(r#""line":"{id}""#),
                LineRef::Id(id.parse().unwrap()),
            ),
            (r#""line":"A""#.to_owned(), LineRef::Code("A".to_owned())),
            (r#""sku":" A ""#.to_owned(), LineRef::Code("A".to_owned())),
        ] {
            let read = read(&format!("[{{{named},\"quantity\":2}}]")).unwrap();
            assert_eq!(read[0].line, expected);
            assert_eq!(read[0].quantity.get(), 2);
        }
    }

    #[test]
    fn every_refused_field_is_named() {
        for (body, fields) in [
            (r#"[{"quantity":1}]"#, vec!["/lines/0/line"]),
            (
                r#"[{"line":"A","quantity":1},{"line":"A","sku":"A","quantity":0}]"#,
                vec!["/lines/1/quantity", "/lines/1/line"],
            ),
            (
                r#"[{"line":"A","quantity":1,"units":[{"serial":"1","quantity":2}]}]"#,
                vec!["/lines/0/units/0/quantity", "/lines/0/units"],
            ),
        ] {
            assert_eq!(read(body).unwrap_err(), fields, "{body}");
        }
    }
}
