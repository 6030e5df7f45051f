/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/broker_internal.h"

#include "base/instant.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define HEARTBEAT_DEFAULT_S 10
#define RPC_TIMEOUT_DEFAULT_MS 5000
#define HEADERS_JSON_BYTES ((size_t)16 << 10)
#define INBOX_DEFAULT_BYTES ((size_t)8 << 20)
#define SCRATCH_PAGE_BYTES 4096
#define PREFETCH_MAX 65535
#define NACK_ROUNDS 3
#define NACK_PAUSE_US INT64_C(50000)

static const char default_ca_file[] = "/etc/ssl/certs/ca-certificates.crt";

/* --- configuration ---------------------------------------------------------------------------------------------- */

static enum outcome
host_add(struct link_settings *settings, struct str text, struct why *why)
{
	struct url *host = &settings->hosts[settings->hosts_count];
	size_t number = settings->hosts_count + 1;
	const char *problem;

	if (settings->hosts_count == LINK_HOSTS_MAX)
		return why_set(why, OUTCOME_DEAD, "amqp-url", "more than %d URLs", LINK_HOSTS_MAX);
	if (!url_parse(text, host, &problem))
		return why_set(why, OUTCOME_DEAD, "amqp-url", "URL %zu: %s", number, problem);
	settings->hosts_count++;
	if (strcmp(host->scheme, "amqp") != 0 && strcmp(host->scheme, "amqps") != 0)
		return why_set(why, OUTCOME_DEAD, "amqp-url", "URL %zu: the scheme is neither amqp nor amqps", number);
	return OUTCOME_OK;
}

static const char *
ca_file_of(const struct broker_config *config)
{
	const char *named = config->ca_file ? config->ca_file : getenv("AMQP_CA_FILE");

	return named && named[0] ? named : default_ca_file;
}

static enum outcome
settings_open(struct link_settings *settings, const struct broker_config *config, struct why *why)
{
	struct str rest = str_of(config->urls);

	if (!str_trim(rest).n)
		return why_set(why, OUTCOME_DEAD, "amqp-url", "no URL");
	while (rest.n) {
		enum outcome outcome = host_add(settings, str_trim(str_split(&rest, ',')), why);

		if (outcome != OUTCOME_OK)
			return outcome;
	}
	settings->name = strdup(config->name ? config->name : "tributary");
	settings->ca_file = strdup(ca_file_of(config));
	settings->heartbeat_s = config->heartbeat_s > 0 ? config->heartbeat_s : HEARTBEAT_DEFAULT_S;
	settings->rpc_timeout_ms = config->rpc_timeout_ms > 0 ? config->rpc_timeout_ms : RPC_TIMEOUT_DEFAULT_MS;
	if (!settings->name || !settings->ca_file)
		return why_set(why, OUTCOME_DEAD, "no-memory", "no memory");
	return OUTCOME_OK;
}

static void
settings_release(struct link_settings *settings)
{
	for (size_t i = 0; i < settings->hosts_count; i++)
		url_release(&settings->hosts[i]);
	free(settings->name);
	free(settings->ca_file);
}

static void
link_init(struct link *l, const struct link_settings *settings, const char *side)
{
	*l = (struct link){.settings = settings, .side = side};
	(void)why_set(&l->away, OUTCOME_AWAY, "amqp-away", "%s link: not connected yet", side);
}

struct broker *
broker_new(const struct broker_config *config, struct why *why)
{
	struct broker *b = calloc(1, sizeof *b);

	if (!b) {
		(void)why_set(why, OUTCOME_DEAD, "no-memory", "no memory");
		return NULL;
	}
	buf_init(&b->consumer.scratch.json, HEADERS_JSON_BYTES);
	init_amqp_pool(&b->consumer.scratch.pool, SCRATCH_PAGE_BYTES);
	if (settings_open(&b->settings, config, why) != OUTCOME_OK) {
		broker_free(b);
		return NULL;
	}
	link_init(&b->consumer.link, &b->settings, "consume");
	link_init(&b->publisher.link, &b->settings, "publish");
	consume_prepare(&b->consumer);
	b->consumer.prefetch = config->prefetch < 0              ? 0
			       : config->prefetch > PREFETCH_MAX ? PREFETCH_MAX
								 : config->prefetch;
	b->consumer.inbox_max_bytes = config->inbox_bytes > 0 ? (size_t)config->inbox_bytes : INBOX_DEFAULT_BYTES;
	return b;
}

void
broker_free(struct broker *b)
{
	if (!b)
		return;
	consume_release(&b->consumer);
	link_close(&b->publisher.link);
	settings_release(&b->settings);
	free(b);
}

/* --- consuming -------------------------------------------------------------------------------------------------- */

