//! Reports: sums that the view keeps, so that reading them costs nothing that grows with the orders.

pub mod daily;
