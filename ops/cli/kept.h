/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kept - a message that waits for a person, and its way back or to its end
 * Sending again: the row is claimed and the journal forgets the message (one commit, with the audit log's row), the
 * message is published with its old id (confirmed), the row is closed. Dying in between leaves a claimed row, which the
 * same command takes up again; a message sent twice is answered once.
 */
#ifndef TRIBUTARY_CLI_KEPT_H
#define TRIBUTARY_CLI_KEPT_H

#include "broker/broker.h"
#include "database.h"
#include "kept_sql.h"

struct kept {
	const struct kept_kind *kind;
	struct database db;
	struct broker *broker;
	struct arena *arena;
	const char *like;   /* code, or fingerprint of dead letters */
	const char *party;  /* "": of all */
	const char *reason; /* the person's words */
	int64_t limit;
	bool as_json, all, wants_body;
};

/* kept_message - the message of a row that has the columns of enum kept_column; texts in the arena */
struct outgoing kept_message(const struct result *r, size_t row, struct arena *arena);

/* kept_broker_open - AMQP_URL; false after saying why on stderr. Close it with broker_free. */
bool kept_broker_open(struct kept *k);

/*
 * kept_send_again - claims, publishes, closes
 * extra  queued into the claim's transaction; may be NULL
 * OUTCOME_DEAD  codes: not-open unroutable, and those of the servers; the row is open again when the broker certainly
 *               does not have it
 */
enum outcome kept_send_again(struct kept *k, struct uuid id, const struct rows *extra, struct why *why) MUST_CHECK;

/* kept_publish - one message, confirmed; *is_certain tells, after a failure, that the broker does not have it */
enum outcome kept_publish(struct kept *k, const struct outgoing *m, bool *is_certain, struct why *why) MUST_CHECK;

/* kept_dismiss - closes it for good, and tells its worker when something waits behind it */
enum outcome kept_dismiss(struct kept *k, struct uuid id, struct why *why) MUST_CHECK;

/* kept_verb - list, show, replay and discard of dead letters: argv[0] is the verb */
int kept_verb(int argc, char **argv);

#endif
