//! One file per subcommand.

pub mod backup;
pub mod carry;
pub mod check;
pub mod demo;
pub mod doctor;
pub mod erase;
pub mod explain;
pub mod export;
pub mod geo;
mod held;
pub mod import;
pub mod restore;
pub mod serve;
pub mod source;
pub mod what_if;

mod csv;
mod forms;
