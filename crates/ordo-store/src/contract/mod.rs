//! The contract that every store keeps, as functions that any adapter runs: one per rule.
//!
//! An adapter's integration tests say how to make an empty store and call [`crate::contract_tests!`], and
//! where the store answers lists also [`crate::contract_list_tests!`]; each rule becomes a test of its own.
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

pub mod agenda;
pub mod answers;
pub mod batch;
pub mod conflict;
mod day;
pub mod fixture;
pub mod follow;
pub mod headroom;
pub mod kinds;
pub mod ledger;
pub mod lists;
pub mod load;
pub mod lots;
pub mod organization;
pub mod race;
pub mod reports;
mod snapshot;
pub mod verbatim;
pub mod write;

/// One test per rule that every store keeps. Takes the path of an
/// `async fn(test: &'static str) -> Option<impl Deref<Target = impl Store + Query>>`.
#[macro_export]
macro_rules! contract_tests {
    ($make:path) => {
        $crate::contract_rules! { $make, store, (&*store);
            load {
                what_was_never_stored_is_absent,
                an_organization_that_never_was_is_empty,
                rows_come_in_the_order_of_their_keys,
                many_keys_are_loaded_at_once,
                the_log_is_read_in_pages,
                events_carry_the_versions_of_their_subject,
                the_reference_counts_its_changes,
                own_points_are_kept_and_counted,
            }
            write {
                a_commit_reads_back_as_a_whole,
                positions_and_numbers_are_dense,
                a_changed_order_keeps_its_number,
                time_never_goes_backwards,
                a_commit_of_answers_only_moves_nothing_else,
                the_log_tells_what_is_stored,
                a_large_commit_is_written_as_a_whole,
                erased_contacts_are_gone,
            }
            kinds {
                every_kind_of_record_reads_back,
            }
            verbatim {
                texts_are_kept_verbatim,
                captured_texts_are_kept_verbatim,
                claims_are_compared_as_bytes,
                the_ends_of_integers_are_kept,
            }
            conflict {
                a_taken_claim_conflicts,
                the_same_order_captured_twice_conflicts,
                a_taken_answer_conflicts,
                a_taken_secret_conflicts,
                a_stale_write_conflicts,
                a_record_that_is_there_or_gone_against_the_decision_conflicts,
                a_stale_read_conflicts,
                another_reference_conflicts,
                a_first_commit_is_decided_on_reference_zero,
                a_refused_batch_may_come_again,
            }
            headroom {
                stale_but_feasible_stands,
                stale_and_infeasible_conflicts,
                missing_headroom_writes_nothing_at_all,
                quarantine_ends_only_for_what_is_in_it,
                every_promise_takes_headroom,
                facts_may_overtake_promises,
                a_level_of_safety_stock_is_set_and_not_added,
                a_cell_that_two_batches_make_gets_both,
                cells_add_up_difference_by_difference,
                a_counter_stops_at_its_limit,
                sightings_count_within_their_window,
            }
            lots {
                splits_add_up_difference_by_difference,
                splits_are_of_one_cell_and_organization,
                a_refused_commit_changes_no_split,
            }
            batch {
                a_batch_is_committed_once,
                a_committed_batch_resolves_to_what_it_was_given,
                a_batch_resolved_as_never_committed_never_will_be,
                a_first_batch_can_be_settled,
                a_commit_and_its_resolution_agree,
                old_batches_are_forgotten_in_portions,
                old_signals_are_dropped_in_portions,
            }
            race {
                the_last_unit_is_promised_once,
                as_many_win_as_there_are_units,
                positions_stay_dense_under_races,
                a_claim_is_given_to_one,
                a_version_is_followed_once,
                a_reference_is_followed_once,
                a_batch_given_twice_at_once_is_committed_once,
            }
            answers {
                an_answer_comes_back_with_its_number,
                an_answer_without_events_has_the_position_of_the_head,
                old_answers_are_dropped_in_portions,
            }
            organization {
                organizations_never_meet,
                a_settled_batch_is_free_elsewhere,
                an_organizations_code_is_unique_over_all,
                organizations_are_listed_as_they_were_founded,
                a_key_is_found_by_its_secret,
                a_withdrawn_key_is_not_found,
            }
            follow {
                a_cursor_moves_from_where_it_was_read,
                due_reservations_come_soonest_first,
            }
        }
        $crate::contract_rules! { $make, store, (&*store, &*store);
            follow {
                events_about_records_are_read_in_pages,
            }
        }
    };
}

/// One test per rule that stores with lists keep beside [`crate::contract_tests!`]; takes the same.
#[macro_export]
macro_rules! contract_list_tests {
    ($make:path) => {
        $crate::contract_rules! { $make, store, (&*store, &*store);
            lists {
                orders_are_filtered_sorted_and_counted,
                pages_of_orders_join,
                pages_of_orders_stand_still,
                orders_are_found_by_all_their_terms,
                lost_terms_no_longer_find,
                stock_is_listed_in_pages,
                records_are_listed_in_pages,
                fulfillment_orders_are_filtered_in_pages,
                lists_stay_within_the_organization,
            }
            ledger {
                movements_are_listed_newest_first,
                days_are_listed_in_pages,
                shortfalls_are_listed_while_they_last,
            }
        }
    };
}

/// One test per rule that stores keep for what is still to be done, and for reports; takes the same as
/// [`crate::contract_tests!`].
#[macro_export]
macro_rules! contract_agenda_tests {
    ($make:path) => {
        $crate::contract_rules! { $make, store, (&*store, &*store);
            agenda {
                tasks_are_leased_one_by_one_within_their_queue,
                the_longest_due_come_first,
                a_lease_that_ran_out_changes_nothing,
                a_failed_task_comes_again,
                parked_and_done_tasks_are_listed,
                a_consumer_leaves_tasks_with_its_cursor,
                waiting_orders_come_by_their_number,
                facts_name_the_cells_that_they_leave_short,
            }
            reports {
                a_report_is_kept_until_it_is_dropped,
                reports_are_listed_newest_first,
                the_oldest_reports_go,
            }
        }
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

#[cfg(test)]
mod tests {
    /// A rule that no macro names would never run.
    #[test]
    fn every_rule_stands_in_the_table() {
        let table = include_str!("mod.rs");
        let files = [
            include_str!("agenda.rs"),
            include_str!("answers.rs"),
            include_str!("batch.rs"),
            include_str!("conflict.rs"),
            include_str!("follow.rs"),
            include_str!("headroom.rs"),
            include_str!("ledger.rs"),
            include_str!("lists.rs"),
            include_str!("load.rs"),
            include_str!("organization.rs"),
            include_str!("race.rs"),
            include_str!("reports.rs"),
            include_str!("verbatim.rs"),
            include_str!("write.rs"),
        ];
        let mut rules = 0;
        for line in files.iter().flat_map(|file| file.lines()) {
            let Some((rule, _)) = line
                .strip_prefix("pub async fn ")
                .and_then(|rest| rest.split_once('('))
            else {
                continue;
            };
            rules += 1;
            assert!(
                table.contains(&format!("                {rule},\n")),
                "{rule}"
            );
        }
        assert!(rules > 60, "only {rules} rules were found");
    }
}
