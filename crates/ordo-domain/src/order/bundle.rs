//! Bundles on an order: the line that was sold is gone, its components are lines of their own that
//! share the id of their parent.
//!
//! Whoever cancels, returns or refunds may name the parent and count in bundles. Invariant: what is
//! named in bundles becomes the same whole number of units of each component.

use crate::event::LineUnits;
use crate::id::LineId;
use crate::order::Order;
use crate::quantity::Quantity;

impl Order {
    /// What `quantity` of `line` are in units of lines: themselves, or the components' where `line`
    /// names the parent of a bundle. Empty where the order has neither.
    #[must_use]
    pub fn units_named(&self, line: LineId, quantity: Quantity) -> Vec<LineUnits> {
        if self.line(line).is_some() {
            return vec![LineUnits { line, quantity }];
        }
        (self.lines.iter())
            .filter_map(|part| {
                let parent = part.parent.as_ref().filter(|parent| parent.id == line)?;
                let units = quantity.get().saturating_mul(parent.each.get());
                Some(LineUnits {
                    line: part.id,
                    quantity: Quantity::stored(units),
                })
            })
            .collect()
    }
}
