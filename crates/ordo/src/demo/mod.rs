//! The demo company: who it is and what it sells, its past, and its work from day to day.

mod catalog;
pub mod company;
pub mod desk;
mod dice;
mod history;
mod moves;
mod orders;
mod people;
#[cfg(test)]
mod tests;
