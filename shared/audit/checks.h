/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checks - the books, as SQL
 * Each check judges a set of subjects (orders, documents, items) in one statement, so in one committed state. It is
 * written to hold in every committed state; where several stages must agree that are not of one commit, it judges only
 * what is older than the grace period.
 *
 * To add one: a row in checks.c (an order's check takes "UI", a document's "UI", an item's "T", the numbers' "I"; it
 * returns subject, table, key and text, at most AUDIT_FINDINGS_MAX rows), and its mutation in tests/integration/audit.sh.
 */
#ifndef TRIBUTARY_AUDIT_CHECKS_H
#define TRIBUTARY_AUDIT_CHECKS_H

#include "store/store.h"

#define AUDIT_FINDINGS_MAX 200 /* of one check and one set */

enum audit_scope { AUDIT_ORDER, AUDIT_DOCUMENT, AUDIT_STOCK, AUDIT_NUMBERS, AUDIT_SCOPES };

struct audit_check {
	const char *name; /* stable, kebab-case: in audit_findings, metrics, ops/error-codes.md */
	const char *says; /* what must be true */
	enum audit_scope scope;
	struct statement statement; /* without sql: audit_told does all of it */
};

extern const struct audit_check audit_checks[];
extern const size_t audit_checks_count;

/* What the checks of orders ask of the timeline, which is read once for all of them (told.c); a fifth column names the check. */
extern const struct statement audit_told;

/* What a set comes to: rows of (what, value), by scope; NULL where there is nothing to add up. */
extern const struct statement *const audit_totals[AUDIT_SCOPES];

const char *audit_scope_name(enum audit_scope scope);

#endif
