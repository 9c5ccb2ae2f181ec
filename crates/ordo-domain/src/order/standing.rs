//! The three derived summaries of an order: payment, fulfillment, returns.

use serde::{Deserialize, Serialize};

use crate::money::Minor;
use crate::order::{EntryKind, FulfilledBy, LineKind, Order, Origin};
use crate::quantity::Quantity;

macro_rules! standing {
    ($(#[$doc:meta])* $type:ident { $($(#[$variant_doc:meta])* $name:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(rename_all = "snake_case")]
        pub enum $type {
            $($(#[$variant_doc])* $name,)*
        }

        impl $type {
            /// The stored name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

standing! {
    /// How the order's money stands.
    PaymentStanding {
        /// Nothing was authorized or taken.
        None = "none",
        /// Part of the total is authorized.
        PartAuthorized = "part_authorized",
        /// The total is authorized.
        Authorized = "authorized",
        /// Part of the total was taken.
        PartCaptured = "part_captured",
        /// The total was taken.
        Captured = "captured",
        /// More than the total was taken.
        OverCaptured = "over_captured",
        /// Part of what was taken went back.
        PartRefunded = "part_refunded",
        /// All that was taken went back.
        Refunded = "refunded",
        /// The authorization was given up.
        Voided = "voided",
        /// Settled outside of Ordo: an order from before.
        SettledOutside = "settled_outside",
    }
}

standing! {
    /// How much of the order has left.
    FulfillmentStanding {
        /// Nothing.
        None = "none",
        /// Some of it.
        Partial = "partial",
        /// All that was not canceled.
        Full = "full",
    }
}

standing! {
    /// How much of the order comes or came back.
    ReturnStanding {
        /// Nothing.
        None = "none",
        /// Something was asked for and nothing has arrived.
        Requested = "requested",
        /// Some of it arrived.
        Part = "part",
        /// All that was shipped arrived.
        Full = "full",
    }
}

impl PaymentStanding {
    /// The standing that the order's entries give.
    #[must_use]
    pub fn of(order: &Order) -> Self {
        if order.origin == Origin::History && order.money.is_empty() {
            return Self::SettledOutside;
        }
        let (captured, back) = (order.captured(), order.paid_back());
        let authorized = order.money_of(EntryKind::Authorize) - order.money_of(EntryKind::Void);
        let total = order.totals.total;
        if captured > Minor::ZERO {
            return match () {
                () if back >= captured => Self::Refunded,
                () if back > Minor::ZERO => Self::PartRefunded,
                () if captured > total => Self::OverCaptured,
                () if captured == total => Self::Captured,
                () => Self::PartCaptured,
            };
        }
        match () {
            () if authorized >= total && total > Minor::ZERO => Self::Authorized,
            () if authorized > Minor::ZERO => Self::PartAuthorized,
            () if order.money_of(EntryKind::Void) > Minor::ZERO => Self::Voided,
            // Nothing to pay is paid.
            () if total == Minor::ZERO && !order.lines.is_empty() => Self::Captured,
            () => Self::None,
        }
    }
}

impl FulfillmentStanding {
    /// The standing that the counters of the lines that ship give.
    #[must_use]
    pub fn of(order: &Order) -> Self {
        let ships = |kind: LineKind, by: FulfilledBy| kind.ships() || by != FulfilledBy::Us;
        let lines = || {
            order
                .lines
                .iter()
                .filter(|line| ships(line.kind, line.fulfilled_by))
        };
        let left: Quantity = lines()
            .map(|line| line.shipped + line.shipped_elsewhere)
            .sum();
        let waiting: Quantity = lines().map(|line| line.open + line.allocated).sum();
        match (left > Quantity::ZERO, waiting > Quantity::ZERO) {
            (false, _) => Self::None,
            (true, true) => Self::Partial,
            (true, false) => Self::Full,
        }
    }
}

impl ReturnStanding {
    /// The standing that the counters of the lines give.
    #[must_use]
    pub fn of(order: &Order) -> Self {
        let received: Quantity = order.lines.iter().map(|line| line.received).sum();
        let left: Quantity = order
            .lines
            .iter()
            .map(|line| line.shipped + line.shipped_elsewhere)
            .sum();
        match () {
            () if received == Quantity::ZERO && order.returns.is_empty() => Self::None,
            () if received == Quantity::ZERO => Self::Requested,
            () if received < left => Self::Part,
            () => Self::Full,
        }
    }
}
