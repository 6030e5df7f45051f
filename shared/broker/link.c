/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/link.h"

#include "base/instant.h"
#include "base/log.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#define BACKOFF_MIN_US INT64_C(100000)
#define BACKOFF_MAX_US INT64_C(10000000)
#define BACKOFF_DOUBLINGS 7
#define REFUSED_RETRY_US INT64_C(5000000) /* a wrong password or a missing vhost: somebody must repair it */
#define STEADY_US INT64_C(5000000)        /* a link that lived so long begins its backoff anew */
#define TRY_MIN_US INT64_C(500000)
#define CLOSE_MS 500
#define RPC_MIN_MS 1
#define WRITE_LIMIT_MIN_MS 1000
#define WRITE_LIMIT_MAX_MS 20000

bool
link_is_up(const struct link *l)
{
	return l->state != NULL;
}

bool
link_is_due(const struct link *l)
{
	return !l->state && monotonic_us() >= l->next_try_us;
}

int
link_fd(const struct link *l)
{
	return l->state ? amqp_get_sockfd(l->state) : -1;
}

/*
 * A broker that answers slowly would never be reached within a short deadline: every failure allows the next try twice
 * the time, up to rpc_timeout_ms.
 */
int64_t
link_budget_us(const struct link *l, int64_t deadline_us)
{
	int64_t most = l->settings->rpc_timeout_ms * 1000;
	int64_t least = TRY_MIN_US << (l->failures < BACKOFF_DOUBLINGS ? l->failures : BACKOFF_DOUBLINGS);
	int64_t left = deadline_us - monotonic_us();
	int64_t budget = left > least ? left : least;

	return budget < most ? budget : most;
}

/* Full jitter, so that a fleet does not come back in step. */
static int64_t
backoff_us(const struct link *l)
{
	unsigned doublings = l->failures < BACKOFF_DOUBLINGS ? l->failures : BACKOFF_DOUBLINGS;
	int64_t most = BACKOFF_MIN_US << doublings;
	uint32_t random = 0;

	if (most > BACKOFF_MAX_US)
		most = BACKOFF_MAX_US;
	if (getrandom(&random, sizeof random, GRND_NONBLOCK) < 0)
		random = UINT32_MAX / 2;
	return (int64_t)random * most / UINT32_MAX;
}

static void
link_schedule(struct link *l, bool is_refused)
{
	int64_t now = monotonic_us();

	if (l->opened_us && now - l->opened_us > STEADY_US)
		l->failures = 0;
	l->opened_us = 0;
	l->next_try_us = now + (is_refused ? REFUSED_RETRY_US : backoff_us(l));
	l->failures++;
}

void
link_lost(struct link *l, const char *code, const char *format, ...)
{
	bool was_open = l->opened_us != 0;
	char text[sizeof l->away.text];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	(void)why_set(&l->away, OUTCOME_AWAY, code, "%s link, %s: %.180s", l->side, l->settings->hosts[l->host].host,
		      text);
	if (was_open || strcmp(l->logged, text) != 0) {
		snprintf(l->logged, sizeof l->logged, "%s", text);
		log_why(LOG_LEVEL_WARN, was_open ? "amqp-lost" : "amqp-away", &l->away);
	}
	if (l->state)
		amqp_destroy_connection(l->state);
	l->state = NULL;
	l->is_blocked = false;
	if (l->is_finished) {
		l->is_finished = false;
		l->opened_us = 0;
		l->next_try_us = monotonic_us();
		return;
	}
	l->host = (l->host + 1) % l->settings->hosts_count;
	link_schedule(l, strcmp(code, "amqp-refused") == 0);
}

