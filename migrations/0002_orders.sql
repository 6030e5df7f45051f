-- What came in and what became of it. Each table has one writer, named above it; facts are inserted once.
-- `document` columns hold the canonical document in msgpack (topology/contracts), which is what events carry.

-- ingest: every document of the outside world, whole, with what it turned out to be (promise P1)
CREATE TABLE documents (
	document_id     uuid PRIMARY KEY,   -- the message's id
	party           text NOT NULL,
	kind            text NOT NULL,      -- of the routing key: order, shipment, …
	content_type    text NOT NULL,
	idempotency_key text,
	sha256          bytea NOT NULL,     -- of body
	body            bytea NOT NULL,
	outcome         text NOT NULL CHECK (outcome IN
	                ('order', 'shipment', 'duplicate', 'exception', 'refused', 'ignored')),
	order_id        uuid,
	code            text,               -- of an exception or a refusal
	path            text,               -- the field concerned
	received_at     timestamptz NOT NULL
);
CREATE INDEX documents_order ON documents (order_id);

-- ingest
CREATE TABLE orders (
	order_id       uuid PRIMARY KEY,    -- derived from party and external_id
	party          text NOT NULL,
	external_id    text NOT NULL,       -- the channel's stable id
	number         text NOT NULL,       -- the channel's number for people
	document_id    uuid NOT NULL,
	currency       text NOT NULL,
	total_minor    bigint NOT NULL,     -- what the buyer pays
	lines_count    integer NOT NULL,
	placed_at      timestamptz NOT NULL,
	received_at    timestamptz NOT NULL,
	content_sha256 bytea NOT NULL,      -- of what the order says, without when it was said
	document       bytea NOT NULL       -- contract order
);
CREATE INDEX orders_number ON orders (party, number);
CREATE INDEX orders_received ON orders (received_at);

-- ingest
CREATE TABLE order_lines (
	order_id          uuid NOT NULL,
	line_no           integer NOT NULL, -- from 1
	line_ref          text NOT NULL,    -- the channel's id of the line
	sku               text,
	gtin              text,
	description       text,
	quantity_micro    bigint NOT NULL,
	unit              text,
	unit_price_micro  bigint NOT NULL,
	discount_minor    bigint NOT NULL,
	tax_minor         bigint NOT NULL,
	requires_shipping boolean NOT NULL,
	PRIMARY KEY (order_id, line_no)
);

-- enrich
CREATE TABLE enrichments (
	order_id        uuid PRIMARY KEY,
	customer_no     text NOT NULL,
	customer_source text NOT NULL,
	price_group     text,
	enriched_at     timestamptz NOT NULL,
	document        bytea NOT NULL      -- contract order, with what enrich added
);

-- enrich
CREATE TABLE line_enrichments (
	order_id            uuid NOT NULL,
	line_no             integer NOT NULL,
	item_no             text NOT NULL,
	item_source         text NOT NULL,
	base_quantity_micro bigint NOT NULL,
	base_unit           text NOT NULL,
	unit_source         text NOT NULL,
	price_micro         bigint NOT NULL,
	price_source        text NOT NULL,
	tax_rate_micro      bigint NOT NULL,
	tax_source          text NOT NULL,
	available_micro     bigint NOT NULL,
	PRIMARY KEY (order_id, line_no)
);

-- allocate: the decision per line, with every warehouse that was looked at and why it was passed over
CREATE TABLE allocation_lines (
	order_id           uuid NOT NULL,
	line_no            integer NOT NULL,
	item_no            text NOT NULL,
	ordered_micro      bigint NOT NULL,
	allocated_micro    bigint NOT NULL,
	backordered_micro  bigint NOT NULL,
	candidates         json NOT NULL,   -- [{"warehouse":…,"available":…,"taken":…,"reason":…}]
	PRIMARY KEY (order_id, line_no),
	CHECK (ordered_micro = allocated_micro + backordered_micro)
);

-- allocate
CREATE TABLE shipments (
	shipment_id  uuid PRIMARY KEY,
	order_id     uuid NOT NULL,
	place        integer NOT NULL,      -- 1 for the order's first
	partner      text NOT NULL,
	warehouse    text NOT NULL,
	requested_at timestamptz NOT NULL,
	document     bytea NOT NULL         -- contract shipment
);
CREATE INDEX shipments_order ON shipments (order_id);

