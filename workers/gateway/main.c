/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/gateway.h"

#include <stddef.h>

#define AT(member) offsetof(struct gateway_config, member)

static const struct param gateway_params[] = {
    {"GATEWAY_PORT", PARAM_INT, AT(port), "8080", 1, 65535, "", "port it listens on; several gateways may share it"},
    {"GATEWAY_ADDRESS", PARAM_TEXT, AT(address), "127.0.0.1", 1, 64, "", "address it listens on, IPv4 or IPv6"},
    {"TLS_CERTIFICATE_FILE", PARAM_TEXT, AT(tls_certificate_file), "", 0, 1024, "",
     "certificate and its chain, PEM; with it HTTPS is spoken and nothing else. A changed file is taken within "
     "seconds"},
    {"TLS_KEY_FILE", PARAM_TEXT, AT(tls_key_file), "", 0, 1024, "", "private key of the certificate, PEM"},
    {"OPENAPI_FILE", PARAM_TEXT, AT(openapi_file), "topology/api/openapi.yaml", 1, 1024, "",
     "the contract of the API: it must have the same routes, and says which are deprecated"},
    {"CONNECTIONS_MAX", PARAM_INT, AT(connections_max), "10000", 10, 100000, "", "connections at a time"},
    {"CONNECTIONS_PER_ADDRESS", PARAM_INT, AT(per_address_max), "10000", 1, 100000, "",
     "of one client; behind a proxy all clients have its address"},
    {"HEAD_BYTES", PARAM_INT, AT(head_bytes), "16384", 4096, 65536, "bytes",
     "request line and headers of a request, and the memory of a connection"},
    {"BODIES_BYTES", PARAM_INT, AT(bodies_bytes), "268435456", PARTY_BODY_BYTES_MAX, INT64_C(1) << 36, "bytes",
     "of the bodies of all requests under way; what is beyond gets 503"},
    {"IDLE_S", PARAM_INT, AT(idle_s), "60", 1, 3600, "s", "what may lie between two requests of a connection"},
    {"REQUEST_S", PARAM_INT, AT(request_s), "20", 1, 600, "s",
     "from the first byte of a request to its last, and for the client to read the answer"},
    {"WAITING_MAX", PARAM_INT, AT(waiting_max), "4000", 1, 100000, "requests",
     "that wait to be worked on, in each of the two lanes; what is beyond gets 503"},
    {"WAIT_TIMEOUT_MS", PARAM_INT, AT(wait_ms), "5000", 100, 60000, "ms",
     "how long a request may wait for its turn; then it gets 503"},
    {"SET_MAX", PARAM_INT, AT(batch_max), "256", 1, 512, "requests", "worked on at a time"},
    {"PUBLISH_TIMEOUT_MS", PARAM_INT, AT(publish_ms), "4000", 100, 60000, "ms",
     "how long a submission waits for the broker's confirm before it gets 503"},
    {"ASK_TIMEOUT_MS", PARAM_INT, AT(statement_ms), "3000", 100, 60000, "ms", "what one question may cost Postgres"},
    {"NOTICE_MS", PARAM_INT, AT(notice_ms), "500", 0, 60000, "ms",
     "after SIGTERM: not ready any more, and still answering, before new connections are refused"},
};

static const struct worker gateway_worker = {
    .name = "gateway",
    .summary = "takes documents and questions over HTTP",
    .params = gateway_params,
    .params_count = COUNT_OF(gateway_params),
    .config_size = sizeof(struct gateway_config),
    .tick = gateway_tick,
    .ticks_without_store = true,
    .drain = gateway_drain,
    .open = gateway_open,
    .close = gateway_close,
};

int
main(int argc, char **argv)
{
	return worker_main(&gateway_worker, argc, argv);
}
