/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlstate.h"

#include <string.h>

#define CODE_AWAY "postgres-away"
#define CODE_CONFLICT "postgres-conflict"
#define CODE_DATA "postgres-data"
#define CODE_SCHEMA "postgres-schema"

/* The first row whose prefix fits decides. */
static const struct class
{
	const char *prefix;
	enum outcome outcome;
	const char *code;
} classes[] = {
    {"08", OUTCOME_AWAY, CODE_AWAY},         /* connection exception */
    {"21", OUTCOME_DEAD, CODE_DATA},         /* two rows of one set claim the same key */
    {"22", OUTCOME_DEAD, CODE_DATA},         /* data exception */
    {"23", OUTCOME_DEAD, CODE_DATA},         /* constraint violation */
    {"25006", OUTCOME_AWAY, CODE_AWAY},      /* read only: the primary is another one now */
    {"25P03", OUTCOME_AWAY, CODE_AWAY},      /* idle in transaction for too long: disconnected */
    {"40", OUTCOME_RETRY, CODE_CONFLICT},    /* deadlock, serialization failure */
    {"53100", OUTCOME_AWAY, CODE_AWAY},      /* disk full: no message's fault, and no retry's */
    {"53", OUTCOME_RETRY, CODE_CONFLICT},    /* out of resources */
    {"54", OUTCOME_DEAD, CODE_DATA},         /* a limit: a text too long for its index */
    {"55P03", OUTCOME_RETRY, CODE_CONFLICT}, /* lock timeout */
    {"57014", OUTCOME_RETRY, CODE_CONFLICT}, /* statement timeout */
    {"57P", OUTCOME_AWAY, CODE_AWAY},        /* shut down, crashed, not yet up */
};

enum outcome
sqlstate_classify(const char *sqlstate, const char **code)
{
	if (!sqlstate || !*sqlstate) {
		*code = CODE_AWAY;
		return OUTCOME_AWAY;
	}
	for (size_t i = 0; i < COUNT_OF(classes); i++)
		if (strncmp(sqlstate, classes[i].prefix, strlen(classes[i].prefix)) == 0) {
			*code = classes[i].code;
			return classes[i].outcome;
		}
	*code = CODE_SCHEMA;
	return OUTCOME_AWAY;
}

/* Data exceptions quote the value after a colon: invalid input syntax for type uuid: "…" */
static int
message_bytes(const char *message, const char *sqlstate)
{
	const char *colon = strncmp(sqlstate, "22", 2) == 0 ? strchr(message, ':') : NULL;

	return colon ? (int)(colon - message) : (int)strlen(message);
}

enum outcome
sqlstate_why(const PGresult *pg, struct why *why)
{
	const char *sqlstate = PQresultErrorField(pg, PG_DIAG_SQLSTATE);
	const char *message = PQresultErrorField(pg, PG_DIAG_MESSAGE_PRIMARY);
	const char *path = PQresultErrorField(pg, PG_DIAG_CONSTRAINT_NAME);
	const char *code;
	enum outcome outcome = sqlstate_classify(sqlstate, &code);

	if (!path)
		path = PQresultErrorField(pg, PG_DIAG_COLUMN_NAME);
	if (!sqlstate || !message)
		return why_set(why, outcome, code, "the connection broke");
	return why_at(why, outcome, code, path ? path : "", "%s %.*s", sqlstate, message_bytes(message, sqlstate),
		      message);
}
