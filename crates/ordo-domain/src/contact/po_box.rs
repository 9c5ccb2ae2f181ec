//! Whether an address reads as a post office box, in the words of the countries that have them. Some
//! carriers do not go there.

/// Words that say so wherever they stand.
const ANYWHERE: &[&[&str]] = &[
    &["po", "box"],
    &["p", "o", "box"],
    &["post", "office", "box"],
    &["pobox"],
    &["postbox"],
    &["postfach"],
    &["postbus"],
    &["postboks"],
    &["postilokero"],
    &["boite", "postale"],
    &["boîte", "postale"],
    &["case", "postale"],
    &["casella", "postale"],
    &["caixa", "postal"],
    &["apartado", "postal"],
    &["apartado", "de", "correos"],
    &["skrytka", "pocztowa"],
];
/// Words that say so at the beginning, with a number behind them.
const NUMBERED: &[&str] = &["bp", "pob", "box", "apartado", "apdo"];

/// Whether a line of an address reads as a post office box.
pub fn reads_as_po_box(line: &str) -> bool {
    let lower = line.to_lowercase();
    let words = lower.split(|letter: char| !letter.is_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let says_so = |phrase: &[&str]| words.windows(phrase.len()).any(|found| found == phrase);
    let is_numbered = match words.as_slice() {
        [first, second, ..] => {
            NUMBERED.contains(first) && second.starts_with(|letter: char| letter.is_ascii_digit())
        }
        [_] | [] => false,
    };
    is_numbered || ANYWHERE.iter().any(|phrase| says_so(phrase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_known_by_their_words() {
        for line in [
            "PO Box 12",
            "P.O. Box 1234",
            "p. o. box 9",
            "Care of P.O.Box 7",
            "Postfach 10 01 02",
            "Postbus 55",
            "BP 40105",
            "Boîte Postale 3",
            "Box 512",
            "Apartado 77",
            "Casella Postale 5",
            "Post Office Box 1",
        ] {
            assert!(reads_as_po_box(line), "{line}");
        }
        for line in [
            "",
            "Turmstraße 1",
            "Boxhagener Str. 12",
            "Box Hill Road 3",
            "12 Box Lane",
            "BP Tankstelle",
            "Postbusweg 3",
            "Am Postfachhaus 1",
            "Apartado de la Sierra 4",
        ] {
            assert!(!reads_as_po_box(line), "{line}");
        }
    }
}
