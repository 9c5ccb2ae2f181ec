//! The contract that every store keeps, as functions that any adapter runs: one per rule.
//!
//! An adapter's integration tests say how to make an empty store and call [`contract_tests!`], and
//! where the store answers lists also [`contract_list_tests!`]; each rule becomes a test of its own.
//! A rule panics where it is broken. The adapter's dev-dependencies must have `tokio` with `macros`
//! and `rt-multi-thread`; the rules themselves need no runtime.
//!
//! ```text
//! mod contract {
//!     /// An empty store; `None` where it cannot be made here and the test counts as skipped.
//!     async fn make(test: &'static str) -> Option<Box<MyStore>> { … }
//!     ordo_store::contract_tests!(make);
//!     ordo_store::contract_list_tests!(make);
//! }
//! ```
//!
//! What `make` gives must deref to the store; a guard that removes a folder on drop may do so.

pub mod load;

/// One test per rule that every store keeps. Takes the path of an
/// `async fn(test: &'static str) -> Option<impl Deref<Target = impl Store + Query>>`.
#[macro_export]
macro_rules! contract_tests {
    ($make:path) => {
        $crate::contract_rules! { $make, store, (&*store);
            load {
                what_was_never_stored_is_absent,
            }
        }
    };
}

/// One test per rule that stores with lists keep beside [`contract_tests!`]; takes the same.
#[macro_export]
macro_rules! contract_list_tests {
    ($make:path) => {
        $crate::contract_rules! { $make, store, (&*store, &*store); }
    };
}

/// Expands groups of rules to tests.
#[doc(hidden)]
#[macro_export]
macro_rules! contract_rules {
    ($make:path, $store:ident, $given:tt; $($group:ident { $($rule:ident,)* })*) => {
        $($crate::contract_rules! { @group $make, $store, $given, $group, [$($rule,)*] })*
    };
    (@group $make:path, $store:ident, $given:tt, $group:ident, [$($rule:ident,)*]) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $rule() {
            let test = concat!(module_path!(), "::", stringify!($rule));
            let Some($store) = $make(test).await else { return };
            $crate::contract::$group::$rule $given.await;
        }
    )*};
}