/* To a goodbye the broker closes each channel behind what stands before it; then it sees that we have ended, and ends. */
void
link_finish(struct link *l)
{
	int64_t end_us = monotonic_us() + LINK_END_MS * 1000;
	amqp_connection_close_t goodbye = {.reply_code = AMQP_REPLY_SUCCESS};
	struct pollfd p = {.fd = link_fd(l), .events = POLLIN};
	char bytes[4096];

	l->is_finished = true;
	if (amqp_send_method(l->state, 0, AMQP_CONNECTION_CLOSE_METHOD, &goodbye) != AMQP_STATUS_OK ||
	    shutdown(p.fd, SHUT_WR) != 0)
		return;
	for (int64_t left_us = LINK_END_MS * 1000; left_us > 0; left_us = end_us - monotonic_us())
		if (poll(&p, 1, (int)(left_us / 1000) + 1) <= 0 || recv(p.fd, bytes, sizeof bytes, 0) <= 0)
			return;
}

void
link_close(struct link *l)
{
	if (!l->state)
		return;
	/* A broker that is blocked does not read our goodbye: hang up. */
	if (!l->is_blocked) {
		link_limit_rpc(l, monotonic_us() + CLOSE_MS * 1000);
		(void)amqp_connection_close(l->state, AMQP_REPLY_SUCCESS);
	}
	amqp_destroy_connection(l->state);
	l->state = NULL;
	l->opened_us = 0;
	(void)why_set(&l->away, OUTCOME_AWAY, "amqp-away", "%s link closed", l->side);
}

void
link_limit_rpc(struct link *l, int64_t deadline_us)
{
	int64_t left_us = deadline_us - monotonic_us();
	struct timeval limit;

	if (left_us < RPC_MIN_MS * 1000)
		left_us = RPC_MIN_MS * 1000;
	limit = (struct timeval){left_us / 1000000, left_us % 1000000};
	(void)amqp_set_rpc_timeout(l->state, &limit);
}

void
link_limit_writes(struct link *l, int64_t deadline_us)
{
	int64_t left_ms = (deadline_us - monotonic_us()) / 1000;
	unsigned limit;

	if (left_ms < WRITE_LIMIT_MIN_MS)
		left_ms = WRITE_LIMIT_MIN_MS;
	if (left_ms > WRITE_LIMIT_MAX_MS)
		left_ms = WRITE_LIMIT_MAX_MS;
	if (left_ms == l->write_limit_ms || !l->state)
		return;
	l->write_limit_ms = left_ms;
	limit = (unsigned)left_ms;
	(void)setsockopt(link_fd(l), IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, sizeof limit);
}

static void
close_text(struct why *why, const char *what, int code, amqp_bytes_t text)
{
	(void)why_set(why, OUTCOME_AWAY, "amqp-refused", "%s: %d %.*s", what, code, (int)text.len,
		      text.len ? (const char *)text.bytes : "");
}

void
link_close_channel_ok(struct link *l, amqp_channel_t channel, const amqp_channel_close_t *closed, struct why *why)
{
	amqp_channel_close_ok_t ok = {0};

	close_text(why, "the broker closed the channel", closed->reply_code, closed->reply_text);
	(void)amqp_send_method(l->state, channel, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok);
}

/* 320 is a broker that goes down; what it refuses (password, vhost, limits) must be repaired by somebody. */
static void
connection_closed(struct link *l, const char *what, const amqp_connection_close_t *closed)
{
	bool is_refusal = closed->reply_code == AMQP_ACCESS_REFUSED || closed->reply_code == AMQP_NOT_ALLOWED;
	struct why why;

	close_text(&why, what, closed->reply_code, closed->reply_text);
	link_lost(l, is_refusal ? "amqp-refused" : "amqp-away", "%s", why.text);
}

static void
unreadable_tell(struct link *l, int status)
{
	if (status == AMQP_STATUS_BAD_AMQP_DATA && l->unreadable && l->state)
		l->unreadable(l->unreadable_context);
}

