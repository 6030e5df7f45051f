-- The mirror of the system of record (the ERP): who buys, what is sold, at which price, and what is in stock.
-- Written by `tributary mirror load`; workers only read it, but for what allocate reserves in `stock`.
-- Quantities and prices are bigint millionths (0.0375 is 37500), percentages too.

CREATE TABLE warehouses (
	warehouse text PRIMARY KEY,
	name      text NOT NULL,
	partner   text NOT NULL,            -- the party that ships from it
	priority  integer NOT NULL,         -- 1 is asked first
	active    boolean NOT NULL
);

CREATE TABLE customers (
	customer_no text PRIMARY KEY,
	name        text NOT NULL,
	email       text,
	gln         text,
	price_group text,
	currency    text NOT NULL,
	active      boolean NOT NULL
);
CREATE INDEX customers_email ON customers (lower(email));
CREATE INDEX customers_gln ON customers (gln);

CREATE TABLE customer_accounts (
	party       text NOT NULL,          -- the channel
	account     text NOT NULL,          -- the customer's id there
	customer_no text NOT NULL REFERENCES customers,
	PRIMARY KEY (party, account)
);

CREATE TABLE items (
	item_no     text PRIMARY KEY,
	description text NOT NULL,
	gtin        text,
	base_unit   text NOT NULL,
	tax_code    text NOT NULL,
	stocked     boolean NOT NULL,       -- false: a service or gift card, never allocated
	active      boolean NOT NULL
);
CREATE INDEX items_gtin ON items (gtin);

CREATE TABLE item_aliases (
	alias   text NOT NULL,
	party   text NOT NULL DEFAULT '',   -- '' means every party
	item_no text NOT NULL REFERENCES items,
	PRIMARY KEY (party, alias)
);

CREATE TABLE item_units (
	item_no      text NOT NULL REFERENCES items,
	unit         text NOT NULL,
	factor_micro bigint NOT NULL CHECK (factor_micro > 0),  -- base units in one of it
	PRIMARY KEY (item_no, unit)
);

CREATE TABLE prices (
	price_id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	item_no            text NOT NULL REFERENCES items,
	kind               text NOT NULL CHECK (kind IN ('contract', 'group', 'list')),
	customer_no        text REFERENCES customers,           -- of a contract
	price_group        text,                                -- of a group
	contract_no        text,                                -- of a contract
	currency           text NOT NULL,
	unit               text NOT NULL,
	min_quantity_micro bigint NOT NULL CHECK (min_quantity_micro >= 0),
	price_micro        bigint NOT NULL CHECK (price_micro >= 0),  -- per unit
	valid_from         date NOT NULL,
	valid_to           date                                 -- the last day; NULL: until further notice
);
CREATE INDEX prices_item ON prices (item_no, currency);

CREATE TABLE tax_rates (
	tax_code   text NOT NULL,
	country    text NOT NULL,
	region     text NOT NULL DEFAULT '',
	rate_micro bigint NOT NULL CHECK (rate_micro >= 0),     -- percent
	PRIMARY KEY (tax_code, country, region)
);

-- on_hand belongs to the mirror and to what was shipped, reserved to allocate. The CHECK is promise P4.
CREATE TABLE stock (
	item_no        text NOT NULL REFERENCES items,
	warehouse      text NOT NULL REFERENCES warehouses,
	on_hand_micro  bigint NOT NULL,
	reserved_micro bigint NOT NULL DEFAULT 0,
	PRIMARY KEY (item_no, warehouse),
	CONSTRAINT stock_never_oversold CHECK (reserved_micro BETWEEN 0 AND on_hand_micro)
) WITH (fillfactor = 50);
