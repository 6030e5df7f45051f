/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Start and stop: parameters, servers, signals. What is wrong with the configuration is said all at once, and the
 * process does not start; a server that is away is waited for.
 */
#include "worker/skeleton.h"

#include "topology_names.h"

#include "base/instant.h"
#include "base/log.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#define ARENA_MAX_BYTES ((size_t)512 << 20)
#define QUEUE_BYTES 256
#define RPC_TIMEOUT_MS 5000
#define SLEEP_SLICE_MS 200
#define ANSWERS_SHARE 3    /* what a partner answers ends what is under way, what a channel orders begins more */
#define PREFETCH_BATCHES 2 /* of each queue: two unacknowledged, and the next one there when its turn comes */

static volatile sig_atomic_t stop_asked;

static void
on_signal(int number)
{
	(void)number;
	stop_asked = 1;
}

bool
skeleton_is_stopping(void)
{
	return stop_asked;
}

bool
skeleton_may_go_on(struct skeleton *s)
{
	broker_pump(s->broker);
	gauges_update(s);
	log_release(s);
	if (!stop_asked)
		return true;
	if (!s->stop_at_us)
		s->stop_at_us = monotonic_us() + s->config.drain_ms * 1000;
	return monotonic_us() < s->stop_at_us;
}

bool
skeleton_sleep(struct skeleton *s, int64_t ms)
{
	while (ms > 0) {
		int64_t slice = ms < SLEEP_SLICE_MS ? ms : SLEEP_SLICE_MS;
		struct timespec t = {.tv_nsec = slice * 1000000};

		nanosleep(&t, NULL);
		ms -= slice;
		if (!skeleton_may_go_on(s))
			return false;
	}
	return true;
}

bool
batch_pump(struct batch *batch)
{
	return skeleton_may_go_on(batch->skeleton);
}

bool
batch_rest(struct batch *batch, int64_t ms)
{
	return skeleton_sleep(batch->skeleton, ms);
}

void
worker_figure(struct skeleton *skeleton, const char *name, const char *party, const char *what, int64_t value)
{
	metrics_own(skeleton->metrics, name, party, what, value);
}

void
batch_count(struct batch *batch, const char *name, const char *party, const char *what, int64_t value)
{
	worker_figure(batch->skeleton, name, party, what, value);
}

void
batch_recall(struct batch *batch, const struct uuid *ids, size_t n, struct uuid *values)
{
	keys_recall(batch->skeleton->keys, ids, n, values);
}

void
batch_remember(struct batch *batch, const struct uuid *ids, const struct uuid *values, size_t n)
{
	keys_remember(batch->skeleton->keys, ids, values, n);
}

enum outcome
batch_publish(struct batch *batch, const struct outgoing *messages, size_t n, struct why *why)
{
	enum publish_state *states = arena_array(batch->arena, n, sizeof *states);

	if (!states)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for %zu messages", n);
	return batch_say(batch, messages, n, batch->skeleton->config.confirm_timeout_ms, states, why);
}

enum outcome
batch_say(struct batch *batch, const struct outgoing *messages, size_t n, int64_t timeout_ms,
	  enum publish_state *states, struct why *why)
{
	struct skeleton *s = batch->skeleton;
	enum outcome outcome = broker_publish(s->broker, messages, n, timeout_ms, states, why);

	for (size_t i = 0; i < n; i++)
		if (states[i] != PUBLISH_PENDING)
			metrics_count(s->metrics, states[i] == PUBLISH_CONFIRMED ? COUNTER_PUBLISHED : COUNTER_RETURNED,
				      1);
	return outcome;
}

static bool
on_store_idle(void *context)
{
	return skeleton_may_go_on(context);
}

static const struct topology_worker *
worker_row(const char *name)
{
	for (size_t i = 0; i < topology_workers_count; i++)
		if (strcmp(topology_workers[i].name, name) == 0)
			return &topology_workers[i];
	return NULL;
}

/* "ingest.<party>" is one queue per party, "ship-sync.<partner>" one per partner that ships, "enrich" just one. Calls
 * `each` for every queue that the worker's row stands for. */
static void
queues_each(struct skeleton *s, void (*each)(struct skeleton *s, const char *queue, void *context), void *context)
{
	const struct topology_worker *row = worker_row(s->worker->name);
	char queue[QUEUE_BYTES];

	for (size_t r = 0; row && r < row->reads_count; r++) {
		const char *pattern = row->reads[r], *open = strchr(pattern, '<');

		if (!open)
			each(s, pattern, context);
		for (size_t i = 0; open && i < party_list_count(s->parties); i++) {
			const struct party *p = party_list_at(s->parties, i);

			if (strcmp(open, "<partner>") == 0 && p->kind != PARTY_WMS)
				continue;
			snprintf(queue, sizeof queue, "%.*s%s", (int)(open - pattern), pattern, p->name);
			each(s, queue, context);
		}
	}
}

