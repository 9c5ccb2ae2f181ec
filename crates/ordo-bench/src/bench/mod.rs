//! One file per bench.

pub mod capture;
pub mod hot_sku;
pub mod import;
pub mod lists;
pub mod promise;
pub mod source_run;
pub mod sourcing;
pub mod start;
pub mod what_if;
