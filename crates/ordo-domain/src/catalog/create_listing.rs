//! Makes a listing: a channel's own code for a SKU, or for a bundle of several.
//!
//! Invariant: a code leads to one thing. A SKU's own code comes first, so no listing may take one.

use crate::catalog::{Component, Listing};
use crate::claim::ClaimKind;
use crate::decide::{Context, Decided, Refusal};
use crate::event::Event;
use crate::quantity::Quantity;
use crate::rejection::{Code, Rejection};
use crate::world::World;

/// One SKU of a listing, by its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentDraft {
    /// The SKU's code.
    pub sku: String,
    /// How many of it one bundle takes.
    pub quantity: Quantity,
    /// Its part of the price, relative to the other components'; its units where absent.
    pub price_weight: Option<i64>,
}

/// Makes a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateListing {
    /// The channel's code; absent for every channel.
    pub channel: Option<String>,
    /// The code as it comes in on order lines.
    pub code: String,
    /// What it takes from stock; at least one SKU, each once.
    pub components: Vec<ComponentDraft>,
    /// Whether the components must leave in one shipment.
    pub ships_together: bool,
}

impl CreateListing {
    pub(crate) fn decide(&self, world: &World, ctx: &mut Context) -> Result<Decided, Refusal> {
        let channel = match &self.channel {
            None => None,
            Some(code) => match world.reference().channel_by_code(code) {
                Some(channel) => Some(channel.id),
                None => {
                    let message = format!("no channel has the code {code}");
                    return Err(Rejection::field("/channel", message).into());
                }
            },
        };
        let codes = self.components.iter().map(|part| part.sku.as_str());
        world.want_skus(codes.chain([self.code.as_str()]))?;
        let listing = Listing {
            id: ctx.ids.make(),
            version: 0,
            channel,
            code: self.code.clone(),
            components: components(world, &self.components)?,
            ships_together: self.ships_together,
        };
        let taken = |detail| Rejection::new(Code::CodeTaken, detail).at("/code").into();
        if world.sku_by_code(&self.code)?.is_some() {
            return Err(taken(format!("a SKU has the code {}", self.code)));
        }
        if world
            .claim(ClaimKind::ListingCode, &listing.key())?
            .is_some()
        {
            return Err(taken(format!("a listing has the code {}", self.code)));
        }
        let id = listing.id;
        Ok(Decided::created(
            vec![Event::ListingCreated { listing }],
            id,
        ))
    }
}

/// The components by id.
pub(super) fn components(
    world: &World,
    drafts: &[ComponentDraft],
) -> Result<Vec<Component>, Refusal> {
    world.want_skus(drafts.iter().map(|part| part.sku.as_str()))?;
    let mut components: Vec<Component> = Vec::with_capacity(drafts.len());
    for (index, draft) in drafts.iter().enumerate() {
        let field = format!("/components/{index}/sku");
        let Some(sku) = world.sku_by_code(&draft.sku)? else {
            let message = format!("no SKU has the code {}", draft.sku);
            return Err(Rejection::field(field, message).into());
        };
        if components.iter().any(|part| part.sku == sku.id) {
            return Err(Rejection::field(field, "stands here twice").into());
        }
        components.push(Component {
            sku: sku.id,
            quantity: draft.quantity,
            price_weight: draft.price_weight.unwrap_or(draft.quantity.get()),
        });
    }
    Ok(components)
}
