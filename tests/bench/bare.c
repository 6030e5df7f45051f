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
#define PREFETCH 200 /* as the fleet's */
#define ARENA_BYTES ((size_t)256 << 20)
#define TAKE_US INT64_C(1000000)
#define BATCH_WAIT_US INT64_C(10000) /* nearly all batches are full then: `batch` is what the fleet's are on average */
#define CONFIRM_MS 60000
#define TELL_US INT64_C(500000)
#define IDLE_TURNS_MAX 60 /* of TAKE_US each, without a message: something is broken */

/* Batches overlap, as a worker's do (shared/worker/skeleton.h): one is written while the confirms of the other are on
 * their way. */
struct turn {
	struct arena *arena;
	struct delivery *deliveries;
	size_t n;
};

struct bare {
	int64_t hop, last, count, batch;
	struct broker *broker;
	struct store *store;
	struct image *image;
	struct turn turns[2], *said; /* said: published, not confirmed yet; NULL: none is */
	struct arena *kept;
};

static enum outcome
said_end(struct bare *b, struct why *why)
{
	struct turn *t = b->said;
	enum outcome outcome;

	if (!t)
		return OUTCOME_OK;
	outcome = broker_publish_end(b->broker, CONFIRM_MS, why);
	if (outcome == OUTCOME_OK)
		broker_ack(b->broker, &t->deliveries[t->n - 1]);
	b->said = NULL;
	return outcome;
}

static enum outcome
turn_take(struct bare *b, struct turn *t, struct why *why)
{
	int64_t deadline_us = 0;

	arena_clear(t->arena);
	t->n = 0;
	t->deliveries = arena_array(t->arena, (size_t)b->batch, sizeof *t->deliveries);
	if (!t->deliveries)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for a batch");
	while (t->n < (size_t)b->batch) {
		int64_t left_us = t->n ? deadline_us - monotonic_us() : TAKE_US;
		struct why none;

		if (broker_take(b->broker, left_us > 0 ? left_us : 0, t->arena, &t->deliveries[t->n], &none) ==
		    OUTCOME_OK) {
			if (t->n++ == 0)
				deadline_us = monotonic_us() + BATCH_WAIT_US;
			continue;
		}
		if (!b->said || (t->n && !broker_publish_is_answered(b->broker)))
			break;
		if (said_end(b, why) != OUTCOME_OK)
			return OUTCOME_AWAY;
	}
	return OUTCOME_OK;
}

/* An envelope like that of an event of the fleet. The last hop's is for nobody, as there. */
static enum outcome
turn_say(struct bare *b, struct turn *t, struct why *why)
{
	struct outgoing *messages = arena_array(t->arena, t->n, sizeof *messages);
	enum publish_state *states = arena_array(t->arena, t->n, sizeof *states);
	struct str key = arena_printf(t->arena, "bare.%lld.shopify", (long long)b->hop + 1);
	struct str body = {arena_get(t->arena, image_body_bytes(b->image)), image_body_bytes(b->image)};
	int64_t now_us = instant_now_us();

	if (!messages || !states || !body.p)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for %zu messages", t->n);
	for (size_t i = 0; i < t->n; i++) {
		messages[i] = (struct outgoing){
		    .exchange = STR("bare"),
		    .routing_key = key,
		    .body = body,
		    .envelope = {.message_id = t->deliveries[i].envelope.message_id,
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
	broker_publish_begin(b->broker, messages, t->n, CONFIRM_MS, states);
	b->said = t;
	return OUTCOME_OK;
}

static enum outcome
turn_run(struct bare *b, struct turn *t, struct why *why)
{
	enum outcome outcome = turn_take(b, t, why);

	if (outcome == OUTCOME_OK && t->n)
		outcome = image_write(b->image, b->store, t->arena, t->deliveries, t->n, why);
	if (outcome == OUTCOME_OK)
		outcome = said_end(b, why);
	if (outcome == OUTCOME_OK && t->n)
		outcome = turn_say(b, t, why);
	return outcome;
}

static void
done_tell(const struct bare *b, int64_t done)
{
	if (b->hop == b->last)
		printf("%lld %lld\n", (long long)instant_now_us(), (long long)done);
}

static enum outcome
bare_run(struct bare *b, struct why *why)
{
	int64_t done = 0, told_us = 0;
	enum outcome outcome = OUTCOME_OK;

	for (int idle = 0; outcome == OUTCOME_OK && done < b->count;) {
		struct turn *next = &b->turns[b->said == &b->turns[0]];

		outcome = turn_run(b, next, why);
		done += (int64_t)next->n;
		idle = next->n ? 0 : idle + 1;
		if (idle == IDLE_TURNS_MAX)
			return why_set(why, OUTCOME_DEAD, "bare-idle", "nothing came for %d s", IDLE_TURNS_MAX);
		if (monotonic_us() - told_us >= TELL_US) {
			told_us = monotonic_us();
			done_tell(b, done);
		}
	}
	if (outcome == OUTCOME_OK)
		outcome = said_end(b, why);
	done_tell(b, done);
	return outcome;
}

static bool
options_read(struct bare *b, int argc, char **argv)
{
	static const struct option options[] = {
	    {"hop", required_argument, NULL, 0},
	    {"last", required_argument, NULL, 1},
	    {"count", required_argument, NULL, 2},
	    {"batch", required_argument, NULL, 3},
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
		fprintf(stderr,
			"bench bare --hop N --last N --count N [--batch N], with AMQP_URL and DATABASE_URL set\n");
		free(amqp);
		free(database);
		return 2;
	}
	b.turns[0].arena = arena_new(ARENA_BYTES);
	b.turns[1].arena = arena_new(ARENA_BYTES);
	b.kept = arena_new(ARENA_BYTES);
	b.broker = broker_new(&(struct broker_config){.urls = amqp,
						      .name = "tributary bare",
						      .heartbeat_s = 60,
						      .prefetch = PREFETCH,
						      .rpc_timeout_ms = 5000},
			      &why);
	b.store =
	    store_new(&(struct store_config){.url = database, .application_name = "tributary bare", .by_key = true});
	if (b.turns[0].arena && b.turns[1].arena && b.kept && b.broker && b.store &&
	    store_connect(b.store, &why) == OUTCOME_OK &&
	    image_load(b.store, b.hop, b.kept, &b.image, &why) == OUTCOME_OK) {
		char queue[32];

		snprintf(queue, sizeof queue, "bare.%lld", (long long)b.hop);
		broker_consume(b.broker, str_of(queue));
		status = bare_run(&b, &why) == OUTCOME_OK ? 0 : 1;
	}
	if (status != 0)
		fprintf(stderr, "bare %lld: %s: %s\n", (long long)b.hop, why.code ? why.code : "memory", why.text);
	store_free(b.store);
	broker_free(b.broker);
	arena_free(b.turns[0].arena);
	arena_free(b.turns[1].arena);
	arena_free(b.kept);
	free(amqp);
	free(database);
	return status;
}