enum outcome
link_check(struct link *l, amqp_rpc_reply_t reply, amqp_channel_t channel, const char *what, struct why *why)
{
	if (reply.reply_type == AMQP_RESPONSE_NORMAL) {
		link_release(l, channel);
		return OUTCOME_OK;
	}
	if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION && reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD) {
		const amqp_channel_close_t *closed = reply.reply.decoded;

		link_close_channel_ok(l, channel, closed, NULL);
		close_text(why, what, closed->reply_code, closed->reply_text);
		link_release(l, channel);
		return OUTCOME_HELD;
	}
	if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION && reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD)
		connection_closed(l, what, reply.reply.decoded);
	else if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION) {
		unreadable_tell(l, reply.library_error);
		link_lost(l, "amqp-away", "%s: %s", what, amqp_error_string2(reply.library_error));
	} else
		link_lost(l, "amqp-away", "%s: no answer", what);
	if (why)
		*why = l->away;
	return OUTCOME_AWAY;
}

static void
blocked_set(struct link *l, bool is_blocked, struct str reason)
{
	if (l->is_blocked == is_blocked)
		return;
	l->is_blocked = is_blocked;
	log_line(is_blocked ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, is_blocked ? "amqp-blocked" : "amqp-unblocked",
		 "side=%s host=%s reason=\"%.*s\"", l->side, l->settings->hosts[l->host].host, STR_ARGS(reason));
}

/* A method of channel 0; what else may come there is of no use. */
static void
link_control(struct link *l, const amqp_frame_t *frame)
{
	const amqp_connection_blocked_t *blocked = frame->payload.method.decoded;

	if (frame->frame_type != AMQP_FRAME_METHOD)
		return;
	switch (frame->payload.method.id) {
	case AMQP_CONNECTION_CLOSE_METHOD:
		connection_closed(l, "the broker closed the connection", frame->payload.method.decoded);
		break;
	case AMQP_CONNECTION_BLOCKED_METHOD:
		blocked_set(l, true, (struct str){blocked->reason.bytes, blocked->reason.len});
		break;
	case AMQP_CONNECTION_UNBLOCKED_METHOD:
		blocked_set(l, false, STR(""));
		break;
	default:
		break;
	}
}

enum link_read
link_read(struct link *l, int64_t wait_us, amqp_frame_t *frame)
{
	while (l->state) {
		struct timeval wait = {wait_us / 1000000, wait_us % 1000000};
		int status = amqp_simple_wait_frame_noblock(l->state, frame, &wait);

		if (status == AMQP_STATUS_TIMEOUT) {
			l->beat_us = monotonic_us();
			return LINK_NOTHING;
		}
		if (status != AMQP_STATUS_OK) {
			unreadable_tell(l, status);
			link_lost(l, "amqp-away", "%s", amqp_error_string2(status));
			return LINK_LOST;
		}
		if (frame->channel != 0)
			return LINK_FRAME;
		link_control(l, frame);
		link_release(l, 0);
		wait_us = 0;
	}
	return LINK_LOST;
}

bool
link_read_kept(struct link *l, amqp_frame_t *frame)
{
	struct timeval none = {0};

	return l->state && amqp_frames_enqueued(l->state) &&
	       amqp_simple_wait_frame_noblock(l->state, frame, &none) == AMQP_STATUS_OK;
}

void
link_release(struct link *l, amqp_channel_t channel)
{
	if (l->state)
		amqp_maybe_release_buffers_on_channel(l->state, channel);
}

void
link_beat(struct link *l)
{
	const amqp_frame_t beat = {.frame_type = AMQP_FRAME_HEARTBEAT};
	int64_t now = monotonic_us();
	int status;

	if (!l->state || now - l->beat_us < l->settings->heartbeat_s * 1000000 / 3)
		return;
	l->beat_us = now;
	status = amqp_send_frame(l->state, &beat);
	if (status != AMQP_STATUS_OK)
		link_lost(l, "amqp-away", "heartbeat: %s", amqp_error_string2(status));
}
