//! Every way in which Ordo says no, with its stable code.
//!
//! A rejection is an answer, not an error: the command changed nothing, and asking again with the
//! same input gives the same answer. Each code has a page in `docs/errors`.

use serde::Serialize;

use crate::answer::AnswerSubject;

/// One refused field: a JSON pointer into the input, and a sentence about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldProblem {
    /// RFC 6901 pointer, such as `/lines/0/quantity`.
    pub field: String,
    /// What is wrong with it, as a sentence without a full stop.
    pub message: String,
}

macro_rules! rejections {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $status:literal, $title:literal;)*) => {
        /// Why a command was refused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// Every code, in the order of this file.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// The stable slug that clients match on.
            #[must_use]
            pub const fn slug(self) -> &'static str {
                match self { $(Code::$name => $code,)* }
            }

            /// The HTTP status it is answered with.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Code::$name => $status,)* }
            }

            /// A short sentence that is the same for every occurrence.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Code::$name => $title,)* }
            }
        }
    };
}

rejections! {
    /// A field is missing, malformed or out of range.
    InvalidInput = "invalid_input", 422, "A field of the request is not acceptable";
    /// Nothing with that id or code exists in the organization.
    NotFound = "not_found", 404, "Nothing with this id exists";
    /// The code is taken by another record.
    CodeTaken = "code_taken", 409, "This code is taken";
    /// The record changed since it was read.
    VersionConflict = "version_conflict", 409, "The record has changed since it was read";
    /// A reservation asked for more than is available.
    OutOfStock = "out_of_stock", 409, "Not enough stock is available";
    /// The movement would take more than there is.
    InsufficientStock = "insufficient_stock", 409, "The movement takes more than is on hand";
    /// The reservation has ended.
    ReservationEnded = "reservation_ended", 409, "The reservation has expired or was released";
    /// The order's state does not allow this.
    OrderState = "order_state", 409, "The order is in a state that does not allow this";
    /// The hold is not on the order.
    HoldNotFound = "hold_not_found", 404, "The order has no such hold";
    /// An open hold blocks the stage.
    HeldAtStage = "held_at_stage", 409, "A hold blocks this step";
    /// The fulfillment order's state does not allow this.
    FulfillmentState = "fulfillment_state", 409, "The fulfillment order is in a state that does not allow this";
    /// More units than there are.
    QuantityExceeded = "quantity_exceeded", 409, "More units than there are";
    /// The delivery's state does not allow this.
    DeliveryState = "delivery_state", 409, "The delivery is in a state that does not allow this";
    /// The return's state does not allow this.
    ReturnState = "return_state", 409, "The return is in a state that does not allow this";
    /// The version of the rules is in a state that does not allow this.
    RuleVersionState = "rule_version_state", 409, "The version of the rules is in a state that does not allow this";
    /// More money than was captured and not yet refunded.
    RefundExceedsCaptured = "refund_exceeds_captured", 409, "The refund is more than what is left of the captured amount";
    /// The actor's role does not allow this.
    Forbidden = "forbidden", 403, "The key's role does not allow this";
    /// The idempotency key was used with another body.
    IdempotencyKeyReused = "idempotency_key_reused", 422, "This idempotency key was used with another request";
    /// No key, or one that is not known.
    Unauthorized = "unauthorized", 401, "A valid API key is needed";
    /// The body is not JSON, or not of the form that this operation takes.
    MalformedBody = "malformed_body", 400, "The request's body cannot be read";
    /// The body is larger than this operation takes.
    BodyTooLarge = "body_too_large", 413, "The request's body is too large";
    /// The key has used up what it may ask for.
    RateLimited = "rate_limited", 429, "This key has used up its requests for now";
    /// Too many requests are waiting.
    Overloaded = "overloaded", 429, "Too many requests are waiting";
    /// Others changed the same rows again and again.
    Busy = "busy", 503, "The same rows are changed by many others right now";
    /// The store does not answer.
    Unavailable = "unavailable", 503, "The store does not answer right now";
    /// The view has not caught up with the position asked for.
    ViewBehind = "view_behind", 503, "The view has not caught up yet";
    /// A bug; it was logged.
    Internal = "internal", 500, "Something went wrong on our side";
}

/// A refusal with what the client needs to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The stable code.
    pub code: Code,
    /// One sentence about this occurrence; never holds a person's data.
    pub detail: String,
    /// The fields at fault, where there are any.
    pub fields: Vec<FieldProblem>,
    /// The record as it stands, where the client knows an older version of it.
    pub current: Option<Box<AnswerSubject>>,
}

impl Rejection {
    /// A rejection without fields.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            fields: Vec::new(),
            current: None,
        }
    }

    /// A rejection for one field of the input.
    #[must_use]
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            code: Code::InvalidInput,
            detail: message.clone(),
            fields: vec![FieldProblem {
                field: field.into(),
                message,
            }],
            current: None,
        }
    }

    /// The same rejection, naming a field as its cause.
    #[must_use]
    pub fn at(mut self, field: impl Into<String>) -> Self {
        self.fields.push(FieldProblem {
            field: field.into(),
            message: self.detail.clone(),
        });
        self
    }
}
