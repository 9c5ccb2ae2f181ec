//! The statements of every kind of record: find, insert, change, lock.
//!
//! A record is found by `id = ANY(…)`, which the primary key answers in its own order; so rows are
//! locked in the order of their ids, whatever the planner joins them with.

use ordo_domain::id::OrganizationId;
use ordo_domain::record::{Columns, OrderColumns, RecordKind};
use ordo_domain::world::RecordWrite;

use crate::connection::Step;
use crate::flight::{Params, params};
use crate::values::Uuid;

/// The same statement for each table.
macro_rules! on_table {
    ($kind:expr, $before:literal, $after:literal) => {
        match $kind {
            RecordKind::Organization => concat!($before, "organizations", $after),
            RecordKind::ApiKey => concat!($before, "api_keys", $after),
            RecordKind::LegalEntity => concat!($before, "legal_entities", $after),
            RecordKind::Channel => concat!($before, "channels", $after),
            RecordKind::Location => concat!($before, "locations", $after),
            RecordKind::Pool => concat!($before, "pools", $after),
            RecordKind::Block => concat!($before, "blocks", $after),
            RecordKind::Sku => concat!($before, "skus", $after),
            RecordKind::Listing => concat!($before, "listings", $after),
            RecordKind::Order => concat!($before, "orders", $after),
            RecordKind::FulfillmentOrder => concat!($before, "fulfillment_orders", $after),
            RecordKind::Reservation => concat!($before, "reservations", $after),
            RecordKind::Shipment => concat!($before, "shipments", $after),
            RecordKind::Return => concat!($before, "returns", $after),
            RecordKind::Webhook => concat!($before, "webhooks", $after),
            RecordKind::RateTable => concat!($before, "rate_tables", $after),
            RecordKind::SourcingSettings => concat!($before, "sourcing_settings", $after),
            RecordKind::PriceBook => concat!($before, "price_books", $after),
            RecordKind::RuleSet => concat!($before, "rule_sets", $after),
        }
    };
}

/// Id, version, body and number of the records with the ids `$2`.
pub const fn find(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::Order => {
            "SELECT id, version, body, number FROM orders WHERE organization = $1 AND id = ANY($2)"
        }
        _ => on_table!(
            kind,
            "SELECT id, version, body, NULL::bigint FROM ",
            " WHERE organization = $1 AND id = ANY($2)"
        ),
    }
}

/// The same, at most `$3` records with ids greater than `$2`.
pub const fn page(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::Order => {
            "SELECT id, version, body, number FROM orders
             WHERE organization = $1 AND id > $2 ORDER BY id LIMIT $3"
        }
        _ => on_table!(
            kind,
            "SELECT id, version, body, NULL::bigint FROM ",
            " WHERE organization = $1 AND id > $2 ORDER BY id LIMIT $3"
        ),
    }
}

/// Ids and versions of the records with the ids `$2`, locked in the order of ids against change.
pub const fn lock(kind: RecordKind, exclusive: bool) -> &'static str {
    if exclusive {
        on_table!(
            kind,
            "SELECT id, version FROM ",
            " WHERE organization = $1 AND id = ANY($2) ORDER BY id FOR UPDATE"
        )
    } else {
        on_table!(
            kind,
            "SELECT id, version FROM ",
            " WHERE organization = $1 AND id = ANY($2) ORDER BY id FOR SHARE"
        )
    }
}

