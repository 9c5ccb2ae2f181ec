-- The first schema. Every table leads with the organization, so that a distributed PostgreSQL can
-- shard by it. Ids are uuid, instants are microseconds since 1970 (bigint), bodies are canonical
-- JSON kept verbatim as text. Text that is compared or sorted has the collation "C": bytes.
--
-- Tables whose rows change keep room on their pages, so that an update touches no index.

CREATE TABLE organizations (
    organization uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    code text COLLATE "C",
    body text NOT NULL,
    PRIMARY KEY (organization, id)
);

CREATE TABLE api_keys (LIKE organizations INCLUDING ALL);
CREATE TABLE legal_entities (LIKE organizations INCLUDING ALL);
CREATE TABLE channels (LIKE organizations INCLUDING ALL);
CREATE TABLE locations (LIKE organizations INCLUDING ALL);
CREATE TABLE pools (LIKE organizations INCLUDING ALL);
CREATE TABLE blocks (LIKE organizations INCLUDING ALL);
-- The organization's own table of points, in parts; docs/how-to/geography.md.
CREATE TABLE points (
    organization uuid NOT NULL,
    part bigint NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (organization, part)
);

CREATE TABLE skus (LIKE organizations INCLUDING ALL);
CREATE TABLE listings (LIKE organizations INCLUDING ALL);
CREATE TABLE shipments (LIKE organizations INCLUDING ALL);
CREATE TABLE returns (LIKE organizations INCLUDING ALL);
CREATE TABLE webhooks (LIKE organizations INCLUDING ALL);
CREATE TABLE rate_tables (LIKE organizations INCLUDING ALL);
CREATE TABLE sourcing_settings (LIKE organizations INCLUDING ALL);
CREATE TABLE price_books (LIKE organizations INCLUDING ALL);
CREATE TABLE rule_sets (LIKE organizations INCLUDING ALL);

CREATE TABLE orders (
    organization uuid NOT NULL,
    id uuid NOT NULL,
    number bigint NOT NULL,
    version bigint NOT NULL,
    channel uuid NOT NULL,
    external_id text COLLATE "C" NOT NULL,
    life text COLLATE "C" NOT NULL,
    payment text COLLATE "C" NOT NULL,
    fulfillment text COLLATE "C" NOT NULL,
    returns text COLLATE "C" NOT NULL,
    holds bigint NOT NULL,
    placed_at bigint NOT NULL,
    total bigint NOT NULL,
    currency text COLLATE "C" NOT NULL,
    country text COLLATE "C" NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (organization, id)
) WITH (fillfactor = 80);

-- What lists filter by. An index leaves out the value that most orders end up with: a page of those
-- is found by number alone.
CREATE UNIQUE INDEX orders_number ON orders (organization, number);
CREATE INDEX orders_channel ON orders (organization, channel, number);
CREATE INDEX orders_life ON orders (organization, life, number) WHERE life <> 'closed';
CREATE INDEX orders_payment ON orders (organization, payment, number) WHERE payment <> 'captured';
CREATE INDEX orders_fulfillment ON orders (organization, fulfillment, number) WHERE fulfillment <> 'full';
CREATE INDEX orders_held ON orders (organization, number) WHERE holds > 0;

CREATE TABLE fulfillment_orders (
    organization uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    order_id uuid NOT NULL,
    location uuid NOT NULL,
    state text COLLATE "C" NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (organization, id)
) WITH (fillfactor = 80);

-- What a location has to do: each place and state is a run in the order of ids.
CREATE INDEX fulfillment_orders_place ON fulfillment_orders (organization, location, state, id);

CREATE TABLE reservations (
    organization uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    expires_at bigint,
    body text NOT NULL,
    PRIMARY KEY (organization, id)
);
CREATE INDEX reservations_due ON reservations (organization, expires_at, id) WHERE expires_at IS NOT NULL;

-- Keys that one thing only may hold; those that are unique over all organizations stand under the
-- organization zero.
CREATE TABLE claims (
    organization uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    holder uuid NOT NULL,
    PRIMARY KEY (organization, kind, key)
);

-- Secrets are unique over all organizations; only their SHA-256 is here.
CREATE TABLE api_key_hashes (
    organization uuid NOT NULL,
    hash bytea NOT NULL PRIMARY KEY,
    key uuid NOT NULL
);

