//! The house courier: the merchant's own vans and hands. It needs no account; its labels are made
//! here, and its tracking is what its people report to Ordo.

pub mod label;
