//! Names of cities and regions as they are compared: lower case, without accents and punctuation.
//!
//! `São Paulo`, `SAO PAULO` and `Sao-Paulo` are one name. Scripts other than Latin keep their
//! letters.

/// More bytes than any name that is kept.
pub const KEY_MAX: usize = 64;

/// A key of the table, kept without an allocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    bytes: [u8; KEY_MAX],
    len: usize,
}

impl Key {
    /// A key without a character.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            bytes: [0; KEY_MAX],
            len: 0,
        }
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Cuts it to its first `len` bytes.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Adds bytes, or nothing where they do not all fit.
    pub fn push(&mut self, bytes: &[u8]) {
        if let Some(room) = self.bytes.get_mut(self.len..self.len + bytes.len()) {
            room.copy_from_slice(bytes);
            self.len += bytes.len();
        }
    }
}

impl Default for Key {
    fn default() -> Self {
        Self::new()
    }
}

/// The name as it is compared. Empty where nothing of it is a letter or digit.
///
/// Two-letter spellings of a vowel count as the vowel (`Muenchen`, `Aarhus`), and saints are short
/// (`Saint Louis`, `Sankt Pölten`), on the side of the table and of the question alike.
#[must_use]
pub fn fold_name(name: &str) -> Key {
    let mut folding = Folding::default();
    for letter in name.chars().filter(|letter| !is_silent(*letter)) {
        if letter.is_ascii_alphanumeric() {
            folding.letter(letter.to_ascii_lowercase() as u8);
        } else if !letter.is_alphanumeric() {
            folding.end_word();
        } else {
            for small in letter.to_lowercase().filter(|small| !is_silent(*small)) {
                match base(small) {
                    Some(base) => base.bytes().for_each(|byte| folding.letter(byte)),
                    None => folding.foreign(small),
                }
            }
        }
    }
    folding.end_word();
    folding.key
}

/// A key in the making.
#[derive(Default)]
struct Folding {
    key: Key,
    /// Where the word that is being written begins.
    word: usize,
    /// Whether a space is due before the next letter.
    between: bool,
    /// The last letter that came in, written or not.
    last: u8,
}

impl Folding {
    fn letter(&mut self, letter: u8) {
        self.part();
        let second = matches!(
            (self.last, letter),
            (b'a' | b'o' | b'u', b'e') | (b'a', b'a')
        );
        // Of three vowels in a row only the second is dropped.
        self.last = if second { 0 } else { letter };
        if !second {
            self.key.push(&[letter]);
        }
    }

    fn foreign(&mut self, letter: char) {
        self.part();
        self.last = 0;
        self.key.push(letter.encode_utf8(&mut [0; 4]).as_bytes());
    }

    fn part(&mut self) {
        if self.between && self.key.len > 0 {
            self.key.push(b" ");
            self.word = self.key.len;
        }
        self.between = false;
    }

    fn end_word(&mut self) {
        let word = &self.key.as_bytes()[self.word..];
        if matches!(word, b"saint" | b"sainte" | b"sankt" | b"ste") {
            self.key.truncate(self.word);
            self.key.push(b"st");
        }
        self.between = true;
        self.last = 0;
    }
}

/// Apostrophes and combining marks, which do not part words.
fn is_silent(letter: char) -> bool {
    matches!(
        letter,
        '\'' | '`' | '\u{b4}' | '\u{2b9}'..='\u{2bf}' | '\u{2018}' | '\u{2019}' | '\u{300}'..='\u{36f}'
    )
}

