-- The keys with which parties come to the gateway over HTTP, and what they call with them.
--
-- A token is trb_<key_id>_<secret>: the id is public, the secret 32 random bytes (shared/access/api_key.h). Of the secret
-- only its SHA-256 is kept. A slow hash is for passwords, which people choose and others guess; nobody guesses 256 random
-- bits, and a fast one can be computed for every call.
CREATE TABLE api_keys (
	key_id          text PRIMARY KEY CHECK (key_id ~ '^[a-z2-7]{12}$'),
	party           text NOT NULL CHECK (party ~ '^[a-z0-9-]{1,40}$'), -- whose; never another one's later
	scopes          text[] NOT NULL CHECK (cardinality(scopes) > 0
	                AND scopes <@ ARRAY['submit', 'orders', 'stock', 'prices', 'operate']),
	secret_sha256   bytea NOT NULL CHECK (octet_length(secret_sha256) = 32),
	previous_sha256 bytea CHECK (octet_length(previous_sha256) = 32),
	previous_until  timestamptz,                    -- until then the secret before the last rotation is good as well
	title           text NOT NULL DEFAULT '',       -- the person's words: what it is for
	created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
	created_by      text NOT NULL,
	expires_at      timestamptz,                    -- NULL: never
	revoked_at      timestamptz,                    -- for good
	CHECK ((previous_sha256 IS NULL) = (previous_until IS NULL))
);
CREATE INDEX api_keys_party ON api_keys (party);

-- Who calls what, by day (UTC): a row per key and route, however many calls. A route is what the OpenAPI document says
-- ("GET /v1/orders/{order_id}"), never a path as it came; calls without a known key are in the audit log and the metrics
-- alone. So nobody outside can make rows.
CREATE TABLE api_usage (
	day      date NOT NULL,
	key_id   text NOT NULL REFERENCES api_keys,
	party    text NOT NULL,                         -- the key's
	route    text NOT NULL,
	calls    bigint NOT NULL DEFAULT 0,             -- all of them
	refused  bigint NOT NULL DEFAULT 0,             -- of these answered with a status of 400 or above
	first_at timestamptz NOT NULL,
	last_at  timestamptz NOT NULL,
	PRIMARY KEY (day, key_id, party, route)
);
CREATE INDEX api_usage_party ON api_usage (party, route);

-- Its role is there as soon as topology.yaml has the worker, and `up` makes roles before it migrates.
GRANT USAGE ON SCHEMA tributary TO tributary_gateway;
GRANT SELECT ON api_keys TO tributary_gateway;
GRANT SELECT, INSERT, UPDATE ON api_usage TO tributary_gateway;
GRANT INSERT (who, act, target_id, order_id, reason, before, after) ON audit_log TO tributary_gateway;
GRANT USAGE ON SEQUENCE seal_places TO tributary_gateway;

-- Whose key it is and what it may do is said once. The hashes are nothing for who only reads.
GRANT SELECT, INSERT, UPDATE (secret_sha256, previous_sha256, previous_until, revoked_at) ON api_keys TO tributary_operator;
GRANT SELECT ON api_usage TO tributary_operator;
REVOKE SELECT ON api_keys FROM tributary_auditor;
GRANT SELECT (key_id, party, scopes, title, created_at, created_by, expires_at, revoked_at) ON api_keys
	TO tributary_auditor;
