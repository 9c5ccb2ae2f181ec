//! What is read by id or position: answers, the log, heads, contacts, keys.

use ordo_domain::contact::Contact;
use ordo_domain::id::{ContactId, DecisionId, OrganizationId, ReservationId};
use ordo_domain::organization::ApiKey;
use ordo_domain::record::RecordKind;
use ordo_domain::reference::Reference;
use ordo_domain::time::Timestamp;
use ordo_store::{
    AnswerKey, FoundKey, Head, LogEntry, SignalPlace, StoreError, StoredAnswer, points,
};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::failure::{self, corrupt};
use crate::flight::params;
use crate::rows::{get, id, instant, kind_number, log_columns, log_entry, record_kind};
use crate::store::PostgresStore;
use crate::values::Uuid;

impl PostgresStore {
    /// The reference and its version out of one statement, which is to say out of one snapshot.
    pub(crate) async fn read_reference(
        &self,
        organization: OrganizationId,
    ) -> Result<Reference, StoreError> {
        let sql = "SELECT $2::smallint AS kind, body, NULL::bigint AS version
                   FROM legal_entities WHERE organization = $1
                   UNION ALL SELECT $3::smallint, body, NULL FROM channels WHERE organization = $1
                   UNION ALL SELECT $4::smallint, body, NULL FROM locations WHERE organization = $1
                   UNION ALL SELECT $5::smallint, body, NULL FROM pools WHERE organization = $1
                   UNION ALL SELECT $6::smallint, body, NULL FROM blocks WHERE organization = $1
                   UNION ALL SELECT $7::smallint, body, NULL FROM webhooks WHERE organization = $1
                   UNION ALL SELECT -1::smallint, body, part FROM points WHERE organization = $1
                   UNION ALL SELECT $8::smallint, body, NULL FROM rate_tables WHERE organization = $1
                   UNION ALL SELECT $9::smallint, body, NULL FROM sourcing_settings
                   WHERE organization = $1
                   UNION ALL SELECT $10::smallint, body, NULL FROM price_books
                   WHERE organization = $1
                   UNION ALL SELECT $11::smallint, body, NULL FROM rule_sets
                   WHERE organization = $1
                   UNION ALL SELECT NULL, NULL, reference_version FROM heads
                   WHERE organization = $1";
        let params = params![
            Uuid(organization.to_u128()),
            kind_number(RecordKind::LegalEntity),
            kind_number(RecordKind::Channel),
            kind_number(RecordKind::Location),
            kind_number(RecordKind::Pool),
            kind_number(RecordKind::Block),
            kind_number(RecordKind::Webhook),
            kind_number(RecordKind::RateTable),
            kind_number(RecordKind::SourcingSettings),
            kind_number(RecordKind::PriceBook),
            kind_number(RecordKind::RuleSet),
        ];
        let rows = self.rows(sql, params).await?;
        let mut version = 0;
        let mut parts: Vec<(i64, &str)> = Vec::new();
        let mut records = Vec::new();
        for row in &rows {
            match get::<Option<i16>>(row, 0)? {
                None => version = get(row, 2)?,
                Some(-1) => parts.push((get(row, 2)?, get(row, 1)?)),
                Some(kind) => records.push((record_kind(kind)?, get(row, 1)?)),
            }
        }
        let mut reference = Reference::empty(version);
        for (kind, body) in records {
            let supplied = reference.supply(kind, body);
            supplied.map_err(|error| corrupt("a record of the reference", error))?;
        }
        parts.sort_unstable();
        let parts: Vec<&str> = parts.into_iter().map(|(_, body)| body).collect();
        Ok(reference.with_gazetteer(points::gazetteer(&parts)?))
    }

