/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

#include "topology_names.h"

#include "base/instant.h"
#include "base/params.h"
#include "broker/broker.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHUNK 200
#define CONFIRM_TIMEOUT_MS 10000
#define PAUSE_NS 200000000
#define ARENA_BYTES ((size_t)64 << 20)

struct load {
	const char *party, *template_file, *prefix;
	const char *exchange, *key; /* instead of the party's door, for the bare limit */
	int64_t count, first, rate_per_s, skew_s, patience_s, copy;
	bool is_twice;
	const char *times_file;
	FILE *times; /* NULL: nobody wants to know */
	struct str template;
};

static struct str
file_read(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t n = 0;

	if (f && getdelim(&text, &n, '\0', f) < 0) {
		free(text);
		text = NULL;
	}
	if (f)
		fclose(f);
	return str_of(text);
}

/* The document of one number: every @ID@ and @N@ of the template filled in. */
static struct str
document_make(const struct load *load, int64_t number, struct arena *arena)
{
	struct str id = arena_printf(arena, "%s%lld", load->prefix, (long long)number);
	struct str plain = arena_printf(arena, "%lld", (long long)number);
	struct buf out;
	struct str text;

	buf_init(&out, (size_t)16 << 20);
	for (size_t i = 0; i < load->template.n; i++) {
		struct str rest = str_after(load->template, i);

		if (str_starts(rest, STR("@ID@"))) {
			buf_put_str(&out, id);
			i += 3;
		} else if (str_starts(rest, STR("@N@"))) {
			buf_put_str(&out, plain);
			i += 2;
		} else {
			buf_put_char(&out, load->template.p[i]);
		}
	}
	text = arena_str(arena, buf_str(&out));
	buf_release(&out);
	return text;
}

static struct outgoing
message_make(const struct load *load, int64_t number, int64_t copy, struct arena *arena)
{
	int64_t said_us = instant_now_us() + load->skew_s * 1000000;

	return (struct outgoing){
	    .exchange = str_of(load->exchange),
	    .routing_key = load->key ? str_of(load->key) : arena_printf(arena, "%s.order", load->party),
	    .body = document_make(load, number, arena),
	    .mandatory = true,
	    .envelope =
		{
		    .message_id =
			arena_printf(arena, "load-%s%lld-%lld", load->prefix, (long long)number, (long long)copy),
		    .content_type = STR("application/json"),
		    .app_id = STR("bench"),
		    .timestamp_s = said_us / 1000000,
		    .said_us = said_us,
		},
	};
}

/* Waits until the next document is due; returns how many then are: after an outage, those that it held up as well. */
static size_t
pace(const struct load *load, int64_t sent, int64_t start_us)
{
	int64_t due_us, left_us, due;
	struct timespec t;

	if (!load->rate_per_s)
		return CHUNK;
	due_us = start_us + (sent + 1) * 1000000 / load->rate_per_s;
	left_us = due_us - monotonic_us();
	t = (struct timespec){.tv_sec = left_us / 1000000, .tv_nsec = left_us % 1000000 * 1000};
	if (left_us > 0)
		nanosleep(&t, NULL);
	due = (monotonic_us() - start_us) * load->rate_per_s / 1000000 - sent;
	return due < 1 ? 1 : due > CHUNK ? CHUNK : (size_t)due;
}

/* Moves what is not confirmed to the front; returns how many that are. */
static size_t
pending_keep(struct outgoing *messages, const enum publish_state *states, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (states[i] == PUBLISH_PENDING)
			messages[kept++] = messages[i];
	return kept;
}

/* As a channel does: what has no confirm is published again, until it has one; *again counts them. */
static bool
chunk_publish(struct broker *b, struct outgoing *messages, size_t n, int64_t patience_s, int64_t *again)
{
	int64_t deadline_us = monotonic_us() + patience_s * 1000000;

	for (;;) {
		enum publish_state states[2 * CHUNK] = {0};
		struct why why = {0};
		enum outcome outcome = broker_publish(b, messages, n, CONFIRM_TIMEOUT_MS, states, &why);

		for (size_t i = 0; i < n; i++)
			if (states[i] == PUBLISH_RETURNED) {
				fprintf(stderr, "nobody is bound for %.*s\n", STR_ARGS(messages[i].routing_key));
				return false;
			}
		if (outcome == OUTCOME_OK)
			return true;
		fprintf(stderr, "%s: %s\n", why.code, why.text);
		if (monotonic_us() >= deadline_us)
			return false;
		n = pending_keep(messages, states, n);
		*again += (int64_t)n;
		nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
	}
}