-- The organization's own stock has the owner zero. Every capture changes cells: half a page is free.
CREATE TABLE cells (
    organization uuid NOT NULL,
    sku uuid NOT NULL,
    location uuid NOT NULL,
    owner uuid NOT NULL,
    on_hand bigint NOT NULL,
    allocated bigint NOT NULL,
    reserved bigint NOT NULL,
    safety bigint NOT NULL,
    quarantined bigint NOT NULL,
    PRIMARY KEY (organization, sku, location, owner)
) WITH (fillfactor = 50);

-- Splits of cells by lot and condition, of SKUs that are tracked so. `expires_on` is a day since 1970.
CREATE TABLE cell_lots (
    organization uuid NOT NULL,
    sku uuid NOT NULL,
    location uuid NOT NULL,
    owner uuid NOT NULL,
    lot text COLLATE "C" NOT NULL,
    condition text COLLATE "C" NOT NULL,
    on_hand bigint NOT NULL,
    quarantined bigint NOT NULL,
    picked bigint NOT NULL,
    expires_on bigint,
    PRIMARY KEY (organization, sku, location, owner, lot, condition)
) WITH (fillfactor = 80);

CREATE TABLE counters (
    organization uuid NOT NULL,
    kind smallint NOT NULL,
    id uuid NOT NULL,
    day integer NOT NULL,
    value bigint NOT NULL,
    PRIMARY KEY (organization, kind, id, day)
) WITH (fillfactor = 50);

CREATE TABLE signals (
    organization uuid NOT NULL,
    kind smallint NOT NULL,
    hash uuid NOT NULL,
    count bigint NOT NULL,
    since bigint NOT NULL,
    basket bigint NOT NULL,
    PRIMARY KEY (organization, kind, hash)
) WITH (fillfactor = 90);

CREATE TABLE contacts (
    organization uuid NOT NULL,
    id uuid NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (organization, id)
);

CREATE TABLE decisions (
    organization uuid NOT NULL,
    id uuid NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (organization, id)
);

-- One row per organization, changed by every commit: the end of its log.
CREATE TABLE heads (
    organization uuid NOT NULL PRIMARY KEY,
    position bigint NOT NULL,
    order_number bigint NOT NULL,
    last_at bigint NOT NULL,
    reference_version bigint NOT NULL
) WITH (fillfactor = 10);

-- One row per commit. A row without positions says that its batch never was and never will be.
CREATE TABLE batches (
    organization uuid NOT NULL,
    id uuid NOT NULL,
    at bigint NOT NULL,
    first_position bigint,
    first_number bigint,
    recorded_at bigint,
    events bigint,
    PRIMARY KEY (organization, id)
) WITH (fillfactor = 50);
-- Rows come in the order of time, so that a summary per range of pages is index enough.
CREATE INDEX batches_at ON batches USING brin (at) WITH (pages_per_range = 32, autosummarize = on);

CREATE TABLE events (
    organization uuid NOT NULL,
    position bigint NOT NULL,
    recorded_at bigint NOT NULL,
    effective_at bigint NOT NULL,
    command uuid NOT NULL,
    actor text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    form smallint NOT NULL,
    subject_kind smallint,
    subject_id uuid,
    subject_version bigint NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (organization, position)
);
-- The story of an order: of itself (the kind 9), its fulfillment orders, shipments and returns; and
-- who let which sourcing rules count when (18).
CREATE INDEX events_story ON events (organization, subject_id, position)
    WHERE subject_kind IN (9, 10, 12, 13, 18);

-- Answers are kept for days and found by key; where their commands wrote events, their position is
-- `events_upto` after the first of their batch.
CREATE TABLE answers (
    organization uuid NOT NULL,
    key uuid NOT NULL,
    request_hash uuid NOT NULL,
    status smallint NOT NULL,
    body text NOT NULL,
    order_id uuid,
    batch uuid NOT NULL,
    events_upto bigint NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (organization, key)
);
CREATE INDEX answers_at ON answers USING brin (at) WITH (pages_per_range = 32, autosummarize = on);

CREATE TABLE cursors (
    organization uuid NOT NULL,
    consumer text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (organization, consumer)
) WITH (fillfactor = 10);