int
delivery_compare(const struct delivery *a, const struct delivery *b)
{
	return (a->number > b->number) - (a->number < b->number);
}

void
broker_consume(struct broker *b, struct str queue)
{
	struct consumer *c = &b->consumer;
	struct queue *more;
	char *name;

	for (size_t i = 0; i < c->queues_count; i++)
		if (str_equal(str_of(c->queues[i].name), queue))
			return;
	name = strndup(queue.p, queue.n);
	more = name ? realloc(c->queues, (c->queues_count + 1) * sizeof *more) : NULL;
	/* Only at the start of a process: without memory for a name it cannot do its work. */
	if (!more)
		abort();
	c->queues = more;
	c->queues[c->queues_count++] =
	    (struct queue){.name = name, .limit = BROKER_UNLIMITED, .share = 1, .inbox.sum = &c->sum};
}

void
broker_share(struct broker *b, struct str queue, int64_t count)
{
	struct consumer *c = &b->consumer;

	for (size_t i = 0; i < c->queues_count; i++)
		if (str_equal(str_of(c->queues[i].name), queue))
			c->queues[i].share = count;
}

static int64_t
min_us(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Sleeps until either link has something, the next try is due, or the deadline. */
static void
broker_wait(struct broker *b, int64_t deadline_us)
{
	const struct link *out = &b->publisher.link;
	/* What is not to be read now would wake us again and again. */
	bool is_full = consume_is_full(&b->consumer);
	struct pollfd fds[] = {{.fd = is_full ? -1 : link_fd(&b->consumer.link), .events = POLLIN},
			       {.fd = link_fd(out), .events = POLLIN}};
	int64_t until_us = min_us(deadline_us, consume_next_us(&b->consumer));
	int64_t left_us;

	if (!link_is_up(out))
		until_us = min_us(until_us, out->next_try_us);
	left_us = min_us(until_us - monotonic_us(), SLICE_US);
	if (left_us > 0)
		(void)poll(fds, COUNT_OF(fds), (int)((left_us + 999) / 1000));
}

enum outcome
broker_take(struct broker *b, int64_t timeout_us, struct arena *arena, struct delivery *delivery, struct why *why)
{
	struct consumer *c = &b->consumer;
	int64_t deadline_us = monotonic_us() + timeout_us;

	for (;;) {
		consume_serve(c, deadline_us);
		if (!consume_is_ready(c)) {
			publish_serve(&b->publisher, deadline_us);
			consume_pump(c);
		}
		if (consume_is_ready(c))
			return consume_hand_out(c, arena, delivery, why);
		if (publish_is_answered(&b->publisher) || monotonic_us() >= deadline_us)
			return consume_trouble(c, why);
		broker_wait(b, deadline_us);
	}
}

void
broker_pause(struct broker *b)
{
	if (b->consumer.is_paused)
		return;
	b->consumer.is_paused = true;
	consume_cancel(&b->consumer);
}

void
broker_resume(struct broker *b)
{
	b->consumer.is_paused = false;
}

void
broker_limit(struct broker *b, struct str queue, int64_t limit)
{
	struct consumer *c = &b->consumer;

	for (size_t i = 0; i < c->queues_count; i++)
		if (str_equal(str_of(c->queues[i].name), queue))
			consume_limit(c, &c->queues[i], limit < 0 ? 0 : limit);
}

void
broker_hold(struct broker *b, struct str queue)
{
	struct consumer *c = &b->consumer;

	for (size_t i = 0; i < c->queues_count; i++)
		if (str_equal(str_of(c->queues[i].name), queue))
			c->queues[i].is_held = true;
}

void
broker_unhold(struct broker *b)
{
	for (size_t i = 0; i < b->consumer.queues_count; i++)
		b->consumer.queues[i].is_held = false;
}

int64_t
broker_depth(struct broker *b, const char *queue)
{
	int64_t depth = publish_depth(&b->publisher, queue);

	consume_pump(&b->consumer);
	return depth;
}

bool
broker_is_paused(const struct broker *b)
{
	return b->consumer.is_paused;
}

void
broker_ack(struct broker *b, const struct delivery *delivery)
{
	consume_ack(&b->consumer, delivery);
}

/* --- publishing ------------------------------------------------------------------------------------------------- */

static void
nack_pause(struct broker *b, int64_t deadline_us)
{
	int64_t until_us = min_us(deadline_us, monotonic_us() + NACK_PAUSE_US);

	for (int64_t left_us; (left_us = until_us - monotonic_us()) > 0;)
		(void)poll(NULL, 0, (int)((left_us + 999) / 1000));
	broker_pump(b);
}

/* What a full queue refuses is sent again, a few times. */
static enum outcome
rounds_end(struct broker *b, int64_t deadline_us, struct why *why)
{
	struct publisher *p = &b->publisher;

	for (int round = 1;; round++) {
		enum outcome outcome = publish_round_end(b, deadline_us, why);

		if (outcome != OUTCOME_OK || p->nacked_count == 0)
			return outcome;
		nack_pause(b, deadline_us);
		if (round == NACK_ROUNDS)
			return why_set(why, OUTCOME_AWAY, "amqp-refused", "a queue took %zu messages not: it is full",
				       p->nacked_count);
		publish_round_begin(p);
	}
}

static void
call_begin(struct broker *b, const struct outgoing *messages, size_t n, enum publish_state *states, int64_t deadline_us)
{
	struct publisher *p = &b->publisher;
	struct why why;

	if (p->is_busy)
		abort();
	publish_pump(p);
	p->is_busy = true;
	p->messages = messages;
	p->states = states;
	p->n = n;
	publish_round_begin(p);
	if (publish_is_broken(p) || p->link.is_blocked)
		return;
	link_limit_writes(&p->link, deadline_us);
	(void)!publish_round_send(b, deadline_us, &why);
}

static enum outcome
call_end(struct broker *b, int64_t deadline_us, struct why *why)
{
	struct publisher *p = &b->publisher;
	enum outcome outcome = OUTCOME_OK;

	if (!p->is_busy)
		abort();
	publish_pump(p);
	if (publish_is_broken(p)) {
		outcome = publish_ready(b, deadline_us, why);
		publish_round_begin(p);
	}
	if (outcome == OUTCOME_OK) {
		link_limit_writes(&p->link, deadline_us);
		outcome = rounds_end(b, deadline_us, why);
	}
	p->low_tag = p->next_tag;
	p->is_busy = false;
	p->messages = NULL;
	p->states = NULL;
	p->n = 0;
	if (outcome == OUTCOME_OK)
		p->logged[0] = '\0';
	return outcome;
}

void
broker_publish_begin(struct broker *b, const struct outgoing *messages, size_t n, int64_t timeout_ms,
		     enum publish_state *states)
{
	for (size_t i = 0; i < n; i++)
		states[i] = PUBLISH_PENDING;
	call_begin(b, messages, n, states, monotonic_us() + timeout_ms * 1000);
}

bool
broker_publish_is_stuck(struct broker *b)
{
	return publish_is_stuck(&b->publisher);
}

bool
broker_publish_is_answered(struct broker *b)
{
	return publish_is_answered(&b->publisher);
}

enum outcome
broker_publish_end(struct broker *b, int64_t timeout_ms, struct why *why)
{
	return call_end(b, monotonic_us() + timeout_ms * 1000, why);
}

enum outcome
broker_publish(struct broker *b, const struct outgoing *messages, size_t n, int64_t timeout_ms,
	       enum publish_state *states, struct why *why)
{
	int64_t deadline_us = monotonic_us() + timeout_ms * 1000;
	enum outcome outcome;

	for (size_t i = 0; i < n; i++)
		states[i] = PUBLISH_PENDING;
	outcome = publish_ready(b, deadline_us, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	call_begin(b, messages, n, states, deadline_us);
	return call_end(b, deadline_us, why);
}

/* --- both ------------------------------------------------------------------------------------------------------- */

void
broker_pump(struct broker *b)
{
	consume_pump(&b->consumer);
	publish_pump(&b->publisher);
}

void
broker_keep(struct broker *b, int64_t timeout_us)
{
	int64_t deadline_us = monotonic_us() + timeout_us;

	consume_serve(&b->consumer, deadline_us);
	consume_pump(&b->consumer);
	publish_serve(&b->publisher, deadline_us);
}

bool
broker_is_connected(const struct broker *b)
{
	return (b->consumer.prefetch == 0 || link_is_up(&b->consumer.link)) && link_is_up(&b->publisher.link);
}

bool
broker_is_consuming(const struct broker *b)
{
	const struct consumer *c = &b->consumer;
	size_t i = 0;

	while (i < c->queues_count && (c->queues[i].is_consumed || c->queues[i].limit == 0))
		i++;
	return i == c->queues_count && link_is_up(&c->link) && !c->is_paused;
}

bool
broker_is_blocked(const struct broker *b)
{
	return b->publisher.link.is_blocked;
}

static uint64_t
reconnects_of(const struct link *l)
{
	return l->opened_count > 1 ? l->opened_count - 1 : 0;
}

uint64_t
broker_reconnects(const struct broker *b)
{
	return reconnects_of(&b->consumer.link) + reconnects_of(&b->publisher.link);
}