static int
load_run(const struct load *load, struct broker *b)
{
	struct arena *arena = arena_new(ARENA_BYTES);
	int64_t start_us = monotonic_us(), sent = 0, again = 0;

	while (arena && sent < load->count) {
		struct outgoing messages[2 * CHUNK];
		size_t n = 0, chunk = pace(load, sent, start_us);

		for (size_t i = 0; i < chunk && sent < load->count; i++, sent++) {
			messages[n++] = message_make(load, load->first + sent, load->copy, arena);
			if (load->times)
				fprintf(load->times, "%s%lld %lld\n", load->prefix, (long long)(load->first + sent),
					(long long)messages[n - 1].envelope.said_us);
			if (load->is_twice)
				messages[n++] = message_make(load, load->first + sent, load->copy + 1, arena);
		}
		if (!chunk_publish(b, messages, n, load->patience_s, &again)) {
			arena_free(arena);
			return 1;
		}
		arena_clear(arena);
	}
	arena_free(arena);
	start_us = monotonic_us() - start_us;
	printf("published=%lld seconds=%.3f per_second=%.0f again=%lld\n", (long long)sent, (double)start_us / 1e6,
	       start_us ? (double)sent * 1e6 / (double)start_us : 0.0, (long long)again);
	return 0;
}

static bool
options_read(struct load *load, int argc, char **argv)
{
	static const struct option options[] = {
	    {"party", required_argument, NULL, 'p'},    {"template", required_argument, NULL, 't'},
	    {"count", required_argument, NULL, 'c'},    {"first", required_argument, NULL, 'f'},
	    {"prefix", required_argument, NULL, 'x'},   {"rate", required_argument, NULL, 'r'},
	    {"twice", no_argument, NULL, '2'},          {"exchange", required_argument, NULL, 'e'},
	    {"key", required_argument, NULL, 'k'},      {"skew", required_argument, NULL, 's'},
	    {"patience", required_argument, NULL, 'w'}, {"copy", required_argument, NULL, 'y'},
	    {"times", required_argument, NULL, 'm'},    {NULL, 0, NULL, 0},
	};
	bool is_ok = true;

	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;)
		switch (option) {
		case 'p':
			load->party = optarg;
			break;
		case 't':
			load->template_file = optarg;
			break;
		case 'c':
			is_ok = is_ok && str_to_int(str_of(optarg), &load->count);
			break;
		case 'f':
			is_ok = is_ok && str_to_int(str_of(optarg), &load->first);
			break;
		case 'x':
			load->prefix = optarg;
			break;
		case 'r':
			is_ok = is_ok && str_to_int(str_of(optarg), &load->rate_per_s);
			break;
		case 's':
			is_ok = is_ok && str_to_int(str_of(optarg), &load->skew_s);
			break;
		case 'w':
			is_ok = is_ok && str_to_int(str_of(optarg), &load->patience_s);
			break;
		case 'y':
			is_ok = is_ok && str_to_int(str_of(optarg), &load->copy);
			break;
		case 'm':
			load->times_file = optarg;
			break;
		case '2':
			load->is_twice = true;
			break;
		case 'e':
			load->exchange = optarg;
			break;
		case 'k':
			load->key = optarg;
			break;
		default:
			is_ok = false;
		}
	return is_ok && (load->party || load->key) && load->template_file && load->count > 0 && load->rate_per_s >= 0;
}

int
load_command(int argc, char **argv)
{
	struct load load = {.prefix = "", .first = 1, .exchange = EXCHANGE_INTAKE, .patience_s = 60, .copy = 1};
	char *url = secret_env("AMQP_URL");
	struct broker *b;
	struct why why = {0};
	int status = 1;

	if (!options_read(&load, argc, argv) || !url) {
		fprintf(stderr, "bench load --party P|--exchange E --key K --template FILE --count N [--first N] "
				"[--prefix TEXT] [--rate PER_S] [--twice] [--copy N] [--skew S] [--patience S] "
				"[--times FILE], with AMQP_URL or "
				"AMQP_URL_FILE set\n");
		free(url);
		return 2;
	}
	load.template = file_read(load.template_file);
	if (load.times_file && !(load.times = fopen(load.times_file, "we")))
		fprintf(stderr, "%s cannot be written\n", load.times_file);
	if (load.times)
		setvbuf(load.times, NULL, _IOLBF, 0); /* who is ended by a signal has told all the same */
	b = broker_new(
	    &(struct broker_config){.urls = url, .name = "tributary bench", .heartbeat_s = 60, .rpc_timeout_ms = 5000},
	    &why);
	if (!load.template.p || !b)
		fprintf(stderr, "%s cannot be read, or AMQP_URL is wrong: %s\n", load.template_file, why.text);
	else
		status = load_run(&load, b);
	if (load.times)
		fclose(load.times);
	broker_free(b);
	free((char *)(uintptr_t)load.template.p);
	free(url);
	return status;
}
