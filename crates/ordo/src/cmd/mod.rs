//! One file per subcommand.

pub mod backup;
pub mod carry;
pub mod check;
mod csv;
pub mod demo;
pub mod explain;
pub mod export;
pub mod restore;
pub mod import;
pub mod serve;
