//! The reference and the assumptions that follow from a variant.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::id::{LocationId, RateTableId, RuleSetId, SettingsId};
use crate::network::{Location, LocationState, Pool};
use crate::rate::{RateTable, Worked};
use crate::reference::{Reference, ReferenceRecord};
use crate::rejection::Rejection;
use crate::rules::{RuleScope, RuleSet, RuleVersion, Rules};
use crate::sourcing::{PriceBook, PromiseKind, SourcingSettings};
use crate::time::{Timestamp, Zone};
use crate::what_if::{
    Assortment, Hypothetical, LocationWish, RatesAssumed, RulesNamed, RulesSaid, RulesWish,
    StockWish, Variant,
};

/// Ids from here on are of things that do not exist; those of real ones begin with a time.
const MADE_UP: u128 = u128::MAX << 64;

/// A setup to source by.
#[derive(Debug, Clone)]
pub struct Setup {
    /// What it is called.
    pub name: String,
    pub(super) reference: Arc<Reference>,
    pub(super) as_happened: bool,
    pub(super) stock: StockWish,
    pub(super) safety: Option<crate::quantity::Quantity>,
    /// What locations are assumed to have.
    pub(super) assumed: BTreeMap<LocationId, Assortment>,
    /// How long zones of tables really take, in thousandths of a day.
    pub(super) usual: BTreeMap<RateTableId, Vec<i64>>,
}

impl Setup {
    /// What follows from `variant` where `reference` is in force at `now`.
    ///
    /// # Errors
    /// A field of the variant names what is not there, or cannot be; the pointer begins at the variant.
    pub fn of(reference: &Reference, variant: &Variant, now: Timestamp) -> Result<Self, Rejection> {
        let mut setup = Self {
            name: variant.name.clone(),
            reference: Arc::new(Reference::default()),
            as_happened: variant.as_happened,
            stock: variant.stock.clone(),
            safety: variant.safety,
            assumed: BTreeMap::new(),
            usual: BTreeMap::new(),
        };
        let mut changed = nothing_scarce(reference);
        setup.add_locations(&mut changed, &variant.locations.add)?;
        change_locations(&mut changed, variant, &mut setup.assumed)?;
        let mut changed = with_rules(setup.with_rates(changed, variant, now)?, variant, now)?;
        weigh(&mut changed, variant);
        if variant.as_happened {
            changed = as_happened(changed);
        }
        if let StockWish::Counts(counts) = &setup.stock {
            for (index, count) in counts.iter().enumerate() {
                let field = format!("/stock/counts/{index}/location");
                location(&changed, &count.location, field)?;
            }
        }
        setup.reference = Arc::new(changed);
        Ok(setup)
    }

    /// The reference that it sources by.
    #[must_use]
    pub fn reference(&self) -> &Reference {
        &self.reference
    }

    /// Whether a location does not exist.
    #[must_use]
    pub fn is_hypothetical(location: LocationId) -> bool {
        location.to_u128() >= MADE_UP
    }

    /// The codes of the locations that take new work.
    pub fn open(&self) -> impl Iterator<Item = &str> {
        let open = self.reference.locations();
        open.filter(|location| location.takes_new_work())
            .map(|location| location.code.as_str())
    }

    fn add_locations(
        &mut self,
        reference: &mut Reference,
        added: &[Hypothetical],
    ) -> Result<(), Rejection> {
        for (index, new) in added.iter().enumerate() {
            let code = &new.location.code;
            let field = |name: &str| format!("/locations/add/{index}/{name}");
            if reference.location_by_code(code).is_some() {
                let message = format!("a location with the code {code} exists");
                return Err(Rejection::field(field("code"), message));
            }
            if Zone::named(&new.location.time_zone).is_none() {
                return Err(Rejection::field(field("time_zone"), "is no time zone"));
            }
            let id = LocationId::from_u128(MADE_UP + index as u128);
            let mut location = new.location.made(id, reference.gazetteer());
            location.handling = new.handling;
            // Every channel may sell what lies there.
            let pools: Vec<Arc<Pool>> = reference.pools().map(Arc::clone).collect();
            for pool in pools {
                let mut pool = Pool::clone(&pool);
                pool.locations.push(id);
                reference.insert(ReferenceRecord::Pool(Arc::new(pool)));
            }
            reference.insert(ReferenceRecord::Location(Arc::new(location)));
            self.assumed.insert(id, new.assortment.clone());
        }
        Ok(())
    }

