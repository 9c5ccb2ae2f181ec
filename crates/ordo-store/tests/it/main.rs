//! The contract suite over the store in memory, alone and behind the wrappers; and what the wrappers
//! promise themselves.

mod faulty;
mod metered;

/// The store in memory keeps every rule that does not need lists.
mod memory {
    use ordo_store::MemoryStore;

    async fn make(_test: &'static str) -> Option<Box<MemoryStore>> {
        Some(Box::new(MemoryStore::new()))
    }

    ordo_store::contract_tests!(make);
    ordo_store::contract_agenda_tests!(make);

    #[test]
    fn records_work_and_stock_are_listed() {
        use futures_util::FutureExt;
        use ordo_store::contract::lists;
        let store = MemoryStore::new();
        let listed = lists::records_are_listed_in_pages(&store, &store).now_or_never();
        listed.expect("the store in memory never waits");
        let store = MemoryStore::new();
        let listed = lists::stock_is_listed_in_pages(&store, &store).now_or_never();
        listed.expect("the store in memory never waits");
        let store = MemoryStore::new();
        let listed = lists::fulfillment_orders_are_filtered_in_pages(&store, &store).now_or_never();
        listed.expect("the store in memory never waits");
    }
}

/// A store is the same one with every second call delayed, so that calls overtake each other.
mod delayed {
    use std::sync::Arc;

    use ordo_store::{FaultPlan, FaultRates, FaultyStore, MemoryStore};

    async fn make(_test: &'static str) -> Option<Box<FaultyStore<MemoryStore>>> {
        let store = FaultyStore::new(Arc::new(MemoryStore::new()));
        let rates = FaultRates {
            delayed: 500,
            ..FaultRates::default()
        };
        store.begin(FaultPlan::Seeded { seed: 1, rates });
        Some(Box::new(store))
    }

    ordo_store::contract_tests!(make);
}

/// A store is the same one when it is counted.
mod counted {
    use std::sync::Arc;

    use ordo_store::{MemoryStore, MeteredStore};

    async fn make(_test: &'static str) -> Option<Box<MeteredStore<MemoryStore>>> {
        Some(Box::new(MeteredStore::new(Arc::new(MemoryStore::new()))))
    }

    ordo_store::contract_tests!(make);
}
