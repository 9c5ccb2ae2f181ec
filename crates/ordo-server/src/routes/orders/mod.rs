//! Orders: taken in, listed, read, held, canceled and imported.

pub mod cancel;
pub mod capture;
pub mod events;
pub mod hold;
pub mod import;
mod lines;
pub mod list;
mod parts;
pub mod read;
mod render;
mod summaries;

pub use read::order_answers;
pub use render::{OrderAnswer, ShownOrder, order_json};
