//! What an expression can name: one table of variables, their fields and what those are.

use std::borrow::Cow;

use crate::network::{Capability, LocationKind};
use crate::rules::facts::{Clock, LineFacts, LocationFacts, Subject};

/// Which line a field is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// The one that the expression is about.
    Given,
    /// Each in turn, inside of `lines.exists` and the like.
    Each,
}

/// Which clock a field is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dial {
    /// Coordinated Universal Time.
    Utc,
    /// The location's.
    Local,
}

/// What is true or false.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flag {
    Business,
    PoBox,
}

/// What is a whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Amount {
    Total,
    Items,
    Units,
    Weight,
    LineQuantity(Which),
    LinePrice(Which),
    LineWeight(Which),
    Distance,
    Priority,
    Weekday(Dial),
    Hour(Dial),
    Minute(Dial),
}

/// What is a text; empty where nothing is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    Channel,
    ChannelKind,
    Currency,
    OrderKind,
    Terms,
    Service,
    Country,
    Region,
    PostalCode,
    Tier,
    LineSku(Which),
    LineHsCode(Which),
    LineOrigin(Which),
    LocationCode,
    LocationKind,
    LocationCountry,
    LocationRegion,
    LocationPostalCode,
    LocationCity,
    Date(Dial),
}

/// What is a list of texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Labels {
    Order,
    Line(Which),
    Location,
    Capabilities,
}

/// A field of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Flag(Flag),
    Amount(Amount),
    Label(Label),
    Labels(Labels),
}

/// A variable with fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Variable {
    Order,
    Customer,
    Line(Which),
    Location,
    Clock(Dial),
}

type Row = (&'static str, Field, &'static str);

const ORDER: &[Row] = &[
    (
        "channel",
        Field::Label(Label::Channel),
        "The channel's code.",
    ),
    (
        "channel_kind",
        Field::Label(Label::ChannelKind),
        "`web`, `marketplace`, `pos`, `b2b`, `social` or `manual`.",
    ),
    ("currency", Field::Label(Label::Currency), "ISO 4217."),
    (
        "total",
        Field::Amount(Amount::Total),
        "What the buyer owes, in minor units; 0 where nobody has ordered yet.",
    ),
    (
        "items",
        Field::Amount(Amount::Items),
        "Unit prices times quantities, in minor units.",
    ),
    (
        "units",
        Field::Amount(Amount::Units),
        "Units that are to be sourced.",
    ),
    (
        "weight_g",
        Field::Amount(Amount::Weight),
        "Grams of these units.",
    ),
    (
        "kind",
        Field::Label(Label::OrderKind),
        "`sale`, `exchange` or `replacement`.",
    ),
    (
        "terms",
        Field::Label(Label::Terms),
        "`prepaid`, `authorized`, `on_account`, `cod` or `marketplace`.",
    ),
    (
        "service",
        Field::Label(Label::Service),
        "The buyer's choice of shipping, as the channel calls it.",
    ),
    (
        "country",
        Field::Label(Label::Country),
        "ISO 3166-1 alpha-2 of the destination.",
    ),
    (
        "region",
        Field::Label(Label::Region),
        "State or province of the destination.",
    ),
    (
        "postal_code",
        Field::Label(Label::PostalCode),
        "The first characters of the destination's postal code.",
    ),
    (
        "po_box",
        Field::Flag(Flag::PoBox),
        "Whether the address reads as a post office box.",
    ),
    ("tags", Field::Labels(Labels::Order), "The order's tags."),
];

const CUSTOMER: &[Row] = &[
    (
        "tier",
        Field::Label(Label::Tier),
        "The customer's tier, as the order says.",
    ),
    (
        "business",
        Field::Flag(Flag::Business),
        "Whether a tax number stands on the order.",
    ),
];

const CLOCK_UTC: &[Row] = &clock(Dial::Utc);
const CLOCK_LOCAL: &[Row] = &clock(Dial::Local);
const LINE_GIVEN: &[Row] = &line(Which::Given);
const LINE_EACH: &[Row] = &line(Which::Each);

const LOCATION: &[Row] = &[
    (
        "code",
        Field::Label(Label::LocationCode),
        "The location's code.",
    ),
    (
        "kind",
        Field::Label(Label::LocationKind),
        "`warehouse`, `store`, `3pl` or `supplier`.",
    ),
    (
        "country",
        Field::Label(Label::LocationCountry),
        "ISO 3166-1 alpha-2.",
    ),
    (
        "region",
        Field::Label(Label::LocationRegion),
        "State or province.",
    ),
    (
        "postal_code",
        Field::Label(Label::LocationPostalCode),
        "The whole postal code.",
    ),
    ("city", Field::Label(Label::LocationCity), "The city."),
    (
        "distance_m",
        Field::Amount(Amount::Distance),
        "Meters to the destination.",
    ),
    (
        "priority",
        Field::Amount(Amount::Priority),
        "The location's priority, smaller first; 0 where none is set.",
    ),
    (
        "tags",
        Field::Labels(Labels::Location),
        "The location's tags.",
    ),
    (
        "capabilities",
        Field::Labels(Labels::Capabilities),
        "`ship`, `pickup`, `returns`, `inspect`; empty for all that its kind can.",
    ),
];