-- Search terms by the number of the order, so that a page of hits is one range of the index.
CREATE TABLE terms (
    organization uuid NOT NULL,
    hash bigint NOT NULL,
    number bigint NOT NULL,
    PRIMARY KEY (organization, hash, number)
);

-- Orders with greater numbers have no terms yet.
CREATE TABLE indexed (
    organization uuid NOT NULL PRIMARY KEY,
    number bigint NOT NULL
) WITH (fillfactor = 10);

-- Which movements of which events tell of a SKU: the stock ledger is read from the log by it.
CREATE TABLE movements (
    organization uuid NOT NULL,
    sku uuid NOT NULL,
    position bigint NOT NULL,
    line integer NOT NULL,
    location uuid NOT NULL,
    PRIMARY KEY (organization, sku, position, line)
);
CREATE INDEX movements_by_cell ON movements (organization, sku, location, position, line);

CREATE TABLE rollups (
    organization uuid NOT NULL,
    day integer NOT NULL,
    channel uuid NOT NULL,
    measure smallint NOT NULL,
    currency text COLLATE "C" NOT NULL,
    count bigint NOT NULL,
    amount bigint NOT NULL,
    PRIMARY KEY (organization, day, channel, measure, currency)
) WITH (fillfactor = 50);

-- What is still to be done: jobs and deliveries. While a task is leased, due_at is the lease's end.
CREATE TABLE tasks (
    organization uuid NOT NULL,
    id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    queue text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    state text COLLATE "C" NOT NULL,
    attempts bigint NOT NULL,
    fence bigint NOT NULL,
    due_at bigint NOT NULL,
    created_at bigint NOT NULL,
    error text,
    body text NOT NULL,
    PRIMARY KEY (organization, id)
) WITH (fillfactor = 50);
CREATE INDEX tasks_due ON tasks (due_at) WHERE state = 'waiting';
CREATE INDEX tasks_in_queue ON tasks (organization, queue, position, id) WHERE state = 'waiting';
CREATE INDEX tasks_by_state ON tasks (organization, state, id);
CREATE INDEX tasks_done ON tasks (created_at) WHERE state = 'done';

-- Orders that wait for stock of a SKU (kind 1), for a code to be known (kind 2), or to be sourced
-- together (kind 3).
CREATE TABLE waits (
    organization uuid NOT NULL,
    kind smallint NOT NULL,
    key uuid NOT NULL,
    number bigint NOT NULL,
    order_id uuid NOT NULL,
    PRIMARY KEY (organization, kind, key, number)
);

-- Cells of which facts left less than was promised.
CREATE TABLE short_cells (
    organization uuid NOT NULL,
    sku uuid NOT NULL,
    location uuid NOT NULL,
    owner uuid NOT NULL,
    PRIMARY KEY (organization, sku, location, owner)
);

-- What what-ifs came to, to be read again. `series` is what reports belong together by, or empty.
CREATE TABLE what_ifs (
    organization uuid NOT NULL,
    id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    series text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    head text COLLATE "C" NOT NULL,
    body text COLLATE "C" NOT NULL,
    PRIMARY KEY (organization, id)
);

CREATE INDEX what_ifs_by_kind ON what_ifs (organization, kind, id);
CREATE INDEX what_ifs_by_series ON what_ifs (organization, series, id);

-- Raw bodies as they came, kept apart from the log so that they can be erased; with the contact whose
-- data they hold, where that is known.
CREATE TABLE payloads (
    organization uuid NOT NULL,
    id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    contact uuid,
    created_at bigint NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (organization, id)
);
CREATE INDEX payloads_by_contact ON payloads (organization, contact) WHERE contact IS NOT NULL;

-- Invoices, credit notes, pro formas and customs invoices: written once, numbered without a gap within
-- their series.
CREATE TABLE documents (
    organization uuid NOT NULL,
    id uuid NOT NULL,
    entity uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    series text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    order_id uuid,
    corrects uuid,
    issued_at bigint NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (organization, id),
    UNIQUE (organization, entity, series, number)
);
CREATE INDEX documents_by_order ON documents (organization, order_id) WHERE order_id IS NOT NULL;

-- The last number of each series.
CREATE TABLE document_numbers (
    organization uuid NOT NULL,
    entity uuid NOT NULL,
    series text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    PRIMARY KEY (organization, entity, series)
) WITH (fillfactor = 50);
