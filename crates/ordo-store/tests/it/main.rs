//! The contract suite over the store in memory.

/// The store in memory keeps every rule that does not need lists.
mod memory {
    use ordo_store::MemoryStore;

    async fn make(_test: &'static str) -> Option<Box<MemoryStore>> {
        Some(Box::new(MemoryStore::new()))
    }

    ordo_store::contract_tests!(make);
}
