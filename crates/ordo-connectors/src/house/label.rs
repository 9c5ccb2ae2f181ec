//! A label in ZPL II, as Zebra printers and those that follow them take it: 4 by 6 inches at 203 dots
//! per inch, with the parcel's number as a Code 128 barcode that any scanner reads.
//!
//! The commands and their limits are those of Zebra's ZPL II programming guide: `^BC` draws Code 128,
//! `^BY` sets the width of its narrowest bar, `^FH` lets bytes stand in hexadecimal, `^CI28` says
//! that texts are UTF-8.

use std::fmt::Write as _;

use ordo_domain::contact::Contact;

/// Dots of a label's width and height.
const SIZE: (u32, u32) = (812, 1_218);
/// Dots of the narrowest bar, the widest first that leaves room: at 203 dots per inch 3 are 0.375 mm,
/// 2 are 0.25 mm, the least that shipping labels should have (GS1 General Specifications).
const BARS: [u32; 2] = [3, 2];
/// Modules that must stay white on each side of the barcode (ISO/IEC 15417).
const QUIET: u32 = 10;
/// Dots on the left of everything.
const MARGIN: u32 = 40;
/// Characters that fit a line of an address.
const LINE_MAX: usize = 34;

/// What stands on a label.
#[derive(Debug, Clone, Copy)]
pub struct LabelContent<'a> {
    /// Who sends it: the location's name or code, and its city.
    pub from: &'a str,
    /// Who gets it; none once that person was erased.
    pub to: Option<&'a Contact>,
    /// The order's number.
    pub order_number: &'a str,
    /// The parcel's number, in the barcode: letters, digits and dashes.
    pub tracking_number: &'a str,
    /// Which parcel of how many.
    pub parcel: (usize, usize),
    /// Gross weight in grams, where it was weighed.
    pub weight_g: Option<i64>,
    /// The product.
    pub service: &'a str,
}

/// The label as ZPL.
#[must_use]
pub fn zpl(content: &LabelContent<'_>) -> String {
    let mut label = Label::new();
    label.text(40, 28, &format!("FROM {}", content.from));
    label.rule(90);
    let mut y = 120;
    for (line, height) in address(content.to) {
        label.text(y, height, &line);
        y += height + 14;
    }
    label.rule(520);
    label.text(545, 34, content.service);
    let (number, count) = content.parcel;
    label.text_at(560, 545, 34, &format!("PARCEL {number}/{count}"));
    let weight = content.weight_g.map(kilograms).unwrap_or_default();
    label.text(600, 28, &format!("ORDER {}", content.order_number));
    label.text_at(560, 600, 28, &weight);
    label.rule(660);
    label.barcode(720, content.tracking_number);
    label.text(1_010, 40, content.tracking_number);
    label.end()
}

/// The lines of an address with the heights of their letters.
fn address(to: Option<&Contact>) -> Vec<(String, u32)> {
    let Some(to) = to else {
        return vec![("(recipient erased)".to_owned(), 36)];
    };
    let mut lines = Vec::new();
    let mut add = |text: &Option<String>, height| {
        if let Some(text) = text.as_ref().filter(|text| !text.trim().is_empty()) {
            lines.push((text.clone(), height));
        }
    };
    add(&to.name, 44);
    add(&to.company, 36);
    add(&to.line1, 36);
    add(&to.line2, 36);
    let place = [&to.postal_code, &to.city, &to.region];
    let place: Vec<&str> = place.into_iter().flatten().map(String::as_str).collect();
    add(&Some(place.join(" ")), 44);
    add(&to.country, 44);
    lines
}

fn kilograms(grams: i64) -> String {
    format!("{}.{:03} KG", grams / 1_000, grams % 1_000)
}

/// ZPL in the making.
struct Label(String);

impl Label {
    fn new() -> Self {
        let (width, height) = SIZE;
        Self(format!("^XA^CI28^PW{width}^LL{height}^LH0,0\n"))
    }

    fn text(&mut self, y: u32, height: u32, text: &str) {
        self.text_at(MARGIN, y, height, text);
    }

    fn text_at(&mut self, x: u32, y: u32, height: u32, text: &str) {
        let text: String = text.chars().take(LINE_MAX).collect();
        let field = field(&text);
        // Writing to a text cannot fail.
        let _ = writeln!(self.0, "^FO{x},{y}^A0N,{height},{height}^FH_^FD{field}^FS");
    }

