//! Everything that can be asked for: one closed enum, each command in a file of its own.

use crate::catalog::{CreateListing, CreateSku, UpdateListing, UpdateSku};
use crate::customer::RecordCustomer;
use crate::erase::ErasePerson;
use crate::event::SubjectRef;
use crate::fulfillment::{
    AcceptWork, AnswerStop, CoverShortfall, PackUnits, PickUnits, RejectWork, ReleaseWork,
    ShipWork, ShortUnits, StopWork,
};
use crate::network::{
    AddLocations, CreateChannel, CreateLegalEntity, CreateLocation, CreatePool, LiftBlock,
    PlaceBlock, UpdateChannel, UpdateLegalEntity, UpdateLocation, UpdatePool,
};
use crate::order::{CancelOrder, CaptureOrder, PlaceHold, ReleaseHold, ReviewOrder};
use crate::organization::{CreateApiKey, FoundOrganization, RevokeApiKey};
use crate::planning::{MoveWork, PinWork, SourceOrder};
use crate::rate::{CreateRateTable, UpdateRateTable};
use crate::record::RecordKind;
use crate::returns::{ApproveReturn, DeclineReturn, ReceiveReturn, RefundOrder, RequestReturn};
use crate::rules::{
    CreateRuleSet, DraftRules, PublishRules, RetireRules, ShadowRules, UpdateRuleSet,
};
use crate::shipment::{LabelParcel, TrackParcel};
use crate::sourcing::{RenewPrices, UpdateSourcingSettings};
use crate::stock::{ExpireReservation, MoveStock, MovementKind, ReleaseReservation, ReserveStock};
use crate::webhook::{CreateWebhook, UpdateWebhook};

