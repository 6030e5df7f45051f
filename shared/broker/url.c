/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/url.h"

#include <stdlib.h>
#include <string.h>

#define PORT_MAX 65535

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return -1;
}

/* NULL for a percent sign without two hex digits, a control byte or no memory: none of them can be a part of a URL. */
static char *
part_decode(struct str s)
{
	char *text = malloc(s.n + 1);
	size_t n = 0;

	for (size_t i = 0; text && i < s.n; i++) {
		int c = (unsigned char)s.p[i];

		if (c == '%') {
			int high = i + 2 < s.n ? hex_digit(s.p[i + 1]) : -1;
			int low = i + 2 < s.n ? hex_digit(s.p[i + 2]) : -1;

			c = high < 0 || low < 0 ? 0 : high * 16 + low;
			i += 2;
		}
		if (c < 0x20 || c == 0x7f) {
			free(text);
			return NULL;
		}
		text[n++] = (char)c;
	}
	if (text)
		text[n] = '\0';
	return text;
}

/* Splits at the last `sep`; without one, *before is empty and *after is all of it. */
static void
split_last(struct str s, char sep, struct str *before, struct str *after)
{
	const char *at = s.n ? memrchr(s.p, sep, s.n) : NULL;

	*before = at ? (struct str){s.p, (size_t)(at - s.p)} : (struct str){s.p, 0};
	*after = at ? str_after(s, before->n + 1) : s;
}

/* "host", "host:5672" or "[::1]:5672" */
static bool
host_split(struct str s, struct str *host, struct str *port, bool *has_port)
{
	if (s.n && s.p[0] == '[') {
		const char *end = memchr(s.p, ']', s.n);

		if (!end)
			return false;
		*host = (struct str){s.p + 1, (size_t)(end - s.p) - 1};
		*port = str_after(s, host->n + 2);
		*has_port = port->n > 0;
		if (*has_port && port->p[0] != ':')
			return false;
		*port = str_after(*port, 1);
		return true;
	}
	*port = s;
	*host = str_split(port, ':');
	*has_port = host->n < s.n;
	return true;
}

static bool
port_parse(struct str text, int64_t *port)
{
	return text.n && text.p[0] >= '0' && text.p[0] <= '9' && str_to_int(text, port) && *port >= 1 &&
	       *port <= PORT_MAX;
}

struct parts {
	struct str scheme, user, password, host, port, path;
	bool has_port;
};

/* Only the structure: NULL, or what is wrong with it. */
static const char *
parts_split(struct str text, struct parts *parts)
{
	const char *colon = text.n ? memmem(text.p, text.n, "://", 3) : NULL;
	struct str authority, login;

	if (!colon || colon == text.p)
		return "it does not begin with a scheme and ://";
	parts->scheme = (struct str){text.p, (size_t)(colon - text.p)};
	parts->path = str_after(text, parts->scheme.n + 3);
	if (parts->path.n && (memchr(parts->path.p, '?', parts->path.n) || memchr(parts->path.p, '#', parts->path.n)))
		return "it has a query or a fragment (? and # in a password are written %3F and %23)";
	authority = str_split(&parts->path, '/');
	split_last(authority, '@', &login, &authority);
	parts->password = login;
	parts->user = str_split(&parts->password, ':');
	if (!host_split(authority, &parts->host, &parts->port, &parts->has_port) || !parts->host.n)
		return "the host is missing or malformed";
	return NULL;
}

bool
url_parse(struct str text, struct url *url, const char **problem)
{
	struct parts parts = {0};
	struct url u = {0};
	const char *wrong = parts_split(text, &parts);

	if (!wrong && parts.has_port && !port_parse(parts.port, &u.port))
		wrong = "the port is not a number from 1 to 65535";
	if (!wrong && !(u.scheme = part_decode(parts.scheme)))
		wrong = "the scheme has a bad character";
	if (!wrong && !(u.user = part_decode(parts.user)))
		wrong = "the user has a bad %-escape or a control character";
	if (!wrong && !(u.password = part_decode(parts.password)))
		wrong = "the password has a bad %-escape or a control character";
	if (!wrong && !(u.host = part_decode(parts.host)))
		wrong = "the host has a bad %-escape or a control character";
	if (!wrong && !(u.path = part_decode(parts.path)))
		wrong = "the path has a bad %-escape or a control character";
	if (wrong) {
		url_release(&u);
		*problem = wrong;
		return false;
	}
	*url = u;
	return true;
}

void
url_release(struct url *url)
{
	if (url->password)
		explicit_bzero(url->password, strlen(url->password));
	free(url->scheme);
	free(url->user);
	free(url->password);
	free(url->host);
	free(url->path);
	*url = (struct url){0};
}