const fn clock(dial: Dial) -> [Row; 4] {
    [
        (
            "date",
            Field::Label(Label::Date(dial)),
            "The day, such as `2026-11-23`.",
        ),
        (
            "weekday",
            Field::Amount(Amount::Weekday(dial)),
            "1 for Monday to 7 for Sunday.",
        ),
        ("hour", Field::Amount(Amount::Hour(dial)), "0 to 23."),
        ("minute", Field::Amount(Amount::Minute(dial)), "0 to 59."),
    ]
}

const fn line(which: Which) -> [Row; 7] {
    [
        (
            "sku",
            Field::Label(Label::LineSku(which)),
            "The SKU's code.",
        ),
        (
            "quantity",
            Field::Amount(Amount::LineQuantity(which)),
            "Units that are to be sourced.",
        ),
        (
            "unit_price",
            Field::Amount(Amount::LinePrice(which)),
            "The price of one unit, in minor units.",
        ),
        (
            "weight_g",
            Field::Amount(Amount::LineWeight(which)),
            "Grams of one unit; 0 where nobody has entered it.",
        ),
        (
            "hs_code",
            Field::Label(Label::LineHsCode(which)),
            "Harmonized System code.",
        ),
        (
            "origin_country",
            Field::Label(Label::LineOrigin(which)),
            "ISO 3166-1 alpha-2 of origin.",
        ),
        (
            "tags",
            Field::Labels(Labels::Line(which)),
            "The SKU's tags.",
        ),
    ]
}

/// A variable of the language, for documentation.
pub struct VariableDoc {
    /// Its name.
    pub name: &'static str,
    /// Where it can be used and what it is.
    pub about: &'static str,
    /// Name, type and meaning of its fields.
    pub fields: Vec<(&'static str, &'static str, &'static str)>,
}

/// Every variable with its fields, for documentation.
#[must_use]
pub fn variables() -> Vec<VariableDoc> {
    let doc = |name, about, rows: &'static [Row]| VariableDoc {
        name,
        about,
        fields: (rows.iter())
            .map(|(name, field, about)| (*name, field.type_name(), *about))
            .collect(),
    };
    vec![
        doc("order", "Everywhere.", ORDER),
        doc("customer", "Everywhere.", CUSTOMER),
        doc("now", "Everywhere: the time in UTC.", CLOCK_UTC),
        doc("location", "In conditions on locations.", LOCATION),
        doc(
            "local",
            "In conditions on locations: the time there.",
            CLOCK_LOCAL,
        ),
        doc(
            "line",
            "In conditions on lines, and as the variable of `lines.exists(line, …)`.",
            LINE_GIVEN,
        ),
    ]
}

impl Field {
    const fn type_name(self) -> &'static str {
        match self {
            Self::Flag(_) => "bool",
            Self::Amount(_) => "int",
            Self::Label(_) => "string",
            Self::Labels(_) => "list(string)",
        }
    }
}

impl Variable {
    const fn rows(self) -> &'static [Row] {
        match self {
            Self::Order => ORDER,
            Self::Customer => CUSTOMER,
            Self::Line(Which::Given) => LINE_GIVEN,
            Self::Line(Which::Each) => LINE_EACH,
            Self::Location => LOCATION,
            Self::Clock(Dial::Utc) => CLOCK_UTC,
            Self::Clock(Dial::Local) => CLOCK_LOCAL,
        }
    }

    /// The field of this name.
    pub fn field(self, name: &str) -> Option<Field> {
        let row = self.rows().iter().find(|(field, _, _)| *field == name);
        row.map(|(_, field, _)| *field)
    }

    /// The names of its fields.
    pub fn names(self) -> Vec<&'static str> {
        self.rows().iter().map(|(name, _, _)| *name).collect()
    }
}

impl Flag {
    pub fn of(self, subject: &Subject) -> bool {
        match self {
            Self::Business => subject.order.is_business,
            Self::PoBox => subject.order.is_po_box,
        }
    }
}

