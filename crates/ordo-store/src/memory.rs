//! A store in memory: the reference that the others are compared with.

/// State and log in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {}
