/* SPDX-License-Identifier: Apache-2.0 */
#include "bare.h"

#include "image.h"

#include "base/instant.h"
#include "base/params.h"
#include "broker/broker.h"
#include "store/store.h"

#include <getopt.h>
#include <stdlib.h>

#define BATCH_MAX 1000
#define ARENA_BYTES ((size_t)256 << 20)
#define TAKE_US INT64_C(1000000)
#define BATCH_WAIT_US INT64_C(10000)
#define TELL_US INT64_C(500000)
#define IDLE_TURNS_MAX 60 /* of TAKE_US each, without a message: something is broken */

struct bare {
	int64_t hop, last, count, batch;
	struct broker *broker;
	struct store *store;
	struct image *image;
	struct arena *arena, *kept; /* of a batch; of the process */
};

static size_t
batch_take(struct bare *b, struct delivery *deliveries)
{
	size_t n = 0;
	int64_t deadline = 0;
	struct why why;

	while (n < (size_t)b->batch) {
		int64_t left = n ? deadline - monotonic_us() : TAKE_US;

		if (broker_take(b->broker, left > 0 ? left : 0, b->arena, &deliveries[n], &why) != OUTCOME_OK)
			break;
		if (n++ == 0)
			deadline = monotonic_us() + BATCH_WAIT_US;
	}
	return n;
}

/* An envelope like that of an event of the fleet. The last hop's is for nobody, as there. */
static enum outcome
batch_publish(struct bare *b, const struct delivery *deliveries, size_t n, struct why *why)
{
	struct outgoing *messages = arena_array(b->arena, n, sizeof *messages);
	enum publish_state *states = arena_array(b->arena, n, sizeof *states);
	struct str key = arena_printf(b->arena, "bare.%lld.shopify", (long long)b->hop + 1);
	int64_t now_us = instant_now_us();

	for (size_t i = 0; i < n; i++) {
		messages[i] = (struct outgoing){
		    .exchange = STR("bare"),
		    .routing_key = key,
		    .body = deliveries[i].body,
		    .envelope = {.message_id = deliveries[i].envelope.message_id,
				 .correlation_id = STR("8a726ef6-8f28-865f-adea-ec69ce6d69cf"),
				 .type = STR("shipment.requested"),
				 .content_type = STR("application/msgpack"),
				 .app_id = STR("bench"),
				 .timestamp_s = now_us / 1000000,
				 .said_us = now_us,
				 .version = 1,
				 .party = STR("shopify"),
				 .trace = STR("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
				 .after = STR("8a726ef6-8f28-8421-8227-deccd15cf70b")},
		};
	}
	return broker_publish(b->broker, messages, n, 60000, states, why);
}

static int
bare_run(struct bare *b)
{
	int64_t done = 0, told_us = 0;
	int idle = 0;

	while (done < b->count && idle < IDLE_TURNS_MAX) {
		struct delivery *deliveries = arena_array(b->arena, (size_t)b->batch, sizeof *deliveries);
		size_t n = batch_take(b, deliveries);
		struct why why = {0};

		idle = n ? 0 : idle + 1;
		if (n) {
			if (image_write(b->image, b->store, b->arena, deliveries, n, &why) != OUTCOME_OK ||
			    batch_publish(b, deliveries, n, &why) != OUTCOME_OK) {
				fprintf(stderr, "bare %lld: %s: %s\n", (long long)b->hop, why.code, why.text);
				return 1;
			}
			broker_ack(b->broker, &deliveries[n - 1]);
			done += (int64_t)n;
		}
		if (b->hop == b->last && monotonic_us() - told_us >= TELL_US) {
			told_us = monotonic_us();
			printf("%lld %lld\n", (long long)instant_now_us(), (long long)done);
		}
		arena_clear(b->arena);
	}
	if (b->hop == b->last)
		printf("%lld %lld\n", (long long)instant_now_us(), (long long)done);
	return done >= b->count ? 0 : 1;
}

static bool
options_read(struct bare *b, int argc, char **argv)
{
	static const struct option options[] = {
	    {"hop", required_argument, NULL, 0},   {"last", required_argument, NULL, 1},
	    {"count", required_argument, NULL, 2}, {"batch", required_argument, NULL, 3},
	    {NULL, 0, NULL, 0},
	};
	int64_t *const values[] = {&b->hop, &b->last, &b->count, &b->batch};

	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;)
		if (option < 0 || option > 3 || !str_to_int(str_of(optarg), values[option]))
			return false;
	return b->hop > 0 && b->last >= b->hop && b->count > 0 && b->batch > 0 && b->batch <= BATCH_MAX;
}

int
bare_command(int argc, char **argv)
{
	struct bare b = {.batch = 100};
	char *amqp = secret_env("AMQP_URL"), *database = secret_env("DATABASE_URL");
	struct why why = {0};
	int status = 1;

	if (!options_read(&b, argc, argv) || !amqp || !database) {
		fprintf(stderr, "bench bare --hop N --last N --count N [--batch N], with AMQP_URL and DATABASE_URL set\n");
		free(amqp);
		free(database);
		return 2;
	}
	b.arena = arena_new(ARENA_BYTES);
	b.kept = arena_new(ARENA_BYTES);
	b.broker = broker_new(&(struct broker_config){.urls = amqp,
						      .name = "tributary bare",
						      .heartbeat_s = 60,
						      .prefetch = b.batch * 2,
						      .rpc_timeout_ms = 5000},
			      &why);
	b.store = store_new(&(struct store_config){.url = database, .application_name = "tributary bare", .by_key = true});
	if (b.arena && b.kept && b.broker && b.store && store_connect(b.store, &why) == OUTCOME_OK &&
	    image_load(b.store, b.hop, b.kept, &b.image, &why) == OUTCOME_OK) {
		char queue[32];

		snprintf(queue, sizeof queue, "bare.%lld", (long long)b.hop);
		broker_consume(b.broker, str_of(queue));
		status = bare_run(&b);
	} else {
		fprintf(stderr, "bare %lld: %s: %s\n", (long long)b.hop, why.code, why.text);
	}
	store_free(b.store);
	broker_free(b.broker);
	arena_free(b.arena);
	arena_free(b.kept);
	free(amqp);
	free(database);
	return status;
}
