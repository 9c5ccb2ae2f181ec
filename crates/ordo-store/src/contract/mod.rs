//! The contract that every store keeps, as functions that any adapter runs.
