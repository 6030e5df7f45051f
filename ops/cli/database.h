/* SPDX-License-Identifier: Apache-2.0 */
/*
 * database - the connection of a command, from DATABASE_URL or DATABASE_URL_FILE
 */
#ifndef TRIBUTARY_CLI_DATABASE_H
#define TRIBUTARY_CLI_DATABASE_H

#include "store/store.h"

struct database {
	char *url;
	struct store *store;
};

/* database_open - connects; false after saying on stderr what is wrong. Timeouts in ms, 0 for none. */
bool database_open(struct database *d, const char *command, int64_t statement_timeout_ms, int64_t lock_timeout_ms);
void database_close(struct database *d);

#endif
