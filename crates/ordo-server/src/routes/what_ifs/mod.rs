//! What-ifs: past orders sourced again under other setups, and what that would have meant.

pub mod ask;
pub mod kept;
pub mod list;
mod question;
pub mod read;
mod reader;
mod report;
mod told;
mod variant;
mod words;

pub use kept::tell_shadow;
pub use question::what_if_of_body;
pub use report::WhatIfReportAnswer;
pub use told::because;
pub use words::percent;

use ordo_engine::what_if::WhatIfReport;

use crate::wire::to_json;

/// The answer form of a report that is not kept, as JSON.
#[must_use]
pub fn what_if_answer(report: &WhatIfReport) -> String {
    to_json(&WhatIfReportAnswer::of(report))
}