/// The letters of ASCII that stand for a small Latin letter with a mark.
fn base(letter: char) -> Option<&'static str> {
    Some(match letter {
        'à'..='å' | 'ā' | 'ă' | 'ą' | 'ǎ' | 'ạ'..='ặ' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'ď' | 'đ' | 'ð' | 'ḍ' | 'ḑ' => "d",
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' | 'ẹ' | 'ẻ' | 'ẽ' | 'ế' | 'ề' | 'ể' | 'ễ' | 'ệ' => {
            "e"
        }
        'ĝ' | 'ğ' | 'ġ' | 'ģ' | 'ǧ' => "g",
        'ĥ' | 'ħ' | 'ḥ' | 'ḩ' | 'ẖ' => "h",
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' | 'ǐ' | 'ỉ' | 'ị' => "i",
        'ĵ' => "j",
        'ķ' | 'ḳ' | 'ḵ' => "k",
        'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' | 'ḷ' => "l",
        'ṃ' => "m",
        'ñ' | 'ń' | 'ņ' | 'ň' | 'ŋ' | 'ṅ' | 'ṇ' => "n",
        'ò'..='ö'
        | 'ø'
        | 'ō'
        | 'ŏ'
        | 'ő'
        | 'ơ'
        | 'ǒ'
        | 'ǫ'
        | 'ọ'
        | 'ỏ'
        | 'ố'
        | 'ồ'
        | 'ổ'
        | 'ỗ'
        | 'ộ'
        | 'ớ'
        | 'ờ'
        | 'ở'
        | 'ỡ'
        | 'ợ' => "o",
        'œ' => "oe",
        'ŕ' | 'ŗ' | 'ř' | 'ṛ' => "r",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' | 'ṣ' => "s",
        'ß' => "ss",
        'þ' => "th",
        'ţ' | 'ť' | 'ŧ' | 'ț' | 'ṭ' | 'ẗ' => "t",
        'ù'..='ü'
        | 'ũ'
        | 'ū'
        | 'ŭ'
        | 'ů'
        | 'ű'
        | 'ų'
        | 'ư'
        | 'ǔ'
        | 'ụ'
        | 'ủ'
        | 'ứ'
        | 'ừ'
        | 'ử'
        | 'ữ'
        | 'ự' => "u",
        'ŵ' => "w",
        'ý' | 'ÿ' | 'ŷ' | 'ỳ' | 'ỵ' | 'ỷ' | 'ỹ' => "y",
        'ź' | 'ż' | 'ž' | 'ẓ' | 'ẕ' => "z",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(name: &str) -> String {
        String::from_utf8(fold_name(name).as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn one_city_in_its_spellings_is_one_key() {
        for spellings in [
            &["São Paulo", "SAO  PAULO", "sao-paulo", " Sa\u{303}o Paulo "][..],
            &["München", "Muenchen", "MUNCHEN", "MÜNCHEN"],
            &["Düsseldorf", "Duesseldorf", "dusseldorf"],
            &["Århus", "Aarhus", "ARHUS"],
            &["Saint Louis", "St. Louis", "st louis"],
            &["Sankt Pölten", "St. Poelten", "St Polten"],
            &["L'Aquila", "L’Aquila", "laquila"],
            &["Łódź", "Lodz"],
            &["Weißenfels", "WEISSENFELS", "Weissenfels"],
            &["Hồ Chí Minh", "Ho Chi Minh"],
            &["İzmir", "Izmir"],
            &["Tromsø", "Tromsoe", "Tromso"],
            &["МОСКВА", "Москва"],
        ] {
            for spelling in spellings {
                assert_eq!(folded(spelling), folded(spellings[0]), "{spelling}");
            }
        }
    }

    #[test]
    fn other_scripts_and_words_stay_apart() {
        assert_eq!(folded("東京"), "東京");
        assert_eq!(folded("New York (NY)"), "new york ny");
        assert_eq!(folded("--"), "");
        assert_ne!(folded("Springfield"), folded("Spring Field"));
    }

    #[test]
    fn a_name_of_any_length_is_cut_between_letters() {
        let long = folded(&"東".repeat(40));
        assert_eq!(long.chars().count(), KEY_MAX / 3);
        assert_eq!(folded(&"x".repeat(500)).len(), KEY_MAX);
    }
}
