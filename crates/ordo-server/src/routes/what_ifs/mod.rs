//! What-ifs: past orders sourced again under other setups, and what that would have meant.

pub mod ask;
mod reader;
mod report;
mod told;
mod variant;
mod words;

pub use report::WhatIfReportAnswer;
pub use variant::what_if_of_body;
pub use words::percent;

use ordo_engine::what_if::WhatIfReport;

use crate::wire::to_json;

/// The answer form of a report, as JSON.
#[must_use]
pub fn what_if_answer(report: &WhatIfReport) -> String {
    to_json(&WhatIfReportAnswer::of(report))
}
