/* SPDX-License-Identifier: Apache-2.0 */
#include "../../ops/cli/asyncapi.h"

#include "broker/broker.h"
#include "formats/json.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define FOLDER "topology/api/"
#define FILE_MAX_BYTES ((size_t)4 << 20)

struct document {
	struct topology *topology;
	struct arena *arena;
	struct buf made;
	struct node *root;
};

static bool
file_read(const char *path, struct buf *text)
{
	FILE *in = fopen(path, "re");
	char block[65536];
	size_t n;

	buf_init(text, FILE_MAX_BYTES);
	while (in && (n = fread(block, 1, sizeof block, in)) > 0)
		buf_put(text, block, n);
	if (in)
		fclose(in);
	return in != NULL;
}

static void
document_open(struct document *d)
{
	struct why why;

	d->topology = topology_load("topology/topology.yaml", stderr);
	d->arena = arena_new((size_t)64 << 20);
	buf_init(&d->made, FILE_MAX_BYTES);
	cr_assert(d->topology && d->arena);
	cr_assert_eq(asyncapi_put(&d->made, d->topology, d->arena, &why), OUTCOME_OK, "%s", why.text);
	cr_assert_eq(json_parse(buf_str(&d->made), &tree_default_limits, d->arena, &d->root, &why), OUTCOME_OK, "%s",
		     why.text);
}

static void
document_close(struct document *d)
{
	buf_release(&d->made);
	arena_free(d->arena);
	topology_free(d->topology);
}

Test(asyncapi, the_file_is_what_the_topology_says)
{
	struct document d;
	struct buf stored;

	document_open(&d);
	cr_assert(file_read(FOLDER "asyncapi.json", &stored), "it is missing: make docs");
	cr_assert(str_equal(buf_str(&d.made), buf_str(&stored)), "it is stale: make docs");
	buf_release(&stored);
	document_close(&d);
}

/* "#/channels/intake" within the document, without escapes; "../contracts/x.json" beside it. */
static bool
resolves(const struct document *d, struct str reference)
{
	const struct node *at = d->root;
	struct buf text;
	struct node *root;
	struct why why;
	char path[256];
	bool is_json;

	if (str_starts(reference, STR("#/"))) {
		struct str rest = str_after(reference, 2);

		while (at && rest.n)
			at = node_get_str(at, str_split(&rest, '/'));
		return at != NULL;
	}
	snprintf(path, sizeof path, FOLDER "%.*s", STR_ARGS(reference));
	is_json = file_read(path, &text) &&
		  json_parse(buf_str(&text), &tree_default_limits, d->arena, &root, &why) == OUTCOME_OK;
	buf_release(&text);
	return is_json;
}

static size_t
references_check(const struct document *d, const struct node *n)
{
	size_t count = 0;

	if (str_equal(n->key, STR("$ref"))) {
		cr_assert(resolves(d, n->text), "%.*s leads nowhere", STR_ARGS(n->text));
		return 1;
	}
	for (const struct node *child = n->child; child; child = child->next)
		count += references_check(d, child);
	return count;
}

Test(asyncapi, every_reference_leads_somewhere)
{
	struct document d;

	document_open(&d);
	cr_assert(!resolves(&d, STR("#/channels/nothing")));
	cr_assert(!resolves(&d, STR("../contracts/nothing.json")));
	cr_assert_gt(references_check(&d, d.root), 50);
	document_close(&d);
}

Test(asyncapi, it_has_every_header_that_is_sent)
{
	struct document d;
	const struct node *n;

	document_open(&d);
	n = node_get(node_get(node_get(d.root, "components"), "messageTraits"), "envelope");
	n = node_get(node_get(n, "headers"), "properties");
	for (size_t i = 0; envelope_header(i); i++)
		cr_assert(node_get(n, envelope_header(i)), "%s", envelope_header(i));
	document_close(&d);
}

static size_t
keys_count(const struct node *operations, const char *queue)
{
	size_t n = 0;

	for (const struct node *o = operations->child; o; o = o->next)
		if (str_equal(node_text(node_get(o, "x-queue")), str_of(queue)))
			n += node_get(o, "x-routing-keys")->children_count;
	return n;
}

Test(asyncapi, it_has_every_exchange_event_and_binding)
{
	struct document d;
	const struct node *channels, *operations;

	document_open(&d);
	channels = node_get(d.root, "channels");
	operations = node_get(d.root, "operations");
	for (size_t i = 0; i < d.topology->events_count; i++)
		cr_assert(node_get(channels, d.topology->events[i].name), "%s", d.topology->events[i].name);
	for (size_t i = 0; i < d.topology->exchanges_count; i++) {
		const char *name = d.topology->exchanges[i].name;

		cr_assert(node_get(channels, name) || str_equal(str_of(name), STR(TOPOLOGY_EVENTS)), "%s", name);
	}
	for (size_t i = 0; i < d.topology->queues_count; i++) {
		const struct topology_queue *q = &d.topology->queues[i];

		/* What no program reads is no operation. */
		cr_assert_eq(keys_count(operations, q->name), topology_queue_is_last(q) ? 0 : q->bindings_count, "%s",
			     q->name);
	}
	document_close(&d);
}