-- allocate: one row per line and warehouse; open until the partner shipped it
CREATE TABLE reservations (
	order_id       uuid NOT NULL,
	line_no        integer NOT NULL,
	warehouse      text NOT NULL,
	item_no        text NOT NULL,
	shipment_id    uuid NOT NULL,
	quantity_micro bigint NOT NULL CHECK (quantity_micro > 0),
	shipped_micro  bigint NOT NULL DEFAULT 0,
	state          text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed')),
	PRIMARY KEY (order_id, line_no, warehouse),
	CHECK (shipped_micro BETWEEN 0 AND quantity_micro)
) WITH (fillfactor = 70);
CREATE INDEX reservations_shipment ON reservations (shipment_id);

-- ship-sync: the ledger of what was asked of the outside. `prepared` is committed before a request is sent; what has no
-- certain answer is `in_doubt` and is never sent again blindly (promise P3)
CREATE TABLE effects (
	effect_id   uuid PRIMARY KEY,       -- also the idempotency key that the partner sees
	stage       text NOT NULL,
	partner     text NOT NULL,
	order_id    uuid NOT NULL,
	reference   uuid NOT NULL,          -- what it is about: the shipment
	state       text NOT NULL CHECK (state IN ('prepared', 'confirmed', 'refused', 'in_doubt')),
	partner_ref text,
	code        text,                   -- why refused, in doubt, or to be tried again
	attempts    integer NOT NULL DEFAULT 1,
	prepared_at timestamptz NOT NULL,
	settled_at  timestamptz
) WITH (fillfactor = 70);
CREATE INDEX effects_order ON effects (order_id);
CREATE INDEX effects_unsettled ON effects (partner, state) WHERE state IN ('prepared', 'in_doubt');

-- ingest: the partner's word that a shipment left. One per shipment, and final
CREATE TABLE confirmations (
	shipment_id     uuid PRIMARY KEY,
	order_id        uuid NOT NULL,
	document_id     uuid NOT NULL,
	partner_ref     text NOT NULL,
	carrier         text,
	tracking_number text,
	shipped_at      timestamptz NOT NULL,
	confirmed_at    timestamptz NOT NULL,
	content_sha256  bytea NOT NULL
);
CREATE INDEX confirmations_order ON confirmations (order_id);

-- invoice: a number per series without gaps; the row's lock orders the invoices
CREATE TABLE invoice_numbers (
	series      text PRIMARY KEY,
	last_number bigint NOT NULL
);
INSERT INTO invoice_numbers VALUES ('INV', 0);

-- invoice
CREATE TABLE invoices (
	invoice_id     uuid PRIMARY KEY,
	number         text NOT NULL UNIQUE,
	order_id       uuid NOT NULL,
	shipment_id    uuid NOT NULL UNIQUE,
	party          text NOT NULL,
	customer_no    text NOT NULL,
	currency       text NOT NULL,
	gross_minor    bigint NOT NULL,
	discount_minor bigint NOT NULL,
	charges_minor  bigint NOT NULL,
	tax_minor      bigint NOT NULL,
	total_minor    bigint NOT NULL,
	issued_at      timestamptz NOT NULL,
	document       bytea NOT NULL       -- contract invoice
);
CREATE INDEX invoices_order ON invoices (order_id);

-- invoice: what was billed of each order line, in its base unit, so that the next shipment's share can be computed
CREATE TABLE invoice_lines (
	invoice_id          uuid NOT NULL,
	order_id            uuid NOT NULL,
	line_no             integer NOT NULL,
	item_no             text NOT NULL,
	base_quantity_micro bigint NOT NULL,
	gross_minor         bigint NOT NULL,
	discount_minor      bigint NOT NULL,
	net_minor           bigint NOT NULL,
	tax_minor           bigint NOT NULL,
	PRIMARY KEY (invoice_id, line_no)
);
CREATE INDEX invoice_lines_order ON invoice_lines (order_id);
