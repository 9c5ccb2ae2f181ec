//! An organization's own table of points, as stores keep it: text in parts, since texts are what every
//! store carries.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ordo_geo::Gazetteer;

use crate::port::StoreError;

/// Bytes of the table in a part; a third more as text.
const PART_BYTES: usize = 384 << 10;

/// The parts of a table.
#[must_use]
pub fn to_parts(table: &[u8]) -> Vec<String> {
    let parts = table.chunks(PART_BYTES);
    parts.map(|part| STANDARD.encode(part)).collect()
}

/// What addresses are looked up in, with the table of these parts before the compiled-in one; without
/// a part, that one alone.
///
/// # Errors
/// They are no table.
pub fn gazetteer<T: AsRef<str>>(parts: &[T]) -> Result<Gazetteer, StoreError> {
    if parts.is_empty() {
        return Ok(Gazetteer::embedded());
    }
    let corrupt = |error: &dyn std::fmt::Display| StoreError::Corrupt(format!("points: {error}"));
    let mut bytes = Vec::new();
    for part in parts {
        let decoded = STANDARD.decode_vec(part.as_ref(), &mut bytes);
        decoded.map_err(|error| corrupt(&error))?;
    }
    Gazetteer::with_own(Arc::from(bytes)).map_err(|error| corrupt(&error))
}
