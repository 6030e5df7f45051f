/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layout, all numbers little-endian: for each message a mark that is no possible length, its texts in the order of
 * `texts_of`, each as a 32-bit length and the bytes, then the numbers of `numbers_of` as 64 bits. Read back only by this
 * file. A message without the mark was packed before there was one: it lacks the last text. To add another, give it
 * another mark.
 */
#include "worker/outputs.h"

#include <endian.h>
#include <string.h>

#define TEXTS 16
#define TEXTS_UNMARKED 15
#define MARK UINT32_MAX
#define NUMBERS 4

static void
texts_of(struct outgoing *m, struct str *texts[TEXTS])
{
	struct envelope *e = &m->envelope;
	struct str *all[TEXTS] = {&m->exchange,       &m->routing_key, &m->body,         &e->message_id,
				  &e->correlation_id, &e->type,        &e->content_type, &e->app_id,
				  &e->party,          &e->origin,      &e->code,         &e->path,
				  &e->reason,         &e->trace,       &e->key,          &e->after};

	memcpy(texts, all, sizeof all);
}

static void
numbers_of(struct outgoing *m, int64_t numbers[NUMBERS])
{
	numbers[0] = m->envelope.timestamp_s;
	numbers[1] = m->envelope.attempt;
	numbers[2] = m->envelope.version;
	numbers[3] = m->mandatory;
}

size_t
outputs_size(const struct output *outputs)
{
	size_t size = 0;

	for (const struct output *o = outputs; o; o = o->next) {
		struct outgoing m = o->message;
		struct str *texts[TEXTS];

		texts_of(&m, texts);
		for (size_t i = 0; i < TEXTS; i++)
			size += sizeof(uint32_t) + texts[i]->n;
		size += sizeof(uint32_t) + NUMBERS * sizeof(uint64_t);
	}
	return size;
}

static char *
message_pack(struct outgoing m, char *p)
{
	const uint32_t mark = MARK;
	struct str *texts[TEXTS];
	int64_t numbers[NUMBERS];

	texts_of(&m, texts);
	memcpy(p, &mark, sizeof mark);
	p += sizeof mark;
	for (size_t i = 0; i < TEXTS; i++) {
		uint32_t n = htole32((uint32_t)texts[i]->n);

		memcpy(p, &n, sizeof n);
		if (texts[i]->n)
			memcpy(p + sizeof n, texts[i]->p, texts[i]->n);
		p += sizeof n + texts[i]->n;
	}
	numbers_of(&m, numbers);
	for (size_t i = 0; i < NUMBERS; i++) {
		uint64_t v = htole64((uint64_t)numbers[i]);

		memcpy(p, &v, sizeof v);
		p += sizeof v;
	}
	return p;
}

char *
outputs_pack(const struct output *outputs, char *p)
{
	for (const struct output *o = outputs; o; o = o->next)
		p = message_pack(o->message, p);
	return p;
}

static bool
message_unpack(struct str *rest, struct outgoing *m)
{
	struct str *texts[TEXTS];
	uint64_t numbers[NUMBERS];
	size_t count = TEXTS_UNMARKED;
	uint32_t mark = 0;

	texts_of(m, texts);
	if (rest->n >= sizeof mark)
		memcpy(&mark, rest->p, sizeof mark);
	if (mark == MARK) {
		*rest = str_after(*rest, sizeof mark);
		count = TEXTS;
	}
	for (size_t i = 0; i < count; i++) {
		uint32_t n;

		if (rest->n < sizeof n)
			return false;
		memcpy(&n, rest->p, sizeof n);
		n = le32toh(n);
		*rest = str_after(*rest, sizeof n);
		if (rest->n < n)
			return false;
		*texts[i] = (struct str){rest->p, n};
		*rest = str_after(*rest, n);
	}
	if (rest->n < sizeof numbers)
		return false;
	memcpy(numbers, rest->p, sizeof numbers);
	*rest = str_after(*rest, sizeof numbers);
	m->envelope.timestamp_s = (int64_t)le64toh(numbers[0]);
	m->envelope.attempt = (int64_t)le64toh(numbers[1]);
	m->envelope.version = (int64_t)le64toh(numbers[2]);
	m->mandatory = numbers[3] != 0;
	return true;
}

bool
outputs_unpack(struct str packed, struct arena *arena, struct output **outputs)
{
	struct output *first = NULL, **end = &first;

	while (packed.n) {
		struct output *o = arena_get(arena, sizeof *o);

		if (!o || !message_unpack(&packed, &o->message))
			return false;
		*end = o;
		end = &o->next;
	}
	*outputs = first;
	return true;
}
