//! Changes what a listing takes from stock. Its channel and code stay.
//!
//! Orders that came in before keep the components they were captured with.

use crate::catalog::Listing;
use crate::catalog::create_listing::{ComponentDraft, components};
use crate::decide::{Context, Decided, Refusal};
use crate::edit::{must_be_at, replace};
use crate::event::Event;
use crate::id::ListingId;
use crate::rejection::{Code, Rejection};
use crate::world::World;

/// Changes a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateListing {
    /// Which.
    pub listing: ListingId,
    /// The version that the change was made for, where it matters.
    pub expected: Option<u64>,
    /// All that it takes from stock.
    pub components: Option<Vec<ComponentDraft>>,
    /// Whether the components must leave in one shipment.
    pub ships_together: Option<bool>,
}

impl UpdateListing {
    pub(crate) fn decide(&self, world: &World, _ctx: &mut Context) -> Result<Decided, Refusal> {
        let Some(found) = world.listing_record(self.listing)? else {
            return Err(Rejection::new(Code::NotFound, "no such listing").into());
        };
        must_be_at(self.expected, found.version)?;
        let mut listing = Listing::clone(found);
        if let Some(drafts) = &self.components {
            listing.components = components(world, drafts)?;
        }
        replace(&mut listing.ships_together, self.ships_together.as_ref());
        let id = listing.id;
        if listing == **found {
            return Ok(Decided::unchanged(id));
        }
        Ok(Decided::changed(
            vec![Event::ListingUpdated { listing }],
            id,
        ))
    }
}
