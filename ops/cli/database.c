/* SPDX-License-Identifier: Apache-2.0 */
#include "database.h"

#include "base/params.h"

#include <stdio.h>
#include <stdlib.h>

bool
database_open(struct database *d, const char *command, int64_t statement_timeout_ms, int64_t lock_timeout_ms)
{
	struct store_config config = {.application_name = "tributary",
				      .statement_timeout_ms = statement_timeout_ms,
				      .lock_timeout_ms = lock_timeout_ms};
	struct why why;

	*d = (struct database){.url = secret_env("DATABASE_URL")};
	if (!d->url) {
		fprintf(stderr,
			"tributary %s: DATABASE_URL (or DATABASE_URL_FILE) is not set, or its file cannot be read\n",
			command);
		return false;
	}
	config.url = d->url;
	d->store = store_new(&config);
	if (d->store && store_connect(d->store, &why) == OUTCOME_OK)
		return true;
	fprintf(stderr, "tributary %s: Postgres cannot be reached: %s\n", command, d->store ? why.text : "no memory");
	database_close(d);
	return false;
}

void
database_close(struct database *d)
{
	store_free(d->store);
	free(d->url);
	*d = (struct database){0};
}