impl Amount {
    pub fn of(self, subject: &Subject, each: Option<&LineFacts>) -> i64 {
        let order = subject.order;
        // What the scope does not have cannot be named.
        let line = |which| line_of(subject, each, which);
        let clock = |dial| clock_of(subject, dial);
        match self {
            Self::Total => order.total,
            Self::Items => order.items,
            Self::Units => order.units,
            Self::Weight => order.weight_g,
            Self::LineQuantity(which) => line(which).map_or(0, |line| line.quantity),
            Self::LinePrice(which) => line(which).map_or(0, |line| line.unit_price),
            Self::LineWeight(which) => line(which).map_or(0, |line| line.weight_g),
            Self::Distance => subject.location.map_or(0, |location| location.distance_m),
            Self::Priority => (subject.location).map_or(0, |location| location.location.priority),
            Self::Weekday(dial) => clock(dial).map_or(0, |clock| clock.weekday),
            Self::Hour(dial) => clock(dial).map_or(0, |clock| clock.hour),
            Self::Minute(dial) => clock(dial).map_or(0, |clock| clock.minute),
        }
    }
}

impl Label {
    pub fn of<'a>(self, subject: &Subject<'a>, each: Option<&LineFacts<'a>>) -> Cow<'a, str> {
        let order = subject.order;
        let line = |which| line_of(subject, each, which);
        let place = subject.location.map(|at| &at.location.place);
        let text = match self {
            Self::Channel => order.channel,
            Self::ChannelKind => order.channel_kind,
            Self::Currency => order.currency,
            Self::OrderKind => order.kind,
            Self::Terms => order.terms,
            Self::Service => order.service,
            Self::Country => order.country,
            Self::Region => order.region,
            Self::PostalCode => order.postal_code,
            Self::Tier => order.tier,
            Self::LineSku(which) => line(which).map_or("", |line| line.sku),
            Self::LineHsCode(which) => line(which).map_or("", |line| line.hs_code),
            Self::LineOrigin(which) => line(which).map_or("", |line| line.origin_country),
            Self::LocationCode => subject.location.map_or("", |at| &at.location.code),
            Self::LocationKind => (subject.location).map_or("", |at| kind_name(at.location.kind)),
            Self::LocationCountry => place.map_or("", |place| &place.country),
            Self::LocationRegion => place.and_then(|at| at.region.as_deref()).unwrap_or(""),
            Self::LocationPostalCode => place.and_then(|at| at.postal.as_deref()).unwrap_or(""),
            Self::LocationCity => {
                let city = subject.location.and_then(|at| at.location.city.as_deref());
                city.unwrap_or("")
            }
            Self::Date(dial) => {
                let date = clock_of(subject, dial).map(|clock| clock.date.to_string());
                return Cow::Owned(date.unwrap_or_default());
            }
        };
        Cow::Borrowed(text)
    }
}

impl Labels {
    /// Whether `text` is among them.
    pub fn contains(self, text: &str, subject: &Subject, each: Option<&LineFacts>) -> bool {
        self.any(subject, each, |label| label == text)
    }

    /// How many they are.
    pub fn count(self, subject: &Subject, each: Option<&LineFacts>) -> usize {
        let mut count = 0;
        self.any(subject, each, |_| {
            count += 1;
            false
        });
        count
    }

    fn any(
        self,
        subject: &Subject,
        each: Option<&LineFacts>,
        mut is_it: impl FnMut(&str) -> bool,
    ) -> bool {
        let mut among = |tags: &[String]| tags.iter().any(|tag| is_it(tag));
        match self {
            Self::Order => among(subject.order.tags),
            Self::Line(which) => line_of(subject, each, which).is_some_and(|line| among(line.tags)),
            Self::Location => subject.location.is_some_and(|at| among(&at.location.tags)),
            Self::Capabilities => subject.location.is_some_and(|at| {
                let capabilities = &at.location.capabilities;
                capabilities.iter().any(|one| is_it(capability_name(*one)))
            }),
        }
    }
}

fn line_of<'s, 'a>(
    subject: &'s Subject<'a>,
    each: Option<&'s LineFacts<'a>>,
    which: Which,
) -> Option<&'s LineFacts<'a>> {
    match which {
        Which::Given => subject.line,
        Which::Each => each,
    }
}

fn clock_of<'s>(subject: &'s Subject, dial: Dial) -> Option<&'s Clock> {
    match dial {
        Dial::Utc => Some(subject.utc()),
        Dial::Local => subject.location.map(LocationFacts::clock),
    }
}

const fn kind_name(kind: LocationKind) -> &'static str {
    match kind {
        LocationKind::Warehouse => "warehouse",
        LocationKind::Store => "store",
        LocationKind::ThreePl => "3pl",
        LocationKind::Supplier => "supplier",
    }
}

const fn capability_name(capability: Capability) -> &'static str {
    match capability {
        Capability::Ship => "ship",
        Capability::Pickup => "pickup",
        Capability::Returns => "returns",
        Capability::Inspect => "inspect",
    }
}
