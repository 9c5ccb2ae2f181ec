//! Reads the parameters of an address: each at most once, none unknown, all refusals at once.

use std::borrow::Cow;

use axum::extract::Query;
use axum::http::Uri;
use axum::http::request::Parts;
use ordo_domain::Rejection;
use ordo_domain::check::Check;
use utoipa::IntoParams;

/// Entries of a page where the client does not say.
const LIMIT_DEFAULT: usize = 50;
/// The most entries of a page.
const LIMIT_MAX: usize = 200;

/// The parameters of every list, as the contract shows them.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(
    dead_code,
    reason = "the fields are read one by one, with refusals of their own"
)]
pub struct PageParams {
    /// Entries of the page; 50 where absent.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Parameters that have not been asked for yet.
pub struct Params {
    left: Vec<(String, String)>,
    check: Check,
}

impl Params {
    /// The parameters of an address.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn of(uri: &Uri) -> Result<Self, Rejection> {
        let Query(left) = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|_| Rejection::field("/", "the parameters cannot be read"))?;
        Ok(Self {
            left,
            check: Check::default(),
        })
    }

    /// Refuses a parameter.
    pub fn refuse(&mut self, name: &str, message: impl Into<String>) {
        self.check.refuse(format!("/{name}"), message);
    }

    /// The value of `name`, of at most `max` characters; an empty one counts as absent.
    pub fn text(&mut self, name: &str, max: usize) -> Option<String> {
        let at = self.left.iter().position(|(left, _)| left == name)?;
        let (_, value) = self.left.swap_remove(at);
        self.check
            .optional_text(&format!("/{name}"), Some(&value), max)
    }

    /// All values of `name`, in their order, each of at most `max` characters.
    pub fn texts(&mut self, name: &str, max: usize) -> Vec<String> {
        let left = std::mem::take(&mut self.left);
        let (meant, left): (Vec<_>, Vec<_>) = left.into_iter().partition(|(left, _)| left == name);
        self.left = left;
        (meant.iter().enumerate())
            .map(|(index, (_, value))| self.check.text(&format!("/{name}/{index}"), value, max))
            .collect()
    }

    /// One of `names`.
    pub fn one_of(&mut self, name: &str, names: &[&'static str]) -> Option<&'static str> {
        let value = self.text(name, 64)?;
        let found = names.iter().find(|known| **known == value);
        if found.is_none() {
            self.refuse(name, format!("must be one of {}", names.join(", ")));
        }
        found.copied()
    }

    /// A country code of two letters; lower case is taken as upper.
    pub fn country(&mut self, name: &str) -> Option<String> {
        let value = self.text(name, 64)?;
        Some(self.check.country(&format!("/{name}"), &value))
    }

    /// `true` or `false`.
    pub fn flag(&mut self, name: &str) -> Option<bool> {
        Some(self.one_of(name, &["true", "false"])? == "true")
    }

    /// How many entries the page may have.
    pub fn limit(&mut self) -> usize {
        let Some(value) = self.text("limit", 20) else {
            return LIMIT_DEFAULT;
        };
        match value.parse() {
            Ok(limit @ 1..=LIMIT_MAX) => limit,
            _ => {
                self.refuse("limit", format!("must be from 1 to {LIMIT_MAX}"));
                LIMIT_DEFAULT
            }
        }
    }

    /// Where the page starts, read by `read`.
    pub fn cursor<C>(&mut self, read: impl FnOnce(&str) -> Option<C>) -> Option<C> {
        let value = self.text("cursor", 200)?;
        let cursor = read(&value);
        if cursor.is_none() {
            self.refuse("cursor", "is not a cursor of this list");
        }
        cursor
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// `invalid_input` with every refused or unknown parameter.
    pub fn finish(mut self) -> Result<(), Rejection> {
        for (name, _) in std::mem::take(&mut self.left) {
            let name: Cow<'_, str> = name.chars().take(64).collect();
            self.refuse(
                &name,
                "is not a parameter of this operation, or stands here twice",
            );
        }
        self.check.finish(())
    }
}

/// The log position that a read must have seen, from `Ordo-Min-Position`.
///
/// # Errors
/// The header is not a position.
pub fn min_position(parts: &Parts) -> Result<Option<i64>, Rejection> {
    let Some(value) = parts.headers.get("ordo-min-position") else {
        return Ok(None);
    };
    (value.to_str().ok())
        .and_then(|text| text.parse().ok())
        .filter(|position| *position >= 0)
        .map(Some)
        .ok_or_else(|| Rejection::field("/Ordo-Min-Position", "must be a log position"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(query: &str) -> Params {
        Params::of(&format!("/x?{query}").parse().unwrap()).unwrap()
    }

    #[test]
    fn limits_are_bounded() {
        for (query, limit) in [
            ("", Some(50)),
            ("limit=1", Some(1)),
            ("limit=200", Some(200)),
        ] {
            let mut params = params(query);
            assert_eq!(Some(params.limit()), limit);
            assert_eq!(params.finish(), Ok(()));
        }
        for query in ["limit=0", "limit=201", "limit=-1", "limit=1.5", "limit=all"] {
            let mut params = params(query);
            params.limit();
            let rejection = params.finish().unwrap_err();
            assert_eq!(rejection.fields[0].field, "/limit", "{query}");
        }
    }

    #[test]
    fn unknown_repeated_and_unreadable_parameters_are_named() {
        let mut params = params("q=a&q=b&colour=red&life=lost&q2=%00");
        assert_eq!(params.text("q", 10).as_deref(), Some("a"));
        assert_eq!(params.one_of("life", &["open", "closed"]), None);
        assert_eq!(params.text("q2", 10).as_deref(), None);
        let mut fields: Vec<String> = (params.finish().unwrap_err().fields.into_iter())
            .map(|field| field.field)
            .collect();
        fields.sort();
        assert_eq!(fields, ["/colour", "/life", "/q", "/q2"]);
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        let mut params = params("cursor=abc");
        assert_eq!(params.cursor(crate::cursor::record), None);
        assert!(params.finish().is_err());
    }
}
