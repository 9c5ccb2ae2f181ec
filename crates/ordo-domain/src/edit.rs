//! Edits of a record's fields: what to change, what to clear, and what to leave as it is.
//!
//! In JSON this is a merge patch (RFC 7396): an absent field stays, `null` clears, a value replaces.

use serde::{Deserialize, Deserializer};

use crate::decide::Refusal;
use crate::rejection::{Code, Rejection};

/// What becomes of a field that may be absent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Edit<T> {
    /// It stays.
    #[default]
    Keep,
    /// It is no longer there.
    Clear,
    /// It has this value.
    Set(T),
}

impl<T> Edit<T> {
    /// Changes `field`.
    pub fn apply(&self, field: &mut Option<T>)
    where
        T: Clone,
    {
        match self {
            Self::Keep => {}
            Self::Clear => *field = None,
            Self::Set(value) => *field = Some(value.clone()),
        }
    }

    /// The same edit of a value made of this one; a value that is refused clears.
    pub fn and_then<U>(self, make: impl FnOnce(T) -> Option<U>) -> Edit<U> {
        match self {
            Self::Keep => Edit::Keep,
            Self::Clear => Edit::Clear,
            Self::Set(value) => make(value).map_or(Edit::Clear, Edit::Set),
        }
    }

    /// The new value, where there is one.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Keep | Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Edit<T> {
    /// What is there: `null` or a value. What is absent comes from `#[serde(default)]`.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Clear, Self::Set))
    }
}

/// Changes a field that is always there.
pub(crate) fn replace<T: Clone>(field: &mut T, value: Option<&T>) {
    if let Some(value) = value {
        field.clone_from(value);
    }
}

/// Refuses where the record is no longer at the version that the edit was made for.
pub(crate) fn must_be_at(expected: Option<u64>, version: u64) -> Result<(), Refusal> {
    match expected {
        Some(expected) if expected != version => {
            let detail = format!("it is at version {version}, not {expected}");
            Err(Rejection::new(Code::VersionConflict, detail).into())
        }
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_stays_null_clears_and_a_value_replaces() {
        #[derive(Deserialize)]
        struct Form {
            #[serde(default)]
            name: Edit<String>,
        }
        for (text, after) in [
            ("{}", Some("old")),
            (r#"{"name":null}"#, None),
            (r#"{"name":"new"}"#, Some("new")),
        ] {
            let form: Form = serde_json::from_str(text).unwrap();
            let mut name = Some("old".to_owned());
            form.name.apply(&mut name);
            assert_eq!(name.as_deref(), after, "{text}");
        }
    }
}
