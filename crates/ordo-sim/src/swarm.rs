//! What a simulation is made of, chosen by its seed: which faults there are and how many, who is at
//! work, and how hostile they are. Leaving most things out most of the time finds what a mix of
//! everything hides (swarm testing).

use std::fmt;

use ordo_store::FaultRates;

use crate::dice::Dice;

macro_rules! traits {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $per_mille:literal;)*) => {
        /// Something that a simulation has or does not have.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Trait {
            $($(#[$doc])* $name,)*
        }

        impl Trait {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name on the command line.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// How many simulations of 1,000 have it.
            const fn per_mille(self) -> u64 {
                match self { $(Self::$name => $per_mille,)* }
            }
        }
    };
}

traits! {
    /// The store refuses calls, or their answers are lost.
    Refusals = "refusals", 500;
    /// Outcomes of commits are unknown, and some commits arrive late.
    UnknownCommits = "unknown-commits", 500;
    /// Commits meet conflicts for no reason.
    Conflicts = "conflicts", 300;
    /// Calls and answers take turns, so that nodes and tasks overtake each other.
    Delays = "delays", 800;
    /// Nodes are killed and start again.
    Kills = "kills", 500;
    /// Nodes stand still for longer than a lease, and go on as if nothing had been.
    Freezes = "freezes", 300;
    /// Clocks jump by hours and days.
    Jumps = "jumps", 400;
    /// Nodes' clocks differ by up to two seconds.
    Skew = "skew", 300;
    /// Requests of clients are lost, sent twice, or given up and sent again.
    LossyClients = "lossy-clients", 600;
    /// Receivers of webhooks fail, and lose their answers.
    BadReceivers = "bad-receivers", 500;
    /// Channels send orders again, out of order, and changed.
    Resends = "resends", 700;
    /// Stock is scarce, counted and corrected all the time.
    ScarceStock = "scarce-stock", 600;
    /// Carts reserve.
    Carts = "carts", 500;
    /// Locations refuse, find too little, and are asked to stop.
    Trouble = "trouble", 700;
    /// Orders are canceled, held and released.
    Support = "support", 700;
    /// Goods come back and money is paid back.
    Returns = "returns", 600;
    /// Units are told apart by lots.
    Lots = "lots", 300;
    /// Bundles are sold.
    Bundles = "bundles", 400;
    /// Locations have days that are full, hours and closures.
    Calendars = "calendars", 400;
    /// Price lists, sourcing settings and rules are in force.
    Prices = "prices", 400;
    /// Orders wait to be sourced together, and work is looked at again.
    Windows = "windows", 250;
    /// The setup changes while orders come in.
    Admin = "admin", 500;
    /// Ids of another organization, and nonsense, are asked for.
    Nonsense = "nonsense", 400;
    /// People are erased.
    Erasures = "erasures", 200;
}

/// What a simulation has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swarm {
    has: u64,
    /// Nodes over the one store.
    pub nodes: usize,
    /// People at work at the same time.
    pub hands: usize,
    /// The rates of the store's faults.
    pub rates: FaultRates,
}

impl Swarm {
    /// What `dice` choose, without what is left out.
    #[must_use]
    pub fn choose(dice: &mut Dice, without: &[Trait]) -> Self {
        let mut has = 0;
        for of in Trait::ALL {
            // The dice are thrown in any case, so that leaving one out changes no other.
            let chosen = dice.per_mille(of.per_mille());
            if chosen && !without.contains(of) {
                has |= 1 << *of as u64;
            }
        }
        let mut swarm = Self {
            has,
            nodes: 1 + usize::try_from(dice.below(3)).unwrap_or(0),
            hands: 2 + usize::try_from(dice.below(10)).unwrap_or(0),
            rates: FaultRates::default(),
        };
        let mut rate = |of: Trait, most: u64| {
            let rate = u32::try_from(1 + dice.below(most)).unwrap_or(0);
            if swarm.has(of) { rate } else { 0 }
        };
        swarm.rates = FaultRates {
            refused: rate(Trait::Refusals, 30),
            answers_lost: rate(Trait::Refusals, 30),
            delayed: rate(Trait::Delays, 300),
            answers_delayed: rate(Trait::Delays, 200),
            requests_lost: rate(Trait::UnknownCommits, 60),
            late: rate(Trait::UnknownCommits, 60),
            conflicts: rate(Trait::Conflicts, 150),
        };
        swarm
    }

    /// Whether it has this.
    #[must_use]
    pub const fn has(&self, of: Trait) -> bool {
        self.has >> of as u64 & 1 == 1
    }

    /// Everything that it has.
    pub fn traits(&self) -> impl Iterator<Item = Trait> + use<'_> {
        Trait::ALL.iter().copied().filter(|of| self.has(*of))
    }
}

impl fmt::Display for Swarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} nodes, {} hands", self.nodes, self.hands)?;
        for of in self.traits() {
            write!(f, ", {}", of.name())?;
        }
        Ok(())
    }
}

impl Trait {
    /// The one with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|of| of.name() == name)
    }
}