/// Inserts new records. Those of kind `Order` get the last numbers of the head row.
pub fn insert(kind: RecordKind, organization: OrganizationId, writes: &[&RecordWrite]) -> Step {
    let sql = match kind {
        RecordKind::Order => INSERT_ORDERS,
        RecordKind::FulfillmentOrder => {
            "INSERT INTO fulfillment_orders
                 (organization, id, version, body, order_id, location, state)
             SELECT $1::uuid, unnest($2::uuid[]), unnest($3::bigint[]), unnest($4::text[]),
                    unnest($5::uuid[]), unnest($6::uuid[]), unnest($7::text[])"
        }
        RecordKind::Reservation => {
            "INSERT INTO reservations (organization, id, version, body, expires_at)
             SELECT $1::uuid, unnest($2::uuid[]), unnest($3::bigint[]), unnest($4::text[]),
                    unnest($5::bigint[])"
        }
        _ => on_table!(
            kind,
            "INSERT INTO ",
            " (organization, id, version, body, code)
             SELECT $1::uuid, unnest($2::uuid[]), unnest($3::bigint[]), unnest($4::text[]),
                    unnest($5::text[])"
        ),
    };
    let mut params = common(organization, writes);
    params.extend(columns(kind, writes));
    Step { sql, params }
}

const INSERT_ORDERS: &str = "
    INSERT INTO orders (organization, id, version, body, number,
        channel, external_id, life, payment, fulfillment, returns,
        holds, placed_at, total, currency, country)
    SELECT $1::uuid, unnest($2::uuid[]), unnest($3::bigint[]), unnest($4::text[]),
        generate_series(h.order_number - cardinality($2::uuid[]) + 1, h.order_number),
        unnest($5::uuid[]), unnest($6::text[]), unnest($7::text[]), unnest($8::text[]),
        unnest($9::text[]), unnest($10::text[]), unnest($11::bigint[]), unnest($12::bigint[]),
        unnest($13::bigint[]), unnest($14::text[]), unnest($15::text[])
    FROM heads AS h WHERE h.organization = $1";

/// Changes records that are still at the version decided on, and no others.
pub fn change(kind: RecordKind, organization: OrganizationId, writes: &[&RecordWrite]) -> Step {
    let sql = match kind {
        RecordKind::Order => CHANGE_ORDERS,
        RecordKind::FulfillmentOrder => {
            "UPDATE fulfillment_orders AS r
             SET version = d.version, body = d.body,
                 order_id = d.order_id, location = d.location, state = d.state
             FROM (SELECT unnest($2::uuid[]) AS id, unnest($3::bigint[]) AS version,
                          unnest($4::text[]) AS body, unnest($5::uuid[]) AS order_id,
                          unnest($6::uuid[]) AS location, unnest($7::text[]) AS state,
                          unnest($8::bigint[]) AS loaded) AS d
             WHERE r.organization = $1 AND r.id = ANY($2) AND r.id = d.id AND r.version = d.loaded"
        }
        RecordKind::Reservation => {
            "UPDATE reservations AS r
             SET version = d.version, body = d.body, expires_at = d.expires_at
             FROM (SELECT unnest($2::uuid[]) AS id, unnest($3::bigint[]) AS version,
                          unnest($4::text[]) AS body, unnest($5::bigint[]) AS expires_at,
                          unnest($6::bigint[]) AS loaded) AS d
             WHERE r.organization = $1 AND r.id = ANY($2) AND r.id = d.id AND r.version = d.loaded"
        }
        _ => on_table!(
            kind,
            "UPDATE ",
            " AS r
             SET version = d.version, body = d.body, code = d.code
             FROM (SELECT unnest($2::uuid[]) AS id, unnest($3::bigint[]) AS version,
                          unnest($4::text[]) AS body, unnest($5::text[]) AS code,
                          unnest($6::bigint[]) AS loaded) AS d
             WHERE r.organization = $1 AND r.id = ANY($2) AND r.id = d.id AND r.version = d.loaded"
        ),
    };
    let mut params = common(organization, writes);
    params.extend(columns(kind, writes));
    params.extend(params![each(writes, |write| signed(write.loaded))]);
    Step { sql, params }
}

