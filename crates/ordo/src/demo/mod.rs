//! The demo company: who it is, what it sells and how it ships, its past, and its work from day to day.

mod catalog;
pub mod company;
pub mod desk;
mod dice;
mod freight;
mod history;
mod moves;
mod orders;
mod people;
mod rules;
#[cfg(test)]
mod tests;
