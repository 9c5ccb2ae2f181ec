//! The operations of the port by name, for wrappers that count them or make them fail.

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// One method of [`crate::Store`], [`crate::Query`], [`crate::Agenda`] or [`crate::Reports`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Operation {
            $($(#[$doc])* $name,)*
        }

        impl Operation {
            /// Every operation, in the order of the port.
            pub const ALL: &'static [Operation] = &[$(Self::$name,)*];

            /// The method's name, for metrics.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

operations! {
    /// [`crate::Store::load`]
    Load = "load",
    /// [`crate::Store::load_reference`]
    LoadReference = "load_reference",
    /// [`crate::Store::save_points`]
    SavePoints = "save_points",
    /// [`crate::Store::commit`]
    Commit = "commit",
    /// [`crate::Store::resolve`]
    Resolve = "resolve",
    /// [`crate::Store::answers`]
    Answers = "answers",
    /// [`crate::Store::drop_answers`]
    DropAnswers = "drop_answers",
    /// [`crate::Store::drop_batches`]
    DropBatches = "drop_batches",
    /// [`crate::Store::drop_signals`]
    DropSignals = "drop_signals",
    /// [`crate::Store::scrub`]
    Scrub = "scrub",
    /// [`crate::Store::read_log`]
    ReadLog = "read_log",
    /// [`crate::Store::head`]
    Head = "head",
    /// [`crate::Store::cursor`]
    Cursor = "cursor",
    /// [`crate::Store::save_view`]
    SaveView = "save_view",
    /// [`crate::Store::contacts`]
    Contacts = "contacts",
    /// [`crate::Store::decision`]
    Decision = "decision",
    /// [`crate::Store::due_reservations`]
    DueReservations = "due_reservations",
    /// [`crate::Store::find_key`]
    FindKey = "find_key",
    /// [`crate::Store::organizations`]
    Organizations = "organizations",
    /// [`crate::Query::list_orders`]
    ListOrders = "list_orders",
    /// [`crate::Query::count_orders`]
    CountOrders = "count_orders",
    /// [`crate::Query::list_stock`]
    ListStock = "list_stock",
    /// [`crate::Query::list_records`]
    ListRecords = "list_records",
    /// [`crate::Query::list_fulfillment_orders`]
    ListFulfillmentOrders = "list_fulfillment_orders",
    /// [`crate::Query::events_about`]
    EventsAbout = "events_about",
    /// [`crate::Query::list_movements`]
    ListMovements = "list_movements",
    /// [`crate::Query::list_rollups`]
    ListRollups = "list_rollups",
    /// [`crate::Query::list_shortfalls`]
    ListShortfalls = "list_shortfalls",
    /// [`crate::Agenda::add_tasks`]
    AddTasks = "add_tasks",
    /// [`crate::Agenda::lease_tasks`]
    LeaseTasks = "lease_tasks",
    /// [`crate::Agenda::end_task`]
    EndTask = "end_task",
    /// [`crate::Agenda::task`]
    Task = "task",
    /// [`crate::Agenda::list_tasks`]
    ListTasks = "list_tasks",
    /// [`crate::Agenda::retry_task`]
    RetryTask = "retry_task",
    /// [`crate::Agenda::drop_tasks`]
    DropTasks = "drop_tasks",
    /// [`crate::Agenda::waiting`]
    Waiting = "waiting",
    /// [`crate::Agenda::waited`]
    Waited = "waited",
    /// [`crate::Agenda::waited_for`]
    WaitedFor = "waited_for",
    /// [`crate::Agenda::end_waits`]
    EndWaits = "end_waits",
    /// [`crate::Agenda::short_cells`]
    ShortCells = "short_cells",
    /// [`crate::Agenda::end_short`]
    EndShort = "end_short",
    /// [`crate::Reports::keep_report`]
    KeepReport = "keep_report",
    /// [`crate::Reports::report`]
    Report = "report",
    /// [`crate::Reports::list_reports`]
    ListReports = "list_reports",
    /// [`crate::Reports::drop_report`]
    DropReport = "drop_report",
}
