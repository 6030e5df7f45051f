/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asyncapi - the topology as an AsyncAPI 3.0 document (JSON), for whoever speaks AMQP with the fleet
 * Channels are exchanges with the pattern of their routing keys, one per event, and the queues that parties read. Messages
 * have the envelope's headers, and as their payload the JSON Schema of the contract, by $ref. The same topology makes the
 * same bytes: topology/api/asyncapi.json, which `make docs` writes and tests/contract/test_asyncapi.c compares.
 */
#ifndef TRIBUTARY_CLI_ASYNCAPI_H
#define TRIBUTARY_CLI_ASYNCAPI_H

#include "base/arena.h"
#include "topology/topology.h"

/*
 * asyncapi_put - append the document to `out`
 * OUTCOME_DEAD  code: too-large
 */
enum outcome asyncapi_put(struct buf *out, const struct topology *t, struct arena *arena, struct why *why) MUST_CHECK;

#endif
