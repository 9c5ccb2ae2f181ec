-- The first schema. Kept for good: later changes are files of their own.
--
-- `organization` is a small number that stands for the organization's id in this file (heads); 0 is
-- the organization zero, under which claims that are unique over all organizations are kept.
-- `seq` is `organization << 40 | n`, where n is an order's number or an event's position, so that a
-- table is kept in the order in which it grows and no row can be met from another organization.
-- Ids are 16 bytes, big end first: made from time, they grow too. Instants are microseconds.

CREATE TABLE heads (
  organization INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  position INTEGER NOT NULL,
  order_number INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  reference_version INTEGER NOT NULL
) STRICT;

-- A batch without a position was given up at that time: it was not committed and never will be.
CREATE TABLE batches (
  organization INTEGER NOT NULL,
  id BLOB NOT NULL,
  first_position INTEGER,
  first_number INTEGER,
  recorded_at INTEGER NOT NULL,
  PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX batches_by_time ON batches (recorded_at);

CREATE TABLE organizations (
  organization INTEGER NOT NULL,
  id BLOB NOT NULL,
  version INTEGER NOT NULL,
  code TEXT,
  body TEXT NOT NULL,
  PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE api_keys (
  organization INTEGER NOT NULL,
  id BLOB NOT NULL,
  version INTEGER NOT NULL,
  code TEXT,
  body TEXT NOT NULL,
  PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE legal_entities (
  organization INTEGER NOT NULL,
  id BLOB NOT NULL,
  version INTEGER NOT NULL,
  code TEXT,
  body TEXT NOT NULL,
  PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE channels (
  organization INTEGER NOT NULL,
  id BLOB NOT NULL,
  version INTEGER NOT NULL,
  code TEXT,
  body TEXT NOT NULL,
  PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE locations (
  organization INTEGER NOT NULL,
  id BLOB NOT NULL,
  version INTEGER NOT NULL,
  code TEXT,
  body TEXT NOT NULL,
  PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE pools (
  organization INTEGER NOT NULL,
  id BLOB NOT NULL,
  version INTEGER NOT NULL,
  code TEXT,
  body TEXT NOT NULL,
  PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE blocks (
  organization INTEGER NOT NULL,
  id BLOB NOT NULL,
  version INTEGER NOT NULL,
  code TEXT,
  body TEXT NOT NULL,
  PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

-- The organization's own table of points, in parts; docs/how-to/geography.md.
CREATE TABLE points (
  organization INTEGER NOT NULL,
  part INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (organization, part)
) STRICT;

CREATE TABLE skus (
  organization INTEGER NOT NULL,
  id BLOB NOT NULL,
  version INTEGER NOT NULL,
  code TEXT,
  body TEXT NOT NULL,
  PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE listings (
  organization INTEGER NOT NULL,
  id BLOB NOT NULL,
  version INTEGER NOT NULL,
  code TEXT,
  body TEXT NOT NULL,
  PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE shipments (
  organization INTEGER NOT NULL,
  id BLOB NOT NULL,
  version INTEGER NOT NULL,
  code TEXT,
  body TEXT NOT NULL,
  PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE rate_tables (
  organization INTEGER NOT NULL,
  id BLOB NOT NULL,
  version INTEGER NOT NULL,
  code TEXT,
  body TEXT NOT NULL,
  PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE price_books (
  organization INTEGER NOT NULL,
  id BLOB NOT NULL,
  version INTEGER NOT NULL,
  code TEXT,
  body TEXT NOT NULL,
  PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE rule_sets (
  organization INTEGER NOT NULL,
  id BLOB NOT NULL,
  version INTEGER NOT NULL,
  code TEXT,
  body TEXT NOT NULL,
  PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE sourcing_settings (
  organization INTEGER NOT NULL,
  id BLOB NOT NULL,
  version INTEGER NOT NULL,
  code TEXT,
  body TEXT NOT NULL,
  PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE returns (
  organization INTEGER NOT NULL,
  id BLOB NOT NULL,
  version INTEGER NOT NULL,
  code TEXT,
  body TEXT NOT NULL,
  PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

-- Kept by number, since lists page by it; the document comes last, so that what a list shows is read
-- without it.
CREATE TABLE webhooks (
  organization INTEGER NOT NULL,
  id BLOB NOT NULL,
  version INTEGER NOT NULL,
  code TEXT,
  body TEXT NOT NULL,
  PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE orders (
  seq INTEGER PRIMARY KEY,
  organization INTEGER NOT NULL,
  id BLOB NOT NULL,
  version INTEGER NOT NULL,
  channel BLOB NOT NULL,
  external_id TEXT NOT NULL,
  life TEXT NOT NULL,
  payment TEXT NOT NULL,
  fulfillment TEXT NOT NULL,
  returns TEXT NOT NULL,
  held INTEGER NOT NULL,
  holds INTEGER NOT NULL,
  placed_at INTEGER NOT NULL,
  total INTEGER NOT NULL,
  currency TEXT NOT NULL,
  country TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX orders_by_id ON orders (organization, id);

-- Serves every combination of list filters: few different ones exist, each is a run in the order of
-- seq, and a page merges the runs that match.
CREATE INDEX orders_by_standing ON orders (organization, channel, life, payment, fulfillment, held);

CREATE TABLE fulfillment_orders (
  organization INTEGER NOT NULL,
  id BLOB NOT NULL,
  version INTEGER NOT NULL,
  order_id BLOB NOT NULL,
  location BLOB NOT NULL,
  state TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

-- What a location has to do: each place and state is a run in the order of ids.
CREATE INDEX fulfillment_orders_by_place ON fulfillment_orders (organization, location, state);

CREATE TABLE reservations (
  organization INTEGER NOT NULL,
  id BLOB NOT NULL,
  version INTEGER NOT NULL,
  expires_at INTEGER,
  body TEXT NOT NULL,
  PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX reservations_by_expiry ON reservations (organization, expires_at)
  WHERE expires_at IS NOT NULL;

CREATE TABLE claims (
  organization INTEGER NOT NULL,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  holder BLOB NOT NULL,
  PRIMARY KEY (organization, kind, key)
) STRICT, WITHOUT ROWID;

-- Stock of the organization itself has an empty owner.
CREATE TABLE cells (
  organization INTEGER NOT NULL,
  sku BLOB NOT NULL,
  location BLOB NOT NULL,
  owner BLOB NOT NULL,
  on_hand INTEGER NOT NULL,
  allocated INTEGER NOT NULL,
  reserved INTEGER NOT NULL,
  safety INTEGER NOT NULL,
  quarantined INTEGER NOT NULL,
  PRIMARY KEY (organization, sku, location, owner)
) STRICT, WITHOUT ROWID;

-- Splits of cells by lot and condition, of SKUs that are tracked so. `expires_on` is a day since 1970.
CREATE TABLE cell_lots (
  organization INTEGER NOT NULL,
  sku BLOB NOT NULL,
  location BLOB NOT NULL,
  owner BLOB NOT NULL,
  lot TEXT NOT NULL,
  condition TEXT NOT NULL,
  on_hand INTEGER NOT NULL,
  quarantined INTEGER NOT NULL,
  picked INTEGER NOT NULL,
  expires_on INTEGER,
  PRIMARY KEY (organization, sku, location, owner, lot, condition)
) STRICT, WITHOUT ROWID;

CREATE TABLE counters (
  organization INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  id BLOB NOT NULL,
  day INTEGER NOT NULL,
  value INTEGER NOT NULL,
  PRIMARY KEY (organization, kind, id, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE signals (
  organization INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  hash BLOB NOT NULL,
  count INTEGER NOT NULL,
  since INTEGER NOT NULL,
  basket INTEGER NOT NULL,
  PRIMARY KEY (organization, kind, hash)
) STRICT, WITHOUT ROWID;

-- Signals that are not in their table yet: a batch's in one row, packed (signals.rs). The last row
-- tells how far a merge is: rows up to `merging` are merged, up to the key `merged`.
CREATE TABLE signal_journal (
  seq INTEGER PRIMARY KEY,
  organization INTEGER NOT NULL,
  merging INTEGER NOT NULL,
  merged BLOB NOT NULL,
  body BLOB NOT NULL
) STRICT;

CREATE TABLE contacts (
  organization INTEGER NOT NULL,
  id BLOB NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE decisions (
  organization INTEGER NOT NULL,
  id BLOB NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE api_key_hashes (
  hash BLOB PRIMARY KEY,
  organization INTEGER NOT NULL,
  id BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Kept in the order in which they were given, since their bodies are long and their keys random.
CREATE TABLE answers (
  seq INTEGER PRIMARY KEY,
  organization INTEGER NOT NULL,
  key BLOB NOT NULL,
  request_hash BLOB NOT NULL,
  status INTEGER NOT NULL,
  order_id BLOB,
  position INTEGER NOT NULL,
  at INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX answers_by_key ON answers (organization, key);
CREATE INDEX answers_by_time ON answers (at);

CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  recorded_at INTEGER NOT NULL,
  effective_at INTEGER NOT NULL,
  command BLOB NOT NULL,
  actor TEXT NOT NULL,
  name TEXT NOT NULL,
  form INTEGER NOT NULL,
  subject_kind INTEGER,
  subject_id BLOB,
  subject_version INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;

CREATE INDEX events_by_subject ON events (subject_id) WHERE subject_id IS NOT NULL;

CREATE TABLE cursors (
  organization INTEGER NOT NULL,
  consumer TEXT NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (organization, consumer)
) STRICT, WITHOUT ROWID;

-- `seq` is the order's, `segment` is `seq >> 12`: hashes fall anywhere, so terms are kept in pieces of
-- 4,096 orders, each small enough to be written without touching more than a few hundred pages.
CREATE TABLE terms (
  segment INTEGER NOT NULL,
  hash INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (segment, hash, seq)
) STRICT, WITHOUT ROWID;

-- Which movements of which events tell of a SKU: the stock ledger is read from the log by it.
CREATE TABLE movements (
  organization INTEGER NOT NULL,
  sku BLOB NOT NULL,
  position INTEGER NOT NULL,
  line INTEGER NOT NULL,
  location BLOB NOT NULL,
  PRIMARY KEY (organization, sku, position, line)
) STRICT, WITHOUT ROWID;

CREATE INDEX movements_by_cell ON movements (organization, sku, location, position, line);

CREATE TABLE rollups (
  organization INTEGER NOT NULL,
  day INTEGER NOT NULL,
  channel BLOB NOT NULL,
  measure INTEGER NOT NULL,
  currency TEXT NOT NULL,
  count INTEGER NOT NULL,
  amount INTEGER NOT NULL,
  PRIMARY KEY (organization, day, channel, measure, currency)
) STRICT, WITHOUT ROWID;

-- What is still to be done: jobs and deliveries. While a task is leased, due_at is the lease's end.
CREATE TABLE tasks (
  organization INTEGER NOT NULL,
  id BLOB NOT NULL,
  kind TEXT NOT NULL,
  queue TEXT NOT NULL,
  position INTEGER NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  fence INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  error TEXT,
  body TEXT NOT NULL,
  PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX tasks_due ON tasks (due_at) WHERE state = 'waiting';
CREATE INDEX tasks_in_queue ON tasks (organization, queue, position, id) WHERE state = 'waiting';
CREATE INDEX tasks_by_state ON tasks (organization, state, id);
CREATE INDEX tasks_done ON tasks (created_at) WHERE state = 'done';

-- Orders that wait for stock of a SKU (kind 1), for a code to be known (kind 2), or to be sourced
-- together (kind 3).
CREATE TABLE waits (
  organization INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  key BLOB NOT NULL,
  number INTEGER NOT NULL,
  order_id BLOB NOT NULL,
  PRIMARY KEY (organization, kind, key, number)
) STRICT, WITHOUT ROWID;

-- Cells of which facts left less than was promised.
CREATE TABLE short_cells (
  organization INTEGER NOT NULL,
  sku BLOB NOT NULL,
  location BLOB NOT NULL,
  owner BLOB NOT NULL,
  PRIMARY KEY (organization, sku, location, owner)
) STRICT, WITHOUT ROWID;

-- What what-ifs came to, to be read again. `series` is what reports belong together by, or empty. The
-- body comes last, so that what a list shows is read without it.
CREATE TABLE what_ifs (
  organization INTEGER NOT NULL,
  id BLOB NOT NULL,
  kind TEXT NOT NULL,
  series TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  head TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (organization, id)
) STRICT;

CREATE INDEX what_ifs_by_kind ON what_ifs (organization, kind, id);
CREATE INDEX what_ifs_by_series ON what_ifs (organization, series, id);

-- Raw bodies as they came, kept apart from the log so that they can be erased; with the contact whose
-- data they hold, where that is known.
CREATE TABLE payloads (
  organization INTEGER NOT NULL,
  id BLOB NOT NULL,
  kind TEXT NOT NULL,
  contact BLOB,
  created_at INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX payloads_by_contact ON payloads (organization, contact) WHERE contact IS NOT NULL;

-- Invoices, credit notes, pro formas and customs invoices: written once, numbered without a gap within
-- their series.
CREATE TABLE documents (
  organization INTEGER NOT NULL,
  id BLOB NOT NULL,
  entity BLOB NOT NULL,
  kind TEXT NOT NULL,
  series TEXT NOT NULL,
  number INTEGER NOT NULL,
  order_id BLOB,
  corrects BLOB,
  issued_at INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (organization, id),
  UNIQUE (organization, entity, series, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX documents_by_order ON documents (organization, order_id) WHERE order_id IS NOT NULL;

-- The last number of each series.
CREATE TABLE document_numbers (
  organization INTEGER NOT NULL,
  entity BLOB NOT NULL,
  series TEXT NOT NULL,
  number INTEGER NOT NULL,
  PRIMARY KEY (organization, entity, series)
) STRICT, WITHOUT ROWID;