    /// Replaces the organization's own points, and counts up the version of its reference.
    pub(crate) async fn replace_points(
        &self,
        organization: OrganizationId,
        parts: &[String],
    ) -> Result<(), StoreError> {
        // One statement is one transaction. What it inserts and what it deletes are other rows.
        let sql = "WITH written AS (
                       INSERT INTO points (organization, part, body)
                       SELECT $1, k.n - 1, k.body
                       FROM unnest($2::text[]) WITH ORDINALITY AS k (body, n)
                       ON CONFLICT (organization, part) DO UPDATE SET body = excluded.body
                   ), dropped AS (
                       DELETE FROM points
                       WHERE organization = $1 AND part >= cardinality($2::text[])
                   )
                   UPDATE heads SET reference_version = reference_version + 1
                   WHERE organization = $1";
        let lease = self.writers.lease().await?;
        let organization = Uuid(organization.to_u128());
        let written = lease.client().execute(sql, &[&organization, &parts]).await;
        let written = lease.settle(written);
        written.map_err(|error| failure::reading(&error))?;
        Ok(())
    }

    pub(crate) async fn read_answers(
        &self,
        organization: OrganizationId,
        keys: &[AnswerKey],
    ) -> Result<Vec<Option<StoredAnswer>>, StoreError> {
        let mut found = vec![None; keys.len()];
        if keys.is_empty() {
            return Ok(found);
        }
        // The offsets keep the planner from joining in any other way than row by row.
        let sql = "SELECT k.n, a.request_hash, a.status, a.body, a.order_id, o.number,
                          b.first_position - 1 + CASE WHEN a.events_upto > 0
                              THEN a.events_upto ELSE b.events END
                   FROM unnest($2::uuid[]) WITH ORDINALITY AS k (key, n)
                   CROSS JOIN LATERAL (
                       SELECT request_hash, status, body, order_id, batch, events_upto
                       FROM answers WHERE organization = $1 AND key = k.key
                       OFFSET 0) AS a
                   CROSS JOIN LATERAL (
                       SELECT first_position, events
                       FROM batches WHERE organization = $1 AND id = a.batch
                       OFFSET 0) AS b
                   LEFT JOIN LATERAL (
                       SELECT number
                       FROM orders WHERE organization = $1 AND id = a.order_id
                       OFFSET 0) AS o ON true";
        let wanted: Vec<Uuid> = keys.iter().map(|key| Uuid::of_bytes(key.0)).collect();
        let params = params![Uuid(organization.to_u128()), wanted];
        for row in self.rows(sql, params).await? {
            let n: i64 = get(&row, 0)?;
            let status: i16 = get(&row, 2)?;
            let answer = StoredAnswer {
                request_hash: get::<Uuid>(&row, 1)?.0.to_be_bytes(),
                status: status.cast_unsigned(),
                body: get(&row, 3)?,
                order: get::<Option<Uuid>>(&row, 4)?.map(|order| order.0.into()),
                number: get(&row, 5)?,
                position: get(&row, 6)?,
            };
            let slot = usize::try_from(n - 1)
                .ok()
                .and_then(|index| found.get_mut(index));
            if let Some(slot) = slot {
                *slot = Some(answer);
            }
        }
        Ok(found)
    }

    /// Drops answers and, once none of them is left, the batches that they belong to; a day more is
    /// kept of those, so that no commit that could still be unknown is forgotten.
    pub(crate) async fn delete_answers(
        &self,
        until: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError> {
        let limit_rows = i64::try_from(limit).unwrap_or(i64::MAX);
        let lease = self.writers.lease().await?;
        let deleted = async {
            let until = until.as_micros();
            lease
                .client()
                .execute(
                    "DELETE FROM answers WHERE ctid = ANY(ARRAY(
                         SELECT ctid FROM answers WHERE at < $1 LIMIT $2))",
                    &[&until, &limit_rows],
                )
                .await
        }
        .await;
        let deleted = lease.settle(deleted);
        let deleted = deleted.map_err(|error| failure::reading(&error))?;
        Ok(usize::try_from(deleted).unwrap_or(usize::MAX))
    }

    pub(crate) async fn delete_batches(
        &self,
        until: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError> {
        let limit_rows = i64::try_from(limit).unwrap_or(i64::MAX);
        let lease = self.writers.lease().await?;
        // An answer's position is told by its batch.
        let sql = "DELETE FROM batches WHERE ctid = ANY(ARRAY(
                       SELECT b.ctid FROM batches AS b
                       WHERE b.at < $1 AND NOT EXISTS (
                           SELECT FROM answers AS a
                           WHERE a.at < $1 AND a.organization = b.organization
                             AND a.batch = b.id)
                       LIMIT $2))";
        let params: [&(dyn ToSql + Sync); 2] = [&until.as_micros(), &limit_rows];
        let deleted = lease.client().execute(sql, &params).await;
        let deleted = lease.settle(deleted);
        let deleted = deleted.map_err(|error| failure::reading(&error))?;
        Ok(usize::try_from(deleted).unwrap_or(usize::MAX))
    }

    pub(crate) async fn delete_signals(
        &self,
        until: Timestamp,
        from: Option<SignalPlace>,
        limit: usize,
    ) -> Result<Option<SignalPlace>, StoreError> {
        let limit_rows = i64::try_from(limit).unwrap_or(i64::MAX);
        let from = from.unwrap_or(SignalPlace {
            organization: 0,
            kind: 0,
            hash: 0,
        });
        let lease = self.writers.lease().await?;
        let sql = "WITH page AS MATERIALIZED (
                       SELECT ctid AS place, organization, kind, hash, since FROM signals
                       WHERE (organization, kind, hash) > ($1, $2, $3)
                       ORDER BY organization, kind, hash LIMIT $4),
                   gone AS (
                       DELETE FROM signals WHERE since < $5 AND ctid = ANY(ARRAY(
                           SELECT place FROM page WHERE since < $5)))
                   SELECT organization, kind, hash FROM page
                   ORDER BY organization, kind, hash OFFSET $4 - 1";
        let params: [&(dyn ToSql + Sync); 5] = [
            &Uuid(from.organization),
            &i16::from(from.kind),
            &Uuid(from.hash),
            &limit_rows,
            &until.as_micros(),
        ];
        let page = lease.client().query(sql, &params).await;
        let page = lease.settle(page);
        let page = page.map_err(|error| failure::reading(&error))?;
        let Some(last) = page.first() else {
            return Ok(None);
        };
        let kind: i16 = get(last, 1)?;
        Ok(Some(SignalPlace {
            organization: get::<Uuid>(last, 0)?.0,
            kind: u8::try_from(kind).map_err(|_| failure::corrupt("a kind of signal", kind))?,
            hash: get::<Uuid>(last, 2)?.0,
        }))
    }

    /// Lets the server forget deleted contacts. Where the role may not, the server does it in its
    /// own time.
    pub(crate) async fn vacuum_contacts(&self) -> Result<(), StoreError> {
        let lease = self.writers.lease().await?;
        let vacuumed = lease.client().batch_execute("VACUUM contacts").await;
        let vacuumed = lease.settle(vacuumed);
        vacuumed.map_err(|error| failure::reading(&error))
    }

    pub(crate) async fn log_after(
        &self,
        organization: OrganizationId,
        after: i64,
        limit: usize,
    ) -> Result<Vec<LogEntry>, StoreError> {
        let sql = concat!(
            "SELECT ",
            log_columns!(),
            " FROM events WHERE organization = $1 AND position > $2 ORDER BY position LIMIT $3"
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let params = params![Uuid(organization.to_u128()), after, limit];
        self.rows(sql, params)
            .await?
            .iter()
            .map(log_entry)
            .collect()
    }

    pub(crate) async fn read_head(&self, organization: OrganizationId) -> Result<Head, StoreError> {
        let sql = "SELECT position, order_number, last_at, reference_version
                   FROM heads WHERE organization = $1";
        let rows = self
            .rows(sql, params![Uuid(organization.to_u128())])
            .await?;
        match rows.first() {
            None => Ok(Head::default()),
            Some(row) => Ok(Head {
                position: get(row, 0)?,
                order_number: get(row, 1)?,
                last_at: instant(row, 2)?,
                reference_version: get(row, 3)?,
            }),
        }
    }

    pub(crate) async fn read_cursor(
        &self,
        organization: OrganizationId,
        consumer: &str,
    ) -> Result<i64, StoreError> {
        let sql = "SELECT position FROM cursors WHERE organization = $1 AND consumer = $2";
        let params = params![Uuid(organization.to_u128()), consumer.to_owned()];
        let rows = self.rows(sql, params).await?;
        rows.first().map_or(Ok(0), |row| get(row, 0))
    }

    pub(crate) async fn read_contacts(
        &self,
        organization: OrganizationId,
        ids: &[ContactId],
    ) -> Result<Vec<Contact>, StoreError> {
        let sql = "SELECT body FROM contacts WHERE organization = $1 AND id = ANY($2)";
        let wanted: Vec<Uuid> = ids.iter().map(|id| Uuid(id.to_u128())).collect();
        let params = params![Uuid(organization.to_u128()), wanted];
        let rows = self.rows(sql, params).await?;
        rows.iter()
            .map(|row| {
                serde_json::from_str(get(row, 0)?).map_err(|error| corrupt("a contact", error))
            })
            .collect()
    }

    pub(crate) async fn read_decision(
        &self,
        organization: OrganizationId,
        decision: DecisionId,
    ) -> Result<Option<String>, StoreError> {
        let sql = "SELECT body FROM decisions WHERE organization = $1 AND id = $2";
        let params = params![Uuid(organization.to_u128()), Uuid(decision.to_u128())];
        let rows = self.rows(sql, params).await?;
        rows.first().map(|row| get(row, 0)).transpose()
    }

    pub(crate) async fn reservations_due(
        &self,
        organization: OrganizationId,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(ReservationId, Timestamp)>, StoreError> {
        let sql = "SELECT id, expires_at FROM reservations
                   WHERE organization = $1 AND expires_at IS NOT NULL AND expires_at <= $2
                   ORDER BY expires_at, id LIMIT $3";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let params = params![Uuid(organization.to_u128()), until.as_micros(), limit];
        let rows = self.rows(sql, params).await?;
        (rows.iter())
            .map(|row| Ok((id(row, 0)?, instant(row, 1)?)))
            .collect()
    }

    pub(crate) async fn key_of(
        &self,
        secret_hash: &[u8; 32],
    ) -> Result<Option<FoundKey>, StoreError> {
        let sql = "/* all organizations */ SELECT h.organization, h.key, k.body
                   FROM api_key_hashes AS h
                   CROSS JOIN LATERAL (
                       SELECT body FROM api_keys
                       WHERE organization = h.organization AND id = h.key
                       OFFSET 0) AS k
                   WHERE h.hash = $1";
        let rows = self.rows(sql, params![secret_hash.to_vec()]).await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let key: ApiKey =
            serde_json::from_str(get(row, 2)?).map_err(|error| corrupt("an API key", error))?;
        Ok((!key.revoked).then_some(FoundKey {
            organization: id(row, 0)?,
            key: id(row, 1)?,
            role: key.role,
            scope: key.scope,
        }))
    }

    pub(crate) async fn all_organizations(
        &self,
    ) -> Result<Vec<(OrganizationId, String)>, StoreError> {
        let sql = "/* all organizations */ SELECT o.id, o.code FROM organizations AS o
                   LEFT JOIN events AS e ON e.organization = o.organization AND e.position = 1
                   ORDER BY e.recorded_at, o.id LIMIT 10000";
        let rows = self.rows(sql, params![]).await?;
        rows.iter()
            .map(|row| Ok((id(row, 0)?, get(row, 1)?)))
            .collect()
    }

    /// The rows of one statement.
    pub(crate) async fn rows(
        &self,
        sql: &'static str,
        params: crate::flight::Params,
    ) -> Result<Vec<Row>, StoreError> {
        let mut lease = self.readers.lease().await?;
        let answers = lease
            .query(&[crate::connection::Step { sql, params }])
            .await;
        let answers = lease.settle(answers);
        let answers = answers.map_err(|error| failure::reading(&error))?;
        Ok(answers
            .into_iter()
            .next()
            .map(|answer| answer.rows)
            .unwrap_or_default())
    }

    /// The rows of a statement that is written for the occasion, holds its values and is not kept prepared.
    pub(crate) async fn rows_once(&self, sql: &str) -> Result<Vec<Row>, StoreError> {
        #[cfg(debug_assertions)]
        assert!(
            crate::isolation::is_kept(sql),
            "a statement names no organization"
        );
        let lease = self.readers.lease().await?;
        let rows = lease.client().query_typed(sql, &[]).await;
        lease.settle(rows).map_err(|error| failure::reading(&error))
    }
}
