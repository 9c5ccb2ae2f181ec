//! Each audit of a part is shown something that is wrong, and must see it.

mod api;
