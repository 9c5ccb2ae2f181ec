//! Postal codes as the table holds them: capital letters and digits, and of some countries only the
//! part that names a district, since no more of it is published.

use crate::fold::Key;

/// A postal code as it is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostalKey {
    /// Its letters and digits.
    pub key: Key,
    /// Whether anything of the code was cut off, so that the key names a district.
    pub cut: bool,
}

/// The key of a postal code of `country`. Empty where nothing of it is a letter or digit.
#[must_use]
pub fn postal_key(country: [u8; 2], code: &str) -> PostalKey {
    let mut key = Key::new();
    // Longer codes do not exist, and what is longer must not fill the key.
    for byte in code.bytes().filter(u8::is_ascii_alphanumeric).take(16) {
        key.push(&[byte.to_ascii_uppercase()]);
    }
    if let Some(number) = without_country(country, key.as_bytes()) {
        let mut rest = Key::new();
        rest.push(number);
        key = rest;
    }
    let len = key.as_bytes().len();
    let kept = match &country {
        b"GB" | b"GG" | b"JE" | b"IM" => outward(key.as_bytes()),
        b"CA" | b"IE" | b"SG" => 3,
        b"NL" | b"PT" => 4,
        b"BR" | b"US" | b"PR" | b"VI" | b"GU" | b"AS" | b"MP" => 5,
        _ => len,
    };
    key.truncate(kept);
    // The four further digits of a ZIP code name a side of a street of the same place.
    let same_place = matches!(&country, b"US" | b"PR" | b"VI" | b"GU" | b"AS" | b"MP");
    PostalKey {
        key,
        cut: kept < len && !same_place,
    }
}

/// What follows the country that some write before the number: `LV-1010`, `D-10115`.
fn without_country(country: [u8; 2], code: &[u8]) -> Option<&[u8]> {
    let first_is_digit = |rest: &&[u8]| rest.first().is_some_and(u8::is_ascii_digit);
    let all_are_digits = |rest: &&[u8]| rest.len() >= 4 && rest.iter().all(u8::is_ascii_digit);
    // A British code may begin with any two letters.
    let whole = (code.strip_prefix(&country[..])).filter(|_| country != *b"GB");
    (whole.filter(first_is_digit))
        .or_else(|| code.strip_prefix(&country[..1]).filter(all_are_digits))
}

/// How much of a British code is the outward part: all but a digit and two letters at the end.
fn outward(code: &[u8]) -> usize {
    match code {
        [.., digit, first, second]
            if code.len() >= 5
                && digit.is_ascii_digit()
                && first.is_ascii_alphabetic()
                && second.is_ascii_alphabetic() =>
        {
            code.len() - 3
        }
        _ => code.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_become_the_keys_of_their_country() {
        for (country, code, key, cut) in [
            ("DE", "10115", "10115", false),
            ("DE", " 10 115 ", "10115", false),
            ("DE", "D-10115", "10115", false),
            ("GB", "e1 6an", "E1", true),
            ("GB", "E16 2QU", "E16", true),
            ("GB", "E16", "E16", false),
            ("GB", "SW1A1AA", "SW1A", true),
            ("GB", "GB1 1AA", "GB1", true),
            ("CA", "k1a 0b1", "K1A", true),
            ("NL", "1012 JS", "1012", true),
            ("NL", "1012", "1012", false),
            ("PT", "1000-205", "1000", true),
            ("BR", "01310-100", "01310", true),
            ("US", "10001-1234", "10001", false),
            ("LV", "LV-1010", "1010", false),
            ("LU", "L-1009", "1009", false),
            ("SE", "S-111 22", "11122", false),
            ("PL", "00-001", "00001", false),
            ("FR", "", "", false),
        ] {
            let country: [u8; 2] = country.as_bytes().try_into().unwrap();
            let found = postal_key(country, code);
            assert_eq!(
                (found.key.as_bytes(), found.cut),
                (key.as_bytes(), cut),
                "{code}"
            );
        }
    }
}
