/* SPDX-License-Identifier: Apache-2.0 */
#include "confirm.h"

#include "topology_names.h"

#include "base/instant.h"
#include "base/log.h"

#include <inttypes.h>

#define ROUND_MAX 100
#define TIMEOUT_MS 10000

static struct outgoing
message_of(const struct book_due *due, const char *party, struct arena *arena)
{
	char now[INSTANT_TEXT_BYTES];

	instant_format(instant_now_us(), now);
	return (struct outgoing){
	    .exchange = STR(EXCHANGE_INTAKE),
	    .routing_key = arena_printf(arena, "%s.shipment", party),
	    .body = arena_printf(
		arena,
		"{\"event\":\"shipment.confirmed\",\"reference\":\"%.*s\",\"partner_reference\":\"WMS-%06" PRIu64
		"\",\"shipped_at\":\"%s\",\"carrier\":\"UPS\",\"tracking_number\":\"1Z999AA1%010" PRIu64
		"\",\"lines\":%.*s}",
		STR_ARGS(due->reference), due->number, now, due->number, STR_ARGS(due->lines)),
	    .mandatory = true,
	    .envelope = {.message_id =
			     arena_printf(arena, "wms-confirm-%" PRIu64 "-%.*s", due->number, STR_ARGS(due->reference)),
			 .content_type = STR("application/json"),
			 .app_id = STR("sandbox-wms"),
			 .timestamp_s = instant_now_us() / 1000000,
			 .said_us = instant_now_us()},
	};
}

size_t
confirm_due(struct book *book, struct broker *broker, const char *party, struct arena *arena)
{
	struct book_due due[ROUND_MAX];
	struct outgoing messages[ROUND_MAX];
	enum publish_state states[ROUND_MAX] = {PUBLISH_PENDING};
	size_t n = book_due(book, monotonic_us(), due, ROUND_MAX), out = 0;
	struct why why = {0};

	if (n == 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		messages[i] = message_of(&due[i], party, arena);
	if (broker_publish(broker, messages, n, TIMEOUT_MS, states, &why) != OUTCOME_OK)
		log_why(LOG_LEVEL_WARN, "away", &why);
	while (out < n && states[out] == PUBLISH_CONFIRMED)
		out++;
	book_confirmed(book, out);
	arena_clear(arena);
	return out;
}
