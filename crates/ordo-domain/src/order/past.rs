//! Past orders: what was sold and settled before Ordo, taken over as it ended.
//!
//! A past order takes no stock, places no holds and is never worked on, so it is ended from the
//! start: canceled where its source says so or nothing of it ever left, else closed. A source that
//! still calls it open has it to deliver, not Ordo; whoever wants it worked on takes it in as live.
//! What is odd about it is said by a label, for people to find.
//!
//! Invariant: no line of a past order is open, and a newer version never takes back what has left.

use crate::order::{FulfilledBy, Line, Order, OrderLife};
use crate::quantity::Quantity;

/// Labels a past order of which the source holds no lines.
pub const WITHOUT_LINES: &str = "without_lines";
/// Labels a past order of which nothing left although nobody canceled it.
pub const NEVER_SHIPPED: &str = "never_shipped";

impl Line {
    /// Settles what the source leaves open: goods that had not left never will, and what does not
    /// travel was delivered with the order, unless the whole of it was `canceled`.
    pub(super) fn settle_past(&mut self, canceled: bool) {
        let travels = self.kind.ships() || self.fulfilled_by != FulfilledBy::Us;
        if travels || canceled {
            self.canceled += self.open;
        } else {
            self.shipped_elsewhere += self.open;
        }
        self.open = Quantity::ZERO;
    }
}

impl Order {
    /// The life that a past order ends in.
    pub(super) fn past_life(lines: &[Line], canceled: bool) -> OrderLife {
        let nothing_left = lines.iter().all(|line| line.canceled == line.ordered);
        if canceled || (nothing_left && !lines.is_empty()) {
            OrderLife::Canceled
        } else {
            OrderLife::Closed
        }
    }

    /// Says by labels what is odd about a past order, and takes back what no longer is.
    pub(super) fn label_past(&mut self, canceled: bool) {
        let odd = match self.life {
            _ if self.lines.is_empty() => Some(WITHOUT_LINES),
            OrderLife::Canceled if !canceled => Some(NEVER_SHIPPED),
            OrderLife::Canceled | OrderLife::Closed | OrderLife::Open | OrderLife::Draft => None,
        };
        self.labels
            .retain(|label| label != WITHOUT_LINES && label != NEVER_SHIPPED);
        self.labels.extend(odd.map(str::to_owned));
    }

    /// Brings the lines of a past order to what a newer version says. Lines keep their ids, and
    /// what left or came back stays so.
    pub(super) fn merge_past_lines(&mut self, drafts: Vec<Line>, canceled: bool) {
        let mut known = std::mem::take(&mut self.lines);
        for mut draft in drafts {
            draft.settle_past(canceled);
            if let Some(at) = (known.iter()).position(|line| line.external_id == draft.external_id)
            {
                draft.take_over(known.remove(at));
            }
            self.lines.push(draft);
        }
        // A line that the source no longer lists stays where something of it left or was paid back.
        let matters =
            |line: &Line| line.shipped_elsewhere + line.received + line.refunded > Quantity::ZERO;
        self.lines.extend(known.into_iter().filter(matters));
    }
}

impl Line {
    /// Makes this line of a newer version the next form of `before`.
    fn take_over(&mut self, before: Line) {
        self.id = before.id;
        self.parent = before.parent.or(self.parent.take());
        self.received = before.received;
        self.refunded = before.refunded;
        let left = self.shipped_elsewhere.max(before.shipped_elsewhere);
        // Nor is more paid back than was ordered.
        self.ordered = self.ordered.max(left).max(self.refunded);
        self.shipped_elsewhere = left;
        self.shipped_from = self.shipped_from.take().or(before.shipped_from);
        self.canceled = self.ordered - left;
    }
}