static void
queue_consume(struct skeleton *s, const char *queue, void *context)
{
	const char *dot = strchr(queue, '.');
	const struct party *party = dot ? party_list_find(s->parties, str_of(dot + 1)) : NULL;

	(void)context;
	broker_consume(s->broker, str_of(queue));
	if (s->worker->from_outside && party && party->kind != PARTY_CHANNEL)
		broker_share(s->broker, str_of(queue), ANSWERS_SHARE);
}

static void
window_apply(struct skeleton *s, const char *queue, void *context)
{
	struct queue_window window = s->worker->window(s->state, str_of(queue), monotonic_us());

	(void)context;
	broker_limit(s->broker, str_of(queue), window.count);
	if (window.until_us < s->windows_until_us)
		s->windows_until_us = window.until_us;
}

void
windows_apply(struct skeleton *s)
{
	s->windows_until_us = INT64_MAX;
	if (s->worker->window)
		queues_each(s, window_apply, NULL);
}

struct search {
	struct str queue;
	bool is_found;
};

static void
queue_compare(struct skeleton *s, const char *queue, void *context)
{
	struct search *search = context;

	(void)s;
	search->is_found |= str_equal(search->queue, str_of(queue));
}

static void
queue_print(struct skeleton *s, const char *queue, void *context)
{
	(void)s;
	(void)context;
	fprintf(stderr, " %s", queue);
}

/* QUEUES names some of the worker's own. Returns the number of problems. */
static size_t
queues_check(struct skeleton *s)
{
	struct str rest = str_of(s->config.queues);
	size_t problems = 0;

	if (!worker_row(s->worker->name)) {
		fprintf(stderr, "topology/topology.yaml has no worker %s: give it a row there\n", s->worker->name);
		return 1;
	}
	while (rest.n) {
		struct search search = {str_trim(str_split(&rest, ',')), false};

		queues_each(s, queue_compare, &search);
		if (search.is_found)
			continue;
		fprintf(stderr, "QUEUES: %s does not read %.*s. It reads", s->worker->name, STR_ARGS(search.queue));
		queues_each(s, queue_print, NULL);
		fputc('\n', stderr);
		problems++;
	}
	return problems;
}

static void
queues_consume(struct skeleton *s)
{
	struct str rest = str_of(s->config.queues);

	if (!rest.n)
		queues_each(s, queue_consume, NULL);
	while (rest.n) {
		struct str name = str_trim(str_split(&rest, ','));
		char queue[QUEUE_BYTES];

		snprintf(queue, sizeof queue, "%.*s", STR_ARGS(name));
		queue_consume(s, queue, NULL);
	}
}

static void
why_print(const struct why *why)
{
	fprintf(stderr, "%s%s%s: %s\n", why->path, why->path[0] ? ": " : "", why->code, why->text);
}

/* Everything that needs no server. Returns the number of problems, each said on stderr. */
static size_t
config_open(struct skeleton *s)
{
	const struct worker *w = s->worker;
	size_t problems = params_read(skeleton_params, skeleton_params_count, &s->config, stderr);
	struct why why = {0};

	s->worker_config = calloc(1, w->config_size + 1);
	if (!s->worker_config)
		return problems + 1;
	problems += params_read(w->params, w->params_count, s->worker_config, stderr);
	if (s->config.database_url && store_check_url(s->config.database_url, &why) != OUTCOME_OK) {
		why_print(&why);
		problems++;
	}
	if (s->config.parties_dir) {
		s->parties = party_list_load(s->config.parties_dir, stderr);
		problems += s->parties ? queues_check(s) : 1;
	}
	return problems;
}

/* False after saying why: no memory, or a URL that is none. */
static bool
servers_open(struct skeleton *s)
{
	struct why broker_why = {0}, keys_why = {0};

	s->broker =
	    broker_new(&(struct broker_config){.urls = s->config.amqp_url,
					       .name = s->name,
					       .heartbeat_s = s->config.heartbeat_s,
					       .prefetch = s->worker->tick ? 0 : s->config.batch_max * PREFETCH_BATCHES,
					       .inbox_bytes = s->config.batch_bytes,
					       .ca_file = s->config.amqp_ca_file,
					       .rpc_timeout_ms = RPC_TIMEOUT_MS},
		       &broker_why);
	if (!s->broker)
		why_print(&broker_why);
	s->keys = keys_new(&(struct keys_config){.url = s->config.redis_url,
						 .ca_file = s->config.redis_ca_file,
						 .prefix = s->keys_prefix,
						 .timeout_ms = s->config.redis_timeout_ms,
						 .ttl_ms = s->config.done_ttl_s * 1000},
			   &keys_why);
	if (!s->keys)
		why_print(&keys_why);
	s->store = store_new(&(struct store_config){.url = s->config.database_url,
						    .application_name = s->name,
						    .by_key = true,
						    .statement_timeout_ms = s->config.statement_timeout_ms,
						    .lock_timeout_ms = s->config.lock_timeout_ms,
						    .idle = on_store_idle,
						    .idle_context = s});
	return s->broker && s->keys && s->store;
}

