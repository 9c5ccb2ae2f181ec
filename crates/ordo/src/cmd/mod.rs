//! One file per subcommand.

pub mod check;
pub mod demo;
pub mod explain;
pub mod export;
pub mod serve;
