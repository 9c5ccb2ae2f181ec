//! Free text from outside: what is refused, how long it may be, and the card numbers in it.

use std::borrow::Cow;

/// Why a text was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextFault {
    /// Nothing but white space where something is needed.
    Empty,
    /// More than the given number of characters.
    TooLong(usize),
    /// A NUL or another control character that no field may hold.
    Control,
}

/// Trims `text` and refuses control characters (line breaks and tabs become spaces) and more than
/// `max` characters. Empty is allowed.
///
/// # Errors
/// The fault that was found first.
pub fn clean(text: &str, max: usize) -> Result<String, TextFault> {
    let trimmed = text.trim();
    if trimmed.len() > max && trimmed.chars().count() > max {
        return Err(TextFault::TooLong(max));
    }
    if trimmed.bytes().all(|byte| byte >= 0x20 && byte != 0x7f) {
        return Ok(trimmed.to_owned());
    }
    let mut cleaned = String::with_capacity(trimmed.len());
    for character in trimmed.chars() {
        match character {
            '\n' | '\r' | '\t' => cleaned.push(' '),
            control if control.is_control() => return Err(TextFault::Control),
            other => cleaned.push(other),
        }
    }
    Ok(cleaned)
}

/// As [`clean`], and refuses an empty text.
///
/// # Errors
/// The fault that was found first.
pub fn required(text: &str, max: usize) -> Result<String, TextFault> {
    let cleaned = clean(text, max)?;
    if cleaned.is_empty() {
        Err(TextFault::Empty)
    } else {
        Ok(cleaned)
    }
}

/// Replaces every card-like number in `text` by asterisks; borrowed where there is none.
///
/// Card-like: 13 to 19 digits, with single spaces or dashes between them, that begin like a card
/// of the large schemes and satisfy the Luhn sum (ISO/IEC 7812-1).
#[must_use]
pub fn mask_card_numbers(text: &str) -> Cow<'_, str> {
    if text.bytes().filter(u8::is_ascii_digit).count() < 13 {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut masked: Option<Vec<u8>> = None;
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let (digits, end) = digit_run(bytes, at);
        if looks_like_card(&digits) {
            let target = masked.get_or_insert_with(|| bytes.to_vec());
            for byte in &mut target[at..end] {
                if byte.is_ascii_digit() {
                    *byte = b'*';
                }
            }
        }
        at = end;
    }
    match masked {
        None => Cow::Borrowed(text),
        // Only ASCII digits became ASCII asterisks, so the text is still UTF-8.
        Some(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

/// The digits from `start`, reading over single separators, and where the run ends.
fn digit_run(bytes: &[u8], start: usize) -> (Vec<u8>, usize) {
    let mut digits = Vec::new();
    let mut at = start;
    let mut end = start;
    while at < bytes.len() {
        if bytes[at].is_ascii_digit() {
            digits.push(bytes[at] - b'0');
            at += 1;
            end = at;
        } else if matches!(bytes[at], b' ' | b'-')
            && bytes.get(at + 1).is_some_and(u8::is_ascii_digit)
        {
            at += 1;
        } else {
            break;
        }
    }
    (digits, end)
}

fn looks_like_card(digits: &[u8]) -> bool {
    if !(13..=19).contains(&digits.len()) {
        return false;
    }
    let first_two = digits[0] * 10 + digits[1];
    let scheme = digits[0] == 4 || matches!(first_two, 22..=27 | 34 | 35 | 36 | 37 | 38 | 50..=69);
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(index, digit)| match (index % 2, u32::from(*digit)) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => digit * 2 - 9,
            (_, digit) => digit * 2,
        })
        .sum();
    scheme && sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_trimmed_and_bounded_and_free_of_control_characters() {
        assert_eq!(clean("  a b ", 10).as_deref(), Ok("a b"));
        assert_eq!(clean("a\nb", 10).as_deref(), Ok("a b"));
        assert_eq!(clean("a\0b", 10), Err(TextFault::Control));
        assert_eq!(clean("äöü", 2), Err(TextFault::TooLong(2)));
        assert_eq!(clean("äöü", 3).as_deref(), Ok("äöü"));
        assert_eq!(required("  ", 3), Err(TextFault::Empty));
    }

    #[test]
    fn card_numbers_are_masked_and_other_numbers_are_not() {
        for (text, masked) in [
            ("pay 4111 1111 1111 1111 now", "pay **** **** **** **** now"),
            ("5500-0000-0000-0004", "****-****-****-****"),
            ("378282246310005", "***************"),
            ("4111111111111112", "4111111111111112"),
            (
                "order 1234567890123456789012",
                "order 1234567890123456789012",
            ),
            ("tel +49 30 1234567", "tel +49 30 1234567"),
        ] {
            assert_eq!(mask_card_numbers(text), masked);
        }
    }
}
