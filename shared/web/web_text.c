/* SPDX-License-Identifier: Apache-2.0 */
#include "web/web.h"

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
web_decode(struct str s, bool plus_is_blank, char *out, size_t *n)
{
	size_t filled = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '%') {
			int high = i + 2 < s.n ? hex_value(s.p[i + 1]) : -1,
			    low = i + 2 < s.n ? hex_value(s.p[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			c = (unsigned char)(high << 4 | low);
			i += 2;
		} else if (c == '+' && plus_is_blank) {
			c = ' ';
		}
		if (c < 0x20 || c == 0x7f)
			return false;
		out[filled++] = (char)c;
	}
	*n = filled;
	return str_is_utf8((struct str){out, filled});
}

static bool
segment_is_plain(struct str segment)
{
	size_t dots = 0, filled = 0;

	for (size_t i = 0; i < segment.n; i++) {
		int c = (unsigned char)segment.p[i];

		if (c <= 0x20 || c >= 0x7f || c == '\\')
			return false;
		if (c == '%') {
			int high = i + 2 < segment.n ? hex_value(segment.p[i + 1]) : -1;
			int low = i + 2 < segment.n ? hex_value(segment.p[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			c = high << 4 | low;
			if (c < 0x20 || c == '/' || c == '\\' || c == 0x7f)
				return false;
			i += 2;
		}
		dots += c == '.';
		filled++;
	}
	return filled > 0 && !(dots == filled && filled <= 2);
}

bool
web_path_is_plain(struct str path)
{
	if (path.n < 2 || path.p[0] != '/')
		return false;
	if (path.p[path.n - 1] == '/')
		return false;
	for (struct str rest = str_after(path, 1); rest.n;)
		if (!segment_is_plain(str_split(&rest, '/')))
			return false;
	return true;
}
