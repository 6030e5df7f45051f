/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME      topology-names - the C names of topology.yaml, so that no C file spells a queue or an event
 * SYNOPSIS  topology-names TOPOLOGY.yaml DIR
 * WRITES    DIR/topology_names.h  a macro per name, and the tables' declarations
 *           DIR/topology_names.c  the tables
 * Runs while everything is built; links shared/base, yaml, party and topology only.
 */
#include "topology/topology.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sysexits.h>

/* ship-sync.<partner> with QUEUE_ becomes QUEUE_SHIP_SYNC_PATTERN: the place where a name comes in says so. */
static void
define_print(FILE *out, const char *prefix, const char *name)
{
	fprintf(out, "#define %s", prefix);
	for (const char *p = name; *p && *p != '<'; p++)
		if (isalnum((unsigned char)*p))
			fputc(toupper((unsigned char)*p), out);
		else if (p[1] != '<')
			fputc('_', out);
	fprintf(out, "%s \"%s\"\n", strchr(name, '<') ? "_PATTERN" : "", name);
}

static void
header_print(const struct topology *t, FILE *out)
{
	fprintf(out, "/* Made from topology/topology.yaml by topology/names.c. Do not edit. */\n"
		     "#ifndef TRIBUTARY_TOPOLOGY_NAMES_H\n#define TRIBUTARY_TOPOLOGY_NAMES_H\n\n"
		     "#include \"topology/topology.h\"\n\n");
	fprintf(out, "#define TOPOLOGY_VHOST \"%s\"\n\n", t->vhost);
	for (size_t i = 0; i < t->exchanges_count; i++)
		define_print(out, "EXCHANGE_", t->exchanges[i].name);
	fputc('\n', out);
	for (size_t i = 0; i < t->queues_count; i++)
		define_print(out, "QUEUE_", t->queues[i].name);
	fputc('\n', out);
	for (size_t i = 0; i < t->events_count; i++)
		define_print(out, "EVENT_", t->events[i].name);
	fprintf(out, "\nextern const struct topology_event topology_events[];\n"
		     "extern const size_t topology_events_count;\n"
		     "extern const struct topology_retry_tier topology_retry_tiers[]; /* shortest delay first */\n"
		     "extern const size_t topology_retry_tiers_count;\n"
		     "extern const struct topology_queue topology_queues[];\n"
		     "extern const size_t topology_queues_count;\n"
		     "extern const struct topology_worker topology_workers[];\n"
		     "extern const size_t topology_workers_count;\n\n#endif\n");
}

/* ship-sync becomes ship_sync. */
static void
c_name(const char *name, char out[static NAME_MAX])
{
	snprintf(out, NAME_MAX, "%s", name);
	for (char *p = out; *p; p++)
		if (*p == '-')
			*p = '_';
}

static void
names_print(FILE *out, const char *what, const char *worker, const char *const *names, size_t n)
{
	fprintf(out, "static const char *const %s_%s[] = {", what, worker);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "\"%s\", ", names[i]);
	fprintf(out, "NULL};\n");
}

static void
workers_print(const struct topology *t, FILE *out)
{
	char name[NAME_MAX];

	for (size_t i = 0; i < t->workers_count; i++) {
		const struct topology_worker *w = &t->workers[i];

		c_name(w->name, name);
		names_print(out, "reads", name, w->reads, w->reads_count);
		names_print(out, "says", name, w->says, w->says_count);
	}
	fprintf(out, "\nconst struct topology_worker topology_workers[] = {\n");
	for (size_t i = 0; i < t->workers_count; i++) {
		const struct topology_worker *w = &t->workers[i];

		c_name(w->name, name);
		fprintf(out, "    {\"%s\", reads_%s, %zu, says_%s, %zu, %s},\n", w->name, name, w->reads_count, name,
			w->says_count, w->enters ? "true" : "false");
	}
	fprintf(out, "};\nconst size_t topology_workers_count = %zu;\n", t->workers_count);
}

static void
queues_print(const struct topology *t, FILE *out)
{
	for (size_t i = 0; i < t->queues_count; i++) {
		const struct topology_queue *q = &t->queues[i];

		fprintf(out, "static const struct topology_binding bindings_%zu[] = {", i);
		for (size_t j = 0; j < q->bindings_count; j++)
			fprintf(out, "{\"%s\", \"%s\"}, ", q->bindings[j].exchange, q->bindings[j].key);
		fprintf(out, "{NULL, NULL}};\n");
	}
	fprintf(out, "\nconst struct topology_queue topology_queues[] = {\n");
	for (size_t i = 0; i < t->queues_count; i++)
		fprintf(out, "    {\"%s\", bindings_%zu, %zu},\n", t->queues[i].name, i, t->queues[i].bindings_count);
	fprintf(out, "};\nconst size_t topology_queues_count = %zu;\n\n", t->queues_count);
}

static void
tables_print(const struct topology *t, FILE *out)
{
	fprintf(out, "/* Made from topology/topology.yaml by topology/names.c. Do not edit. */\n"
		     "#include \"topology_names.h\"\n\n"
		     "const struct topology_event topology_events[] = {\n");
	for (size_t i = 0; i < t->events_count; i++)
		fprintf(out, "    {\"%s\", \"%s\", %s},\n", t->events[i].name, t->events[i].contract,
			t->events[i].subscribed ? "true" : "false");
	fprintf(out,
		"};\nconst size_t topology_events_count = %zu;\n\n"
		"const struct topology_retry_tier topology_retry_tiers[] = {\n",
		t->events_count);
	for (size_t i = 0; i < t->retry_tiers_count; i++)
		fprintf(out, "    {\"%s\", %lld},\n", t->retry_tiers[i].name, (long long)t->retry_tiers[i].delay_ms);
	fprintf(out, "};\nconst size_t topology_retry_tiers_count = %zu;\n\n", t->retry_tiers_count);
	queues_print(t, out);
	workers_print(t, out);
}

static int
file_write(const struct topology *t, const char *dir, const char *name,
	   void (*print)(const struct topology *t, FILE *out))
{
	char path[PATH_MAX];
	FILE *out;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	out = fopen(path, "w");
	if (out) {
		print(t, out);
		if (fclose(out) == 0)
			return EX_OK;
	}
	fprintf(stderr, "topology-names: %s: %s\n", path, strerror(errno));
	return EX_CANTCREAT;
}

int
main(int argc, char **argv)
{
	struct topology *t;
	int status;

	if (argc != 3) {
		fprintf(stderr, "usage: topology-names TOPOLOGY.yaml DIR\n");
		return EX_USAGE;
	}
	t = topology_load(argv[1], stderr);
	if (!t)
		return EX_DATAERR;
	status = file_write(t, argv[2], "topology_names.h", header_print);
	if (status == EX_OK)
		status = file_write(t, argv[2], "topology_names.c", tables_print);
	topology_free(t);
	return status;
}
