/* SPDX-License-Identifier: Apache-2.0 */
#include "audit_log.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

static const struct statement audit_insert = {
    "audit_insert", "TTTUTTT",
    "INSERT INTO tributary.audit_log (who, act, target_id, order_id, reason, before, after)"
    " SELECT a, b, c, d, e, f::json, g::json FROM unnest($1, $2, $3, $4, $5, $6, $7) u(a, b, c, d, e, f, g)"};

const char *
audit_log_who(void)
{
	const char *user = getenv("TRIBUTARY_USER");
	const struct passwd *login;

	if (user && user[0])
		return user;
	login = getpwuid(geteuid());
	return login && login->pw_name ? login->pw_name : "unknown";
}

void
audit_log_put(struct store *store, struct arena *arena, const struct audit_act *act)
{
	struct rows *rows = rows_new(&audit_insert, arena);

	rows_text(rows, str_of(audit_log_who()));
	rows_text(rows, str_of(act->act));
	rows_text(rows, act->target_id);
	rows_uuid_or_null(rows, act->order_id);
	rows_text(rows, str_of(act->reason));
	rows_text_or_null(rows, act->before);
	rows_text_or_null(rows, act->after);
	store_send(store, rows);
}
