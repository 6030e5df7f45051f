/* SPDX-License-Identifier: Apache-2.0 */
#include "formats.h"

#include "intake/intake.h"
#include "shape/shape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ARENA_BYTES ((size_t)512 << 20)
#define DOCUMENT_MAX_BYTES ((size_t)8 << 20)
#define ORDER_MAX_BYTES ((size_t)8 << 20)
#define COUNT_DEFAULT 2000

struct run {
	struct intake_source source;
	struct arena *arena;
	struct buf out;
	struct shape *shape;
	enum shape_format format;
	int64_t parse_ns, map_ns, encode_ns, shape_ns; /* of all so far */
	struct why why;
};

static int64_t
cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* Resident memory of this process in KiB. */
static long
resident_kib(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	long total, resident = 0;

	if (f) {
		if (fscanf(f, "%ld %ld", &total, &resident) != 2)
			resident = 0;
		fclose(f);
	}
	return resident * 4;
}

static bool
file_load(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "re");
	char piece[65536];
	size_t n;

	buf_init(out, DOCUMENT_MAX_BYTES);
	if (!f)
		return false;
	while ((n = fread(piece, 1, sizeof piece, f)) > 0)
		buf_put_str(out, (struct str){piece, n});
	fclose(f);
	return buf_is_ok(out);
}

static void
shape_learn(struct run *r, const struct node *unit)
{
	struct shape_document d = {.format = r->format, .is_learned = true};
	size_t found[SHAPE_WHATS] = {0};

	shape_see(r->shape, unit, &d, found);
}

static enum shape_format
shape_format_of(const struct party *party)
{
	if (strcmp(party->format, "xml") == 0)
		return SHAPE_XML;
	if (strcmp(party->format, "x12") == 0)
		return SHAPE_X12;
	return strcmp(party->format, "edifact") == 0 ? SHAPE_EDIFACT : SHAPE_PLAIN;
}

/* One document on its whole way; its units one after the other. */
static bool
document_run(struct run *r)
{
	struct node *tree, **units;
	size_t n;
	int64_t start = cpu_ns(), parsed, mapped;

	arena_clear(r->arena);
	buf_clear(&r->out);
	if (intake_parse(&r->source, r->arena, &tree, &r->why) != OUTCOME_OK)
		return false;
	parsed = cpu_ns();
	r->parse_ns += parsed - start;
	if (intake_split(&r->source, tree, r->arena, &units, &n, &r->why) != OUTCOME_OK)
		return false;
	for (size_t i = 0; i < n; i++) {
		struct intake in = {0};

		if (intake_map(&r->source, units[i], r->arena, &in, &r->why) != OUTCOME_OK || !in.order)
			return false;
		mapped = cpu_ns();
		r->map_ns += mapped - parsed;
		contract_encode(&order_contract, in.order, &r->out);
		parsed = cpu_ns();
		r->encode_ns += parsed - mapped;
		shape_learn(r, units[i]);
		mapped = cpu_ns();
		r->shape_ns += mapped - parsed;
		parsed = mapped;
	}
	return buf_is_ok(&r->out);
}

static bool
party_run(const struct party *party, const char *dir, const char *path, int64_t count)
{
	struct run r = {.arena = arena_new(ARENA_BYTES), .shape = shape_new(), .format = shape_format_of(party)};
	struct buf body;
	long first_kib = 0;
	double all;
	bool is_ok;

	r.source = (struct intake_source){
	    .kind = STR("order"), .party = party, .received_at_us = 0, .max_bytes = DOCUMENT_MAX_BYTES};
	is_ok = file_load(path, &body) && r.arena && r.shape &&
		mapping_open(dir, party, &r.source.mapping, &r.why) == OUTCOME_OK;
	r.source.body = buf_str(&body);
	buf_init(&r.out, ORDER_MAX_BYTES);
	for (int64_t i = 0; is_ok && i < count; i++) {
		is_ok = document_run(&r);
		if (i == count / 10)
			first_kib = resident_kib();
	}
	all = (double)(r.parse_ns + r.map_ns + r.encode_ns + r.shape_ns) / (double)count / 1e3;
	if (is_ok)
		printf("%-14s %-8s %7zu %9.1f %9.1f %9.1f %9.1f %9.1f %10.0f %8ld\n", party->name, party->format,
		       body.n, (double)r.parse_ns / (double)count / 1e3, (double)r.map_ns / (double)count / 1e3,
		       (double)r.encode_ns / (double)count / 1e3, (double)r.shape_ns / (double)count / 1e3, all,
		       1e6 / all, resident_kib() - first_kib);
	else
		fprintf(stderr, "bench formats: %s: %s: %s %s\n", path, party->name,
			r.why.code ? r.why.code : "no order", r.why.code ? r.why.text : "");
	mapping_close(r.source.mapping);
	shape_free(r.shape);
	buf_release(&r.out);
	buf_release(&body);
	arena_free(r.arena);
	return is_ok;
}

int
formats_command(int argc, char **argv)
{
	const char *dir = getenv("PARTIES_DIR");
	struct party_list *list = party_list_load(dir = dir && dir[0] ? dir : "topology/parties", stderr);
	int64_t count = COUNT_DEFAULT;
	int i = 1, status = 0;

	if (argc > 2 && strcmp(argv[1], "--count") == 0) {
		if (!str_to_int(str_of(argv[2]), &count) || count < 10)
			argc = 0;
		i = 3;
	}
	if (!list || argc < i + 2 || (argc - i) % 2) {
		fprintf(stderr, "bench formats [--count N] PARTY FILE [PARTY FILE]...\n");
		party_list_free(list);
		return 2;
	}
	printf("%-14s %-8s %7s %9s %9s %9s %9s %9s %10s %8s\n", "party", "format", "bytes", "parse us", "map us",
	       "encode us", "shape us", "all us", "per second", "grew KiB");
	for (; i + 1 < argc; i += 2) {
		const struct party *party = party_list_find(list, str_of(argv[i]));

		if (!party)
			fprintf(stderr, "bench formats: there is no party %.60s\n", argv[i]);
		if (!party || !party_run(party, dir, argv[i + 1], count))
			status = 1;
	}
	party_list_free(list);
	return status;
}
