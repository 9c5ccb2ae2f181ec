//! Bugs that are planted on purpose, one per invariant: a simulation in which one of them goes
//! unnoticed proves nothing.

macro_rules! canaries {
    ($($(#[$doc:meta])* $name:ident = ($text:literal, $invariant:literal),)*) => {
        /// A planted bug.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Canary {
            $($(#[$doc])* $name,)*
        }

        impl Canary {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name on the command line.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The invariant that it breaks.
            #[must_use]
            pub const fn invariant(self) -> &'static str {
                match self { $(Self::$name => $invariant,)* }
            }
        }
    };
}

canaries! {
    /// A movement is in the log and not in its cell.
    MovementNotWritten = ("movement-not-written", "I1"),
    /// Promises are committed without a look at what is left.
    HeadroomUnchecked = ("headroom-unchecked", "I2"),
    /// A unit of a line is nowhere any more.
    UnitLost = ("unit-lost", "I3"),
    /// One cent more goes back than the units are worth.
    RefundTooMuch = ("refund-too-much", "I4"),
    /// A commit is answered and was never written.
    AnsweredNotWritten = ("answered-not-written", "I5"),
    /// A commit whose outcome is asked for is said not to be there, and decided again.
    ResolvedWrongly = ("resolved-wrongly", "I5"),
    /// An event's record has a version that skips one.
    VersionSkipped = ("version-skipped", "I6"),
    /// The consumer of the log passes over events.
    EventsPassedOver = ("events-passed-over", "I6"),
    /// A stored order says something that no event made so.
    RecordDrifts = ("record-drifts", "I7"),
    /// A message goes out twice under two ids.
    SentTwice = ("sent-twice", "I8"),
    /// A row of another organization is found.
    ForeignRow = ("foreign-row", "I9"),
    /// Nobody looks again at what waits.
    JobLost = ("job-lost", "I10"),
    /// Reservations are never due.
    NeverDue = ("never-due", "I11"),
    /// Reservations end a minute early.
    DueEarly = ("due-early", "I11"),
    /// What was known of an erased person stays.
    ContactKept = ("contact-kept", "I12"),
    /// The order of tasks comes from the machine and not from the seed.
    Unseeded = ("unseeded", "I14"),
}

impl Canary {
    /// The one with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|canary| canary.name() == name)
    }
}
