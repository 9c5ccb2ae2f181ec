//! What a list of orders reads.
//!
//! It is written out with its values: they come from closed sets or are numbers, and the planner must
//! see them to know which partial index holds them.

use ordo_domain::claim::ClaimKind;
use ordo_domain::id::{ChannelId, OrganizationId};
use ordo_store::{OrderFilter, OrderSort, StoreError};

use crate::flight::params;
use crate::rows::{ORDER_COLUMNS, id};
use crate::store::PostgresStore;
use crate::values::Uuid;

/// A list of orders, written out.
pub(super) struct Orders {
    /// The organization, as a literal.
    pub(super) whose: String,
    /// What is said of the row `o`, the organization first.
    pub(super) conditions: Vec<String>,
    /// Whether orders are named one by one, by the channel's id of them.
    pub(super) are_named: bool,
    /// Search terms that all of them have.
    pub(super) terms: Vec<i64>,
    pub(super) sort: OrderSort,
    /// The number after which the page starts.
    pub(super) after: Option<i64>,
}

impl Orders {
    /// The statement of the first `most` rows, where there are no terms.
    pub(super) fn page(&self, most: i64) -> String {
        let (matching, direction) = (self.matching(), self.direction());
        format!("SELECT {ORDER_COLUMNS} {matching} ORDER BY o.number {direction} LIMIT {most}")
    }

    /// The statement that counts them up to `most`, where there are no terms.
    pub(super) fn counted(&self, most: i64) -> String {
        let matching = self.matching();
        format!("SELECT count(*) FROM (SELECT 1 {matching} LIMIT {most}) AS matching")
    }

    /// The sign between the number of a row and that of the order that it comes after.
    pub(super) fn sign(&self) -> char {
        match self.sort {
            OrderSort::Newest => '<',
            OrderSort::Oldest => '>',
        }
    }

    pub(super) fn direction(&self) -> &'static str {
        match self.sort {
            OrderSort::Newest => "DESC",
            OrderSort::Oldest => "ASC",
        }
    }

    fn matching(&self) -> String {
        let after = self.after.map_or_else(String::new, |after| {
            format!(" AND o.number {} {after}", self.sign())
        });
        let conditions = self.conditions.join(" AND ");
        format!("FROM orders AS o WHERE {conditions}{after}")
    }
}

impl PostgresStore {
    /// What `filter` says, or `None` where nothing can match it.
    pub(super) async fn orders(
        &self,
        organization: OrganizationId,
        filter: &OrderFilter,
        sort: OrderSort,
        after: Option<i64>,
    ) -> Result<Option<Orders>, StoreError> {
        let whose = uuid_text(organization.to_u128());
        let mut conditions = vec![format!("o.organization = {whose}")];
        for (column, name) in [
            ("life", &filter.life),
            ("payment", &filter.payment),
            ("fulfillment", &filter.fulfillment),
        ] {
            match name {
                None => {}
                Some(name) if is_name(name) => conditions.push(format!("o.{column} = '{name}'")),
                Some(_) => return Ok(None),
            }
        }
        if let Some(channel) = filter.channel {
            conditions.push(format!("o.channel = {}", uuid_text(channel.to_u128())));
        }
        match filter.held {
            None => {}
            Some(true) => conditions.push("o.holds > 0".to_owned()),
            Some(false) => conditions.push("o.holds = 0".to_owned()),
        }
        if let Some(external_id) = &filter.external_id {
            let orders = self
                .with_external_id(organization, filter.channel, external_id)
                .await?;
            if orders.is_empty() {
                return Ok(None);
            }
            let orders: Vec<String> = orders.into_iter().map(uuid_text).collect();
            conditions.push(format!("o.id IN ({})", orders.join(", ")));
        }
        Ok(Some(Orders {
            whose,
            conditions,
            are_named: filter.external_id.is_some(),
            terms: filter.terms.clone(),
            sort,
            after,
        }))
    }

    /// The orders that channels call so, found by the claims on their names.
    async fn with_external_id(
        &self,
        organization: OrganizationId,
        channel: Option<ChannelId>,
        external_id: &str,
    ) -> Result<Vec<u128>, StoreError> {
        let whose = Uuid(organization.to_u128());
        let channels: Vec<ChannelId> = match channel {
            Some(channel) => vec![channel],
            None => {
                let sql = "SELECT id FROM channels WHERE organization = $1";
                let rows = self.rows(sql, params![whose]).await?;
                rows.iter()
                    .map(|row| id(row, 0))
                    .collect::<Result<_, StoreError>>()?
            }
        };
        let keys: Vec<String> = (channels.iter())
            .map(|channel| format!("{channel}:{external_id}"))
            .collect();
        let sql = "SELECT holder FROM claims
                   WHERE organization = $1 AND kind = $2 AND key = ANY($3)";
        let kind = ClaimKind::OrderExternal.name();
        let rows = self.rows(sql, params![whose, kind, keys]).await?;
        rows.iter().map(|row| id(row, 0)).collect()
    }
}

/// Whether a text is made like the names of lives and standings, and so can be written into SQL.
fn is_name(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// An id as a literal.
fn uuid_text(bits: u128) -> String {
    format!("'{bits:032x}'::uuid")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_are_written_into_sql() {
        assert!(is_name("part_authorized"));
        for text in ["o'brien", "open;", "Open", "1"] {
            assert!(!is_name(text), "{text}");
        }
    }
}
