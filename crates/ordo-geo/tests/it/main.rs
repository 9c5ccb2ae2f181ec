//! The compiled-in table as a whole, asked as orders ask it; and tables that are made, or damaged.

mod embedded;
mod made;