const CHANGE_ORDERS: &str = "
    UPDATE orders AS r
    SET version = d.version, body = d.body, channel = d.channel, external_id = d.external_id,
        life = d.life, payment = d.payment, fulfillment = d.fulfillment, returns = d.returns,
        holds = d.holds, placed_at = d.placed_at, total = d.total, currency = d.currency,
        country = d.country
    FROM (SELECT unnest($2::uuid[]) AS id, unnest($3::bigint[]) AS version,
                 unnest($4::text[]) AS body, unnest($5::uuid[]) AS channel,
                 unnest($6::text[]) AS external_id, unnest($7::text[]) AS life,
                 unnest($8::text[]) AS payment, unnest($9::text[]) AS fulfillment,
                 unnest($10::text[]) AS returns, unnest($11::bigint[]) AS holds,
                 unnest($12::bigint[]) AS placed_at, unnest($13::bigint[]) AS total,
                 unnest($14::text[]) AS currency, unnest($15::text[]) AS country,
                 unnest($16::bigint[]) AS loaded) AS d
    WHERE r.organization = $1 AND r.id = ANY($2) AND r.id = d.id AND r.version = d.loaded";

/// What every record has: `$1` to `$4`.
fn common(organization: OrganizationId, writes: &[&RecordWrite]) -> Params {
    params![
        Uuid(organization.to_u128()),
        each(writes, |write| Uuid(write.id)),
        each(writes, |write| signed(write.version)),
        each(writes, |write| write.body.clone()),
    ]
}

/// What stands beside records of this kind, from `$5` on.
fn columns(kind: RecordKind, writes: &[&RecordWrite]) -> Params {
    match kind {
        RecordKind::Order => {
            let all: Vec<&OrderColumns> = each(writes, |write| match &write.columns {
                Columns::Order(columns) => columns,
                other => unreachable!("an order comes with {other:?}"),
            });
            params![
                each(&all, |of| Uuid(of.channel)),
                each(&all, |of| of.external_id.clone()),
                each(&all, |of| of.life),
                each(&all, |of| of.payment),
                each(&all, |of| of.fulfillment),
                each(&all, |of| of.returns),
                each(&all, |of| of.holds),
                each(&all, |of| of.placed_at),
                each(&all, |of| of.total),
                each(&all, |of| of.currency.clone()),
                each(&all, |of| of.country.clone()),
            ]
        }
        RecordKind::FulfillmentOrder => {
            let all = each(writes, |write| match &write.columns {
                Columns::FulfillmentOrder {
                    order,
                    location,
                    state,
                } => (Uuid(*order), Uuid(*location), *state),
                other => unreachable!("a fulfillment order comes with {other:?}"),
            });
            params![
                each(&all, |of| of.0),
                each(&all, |of| of.1),
                each(&all, |of| of.2),
            ]
        }
        RecordKind::Reservation => params![each(writes, |write| match &write.columns {
            Columns::Reservation { expires_at } => *expires_at,
            other => unreachable!("a reservation comes with {other:?}"),
        })],
        RecordKind::Organization
        | RecordKind::ApiKey
        | RecordKind::LegalEntity
        | RecordKind::Channel
        | RecordKind::Location
        | RecordKind::Pool
        | RecordKind::Block
        | RecordKind::Sku
        | RecordKind::Listing
        | RecordKind::Shipment
        | RecordKind::Return
        | RecordKind::Webhook
        | RecordKind::RateTable
        | RecordKind::SourcingSettings
        | RecordKind::PriceBook
        | RecordKind::RuleSet => params![each(writes, |write| match &write.columns {
            Columns::Code { code } => Some(code.clone()),
            Columns::None => None,
            other => unreachable!("a {kind:?} comes with {other:?}"),
        })],
    }
}

/// One value of each row.
pub fn each<'a, T, V>(rows: &'a [T], value: impl FnMut(&'a T) -> V) -> Vec<V> {
    rows.iter().map(value).collect()
}

/// Versions are counted from 0 by ones.
pub fn signed(version: u64) -> i64 {
    i64::try_from(version).expect("no record is changed 2^63 times")
}
