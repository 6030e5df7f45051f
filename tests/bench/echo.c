/* SPDX-License-Identifier: Apache-2.0 */
#include "echo.h"

#include "base/instant.h"
#include "base/params.h"
#include "broker/broker.h"

#include <getopt.h>
#include <signal.h>
#include <stdlib.h>

#define ARENA_BYTES ((size_t)256 << 20)
#define BATCH 100
#define TAKE_US INT64_C(200000)
#define IDLE_US INT64_C(60000000)
#define CONFIRM_TIMEOUT_MS 10000
#define MARK STR("echo") /* header `reason` of what it said; nobody reads it there */

static volatile sig_atomic_t stop_asked;

static void
on_signal(int number)
{
	(void)number;
	stop_asked = 1;
}

/* What came and is no echo, as it came. */
static size_t
batch_take(struct broker *b, struct arena *arena, struct outgoing *messages, struct delivery *last, size_t *taken)
{
	struct why why = {0};
	size_t n = 0;

	for (*taken = 0; *taken < BATCH; ++*taken) {
		struct delivery *d = arena_get(arena, sizeof *d);

		if (!d || broker_take(b, *taken ? 0 : TAKE_US, arena, d, &why) != OUTCOME_OK)
			break;
		*last = *d;
		if (str_equal(d->envelope.reason, MARK))
			continue;
		messages[n] = (struct outgoing){
		    .exchange = d->exchange, .routing_key = d->routing_key, .body = d->body, .envelope = d->envelope};
		messages[n++].envelope.reason = MARK;
	}
	return n;
}

static int
echo_run(struct broker *b, struct arena *arena)
{
	int64_t last_us = monotonic_us(), said = 0;

	while (!stop_asked && monotonic_us() - last_us < IDLE_US) {
		struct outgoing messages[BATCH];
		enum publish_state states[BATCH];
		struct delivery last;
		struct why why = {0};
		size_t taken, n = batch_take(b, arena, messages, &last, &taken);

		if (n && broker_publish(b, messages, n, CONFIRM_TIMEOUT_MS, states, &why) != OUTCOME_OK) {
			fprintf(stderr, "bench echo: %s: %s\n", why.code, why.text);
			return 1;
		}
		if (taken) {
			broker_ack(b, &last);
			last_us = monotonic_us();
		}
		said += (int64_t)n;
		arena_clear(arena);
	}
	printf("said=%lld\n", (long long)said);
	return 0;
}

int
echo_command(int argc, char **argv)
{
	static const struct option options[] = {{"queue", required_argument, NULL, 'q'}, {NULL, 0, NULL, 0}};
	const char *queue = getopt_long(argc, argv, "", options, NULL) == 'q' ? optarg : NULL;
	char *url = secret_env("AMQP_URL");
	struct arena *arena = arena_new(ARENA_BYTES);
	struct broker *b = NULL;
	struct why why = {0};
	int status = 2;

	if (!queue || !url || !arena) {
		fprintf(stderr, "bench echo --queue Q, with AMQP_URL or AMQP_URL_FILE set\n");
	} else {
		b = broker_new(&(struct broker_config){.urls = url,
						       .name = "tributary echo",
						       .heartbeat_s = 30,
						       .prefetch = 2 * BATCH,
						       .rpc_timeout_ms = 5000},
			       &why);
		signal(SIGTERM, on_signal);
		if (b)
			broker_consume(b, str_of(queue));
		status = b ? echo_run(b, arena) : (fprintf(stderr, "bench echo: %s\n", why.text), 1);
	}
	broker_free(b);
	arena_free(arena);
	free(url);
	return status;
}
