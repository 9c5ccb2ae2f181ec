//! Forms as browsers send them: names and values, percent-encoded.

use axum::body::Body;

use crate::body;

/// What somebody filled in.
#[derive(Debug, Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Reads a request's body; one that is too large or breaks off is an empty form, which is then
    /// refused for what it lacks.
    pub async fn read(body: Body) -> Self {
        match body::read(body).await {
            Ok(bytes) => Self::parse(&bytes),
            Err(_) => Self::default(),
        }
    }

    /// Reads `name=value&…`.
    pub fn parse(body: &[u8]) -> Self {
        let pairs = body.split(|byte| *byte == b'&').filter_map(|pair| {
            let at = pair.iter().position(|byte| *byte == b'=')?;
            Some((decode(&pair[..at])?, decode(&pair[at + 1..])?))
        });
        Self(pairs.collect())
    }

    /// All names and values, in their order.
    pub fn pairs(self) -> Vec<(String, String)> {
        self.0
    }

    /// The first value of this name; empty where there is none.
    pub fn one(&self, name: &str) -> &str {
        let mut found = self.0.iter().filter(|(known, _)| known == name);
        found.next().map_or("", |(_, value)| value.as_str())
    }

    /// The same without spaces around it.
    pub fn word(&self, name: &str) -> &str {
        self.one(name).trim()
    }

    /// A text of several lines: browsers end them with two characters.
    pub fn text(&self, name: &str) -> String {
        self.one(name).replace("\r\n", "\n")
    }
}

/// Undoes percent-encoding; `None` for what no browser sends.
fn decode(text: &[u8]) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        rest = after;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => {
                let (digits, after) = rest.split_at_checked(2)?;
                let digit = |byte: u8| char::from(byte).to_digit(16);
                let byte = digit(digits[0])? * 16 + digit(digits[1])?;
                bytes.push(u8::try_from(byte).ok()?);
                rest = after;
            }
            plain => bytes.push(*plain),
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_browsers_send_it() {
        let form = Form::parse(b"key=a%2Bb+c&key=2&none&text=1%0D%0A2&bad=%zz");
        assert_eq!(form.one("key"), "a+b c");
        assert_eq!(form.one("other"), "");
        assert_eq!(form.text("text"), "1\n2");
        assert_eq!(form.one("bad"), "");
        for broken in [
            &b"key=%"[..],
            b"key=%4",
            b"key=%ff",
            b"%%%=&&&==",
            b"\xff=\xff",
        ] {
            assert_eq!(Form::parse(broken).one("key"), "", "{broken:?}");
        }
    }
}
