/* SPDX-License-Identifier: Apache-2.0 */
#include "contract/scan.h"

/* What one value's head says: how many bytes the head and the payload have, and how many values follow inside. */
struct head {
	size_t head_bytes, payload_bytes, children;
};

static size_t
big_endian(const unsigned char *p, size_t n)
{
	size_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

/* Fixed forms, by their first byte; false for what has a length of its own. */
static bool
head_fixed(unsigned char c, struct head *h)
{
	static const unsigned char sizes[] = {4, 8, 1, 2, 4, 8, 1, 2, 4, 8}; /* ca .. d3: floats, uints, ints */

	if (c <= 0x7f || c >= 0xe0 || c == 0xc0 || c == 0xc2 || c == 0xc3)
		*h = (struct head){1, 0, 0};
	else if (c <= 0x8f)
		*h = (struct head){1, 0, 2 * (size_t)(c & 0x0f)};
	else if (c <= 0x9f)
		*h = (struct head){1, 0, (size_t)(c & 0x0f)};
	else if (c <= 0xbf)
		*h = (struct head){1, (size_t)(c & 0x1f), 0};
	else if (c >= 0xca && c <= 0xd3)
		*h = (struct head){1, sizes[c - 0xca], 0};
	else if (c >= 0xd4 && c <= 0xd8)
		*h = (struct head){1, ((size_t)1 << (c - 0xd4)) + 1, 0};
	else
		return false;
	return true;
}

/* Forms with a length: bin, ext, str, array, map. */
static bool
head_sized(const unsigned char *p, size_t left, struct head *h)
{
	unsigned char c = *p;
	size_t width, n;

	if (c == 0xc1)
		return false;
	if (c >= 0xdc) /* array 16, 32, map 16, 32 */
		width = c & 1 ? 4 : 2;
	else if (c >= 0xd9) /* str 8, 16, 32 */
		width = (size_t)1 << (c - 0xd9);
	else /* bin and ext 8, 16, 32 */
		width = (size_t)1 << (c - (c >= 0xc7 ? 0xc7 : 0xc4));
	if (left < 1 + width)
		return false;
	n = big_endian(p + 1, width);
	*h = (struct head){1 + width, 0, 0};
	if (c >= 0xde)
		h->children = 2 * n;
	else if (c >= 0xdc)
		h->children = n;
	else
		h->payload_bytes = n + (c >= 0xc7 && c <= 0xc9);
	return true;
}

enum outcome
msgpack_scan(struct str bytes, struct why *why)
{
	const unsigned char *p = (const unsigned char *)bytes.p;
	size_t left = bytes.n, depth = 0, nodes = 0, open[SCAN_DEPTH_MAX + 1] = {1};

	for (;;) {
		struct head h;

		while (open[depth] == 0) {
			if (depth-- == 0) {
				if (left)
					return why_set(why, OUTCOME_DEAD, "msgpack-invalid",
						       "%zu bytes follow the document", left);
				return OUTCOME_OK;
			}
		}
		open[depth]--;
		if (left == 0 || (!head_fixed(*p, &h) && !head_sized(p, left, &h)))
			return why_set(why, OUTCOME_DEAD, "msgpack-invalid", "is no msgpack at byte %zu",
				       bytes.n - left);
		if (h.payload_bytes > left - h.head_bytes || h.children > left - h.head_bytes)
			return why_set(why, OUTCOME_DEAD, "msgpack-invalid", "announces more than there is at byte %zu",
				       bytes.n - left);
		if (++nodes > SCAN_NODES_MAX || (h.children && depth == SCAN_DEPTH_MAX))
			return why_set(why, OUTCOME_DEAD, "msgpack-invalid", "more than %d values or %d levels",
				       SCAN_NODES_MAX, SCAN_DEPTH_MAX);
		p += h.head_bytes + h.payload_bytes;
		left -= h.head_bytes + h.payload_bytes;
		if (h.children)
			open[++depth] = h.children;
	}
}
