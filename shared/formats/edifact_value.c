/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/edifact.h"

#include <stdio.h>
#include <string.h>

struct str
edifact_element(const struct node *segment, unsigned element, unsigned component)
{
	const char key[] = {(char)('0' + element / 10 % 10), (char)('0' + element % 10)};
	const bool is_short = element < 10;
	const struct node *n;

	if (element > EDIFACT_ELEMENTS)
		return (struct str){NULL, 0};
	n = node_get_str(segment, (struct str){key + is_short, sizeof key - is_short});
	if (node_is(n, NODE_OBJECT))
		n = node_at(node_get(n, "repeated"), 0);
	if (node_is(n, NODE_LIST))
		return component ? node_text(node_at(n, component - 1)) : (struct str){NULL, 0};
	return component == 1 ? node_text(n) : (struct str){NULL, 0};
}

static size_t
digits_count(struct str s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
		n++;
	return n;
}

bool
edifact_number(struct str text, char *out, size_t bytes)
{
	struct str sign = {text.p, text.n && text.p[0] == '-'}, whole, places = {NULL, 0};

	text = str_after(text, sign.n);
	whole = (struct str){text.p, digits_count(text)};
	text = str_after(text, whole.n);
	if (text.n) {
		if (text.p[0] != '.' && text.p[0] != ',')
			return false;
		places = str_after(text, 1);
		if (places.n == 0 || digits_count(places) != places.n)
			return false;
	} else if (whole.n == 0) {
		return false;
	}
	while (whole.n > 1 && whole.p[0] == '0')
		whole = str_after(whole, 1);
	if (whole.n == 0)
		whole = STR("0");
	if (sign.n + whole.n + (places.n ? places.n + 1 : 0) >= bytes)
		return false;
	out = mempcpy(mempcpy(out, sign.p, sign.n), whole.p, whole.n);
	if (places.n) {
		*out++ = '.';
		out = mempcpy(out, places.p, places.n);
	}
	*out = '\0';
	return true;
}