/// Something that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Makes the organization.
    FoundOrganization(FoundOrganization),
    /// Makes a key.
    CreateApiKey(CreateApiKey),
    /// Withdraws a key.
    RevokeApiKey(RevokeApiKey),
    /// Makes a channel.
    CreateChannel(CreateChannel),
    /// Makes a location.
    CreateLocation(CreateLocation),
    /// Makes those of many locations that are not there yet.
    AddLocations(AddLocations),
    /// Makes a SKU.
    CreateSku(CreateSku),
    /// Changes a SKU.
    UpdateSku(UpdateSku),
    /// Makes a listing.
    CreateListing(CreateListing),
    /// Changes a listing.
    UpdateListing(UpdateListing),
    /// Changes a channel.
    UpdateChannel(UpdateChannel),
    /// Changes a location.
    UpdateLocation(UpdateLocation),
    /// Makes a legal entity.
    CreateLegalEntity(CreateLegalEntity),
    /// Changes a legal entity.
    UpdateLegalEntity(UpdateLegalEntity),
    /// Makes a pool.
    CreatePool(CreatePool),
    /// Changes a pool.
    UpdatePool(UpdatePool),
    /// Stops something that is not an order.
    PlaceBlock(PlaceBlock),
    /// Ends a block before its time.
    LiftBlock(LiftBlock),
    /// Makes a webhook.
    CreateWebhook(CreateWebhook),
    /// Changes a webhook.
    UpdateWebhook(UpdateWebhook),
    /// Makes a rate table.
    CreateRateTable(CreateRateTable),
    /// Changes a rate table.
    UpdateRateTable(UpdateRateTable),
    /// Changes what sourcing weighs against what.
    UpdateSourcingSettings(UpdateSourcingSettings),
    /// Puts new prices of scarce stock and shipments in place of the old.
    RenewPrices(Box<RenewPrices>),
    /// Makes a rule set.
    CreateRuleSet(CreateRuleSet),
    /// Changes for which orders a rule set is.
    UpdateRuleSet(UpdateRuleSet),
    /// Makes a draft of rules, or changes one.
    DraftRules(DraftRules),
    /// Lets a draft of rules count.
    PublishRules(PublishRules),
    /// Takes a version of rules back.
    RetireRules(RetireRules),
    /// Lets a version of rules run in the shadow of those that count, or no more.
    ShadowRules(ShadowRules),
    /// Records a movement of stock.
    MoveStock(MoveStock),
    /// Promises stock to a cart.
    ReserveStock(ReserveStock),
    /// Gives a reservation back.
    ReleaseReservation(ReleaseReservation),
    /// Ends a reservation whose time has run out.
    ExpireReservation(ExpireReservation),
    /// Takes an order in.
    CaptureOrder(Box<CaptureOrder>),
    /// Cancels an order, or what of it has not left.
    CancelOrder(CancelOrder),
    /// Stops an order.
    PlaceHold(PlaceHold),
    /// Takes a hold away.
    ReleaseHold(ReleaseHold),
    /// Looks again at a waiting order.
    ReviewOrder(ReviewOrder),
    /// Takes a plan for an order that waits for one.
    SourceOrder(Box<SourceOrder>),
    /// Says whether work stays at its location.
    PinWork(PinWork),
    /// Moves work of an order to where it costs less.
    MoveWork(MoveWork),
    /// Hands work to its location.
    ReleaseWork(ReleaseWork),
    /// The location agrees to the work.
    AcceptWork(AcceptWork),
    /// The location refuses the work.
    RejectWork(RejectWork),
    /// Units were collected.
    PickUnits(PickUnits),
    /// Units were not found.
    ShortUnits(ShortUnits),
    /// Takes back what a location no longer has.
    CoverShortfall(CoverShortfall),
    /// Units went into parcels.
    PackUnits(PackUnits),
    /// The carrier has the parcels.
    ShipWork(ShipWork),
    /// Asks for work to be stopped.
    StopWork(StopWork),
    /// The location answers a request to stop.
    AnswerStop(AnswerStop),
    /// Records a label.
    LabelParcel(LabelParcel),
    /// Takes a carrier's report in.
    TrackParcel(TrackParcel),
    /// Asks for a return.
    RequestReturn(RequestReturn),
    /// Allows a return.
    ApproveReturn(ApproveReturn),
    /// Does not allow a return.
    DeclineReturn(DeclineReturn),
    /// Goods of a return arrived.
    ReceiveReturn(ReceiveReturn),
    /// Pays back.
    RefundOrder(RefundOrder),
    /// Keeps a customer.
    RecordCustomer(Box<RecordCustomer>),
    /// Erases a person.
    ErasePerson(Box<ErasePerson>),
}

