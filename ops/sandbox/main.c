/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME      sandbox-wms - a small warehouse over HTTP, to try Tributary against
 * Takes shipments (server.h) and confirms each, after a delay, through the exchange `intake`. Configured by
 * environment.
 */
#include "confirm.h"
#include "server.h"

#include "base/decimal.h"
#include "base/log.h"
#include "base/params.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#define ARENA_BYTES ((size_t)64 << 20)
#define TURN_NS 10000000

struct config {
	const char *amqp_url, *token, *mode, *state_file, *party, *cert, *key;
	int64_t port, confirm_delay_ms;
};

static const struct param params[] = {
    {"AMQP_URL", PARAM_SECRET, offsetof(struct config, amqp_url), NULL, 1, 2048, "", "the warehouse's own user"},
    {"SANDBOX_WMS_TOKEN", PARAM_SECRET, offsetof(struct config, token), NULL, 1, 256, "", "bearer token asked for"},
    {"SANDBOX_WMS_MODE", PARAM_TEXT, offsetof(struct config, mode), "normal", 1, 32, "", "see mode.h"},
    {"SANDBOX_WMS_PARTY", PARAM_TEXT, offsetof(struct config, party), "sandbox-wms", 1, 40, "", "as which it confirms"},
    {"SANDBOX_WMS_STATE_FILE", PARAM_TEXT, offsetof(struct config, state_file), "", 0, 1024, "",
     "what it remembers over a restart; empty: nothing"},
    {"SANDBOX_WMS_PORT", PARAM_INT, offsetof(struct config, port), "27690", 1, 65535, "", "on 127.0.0.1"},
    {"SANDBOX_WMS_CERT", PARAM_SECRET, offsetof(struct config, cert), "", 0, 65536, "",
     "certificate, PEM: then it speaks TLS; SANDBOX_WMS_CERT_FILE names a file"},
    {"SANDBOX_WMS_KEY", PARAM_SECRET, offsetof(struct config, key), "", 0, 65536, "", "and its key"},
    {"SANDBOX_WMS_CONFIRM_DELAY_MS", PARAM_INT, offsetof(struct config, confirm_delay_ms), "200", 0, 600000, "ms",
     "from accepting to shipping"},
};

static volatile sig_atomic_t stop_asked;

static void
on_signal(int number)
{
	(void)number;
	stop_asked = 1;
}

static void
run(struct book *book, struct broker *broker, const char *party, struct arena *arena)
{
	struct timespec turn = {.tv_nsec = TURN_NS};

	while (!stop_asked) {
		if (confirm_due(book, broker, party, arena) == 0)
			nanosleep(&turn, NULL);
		broker_pump(broker);
	}
}

static int
wms_run(const struct config *config)
{
	struct mode mode = {
	    .confirm_delay_ms = config->confirm_delay_ms, .retry_after_s = 1, .short_micro = DECIMAL_ONE};
	struct server_config terms = {.port = config->port,
				      .token = config->token,
				      .cert = config->cert[0] ? config->cert : NULL,
				      .key = config->key[0] ? config->key : NULL};
	struct broker *broker = NULL;
	struct server *server = NULL;
	struct book *book = NULL;
	struct arena *arena = arena_new(ARENA_BYTES);
	struct why why = {0};
	int status = EX_CONFIG;

	if (!terms.cert != !terms.key)
		(void)why_set(&why, OUTCOME_DEAD, "config", "SANDBOX_WMS_CERT and SANDBOX_WMS_KEY: both or none");
	else if (!mode_kind_parse(str_of(config->mode), &mode.kind))
		(void)why_set(&why, OUTCOME_DEAD, "config", "SANDBOX_WMS_MODE is none of its modes");
	else
		broker = broker_new(
		    &(struct broker_config){
			.urls = config->amqp_url, .name = "sandbox-wms", .heartbeat_s = 30, .rpc_timeout_ms = 5000},
		    &why);
	if (arena && broker && book_open(config->state_file, &book, &why) == OUTCOME_OK &&
	    server_open(&terms, book, &mode, &server, &why) == OUTCOME_OK) {
		log_line(LOG_LEVEL_INFO, "start", "port=%lld", (long long)config->port);
		run(book, broker, config->party, arena);
		status = EX_OK;
	} else {
		fprintf(stderr, "sandbox-wms: %s: %s\n", why.code ? why.code : "memory", why.text);
	}
	server_close(server);
	book_close(book);
	broker_free(broker);
	arena_free(arena);
	return status;
}

int
main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_signal};
	struct config config = {0};
	int status = EX_CONFIG;

	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		params_help(params, COUNT_OF(params), stdout);
		return EX_OK;
	}
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	log_open("sandbox-wms", LOG_LEVEL_INFO);
	if (params_read(params, COUNT_OF(params), &config, stderr) == 0)
		status = wms_run(&config);
	params_release(params, COUNT_OF(params), &config);
	return status;
}
