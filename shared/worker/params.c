/* SPDX-License-Identifier: Apache-2.0 */
/* What every worker can be told, by environment (ops/config.md is made from this table). */
#include "worker/skeleton.h"

#include <stddef.h>

#define AT(member) offsetof(struct skeleton_config, member)
#define HOUR_S 3600

const struct param skeleton_params[] = {
    {"AMQP_URL", PARAM_SECRET, AT(amqp_url), NULL, 1, 2048, "",
     "RabbitMQ, amqp://user:password@host:port/vhost or amqps://; several hosts separated by commas"},
    {"AMQP_CA_FILE", PARAM_TEXT, AT(amqp_ca_file), "/etc/ssl/certs/ca-certificates.crt", 0, 1024, "",
     "certificates that an amqps:// broker is checked against, PEM"},
    {"DATABASE_URL", PARAM_SECRET, AT(database_url), NULL, 1, 2048, "",
     "Postgres, as libpq takes it: several hosts and sslmode=verify-full are its own"},
    {"REDIS_URL", PARAM_SECRET, AT(redis_url), NULL, 1, 2048, "",
     "Redis, redis://user:password@host:port/0 or rediss:// for TLS"},
    {"REDIS_CA_FILE", PARAM_TEXT, AT(redis_ca_file), "/etc/ssl/certs/ca-certificates.crt", 0, 1024, "",
     "certificates that a rediss:// server is checked against, PEM"},
    {"PARTIES_DIR", PARAM_TEXT, AT(parties_dir), "topology/parties", 1, 1024, "", "folder of the parties"},
    {"QUEUES", PARAM_TEXT, AT(queues), "", 0, 4096, "",
     "queues to consume, separated by commas; empty: all of the worker's. One party alone: ingest.shopify"},
    {"BATCH_MAX", PARAM_INT, AT(batch_max), "100", 1, 1000, "messages", "most messages of one transaction"},
    {"BATCH_WAIT_MS", PARAM_INT, AT(batch_wait_ms), "2", 0, 1000, "ms",
     "how long a batch waits for one more message, and twice that in all; while transactions take long 15 ms at most; "
     "0: not at all"},
    {"BATCH_BYTES", PARAM_INT, AT(batch_bytes), "8388608", 65536, 67108864, "bytes",
     "a batch that holds this much takes no further message"},
    {"BACKLOG_MAX", PARAM_INT, AT(backlog_max), "20", 0, 1000000, "messages",
     "with more in a queue that comes later, a queue at the door that is as long waits, so that no channel is behind "
     "another; 0: never"},
    {"BACKLOG_WAIT_MS", PARAM_INT, AT(backlog_wait_ms), "100", 1, 10000, "ms",
     "how long it waits, at most, after a batch"},
    {"HEARTBEAT_S", PARAM_INT, AT(heartbeat_s), "10", 1, 600, "s", "AMQP heartbeat"},
    {"CONFIRM_TIMEOUT_MS", PARAM_INT, AT(confirm_timeout_ms), "10000", 100, 600000, "ms",
     "how long one try waits for the broker's confirms"},
    {"STATEMENT_TIMEOUT_MS", PARAM_INT, AT(statement_timeout_ms), "15000", 100, 600000, "ms",
     "Postgres' statement_timeout"},
    {"LOCK_TIMEOUT_MS", PARAM_INT, AT(lock_timeout_ms), "5000", 100, 600000, "ms", "Postgres' lock_timeout"},
    {"REDIS_TIMEOUT_MS", PARAM_INT, AT(redis_timeout_ms), "50", 1, 10000, "ms", "what a Redis call may cost"},
    {"DONE_TTL_S", PARAM_INT, AT(done_ttl_s), "86400", 1, 720 * HOUR_S, "s",
     "how long Redis remembers that a message was done"},
    {"DRAIN_MS", PARAM_INT, AT(drain_ms), "20000", 100, 600000, "ms", "how long SIGTERM lets a batch finish"},
    {"HTTP_PORT", PARAM_INT, AT(http_port), "0", 0, 65535, "", "port of /healthz /readyz /metrics; 0: none"},
    {"HTTP_ADDRESS", PARAM_TEXT, AT(http_address), "127.0.0.1", 1, 64, "", "address it listens on"},
    {"HTTP_TLS_CERTIFICATE_FILE", PARAM_TEXT, AT(http_tls_certificate_file), "", 0, 1024, "",
     "certificate of that port and its chain, PEM; with it HTTPS is spoken and nothing else. A changed file is taken "
     "with "
     "the next connection"},
    {"HTTP_TLS_KEY_FILE", PARAM_TEXT, AT(http_tls_key_file), "", 0, 1024, "", "private key of the certificate, PEM"},
    {"LOG_LEVEL", PARAM_CHOICE, AT(log_level), "info", 1, 8, "debug|info|warn|error",
     "what is logged, and what is worse"},
    {"FAULT_FILE", PARAM_TEXT, AT(fault_file), "", 0, 1024, "",
     "for drills: a file with a step and a count, \"commit 3\"; the file is removed, and the process kills itself "
     "right after that step"},
};

const size_t skeleton_params_count = COUNT_OF(skeleton_params);