impl Command {
    /// The name, for logs and metrics.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::FoundOrganization(_) => "found_organization",
            Self::CreateApiKey(_) => "create_api_key",
            Self::RevokeApiKey(_) => "revoke_api_key",
            Self::CreateChannel(_) => "create_channel",
            Self::CreateLocation(_) => "create_location",
            Self::AddLocations(_) => "add_locations",
            Self::CreateSku(_) => "create_sku",
            Self::UpdateSku(_) => "update_sku",
            Self::CreateListing(_) => "create_listing",
            Self::UpdateListing(_) => "update_listing",
            Self::UpdateChannel(_) => "update_channel",
            Self::UpdateLocation(_) => "update_location",
            Self::CreateLegalEntity(_) => "create_legal_entity",
            Self::UpdateLegalEntity(_) => "update_legal_entity",
            Self::CreatePool(_) => "create_pool",
            Self::UpdatePool(_) => "update_pool",
            Self::PlaceBlock(_) => "place_block",
            Self::LiftBlock(_) => "lift_block",
            Self::CreateWebhook(_) => "create_webhook",
            Self::UpdateWebhook(_) => "update_webhook",
            Self::CreateRateTable(_) => "create_rate_table",
            Self::UpdateRateTable(_) => "update_rate_table",
            Self::UpdateSourcingSettings(_) => "update_sourcing_settings",
            Self::RenewPrices(_) => "renew_prices",
            Self::CreateRuleSet(_) => "create_rule_set",
            Self::UpdateRuleSet(_) => "update_rule_set",
            Self::DraftRules(_) => "draft_rules",
            Self::PublishRules(_) => "publish_rules",
            Self::RetireRules(_) => "retire_rules",
            Self::ShadowRules(_) => "shadow_rules",
            Self::MoveStock(_) => "move_stock",
            Self::ReserveStock(_) => "reserve_stock",
            Self::ReleaseReservation(_) => "release_reservation",
            Self::ExpireReservation(_) => "expire_reservation",
            Self::CaptureOrder(_) => "capture_order",
            Self::CancelOrder(_) => "cancel_order",
            Self::PlaceHold(_) => "place_hold",
            Self::ReleaseHold(_) => "release_hold",
            Self::ReviewOrder(_) => "review_order",
            Self::SourceOrder(_) => "source_order",
            Self::MoveWork(_) => "move_work",
            Self::PinWork(_) => "pin_work",
            Self::ReleaseWork(_) => "release_work",
            Self::AcceptWork(_) => "accept_work",
            Self::RejectWork(_) => "reject_work",
            Self::PickUnits(_) => "pick_units",
            Self::ShortUnits(_) => "short_units",
            Self::CoverShortfall(_) => "cover_shortfall",
            Self::PackUnits(_) => "pack_units",
            Self::ShipWork(_) => "ship_work",
            Self::StopWork(_) => "stop_work",
            Self::AnswerStop(_) => "answer_stop",
            Self::LabelParcel(_) => "label_parcel",
            Self::TrackParcel(_) => "track_parcel",
            Self::RequestReturn(_) => "request_return",
            Self::ApproveReturn(_) => "approve_return",
            Self::DeclineReturn(_) => "decline_return",
            Self::ReceiveReturn(_) => "receive_return",
            Self::RefundOrder(_) => "refund_order",
            Self::RecordCustomer(_) => "record_customer",
            Self::ErasePerson(_) => "erase_person",
        }
    }

    /// The record that it changes, whose version a client may name; `None` where there is none yet
    /// or no client knows its version.
    #[must_use]
    pub fn target(&self) -> Option<SubjectRef> {
        let order = |id: crate::id::OrderId| (RecordKind::Order, id.to_u128());
        let work = |id: crate::id::FulfillmentOrderId| (RecordKind::FulfillmentOrder, id.to_u128());
        let shipment = |id: crate::id::ShipmentId| (RecordKind::Shipment, id.to_u128());
        let found = |id: crate::id::ReturnId| (RecordKind::Return, id.to_u128());
        let (kind, id) = match self {
            Self::CancelOrder(command) => order(command.order),
            Self::PlaceHold(command) => order(command.order),
            Self::ReleaseHold(command) => order(command.order),
            Self::RequestReturn(command) => order(command.order),
            Self::RefundOrder(command) => match command.return_id {
                Some(id) => found(id),
                None => order(command.order),
            },
            Self::ReleaseWork(command) => work(command.fulfillment_order),
            Self::PinWork(command) => work(command.fulfillment_order),
            Self::AcceptWork(command) => work(command.fulfillment_order),
            Self::RejectWork(command) => work(command.fulfillment_order),
            Self::PickUnits(command) => work(command.fulfillment_order),
            Self::ShortUnits(command) => work(command.fulfillment_order),
            Self::PackUnits(command) => work(command.fulfillment_order),
            Self::ShipWork(command) => work(command.fulfillment_order),
            Self::StopWork(command) => work(command.fulfillment_order),
            Self::AnswerStop(command) => work(command.fulfillment_order),
            Self::LabelParcel(command) => shipment(command.shipment),
            Self::TrackParcel(command) => shipment(command.shipment),
            Self::ApproveReturn(command) => found(command.id),
            Self::DeclineReturn(command) => found(command.id),
            Self::ReceiveReturn(command) => found(command.id),
            Self::FoundOrganization(_)
            | Self::CreateApiKey(_)
            | Self::RevokeApiKey(_)
            | Self::CreateChannel(_)
            | Self::CreateLocation(_)
            | Self::CreateSku(_)
            | Self::MoveStock(_)
            | Self::ReserveStock(_)
            | Self::ReleaseReservation(_)
            | Self::ExpireReservation(_)
            | Self::CaptureOrder(_)
            | Self::ReviewOrder(_)
            | Self::SourceOrder(_)
            | Self::MoveWork(_)
            | Self::CoverShortfall(_)
            | Self::RecordCustomer(_)
            | Self::ErasePerson(_)
            // These name the version themselves.
            | Self::UpdateSku(_)
            | Self::UpdateListing(_)
            | Self::UpdateChannel(_)
            | Self::UpdateLocation(_)
            | Self::UpdateLegalEntity(_)
            | Self::UpdatePool(_)
            | Self::UpdateWebhook(_)
            | Self::CreateWebhook(_)
            | Self::CreateRateTable(_)
            | Self::UpdateRateTable(_)
            | Self::UpdateSourcingSettings(_)
            | Self::RenewPrices(_)
            | Self::CreateRuleSet(_)
            | Self::UpdateRuleSet(_)
            | Self::DraftRules(_)
            | Self::PublishRules(_)
            | Self::RetireRules(_)
            | Self::ShadowRules(_)
            | Self::LiftBlock(_)
            | Self::AddLocations(_)
            | Self::CreateListing(_)
            | Self::CreateLegalEntity(_)
            | Self::CreatePool(_)
            | Self::PlaceBlock(_) => return None,
        };
        Some(SubjectRef { kind, id })
    }

    /// Whether it changes the reference, and so must be the last of its batch.
    #[must_use]
    pub const fn changes_reference(&self) -> bool {
        match self {
            Self::CreateChannel(_)
            | Self::CreateLocation(_)
            | Self::AddLocations(_)
            | Self::UpdateChannel(_)
            | Self::UpdateLocation(_)
            | Self::CreateLegalEntity(_)
            | Self::UpdateLegalEntity(_)
            | Self::CreatePool(_)
            | Self::UpdatePool(_)
            | Self::PlaceBlock(_)
            | Self::LiftBlock(_)
            | Self::CreateWebhook(_)
            | Self::UpdateWebhook(_)
            | Self::CreateRateTable(_)
            | Self::UpdateRateTable(_)
            | Self::UpdateSourcingSettings(_)
            | Self::RenewPrices(_) => true,
            Self::MoveStock(movement) => matches!(movement.kind, MovementKind::Safety),
            Self::CreateRuleSet(_)
            | Self::UpdateRuleSet(_)
            | Self::DraftRules(_)
            | Self::PublishRules(_)
            | Self::RetireRules(_)
            | Self::ShadowRules(_) => true,
            Self::FoundOrganization(_)
            | Self::CreateApiKey(_)
            | Self::RevokeApiKey(_)
            | Self::CreateSku(_)
            | Self::UpdateSku(_)
            | Self::CreateListing(_)
            | Self::UpdateListing(_)
            | Self::ReserveStock(_)
            | Self::ReleaseReservation(_)
            | Self::ExpireReservation(_)
            | Self::CaptureOrder(_)
            | Self::CancelOrder(_)
            | Self::PlaceHold(_)
            | Self::ReleaseHold(_)
            | Self::ReviewOrder(_)
            | Self::SourceOrder(_)
            | Self::MoveWork(_)
            | Self::PinWork(_)
            | Self::ReleaseWork(_)
            | Self::AcceptWork(_)
            | Self::RejectWork(_)
            | Self::PickUnits(_)
            | Self::ShortUnits(_)
            | Self::CoverShortfall(_)
            | Self::PackUnits(_)
            | Self::ShipWork(_)
            | Self::StopWork(_)
            | Self::AnswerStop(_)
            | Self::LabelParcel(_)
            | Self::TrackParcel(_)
            | Self::RequestReturn(_)
            | Self::ApproveReturn(_)
            | Self::DeclineReturn(_)
            | Self::ReceiveReturn(_)
            | Self::RefundOrder(_)
            | Self::RecordCustomer(_)
            | Self::ErasePerson(_) => false,
        }
    }
}
