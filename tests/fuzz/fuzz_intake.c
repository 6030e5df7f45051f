/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_intake - the whole way of a document, as ingest goes it: bytes, tree, units, mapping, order, msgpack and back
 * The first byte chooses one of the channels under PARTIES_DIR (topology/parties), the rest is its document. The
 * mappings are opened once and used again and again. What is accepted can be encoded and decoded, and adds up; what is
 * not has a code; a unit goes on as JSON that is taken back.
 */
#include "formats/json.h"
#include "fuzz/json_mutate.h"
#include "intake/intake.h"
#include "model/order_change.h"
#include "shape/shape.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES ((size_t)256 << 20)
#define OUT_MAX_BYTES ((size_t)64 << 20)
#define DOCUMENT_MAX_BYTES ((size_t)1 << 20)
#define CHANNELS_MAX 256
#define UNITS_MAX 32 /* of a document that are gone on with; the others would go the same way */

struct channel {
	const struct party *party;
	struct mapping *mapping;
};

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static size_t
channels_open(struct channel *channels)
{
	const char *dir = getenv("PARTIES_DIR") ? getenv("PARTIES_DIR") : "topology/parties";
	static struct party_list *list; /* for as long as the process lives */
	struct why why;
	size_t n = 0;

	list = party_list_load(dir, stderr);
	must(list != NULL);
	for (size_t i = 0; i < party_list_count(list) && n < CHANNELS_MAX; i++) {
		const struct party *party = party_list_at(list, i);

		if (party->kind != PARTY_CHANNEL)
			continue;
		channels[n].party = party;
		must(mapping_open(dir, party, &channels[n].mapping, &why) == OUTCOME_OK);
		n++;
	}
	must(n > 0);
	return n;
}

static void
must_come_back(const struct contract *c, const void *document, struct arena *arena)
{
	void *again = arena_get(arena, c->size);
	struct buf first, second;
	struct why why;

	buf_init(&first, OUT_MAX_BYTES);
	buf_init(&second, OUT_MAX_BYTES);
	contract_encode(c, document, &first);
	must(buf_is_ok(&first) && again);
	must(contract_decode(c, buf_str(&first), arena, again, &why) == OUTCOME_OK);
	contract_encode(c, again, &second);
	must(str_equal(buf_str(&first), buf_str(&second)));
	buf_release(&first);
	buf_release(&second);
}

static void
accepted_check(const struct intake *in, struct arena *arena)
{
	struct why sums = {0};

	switch (in->result) {
	case INTAKE_ORDER:
		must(order_check(in->order, 0, &sums) == OUTCOME_OK);
		must_come_back(&order_contract, in->order, arena);
		break;
	case INTAKE_CANCEL:
		must_come_back(&order_contract, in->order, arena);
		break;
	case INTAKE_CHANGE:
		must(order_change_check(in->order, &sums) == OUTCOME_OK);
		break;
	case INTAKE_SHIPMENT:
	case INTAKE_ACKNOWLEDGEMENT:
	case INTAKE_INVENTORY:
		must_come_back(in->fact_contract, in->fact, arena);
		break;
	case INTAKE_RETURN:
		must(return_check(in->return_request, &sums) == OUTCOME_OK);
		break;
	case INTAKE_IGNORED:
		must(in->ignored && in->ignored[0]);
		break;
	default:
		must(in->result == INTAKE_SPLIT && in->units_count > 1);
	}
}

/* Whatever came is learned, in each way that trees are read: the same twice, nothing differs. */
static void
shape_check(const struct intake *in)
{
	for (enum shape_format format = SHAPE_PLAIN; format <= SHAPE_EDIFACT; format++) {
		struct shape *s = shape_new();
		struct shape_document d = {.format = format, .is_learned = true};
		size_t found[SHAPE_WHATS] = {0};

		must(s != NULL);
		for (size_t i = 0; in->units_count && i < 2 * SHAPE_LEARN_DOCUMENTS; i++)
			shape_see(s, in->units[0], &d, found);
		must(!found[SHAPE_NEW] && !found[SHAPE_VALUE] && !found[SHAPE_RETYPED] && !found[SHAPE_MISSING]);
		must(s->paths_count <= SHAPE_PATHS_MAX);
		for (size_t i = 0; i < s->paths_count; i++)
			must(str_is_utf8(s->paths[i].text) && !memchr(s->paths[i].text.p, 0, s->paths[i].text.n) &&
			     s->paths[i].text.n <= SHAPE_PATH_BYTES);
		shape_free(s);
	}
}

/* False for what is no document of its own any more. */
static bool
document_read(const struct intake_source *source, struct arena *arena, struct intake *in)
{
	struct why why = {0};
	enum outcome outcome = intake_read(source, arena, in, &why);

	must(str_is_utf8(in->about));
	shape_check(in);
	if (outcome == OUTCOME_OK) {
		accepted_check(in, arena);
		return true;
	}
	must(why.code && why.code[0] && str_is_utf8(str_of(why.text)));
	must(in->result == INTAKE_REFUSED || in->result == INTAKE_EXCEPTION);
	must(!source->is_unit || !str_starts(str_of(why.code), STR("json-")));
	return false;
}

static void
unit_read(const struct intake_source *whole, const struct node *unit, struct arena *arena)
{
	struct intake_source source = *whole;
	struct intake in = {0};
	struct buf json;

	buf_init(&json, OUT_MAX_BYTES);
	json_put_node(&json, unit, 0);
	must(buf_is_ok(&json));
	source.body = buf_str(&json);
	source.is_unit = true;
	if (document_read(&source, arena, &in))
		must(in.result != INTAKE_SPLIT);
	buf_release(&json);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t n)
{
	static const char *const canonical[] = {"order", "return", "confirmation", "acknowledgement", "stock-report"};
	static struct channel channels[CHANNELS_MAX];
	static size_t channels_count;
	struct intake_source source = {.kind = STR("document"), .max_bytes = DOCUMENT_MAX_BYTES};
	struct intake in = {0};
	struct arena *arena;

	if (!channels_count)
		channels_count = channels_open(channels);
	if (n == 0)
		return 0;
	arena = arena_new(ARENA_BYTES);
	must(arena != NULL);
	source.party = channels[bytes[0] % channels_count].party;
	source.mapping = channels[bytes[0] % channels_count].mapping;
	source.body = (struct str){(const char *)bytes + 1, n - 1};
	if (document_read(&source, arena, &in) && in.result == INTAKE_SPLIT)
		for (size_t i = 0; i < in.units_count && i < UNITS_MAX; i++)
			unit_read(&source, in.units[i], arena);
	for (size_t i = 0; i < COUNT_OF(canonical); i++) {
		in = (struct intake){0};
		source.contract = str_of(canonical[i]);
		(void)document_read(&source, arena, &in);
		must(in.result != INTAKE_SPLIT);
	}
	arena_free(arena);
	return 0;
}

/* libFuzzer's; not there when files are replayed. */
size_t LLVMFuzzerMutate(unsigned char *bytes, size_t n, size_t max_bytes) __attribute__((weak));
size_t LLVMFuzzerCustomMutator(unsigned char *bytes, size_t n, size_t max_bytes, unsigned seed);

size_t
LLVMFuzzerCustomMutator(unsigned char *bytes, size_t n, size_t max_bytes, unsigned seed)
{
	size_t changed = 0;

	if (n > 1 && seed % 4)
		changed = json_mutate((char *)bytes + 1, n - 1, max_bytes - 1, seed / 4);
	return changed ? changed + 1 : LLVMFuzzerMutate(bytes, n, max_bytes);
}