    fn rule(&mut self, y: u32) {
        let width = SIZE.0 - 2 * MARGIN;
        let _ = writeln!(self.0, "^FO{MARGIN},{y}^GB{width},3,3^FS");
    }

    /// Code 128 in the middle of the label; the printer chooses the subsets (mode A).
    fn barcode(&mut self, y: u32, text: &str) {
        let bar = bar_of(text);
        let x = SIZE.0.saturating_sub(modules_of(text) * bar) / 2;
        let field = field(text);
        let _ = writeln!(
            self.0,
            "^FO{x},{y}^BY{bar}^BCN,260,N,N,N,A^FH_^FD{field}^FS"
        );
    }

    fn end(mut self) -> String {
        self.0.push_str("^XZ\n");
        self.0
    }
}

/// A text as field data: what ZPL would take for a command stands in hexadecimal.
fn field(text: &str) -> String {
    let mut field = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '^' | '~' | '_' | '\\' => {
                let _ = write!(field, "_{:02X}", u32::from(c));
            }
            c if c.is_control() => field.push(' '),
            c => field.push(c),
        }
    }
    field
}

/// The widest that the barcode can be, in modules: start, check and stop signs around one sign for
/// each character, 11 modules each and 2 more at the end (ISO/IEC 15417). Pairs of digits make it
/// shorter.
fn modules_of(text: &str) -> u32 {
    let signs = u32::try_from(text.len()).map_or(u32::MAX, |length| length.saturating_add(3));
    signs.saturating_mul(11).saturating_add(2)
}

/// Dots of the narrowest bar with which the barcode and its quiet zones fit the label.
fn bar_of(text: &str) -> u32 {
    let modules = modules_of(text).saturating_add(2 * QUIET);
    let fits = |bar: &u32| modules.saturating_mul(*bar) <= SIZE.0;
    BARS.into_iter().find(fits).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact(name: &str) -> Contact {
        Contact {
            name: Some(name.to_owned()),
            line1: Some("Ahornallee 1".to_owned()),
            postal_code: Some("10115".to_owned()),
            city: Some("Berlin".to_owned()),
            country: Some("DE".to_owned()),
            ..Contact::default()
        }
    }

    fn content<'a>(to: Option<&'a Contact>) -> LabelContent<'a> {
        LabelContent {
            from: "Berlin warehouse",
            to,
            order_number: "1001",
            tracking_number: "ORDO-1234567890128",
            parcel: (1, 2),
            weight_g: Some(1_250),
            service: "standard",
        }
    }

    #[test]
    fn everything_that_a_driver_needs_stands_on_it() {
        let zpl = zpl(&content(Some(&contact("Anna Müller"))));
        for text in [
            "Anna Müller",
            "Ahornallee 1",
            "10115 Berlin",
            "PARCEL 1/2",
            "1.250 KG",
            "ORDER 1001",
        ] {
            assert!(zpl.contains(text), "{text}\n{zpl}");
        }
        assert!(zpl.contains("^BCN,260,N,N,N,A^FH_^FDORDO-1234567890128^FS"));
        assert!(zpl.starts_with("^XA") && zpl.ends_with("^XZ\n"));
    }

    #[test]
    fn a_name_cannot_command_the_printer() {
        let zpl = zpl(&content(Some(&contact("^XZ~JR_41\u{1}"))));
        assert!(zpl.contains("^FD_5EXZ_7EJR_5F41 ^FS"), "{zpl}");
        assert_eq!(zpl.matches("^XZ").count(), 1);
    }

    #[test]
    fn the_barcode_fits_with_its_quiet_zones() {
        for (number, bar) in [("ORDO-1234567890128", 3), ("01KB3Z8Q5M7XG2T4V6W8Y0A1C3", 2)] {
            assert_eq!(bar_of(number), bar, "{number}");
            assert!((modules_of(number) + 2 * QUIET) * bar <= SIZE.0, "{number}");
        }
    }

    #[test]
    fn an_erased_person_leaves_an_empty_address() {
        let zpl = zpl(&content(None));
        assert!(zpl.contains("(recipient erased)"));
    }
}
