/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a link is made: socket, TLS, login. Channels are opened by whoever uses them.
 */
#include "base/instant.h"
#include "base/log.h"
#include "broker/link.h"

#include <inttypes.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PORT_PLAIN 5672
#define PORT_TLS 5671
#define FRAME_MAX_BYTES 131072
#define NAME_BYTES 160

static bool
host_is_tls(const struct url *host)
{
	return strcmp(host->scheme, "amqps") == 0;
}

static int
host_port(const struct url *host)
{
	if (host->port)
		return (int)host->port;
	return host_is_tls(host) ? PORT_TLS : PORT_PLAIN;
}

static struct timeval
time_left(int64_t deadline_us)
{
	int64_t left_us = deadline_us - monotonic_us();

	if (left_us < 1000)
		left_us = 1000;
	return (struct timeval){left_us / 1000000, left_us % 1000000};
}

/* NULL: the CA file cannot be read, or no memory. */
static amqp_socket_t *
socket_make(struct link *l, const struct url *host)
{
	amqp_socket_t *socket;

	if (!host_is_tls(host))
		return amqp_tcp_socket_new(l->state);
	socket = amqp_ssl_socket_new(l->state);
	if (!socket)
		return NULL;
	if (amqp_ssl_socket_set_cacert(socket, l->settings->ca_file) != AMQP_STATUS_OK ||
	    amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST) != AMQP_STATUS_OK)
		return NULL;
	amqp_ssl_socket_set_verify_peer(socket, 1);
	amqp_ssl_socket_set_verify_hostname(socket, 1);
	return socket;
}

/* rabbitmq-c keeps no detail of what TLS found wrong; OpenSSL's queue does. */
static void
tls_detail(char *text, size_t bytes)
{
	unsigned long error = ERR_get_error();

	text[0] = '\0';
	if (!error)
		return;
	snprintf(text, bytes, ": %s", ERR_reason_error_string(error) ? ERR_reason_error_string(error) : "TLS");
	ERR_clear_error();
}

static enum outcome
socket_open(struct link *l, const struct url *host, int64_t deadline_us)
{
	struct timeval left = time_left(deadline_us);
	char detail[128];
	amqp_socket_t *socket;
	int status;

	ERR_clear_error();
	socket = socket_make(l, host);
	status = socket ? amqp_socket_open_noblock(socket, host->host, host_port(host), &left) : AMQP_STATUS_SSL_ERROR;
	if (status == AMQP_STATUS_OK) {
		l->write_limit_ms = 0;
		link_limit_writes(l, INT64_MAX);
		return OUTCOME_OK;
	}
	tls_detail(detail, sizeof detail);
	link_lost(l, "amqp-away", "port %d: %s%s%s", host_port(host),
		  socket ? amqp_error_string2(status) : "cannot use CA file ", socket ? "" : l->settings->ca_file,
		  detail);
	return OUTCOME_AWAY;
}

static amqp_table_entry_t
flag(const char *key)
{
	return (amqp_table_entry_t){.key = amqp_cstring_bytes(key),
				    .value = {.kind = AMQP_FIELD_KIND_BOOLEAN, .value.boolean = 1}};
}

/* Without these capabilities the broker tells nothing of a deleted queue or of its own alarm. */
static enum outcome
login(struct link *l, const struct url *host, int64_t deadline_us)
{
	const char *vhost = host->path[0] ? host->path : "/";
	struct timeval left = time_left(deadline_us);
	char name[NAME_BYTES];
	amqp_table_entry_t flags[] = {flag("consumer_cancel_notify"), flag("connection.blocked"), flag("basic.nack"),
				      flag("publisher_confirms")};
	amqp_table_entry_t properties[] = {
	    {.key = amqp_cstring_bytes("connection_name"), .value = {.kind = AMQP_FIELD_KIND_UTF8}},
	    {.key = amqp_cstring_bytes("capabilities"),
	     .value = {.kind = AMQP_FIELD_KIND_TABLE, .value.table = {COUNT_OF(flags), flags}}}};
	const amqp_table_t table = {COUNT_OF(properties), properties};

	snprintf(name, sizeof name, "%s %s pid %d", l->settings->name, l->side, (int)getpid());
	properties[0].value.value.bytes = amqp_cstring_bytes(name);
	(void)amqp_set_handshake_timeout(l->state, &left);
	return link_check(l,
			  amqp_login_with_properties(l->state, vhost, 0, FRAME_MAX_BYTES, (int)l->settings->heartbeat_s,
						     &table, AMQP_SASL_METHOD_PLAIN,
						     host->user[0] ? host->user : "guest",
						     host->user[0] ? host->password : "guest"),
			  0, "login", NULL);
}

static bool
link_try(struct link *l, const struct url *host, int64_t deadline_us)
{
	l->state = amqp_new_connection();
	if (!l->state) {
		link_lost(l, "amqp-away", "no memory");
		return false;
	}
	if (socket_open(l, host, deadline_us) == OUTCOME_OK && login(l, host, deadline_us) == OUTCOME_OK)
		return true;
	if (l->state)
		link_lost(l, "amqp-refused", "no login");
	return false;
}

void
link_open(struct link *l, int64_t budget_us)
{
	const struct url *host = &l->settings->hosts[l->host];

	if (!link_try(l, host, monotonic_us() + budget_us))
		return;
	l->opened_us = l->beat_us = monotonic_us();
	l->opened_count++;
	l->logged[0] = '\0';
	log_line(LOG_LEVEL_INFO, "amqp-connected", "side=%s host=%s port=%d connection=%" PRIu64, l->side, host->host,
		 host_port(host), l->opened_count);
}