    /// Today's tables that are in force, and those of the variant, all for the whole period.
    fn with_rates(
        &mut self,
        reference: Reference,
        variant: &Variant,
        now: Timestamp,
    ) -> Result<Reference, Rejection> {
        let today = now.date_in(&Zone::utc());
        let mut tables: BTreeMap<String, Arc<RateTable>> = BTreeMap::new();
        for table in reference.rate_tables().filter(|_| !variant.rates.replaces) {
            let counts = table.valid_from.is_none_or(|from| from <= today)
                && table.valid_until.is_none_or(|until| today <= until);
            if counts {
                let mut table = RateTable::clone(table);
                (table.valid_from, table.valid_until) = (None, None);
                tables.insert(table.code.clone(), Arc::new(table));
            }
        }
        for (index, assumed) in variant.rates.tables.iter().enumerate() {
            let id = RateTableId::from_u128(MADE_UP + index as u128);
            let place = format!("/rates/tables/{index}");
            let table = made_up(&reference, id, assumed, &place)?;
            if !assumed.usual_millidays.is_empty() {
                if assumed.usual_millidays.len() != table.zones.len() {
                    let message = "must hold one number per zone";
                    return Err(Rejection::field(
                        format!("{place}/usual_millidays"),
                        message,
                    ));
                }
                self.usual.insert(id, assumed.usual_millidays.clone());
            }
            tables.insert(table.code.clone(), Arc::new(table));
        }
        Ok(reference.with_rate_tables(tables.into_values()))
    }
}

fn made_up(
    reference: &Reference,
    id: RateTableId,
    assumed: &RatesAssumed,
    place: &str,
) -> Result<RateTable, Rejection> {
    let draft = &assumed.table;
    let mut origins = Vec::with_capacity(draft.origins.len());
    for (at, code) in draft.origins.iter().enumerate() {
        let field = format!("{place}/table/origins/{at}");
        origins.push(location(reference, code, field)?.id);
    }
    let mut table = RateTable {
        id,
        version: 1,
        code: draft.code.clone(),
        carrier: draft.carrier.clone(),
        service: draft.service.clone(),
        currency: draft.currency,
        origins,
        zones: draft.zones.clone(),
        steps_g: draft.steps_g.clone(),
        mm3_per_g: draft.mm3_per_g,
        surcharges: draft.surcharges.clone(),
        takes: None,
        valid_from: None,
        valid_until: None,
        worked: Worked::default(),
    };
    table.fill();
    table.must_be_sound().map_err(|mut rejection| {
        for problem in &mut rejection.fields {
            problem.field = format!("{place}/table{}", problem.field);
        }
        rejection
    })?;
    Ok(table)
}

fn change_locations(
    reference: &mut Reference,
    variant: &Variant,
    assumed: &mut BTreeMap<LocationId, Assortment>,
) -> Result<(), Rejection> {
    let wishes = &variant.locations;
    for (index, wish) in wishes.change.iter().enumerate() {
        let field = format!("/locations/change/{index}/code");
        let mut changed = Location::clone(location(reference, &wish.code, field)?);
        let LocationWish {
            code: _,
            daily_capacity,
            handling,
            assortment,
        } = wish;
        changed.daily_capacity = daily_capacity.unwrap_or(changed.daily_capacity);
        changed.handling = handling.or(changed.handling);
        if let Some(assortment) = assortment {
            assumed.insert(changed.id, assortment.clone());
        }
        reference.insert(ReferenceRecord::Location(Arc::new(changed)));
    }
    if let Some(code) = &variant.default_location {
        let found = location(reference, code, "/default_location".to_owned())?;
        assumed.insert(found.id, Assortment::All);
    }
    let ids = |codes: &[String], name: &str| {
        let found = codes.iter().enumerate().map(|(index, code)| {
            location(reference, code, format!("/locations/{name}/{index}")).map(|found| found.id)
        });
        found.collect::<Result<Vec<LocationId>, Rejection>>()
    };
    let on = ids(&wishes.on, "on")?;
    let off = ids(&wishes.off, "off")?;
    let only = match &wishes.only {
        Some(codes) => Some(ids(codes, "only")?),
        None => None,
    };
    let all: Vec<Arc<Location>> = reference.locations().map(Arc::clone).collect();
    for before in all {
        let id = before.id;
        let mut after = Location::clone(&before);
        if on.contains(&id) || only.as_ref().is_some_and(|only| only.contains(&id)) {
            after.state = LocationState::Live;
            after.capabilities.clear();
        }
        if off.contains(&id) || only.as_ref().is_some_and(|only| !only.contains(&id)) {
            after.state = LocationState::Closed;
        }
        if after != *before {
            reference.insert(ReferenceRecord::Location(Arc::new(after)));
        }
    }
    Ok(())
}

