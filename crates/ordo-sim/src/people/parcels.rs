//! Carriers: labels, whose answers are lost now and then, and reports from the road, repeated and out
//! of order.

use ordo_domain::Command;
use ordo_domain::record::RecordKind;
use ordo_domain::shipment::{LabelParcel, ParcelState, Shipment, TrackParcel, TrackingReport};
use ordo_domain::time::MINUTE;

use super::{Hand, yard};

const REPORTED: [ParcelState; 8] = [
    ParcelState::InTransit,
    ParcelState::OutForDelivery,
    ParcelState::Delivered,
    ParcelState::Delivered,
    ParcelState::AttemptFailed,
    ParcelState::Exception,
    ParcelState::Lost,
    ParcelState::ReturnedToSender,
];

/// A carrier makes a label, or says where a parcel is.
pub async fn report(hand: &mut Hand) {
    let Some(order) = hand.some_order() else {
        return;
    };
    let Some(id) = (hand.some_work(&order)).and_then(|work| work.shipment) else {
        return;
    };
    let Some(shipment) = hand.stored::<Shipment>(RecordKind::Shipment, id.to_u128()) else {
        return;
    };
    let parcel = hand.dice.pick(&shipment.parcels).map(|parcel| parcel.id);
    if shipment.shipped_at.is_none() || hand.dice.per_mille(100) {
        let mut label = yard::label(hand);
        let number = format!("SIM{:016x}", hand.dice.bits());
        label.tracking_number = Some(number.clone());
        let command = Command::LabelParcel(LabelParcel {
            shipment: id,
            parcel,
            label,
        });
        // The carrier's own number is what one event must name.
        let mark = Some(format!("label {number}"));
        hand.ask_marked(command, mark).await;
        return;
    }
    let state = hand
        .dice
        .pick(&REPORTED)
        .copied()
        .unwrap_or(ParcelState::InTransit);
    let back = hand.dice.between(0, 30 * MINUTE);
    let report = TrackingReport {
        state,
        at: hand.sim.schedule.now().plus_micros(-back),
        place: None,
        code: None,
    };
    let parcel = parcel.filter(|_| hand.dice.per_mille(700));
    let command = Command::TrackParcel(TrackParcel {
        shipment: id,
        parcel,
        report,
    });
    // Carriers repeat themselves.
    hand.ask(command.clone()).await;
    if hand.dice.per_mille(200) {
        hand.ask(command).await;
    }
}
