/* SPDX-License-Identifier: Apache-2.0 */
#include "management.h"

#include "base/params.h"

#include <curl/curl.h>

#include <stdlib.h>
#include <string.h>

#define ADDRESS "RABBITMQ_MANAGEMENT_URL"
#define CONNECT_TIMEOUT_MS 5000
#define URL_MAX_BYTES 2000
#define REASON_BYTES 160 /* of the broker's own words in why */

struct management {
	CURL *curl;
	char *base; /* scheme, host, port and path, without user and password */
	char *user, *password;
	int64_t timeout_ms;
};

/* The part of the URL, decoded; curl's memory. NULL when it is not there. */
static char *
part_of(CURLU *url, CURLUPart part)
{
	char *text = NULL;

	return curl_url_get(url, part, &text, CURLU_URLDECODE) == CURLUE_OK ? text : NULL;
}

static enum outcome
address_read(struct management *m, struct why *why)
{
	char *text = secret_env(ADDRESS);
	CURLU *url = curl_url();
	enum outcome outcome = OUTCOME_OK;

	if (!text) {
		outcome = why_set(why, OUTCOME_HELD, "management-url",
				  "set " ADDRESS " or " ADDRESS "_FILE: http://user:password@host:port");
		goto out;
	}
	text[strcspn(text, "\r\n")] = '\0';
	if (!url || strlen(text) > URL_MAX_BYTES || curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK) {
		outcome = why_set(why, OUTCOME_HELD, "management-url",
				  ADDRESS " is no URL like http://user:password@host:port");
		goto out;
	}
	m->user = part_of(url, CURLUPART_USER);
	m->password = part_of(url, CURLUPART_PASSWORD);
	(void)curl_url_set(url, CURLUPART_USER, NULL, 0);
	(void)curl_url_set(url, CURLUPART_PASSWORD, NULL, 0);
	(void)curl_url_get(url, CURLUPART_URL, &m->base, 0);
	if (!m->user || !m->password || !m->base)
		outcome = why_set(why, OUTCOME_HELD, "management-url", ADDRESS " has no user and password in it");
out:
	curl_url_cleanup(url);
	free(text);
	return outcome;
}

enum outcome
management_new(struct management **out, int64_t timeout_ms, struct why *why)
{
	struct management *m = calloc(1, sizeof *m);
	enum outcome outcome;

	if (!m)
		return why_set(why, OUTCOME_RETRY, "no-memory", "no memory");
	m->timeout_ms = timeout_ms;
	outcome = address_read(m, why);
	if (outcome == OUTCOME_OK) {
		m->curl = curl_easy_init();
		if (!m->curl)
			outcome = why_set(why, OUTCOME_RETRY, "no-memory", "libcurl does not start");
	}
	if (outcome == OUTCOME_OK)
		*out = m;
	else
		management_free(m);
	return outcome;
}

void
management_free(struct management *m)
{
	if (!m)
		return;
	curl_easy_cleanup(m->curl);
	curl_free(m->base);
	curl_free(m->user);
	curl_free(m->password);
	free(m);
}

static size_t
on_bytes(char *bytes, size_t size, size_t count, void *context)
{
	struct buf *answer = context;

	buf_put(answer, bytes, size * count);
	return buf_is_ok(answer) ? size * count : 0;
}

/* 4xx carries {"error":…,"reason":…}: quoted as it came, within bounds. */
static enum outcome
answer_judge(const struct management *m, long status, struct buf *answer, struct why *why)
{
	if (status >= 200 && status < 300)
		return OUTCOME_OK;
	if (status == 401 || status == 403)
		return why_set(why, OUTCOME_HELD, "broker-refused",
			       "%s does not let in the user of " ADDRESS " (%ld); it must have the tag administrator",
			       m->base, status);
	return why_set(why, OUTCOME_DEAD, "broker-answer", "%.80s answered %ld: %.*s", m->base, status, REASON_BYTES,
		       buf_text(answer));
}

static void
call_prepare(struct management *m, const char *url, struct buf *answer)
{
	const char *ca_file = getenv("AMQP_CA_FILE"); /* the same server's */

	curl_easy_reset(m->curl);
	curl_easy_setopt(m->curl, CURLOPT_URL, url);
	curl_easy_setopt(m->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(m->curl, CURLOPT_USERNAME, m->user);
	curl_easy_setopt(m->curl, CURLOPT_PASSWORD, m->password);
	curl_easy_setopt(m->curl, CURLOPT_NOPROXY, "*");
	if (ca_file && ca_file[0]) {
		curl_easy_setopt(m->curl, CURLOPT_CAINFO, ca_file);
		curl_easy_setopt(m->curl, CURLOPT_CAPATH, NULL);
	}
	curl_easy_setopt(m->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(m->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
	curl_easy_setopt(m->curl, CURLOPT_TIMEOUT_MS, (long)m->timeout_ms);
	curl_easy_setopt(m->curl, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(m->curl, CURLOPT_WRITEDATA, answer);
}

static enum outcome
call_run(struct management *m, struct buf *answer, struct why *why)
{
	CURLcode code = curl_easy_perform(m->curl);
	long status = 0;

	if (code != CURLE_OK)
		return why_set(why, OUTCOME_AWAY, "broker-away", "%.80s: %s", m->base, curl_easy_strerror(code));
	curl_easy_getinfo(m->curl, CURLINFO_RESPONSE_CODE, &status);
	return answer_judge(m, status, answer, why);
}

/* "http://host:15672/" and "/api/overview" have one slash between them. */
static enum outcome
url_build(const struct management *m, const char *path, char *out, size_t size, struct why *why)
{
	size_t n = strlen(m->base);

	while (n && m->base[n - 1] == '/')
		n--;
	if (snprintf(out, size, "%.*s%s", (int)n, m->base, path) >= (int)size)
		return why_set(why, OUTCOME_HELD, "management-url", ADDRESS " is too long");
	return OUTCOME_OK;
}

enum outcome
management_get(struct management *m, const char *path, struct buf *answer, struct why *why)
{
	char url[URL_MAX_BYTES];
	enum outcome outcome = url_build(m, path, url, sizeof url, why);

	if (outcome != OUTCOME_OK)
		return outcome;
	buf_clear(answer);
	call_prepare(m, url, answer);
	return call_run(m, answer, why);
}

enum outcome
management_post(struct management *m, const char *path, struct str body, struct buf *answer, struct why *why)
{
	char url[URL_MAX_BYTES];
	enum outcome outcome = url_build(m, path, url, sizeof url, why);
	struct curl_slist *headers;

	if (outcome != OUTCOME_OK)
		return outcome;
	headers = curl_slist_append(NULL, "Content-Type: application/json");
	if (!headers)
		return why_set(why, OUTCOME_RETRY, "no-memory", "no memory");
	buf_clear(answer);
	call_prepare(m, url, answer);
	curl_easy_setopt(m->curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(m->curl, CURLOPT_POSTFIELDS, body.p);
	curl_easy_setopt(m->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
	outcome = call_run(m, answer, why);
	curl_slist_free_all(headers);
	return outcome;
}