/// The rules that count today, or that the variant names, for the whole period.
fn with_rules(
    reference: Reference,
    variant: &Variant,
    now: Timestamp,
) -> Result<Reference, Rejection> {
    let named: &[RulesNamed] = match &variant.rules {
        RulesWish::AsTheyAre => &[],
        RulesWish::None => return Ok(reference.with_rule_sets(std::iter::empty())),
        RulesWish::Versions(named) => named,
        RulesWish::Only(rules) => {
            let set = Arc::new(made_up_rules(rules));
            return Ok(reference.with_rule_sets(std::iter::once(set)));
        }
    };
    for (index, wish) in named.iter().enumerate() {
        let field = |name: &str| format!("/rules/versions/{index}/{name}");
        let mut sets = reference.rule_sets();
        let Some(set) = sets.find(|set| set.code == wish.set) else {
            let message = format!("no rule set has the code {}", wish.set);
            return Err(Rejection::field(field("set"), message));
        };
        if let RulesSaid::Version(number) = &wish.says
            && set.numbered(*number).is_none()
        {
            return Err(Rejection::field(field("version"), "is not there"));
        }
    }
    let sets: Vec<Arc<RuleSet>> = (reference.rule_sets())
        .filter_map(|set| {
            let wish = named.iter().find(|wish| wish.set == set.code);
            let number = match wish.map(|wish| &wish.says) {
                Some(RulesSaid::Version(number)) => *number,
                Some(RulesSaid::Rules(rules)) => return Some(Arc::new(saying(set, rules))),
                None => set.live(now)?.number,
            };
            Some(Arc::new(set.as_if_live(number)))
        })
        .collect();
    Ok(reference.with_rule_sets(sets.into_iter()))
}

/// A rule set for all orders that is nowhere yet.
fn made_up_rules(rules: &Rules) -> RuleSet {
    let set = RuleSet {
        id: RuleSetId::from_u128(MADE_UP),
        version: 0,
        code: "what-if".to_owned(),
        name: None,
        scope: RuleScope::default(),
        priority: 0,
        versions: Vec::new(),
        shadows: BTreeMap::new(),
    };
    saying(&set, rules)
}

/// The same set with these rules, as a version that it does not have yet, in force from the beginning
/// of time.
fn saying(set: &RuleSet, rules: &Rules) -> RuleSet {
    let last = set.versions.iter().map(|version| version.number).max();
    let mut set = set.clone();
    set.versions = vec![RuleVersion {
        number: last.unwrap_or(0) + 1,
        note: None,
        rules: rules.clone(),
        live_from: Some(Timestamp::default()),
        ended_at: None,
    }];
    set
}

/// What the variant weighs otherwise.
fn weigh(reference: &mut Reference, variant: &Variant) {
    if variant.promise.is_none()
        && variant.default_weight_g.is_none()
        && variant.penalties.is_empty()
    {
        return;
    }
    let mut settings = match reference.sourcing() {
        Some(said) => SourcingSettings::clone(said),
        None => SourcingSettings::unsaid(SettingsId::from_u128(MADE_UP)),
    };
    settings.promise = variant.promise.unwrap_or(settings.promise);
    settings.default_weight_g = variant
        .default_weight_g
        .unwrap_or(settings.default_weight_g);
    for said in &variant.penalties {
        settings
            .penalties
            .retain(|other| other.currency != said.currency);
        settings.penalties.push(*said);
    }
    settings.penalties.sort_by_key(|said| said.currency);
    reference.insert(ReferenceRecord::SourcingSettings(Arc::new(settings)));
}

/// The same without prices of what is scarce: they are made from today's stock for the hours to come,
/// and say nothing of another day or network. What is known of how often locations decline stays.
fn nothing_scarce(reference: &Reference) -> Reference {
    let mut reference = reference.clone();
    if let Some(book) = reference.prices() {
        let mut book = PriceBook::clone(book);
        book.prices.stock.clear();
        book.prices.shipments.clear();
        reference.insert(ReferenceRecord::PriceBook(Arc::new(book)));
    }
    reference
}

/// What has shipped has shipped: nothing forbids it any more.
fn as_happened(reference: Reference) -> Reference {
    let mut free = reference.without_limits();
    let all: Vec<Arc<Location>> = free.locations().map(Arc::clone).collect();
    for location in all {
        let mut location = Location::clone(&location);
        location.state = LocationState::Live;
        location.capabilities.clear();
        location.daily_capacity = None;
        free.insert(ReferenceRecord::Location(Arc::new(location)));
    }
    if let Some(said) = free.sourcing() {
        let mut said = SourcingSettings::clone(said);
        said.promise = PromiseKind::Soft;
        free.insert(ReferenceRecord::SourcingSettings(Arc::new(said)));
    }
    free
}

fn location<'a>(
    reference: &'a Reference,
    code: &str,
    field: String,
) -> Result<&'a Arc<Location>, Rejection> {
    let found = reference.location_by_code(code);
    found.ok_or_else(|| Rejection::field(field, format!("no location has the code {code}")))
}