static size_t
parts_open(struct skeleton *s)
{
	const struct worker *w = s->worker;
	struct why why = {0};
	struct setup setup = {.config = s->worker_config,
			      .parties = s->parties,
			      .parties_dir = s->config.parties_dir,
			      .database_url = s->config.database_url,
			      .redis_url = s->config.redis_url,
			      .redis_ca_file = s->config.redis_ca_file,
			      .skeleton = s};

	snprintf(s->name, sizeof s->name, "tributary %s %d", w->name, (int)getpid());
	snprintf(s->keys_prefix, sizeof s->keys_prefix, "tributary:done:%s:", w->name);
	if (!servers_open(s))
		return 1;
	for (size_t i = 0; i < COUNT_OF(s->turns); i++)
		s->turns[i].arena = arena_new(ARENA_MAX_BYTES);
	s->arena = s->turns[0].arena;
	s->metrics = metrics_new();
	if (!s->turns[0].arena || !s->turns[1].arena || !s->metrics)
		return fprintf(stderr, "no memory\n"), 1;
	if (w->open && w->open(&setup, &s->state, &why) != OUTCOME_OK)
		return why_print(&why), 1;
	queues_consume(s);
	return 0;
}

static void
parts_close(struct skeleton *s)
{
	if (s->worker->close && s->state)
		s->worker->close(s->state);
	broker_free(s->broker);
	keys_free(s->keys);
	store_free(s->store);
	for (size_t i = 0; i < COUNT_OF(s->turns); i++)
		arena_free(s->turns[i].arena);
	metrics_free(s->metrics);
	party_list_free(s->parties);
	params_release(skeleton_params, skeleton_params_count, &s->config);
	if (s->worker_config)
		params_release(s->worker->params, s->worker->params_count, s->worker_config);
	free(s->worker_config);
}

static void
signals_catch(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static enum log_level
level_of(const char *text)
{
	static const char *const names[] = {"debug", "info", "warn", "error"};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(names[i], text) == 0)
			return (enum log_level)i;
	return LOG_LEVEL_INFO;
}

/* The first connection is made before the first message, so that /readyz tells the truth on a quiet day. */
static void
store_first_connect(struct skeleton *s)
{
	struct why why = {0};
	int64_t backoff_ms = 100;

	while (store_connect(s->store, &why) != OUTCOME_OK && !stop_asked) {
		if (backoff_ms == 100)
			log_why(LOG_LEVEL_WARN, "away", &why);
		backoff_ms = backoff_ms < 5000 ? backoff_ms * 2 : 5000;
		if (!skeleton_sleep(s, backoff_ms))
			return;
	}
	metrics_gauge(s->metrics, GAUGE_POSTGRES_UP, store_is_connected(s->store));
}

static int
skeleton_run(struct skeleton *s)
{
	struct http_server *http = NULL;
	struct why why = {0};
	int status = EX_CONFIG;

	if (config_open(s) == 0 && parts_open(s) == 0) {
		log_open(s->worker->name, level_of(s->config.log_level));
		fault_load(s);
		metrics_gauge(s->metrics, GAUGE_LOOP_AT_US, monotonic_us());
		if (http_server_open(s, &http, &why) == OUTCOME_OK) {
			log_line(LOG_LEVEL_INFO, "start", "pid=%d batch_max=%lld", (int)getpid(),
				 (long long)s->config.batch_max);
			if (!s->worker->ticks_without_store)
				store_first_connect(s);
			status = loop_run(s);
			log_line(LOG_LEVEL_INFO, "stop", "status=%d", status);
		} else {
			why_print(&why);
		}
	}
	http_server_close(http);
	parts_close(s);
	return status;
}

static int
help_print(const struct worker *worker)
{
	printf("%s - %s\n\nConfigured by environment; NAME_FILE may name a file that holds the value.\n\n",
	       worker->name, worker->summary);
	params_help(worker->params, worker->params_count, stdout);
	params_help(skeleton_params, skeleton_params_count, stdout);
	return EX_OK;
}

int
worker_main(const struct worker *worker, int argc, char **argv)
{
	struct skeleton s = {.worker = worker};

	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return help_print(worker);
	if (argc == 2 && strcmp(argv[1], "--config-markdown") == 0) {
		params_markdown(worker->params, worker->params_count, stdout);
		return EX_OK;
	}
	if (argc == 2 && strcmp(argv[1], "--skeleton-config-markdown") == 0) {
		params_markdown(skeleton_params, skeleton_params_count, stdout);
		return EX_OK;
	}
	if (argc > 1) {
		fprintf(stderr, "%s takes no arguments but --help; it is configured by environment\n", worker->name);
		return EX_USAGE;
	}
	signals_catch();
	srand((unsigned)getpid());
	return skeleton_run(&s);
}
